"""A measure: the distance of a spike train from a reference."""

from __future__ import annotations

from typing import Protocol

from ...models.ground.errors import UserError
from ...models.ground.registry import Registry
from .spike_trains import SpikeTrain


class Measure(Protocol):
    """The distance of a spike train from a reference, as one number."""

    name: str
    unit: str
    """Unit of the value; ``1`` if it has none."""
    perfect: float
    """The value for a train that equals its reference, 0 or 1. A value nearer to it means a better train."""
    matched: bool
    """Whether it compares the times of matched spikes, so that missing and extra spikes have no effect."""

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Compare a train with a reference over the time in which both were observed, the overlap of their edges.

        nan means that the measure has no value for these two trains; its docstring says when.

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
        If they do not overlap, or one of them is not a spike train.
    """
    for given in (train, reference):
        if not isinstance(given, SpikeTrain):
            raise UserError(
                f"a measure compares two spike trains, not {type(given).__name__}; give SpikeTrain(times, stop)"
            )
    start, stop = max(train.start, reference.start), min(train.stop, reference.stop)
    if not start < stop:
        raise UserError(
            f"the train's edges, {train.start:g} to {train.stop:g} ms, and the reference's, "
            f"{reference.start:g} to {reference.stop:g} ms, do not overlap; give trains with overlapping "
            "times"
        )
    first, second = (
        SpikeTrain(t.times[(start <= t.times) & (t.times <= stop)], stop, start) for t in (train, reference)
    )
    return first, second
