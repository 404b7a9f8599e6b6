"""Spikes without end, and more spikes than are followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....harness.kernels.kernel import MAX_SPIKES_PER_MS
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError

#: Spikes come faster and faster if the last interval is at most this fraction of the mean of the first tenth.
RUNAWAY = 0.1
#: Largest number of spikes per ms that is followed.
MOST_SPIKES_PER_MS = 100


class EndlessSpikesError(UserError):
    """More spikes than any neuron makes; the spikes found so far are kept.

    Attributes
    ----------
    times : array
        Spike times in ms.
    state : dict
        State at the last spike, before its reset.
    """

    def __init__(self, model: NeuronModel, times: Any, state: Mapping[str, Any]) -> None:
        super().__init__(endless(times), about=model.label)
        self.times = times
        self.state = {name: float(value) for name, value in state.items()}


def too_many(times: Sequence[Any], horizon: float) -> bool:
    """Whether spikes (ms) are more than any neuron makes and come faster and faster, or are too many to be followed."""
    count = len(times)
    if count <= MAX_SPIKES_PER_MS * horizon + 1:
        return False
    return count > MOST_SPIKES_PER_MS * horizon + 1 or _come_ever_faster(times)


def _come_ever_faster(times: Sequence[Any]) -> bool:
    tenth = len(times) // 10 + 1
    first = float(times[tenth] - times[0]) / tenth
    return bool(float(times[-1] - times[-2]) <= RUNAWAY * first)


def endless(times: Sequence[Any]) -> str:
    """Return a message about too many spikes (ms): without end if they come faster and faster, otherwise their rate."""
    if _come_ever_faster(times):
        return "it spikes without end; let its reset lead below the threshold"
    return (
        f"it fires more than {1000 * MOST_SPIKES_PER_MS} times per s, at {float(times[-1]):.4g} ms; "
        "give a weaker drive or a refractory time"
    )
