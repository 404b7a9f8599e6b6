"""A feature: a kind of response to a stimulus, and the detector that decides whether a neuron shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from ....harness.stimuli import Stimulus
from ....models.algebra.expression import FLOATS, evaluate, names
from ....models.algebra.polynomial import linear_parts
from ....models.definition.neuron import NeuronModel
from ....models.ground.registry import Registry
from .recorded import Recording
from .subject import Subject


@dataclass(frozen=True)
class Verdict:
    """Whether a feature was shown."""

    shown: bool
    reason: str
    """The reason, in numbers."""


class Feature(ABC):
    """One of the features in which models differ, with its stimulus and its detector."""

    name: str
    letter: str = ""
    """Its panel in figure 1 of Izhikevich 2004."""
    criterion: str
    """What must hold, in words."""
    needs_voltage: bool = False
    """Whether the detector uses the voltage in addition to the spikes."""
    by_protocol: bool = False
    """Whether one stimulus cannot decide; then the model of a demo is also run with the protocol."""
    linear: str = ""
    """Why no linear model of one variable that is reset to a fixed value can show it; empty if such a model can."""

    @property
    def title(self) -> str:
        """The name for display."""
        return self.name.replace("_", " ")

    @abstractmethod
    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make the stimuli to try on a model, in order; a trial may need several stimuli."""

    @abstractmethod
    def detect(self, *recordings: Recording) -> Verdict:
        """Decide from the recordings of a trial, one per stimulus."""

    def judge(self, *recordings: Recording) -> Verdict:
        """Decide as `detect` does; a failed recording does not show the feature."""
        for recording in recordings:
            if recording.failure:
                return Verdict(False, recording.failure)
        return self.detect(*recordings)

    def why_not(self, model: NeuronModel) -> str:
        """Return why a model cannot show the feature whatever its stimulus; empty if that is not known."""
        return f"one linear variable, reset to a fixed value: {self.linear}" if self.linear and _linear(model) else ""


FEATURES: Registry[Feature] = Registry("feature", "spikecost.features")


def _linear(model: NeuronModel) -> bool:
    """Whether a model is ``dv/dt = p + q I - r v`` with positive q and r, reset to a number below its threshold."""
    system, values = model.system, model.parameter_values
    v = system.threshold.variable
    if system.threshold.condition is not None:
        return False
    if system.state != (v,) or system.subexpressions or len(system.reset) != 1 or system.held not in (set(), {v}):
        return False
    in_v = linear_parts(system.derivatives[v], v)
    in_input = in_v and linear_parts(in_v[0], model.input)
    if in_v is None or in_input is None:
        return False
    r, q, after, level = in_v[1], in_input[1], system.reset[0][1], system.threshold.level
    if names(r, q, after, level) - set(values):
        return False
    numbers = [float(evaluate(each, values, FLOATS)) for each in (r, q, after, level)]
    return numbers[0] < 0 < numbers[1] and numbers[2] < numbers[3]
