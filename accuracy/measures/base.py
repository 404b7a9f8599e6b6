"""What a measure is."""

from __future__ import annotations

from typing import Protocol

from ...models.errors import UserError
from ...models.registry import Registry
from ..spike_trains import SpikeTrain


class Measure(Protocol):
    """How far a spike train is from a reference, as one number."""

    name: str
    unit: str
    """Unit of the value; ``1`` if it has none."""
    perfect: float
    """The value of a train that equals its reference, 0 or 1: the nearer a value is to it, the better the train."""
    matched: bool
    """Whether it compares the times of matched spikes, and so says nothing of spikes that are missing or extra."""

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Compare a train with a reference, where both were observed: over the overlap of their edges.

        nan says that the measure has no value for these two trains; its docstring says when.

        Raises
        ------
        UserError
            If the edges do not overlap.
        """
        ...


MEASURES: Registry[Measure] = Registry("measure", "spikecost.measures")


def common(train: SpikeTrain, reference: SpikeTrain) -> tuple[SpikeTrain, SpikeTrain]:
    """Cut two trains to the overlap of their edges.

    Raises
    ------
    UserError
        If there is none, or one of the two is no spike train.
    """
    for given in (train, reference):
        if not isinstance(given, SpikeTrain):
            raise UserError(f"a measure compares two spike trains, not {type(given).__name__}; "
                            "give SpikeTrain(times, stop)")
    start, stop = max(train.start, reference.start), min(train.stop, reference.stop)
    if not start < stop:
        raise UserError(f"the train's edges, {train.start:g} to {train.stop:g} ms, and the reference's, "
                        f"{reference.start:g} to {reference.stop:g} ms, do not overlap; give trains of the same time")
    first, second = (
        SpikeTrain(t.times[(start <= t.times) & (t.times <= stop)], stop, start) for t in (train, reference)
    )
    return first, second
