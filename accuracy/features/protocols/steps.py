"""The protocol with a step of the input: no input, then a constant input to the end."""

from __future__ import annotations

from collections.abc import Iterator

from ....harness.stimuli import Stimulus
from .base import Verdict
from .epochs import departures, listed
from .recorded import Array, Recording
from .subject import TICKS, Subject

#: Heights as multiples of the rheobase; below the rheobase only responses that stop can be found.
HEIGHTS = (1.5, 2, 3, 1.25, 1.1, 1.02, 0.98, 0.9, 0.75, 0.5, 5, 8)
#: Length in units of the model's pace (see `Subject`).
LENGTH = 24


def steps(subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
    """Make steps of several heights."""
    for height in HEIGHTS:
        yield (subject.stimulus((TICKS, 0), (LENGTH * TICKS, height)),)


def response(recording: Recording) -> tuple[float, Array, Verdict | None]:
    """Return the step's start, the spikes after it, and a negative verdict if spikes are before or none are after it.

    The times are in ms from the recording's start.
    """
    start = departures(recording.stimulus)[0].start
    early, spikes = recording.between(0, start), recording.between(start, recording.stop + 1)
    if early.size:
        return start, spikes, Verdict(False, f"spikes before the step at {start:.4g} ms: {listed(early)}")
    if not spikes.size:
        return start, spikes, Verdict(False, f"no spike after the step at {start:.4g} ms")
    return start, spikes, None
