"""Bistability."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .base import FEATURES, Feature, Verdict
from .epochs import GOES_ON, goes_on, listed, pulses
from .recorded import Recording
from .subject import TICKS, Subject


class Bistability(Feature):
    """A pulse switches sustained spiking on, another switches it off, under the same constant input."""

    name = "bistability"
    letter = "P"
    criterion = ("two pulses above a constant input: no spike before the first, at least three between them, to "
                 "the second; after it at most one more, and silence to the end for over 1.5 of their longest "
                 "intervals")
    linear = "under one constant input it either always or never reaches the threshold"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make two pulses above a base, the second at several phases of the spiking."""
        for base in (1.05, 1.2, 1.4, 0.98, 0.9, 0.8, 0.6, 0.3, 0.0):
            for ticks, least in subject.pulses(4, 12, base=base):
                for factor in (1.2, 2, 0.5):
                    for phase in range(0, TICKS, 8):
                        on, off = base + 1.2 * least, base + factor * least
                        yield (subject.ramps(*subject.lead(base), (ticks, on, on), (8 * TICKS + phase, base, base),
                                             (ticks, off, off), (8 * TICKS, base, base)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        first, second = pulses(recording.stimulus, least=2)[:2]
        before, after = recording.between(0, first.start), recording.between(second.stop, recording.stop + 1)
        on = recording.between(first.start, second.stop)
        said = (f"pulses from {first} and {second}; spikes before {listed(before)}, between {listed(on)}, "
                f"after the second {listed(after)}")
        if before.size or on.size < 3:
            return Verdict(False, said)
        silence = recording.stop - (after[-1] if after.size else on[-1])
        shown = goes_on(on, second.start) and after.size <= 1 and bool(silence > GOES_ON * np.diff(on).max())
        return Verdict(shown, said)


FEATURES.register(Bistability())
