"""One step of an adaptive method: blocks of assignments, of which the kernel runs some and keeps a tally.

What a run costs is the sum over the blocks of how often each ran times what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from .catalogue import get_model
from .detection import DETECTIONS
from .domain import check_domain
from .methods import ADAPTIVE, AdaptiveMethod
from .neuron import NeuronModel
from .program import NotApplicable
from .simplify import Block

#: So many steps are kept, those used last: the blocks of a series take seconds to make.
MOST_KEPT = 256


@dataclass(frozen=True)
class AdaptiveStep:
    """The blocks of a model's step under an adaptive method and a spike detection."""

    model: NeuronModel
    method: str
    detection: str
    varying: bool
    """Whether the input may change within a step."""
    blocks: Mapping[str, Block]
    """By the name under which they are tallied, in the order in which a step comes to them."""

    @property
    def state(self) -> tuple[str, ...]:
        """State variables."""
        return self.model.system.state

    @property
    def parameters(self) -> tuple[str, ...]:
        """Per-neuron parameters."""
        return self.model.system.parameters


def make_adaptive_step(model: str | NeuronModel, method: str, detection: str = "dense", varying: bool = False
                       ) -> AdaptiveStep:
    """Derive the step of a model under an adaptive method.

    Raises
    ------
    UserError
        If the model, the method or the detection is not known, or the equations have no value (`domain`).
    NotApplicable
        If the method cannot integrate the model, or not with this detection.
    """
    model = get_model(model)
    check_domain(model)
    why = why_not(model, method, detection, varying)
    if why:
        raise NotApplicable(f"{method} does not apply to {model.label}: {why}")
    return _made(model, ADAPTIVE[method], detection, varying)


@lru_cache(MOST_KEPT)
def _made(model: NeuronModel, method: AdaptiveMethod, detection: str, varying: bool) -> AdaptiveStep:
    return AdaptiveStep(model, method.name, detection, varying, method.blocks(model, detection, varying))


def why_not(model: NeuronModel, method: str, detection: str, varying: bool = False) -> str:
    """Return why an adaptive method does not apply to a model with a detection; empty if it does."""
    if varying and not ADAPTIVE[method].varying:
        return "its series takes the input as constant over a step"
    allowed = ADAPTIVE[method].detections
    if DETECTIONS[detection].name not in allowed:
        return f"its steps are not those of a grid; take detection {' or '.join(allowed)} instead of {detection}"
    return _refusal(model, ADAPTIVE[method])


@lru_cache(MOST_KEPT)
def _refusal(model: NeuronModel, method: AdaptiveMethod) -> str:
    return method.refuses(model)


def restarts(step: AdaptiveStep) -> bool:
    """Whether the rest of a step is integrated after a spike."""
    return DETECTIONS[step.detection].restarts and step.model.spike_interrupts
