"""The kernels of a model under many methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ...flops.operations import Count, count_step
from ...flops.toolchain import SCALAR, SIMD
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue
from ...models.methods import METHODS
from ...models.step import make_step, why_not
from ..stimuli import Stimulus
from .kernel import Kernel, Outcome, compile_kernels


@dataclass(frozen=True)
class Compiled:
    """A model under a method and a detection."""

    lanes: Kernel
    """Runs neurons side by side, if the method can."""
    alone: Kernel
    """Runs one after the other."""
    count: Count

    @property
    def knob(self) -> str:
        """What sets the method: ``dt`` or ``tolerance``."""
        return METHODS[self.count.step.method].knob


@dataclass
class Kernels:
    """The kernels of a model."""

    compiled: dict[tuple[str, str], Compiled] = field(default_factory=dict)
    """By method and detection."""
    reasons: dict[tuple[str, str], NoValue] = field(default_factory=dict)
    """Why there is no kernel, for the others."""


def kernels_of(model: NeuronModel, pairs: Iterable[tuple[str, str]], varying: bool, alone: bool = True) -> Kernels:
    """Compile the kernels of a model for every method and detection that can be used with it.

    Parameters
    ----------
    model : NeuronModel
    pairs : iterable of (str, str)
        Method and detection.
    varying : bool
        Whether the input changes within a step.
    alone : bool
        Whether to compile what runs one neuron after the other, too; it is what runs them side by side otherwise.

    Raises
    ------
    UserError
        If there is no compiler.
    """
    found = Kernels()
    steps = []
    for key in pairs:
        refused = why_not(model, *key, varying=varying)
        if refused:
            found.reasons[key] = NoValue(refused)
        else:
            steps.append(make_step(model, *key, varying=varying))
    together = compile_kernels(steps, SIMD)
    for lanes, one in zip(together, compile_kernels(steps, SCALAR) if alone else together, strict=True):
        step = lanes.step
        found.compiled[step.method, step.detection] = Compiled(lanes, one, count_step(step))
    return found


def run_together(kernel: Kernel, stimuli: Sequence[Stimulus], setting: Fraction) -> list[Outcome]:
    """Run one neuron a stimulus, those with the same pieces side by side.

    Parameters
    ----------
    kernel : Kernel
    stimuli : sequence of Stimulus
    setting : Fraction
        dt in ms or tolerance; dt divides every piece.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, stimulus in enumerate(stimuli):
        groups.setdefault(stimulus.whole_durations, []).append(i)
    found: dict[int, Outcome] = {}
    for group in groups.values():
        found |= zip(group, kernel.run([stimuli[i] for i in group], setting), strict=True)
    return [found[i] for i in range(len(stimuli))]
