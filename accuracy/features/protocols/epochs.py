"""Functions for detectors: when the input of a stimulus is on, and which spikes of a train are a burst."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ....harness.stimuli import Stimulus
from ....models.ground.errors import UserError
from .recorded import Array

#: A train continues until a time if its last spike is at most this many of its longest intervals before that time.
GOES_ON = 1.5
#: Silence lasts at least this many times as long as the time with which it is compared.
SILENCE = 3.0
#: Smallest number of spikes of a single burst.
BURST = 3
#: Intervals are equal if the longest is at most this many times the shortest.
EQUAL = 1.5
#: In a burst, intervals are shorter than this fraction of the train's longest interval.
WITHIN_BURST = 0.5


@dataclass(frozen=True)
class Epoch:
    """A time during which the input differs from its value at the start; in ms."""

    start: float
    stop: float
    step: float
    """Difference of the input at the epoch's end, in the internal unit of the input; negative for inhibition."""

    def __str__(self) -> str:
        return f"{self.start:.4g} to {self.stop:.4g} ms"


def departures(stimulus: Stimulus, least: int = 1) -> list[Epoch]:
    """Return the epochs in which the input differs from its first value, one per piece.

    Raises
    ------
    UserError
        If there are fewer than `least`.
    """
    base, found, start = stimulus.shapes[0].offset, [], 0.0
    for boundary, shape in stimulus.pieces:
        end = float(boundary)
        if shape.offset != base or shape.slope:
            found.append(Epoch(start, end, shape.offset + shape.slope * (end - start) - base))
        start = end
    return _enough(found, least, "departures from its first value")


def pulses(stimulus: Stimulus, sign: int = 1, least: int = 1) -> list[Epoch]:
    """Return the constant pieces that are above (`sign` 1) or below (-1) the pieces before and after them.

    Raises
    ------
    UserError
        If there are fewer than `least`.
    """
    ends = [
        shape.offset + shape.slope * float(length)
        for length, shape in zip(stimulus.durations, stimulus.shapes, strict=True)
    ]
    stops = [float(boundary) for boundary, _ in stimulus.pieces]
    found = []
    for i in range(1, len(ends) - 1):
        here, before, after = stimulus.shapes[i], ends[i - 1], stimulus.shapes[i + 1].offset
        if not here.slope and sign * (here.offset - before) > 0 < sign * (here.offset - after):
            found.append(Epoch(stops[i - 1], stops[i], here.offset - before))
    return _enough(found, least, "pieces above" if sign > 0 else "pieces below")


def _enough(found: list[Epoch], least: int, what: str) -> list[Epoch]:
    if len(found) < least:
        raise UserError(f"the stimulus has {len(found)} {what}, but the detector needs {least}; give another stimulus")
    return found


def bursts(spikes: Array) -> list[Array]:
    """Cut a train at intervals longer than `WITHIN_BURST` times its longest: the parts are bursts and single spikes."""
    gaps = np.diff(spikes)
    if not gaps.size:
        return [spikes] if spikes.size else []
    return np.split(spikes, np.flatnonzero(gaps > WITHIN_BURST * gaps.max()) + 1)


def goes_on(spikes: Array, stop: float) -> bool:
    """Whether a train of two or more spikes continues until `stop`."""
    return spikes.size > 1 and bool(stop - spikes[-1] <= GOES_ON * np.diff(spikes).max())


def ratio(intervals: Array) -> float:
    """Return the longest interval divided by the shortest."""
    return float(intervals.max() / intervals.min())


def listed(values: Array, unit: str = "ms") -> str:
    """Return up to eight numbers as text, and how many more there are."""
    shown = ", ".join(f"{value:.4g}" for value in values[:8])
    more = f" and {values.size - 8} more" if values.size > 8 else ""
    return f"{shown}{more} {unit}" if values.size else "none"


def maxima(times: Array, values: Array, least: float) -> Array:
    """Return the times of local maxima that exceed the minima before and after them by at least `least`."""
    slopes = np.flatnonzero(np.diff(values))
    turns = [
        int(after)
        for before, after in pairwise(slopes)
        if (values[before + 1] - values[before] > 0) != (values[after + 1] - values[after] > 0)
    ]
    marks = [0, *turns, values.size - 1]
    found = []
    for i in range(1, len(marks) - 1):
        here, before, after = values[marks[i]], values[marks[i - 1]], values[marks[i + 1]]
        if here - before >= least and here - after >= least:
            found.append(times[marks[i]])
    return np.array(found)
