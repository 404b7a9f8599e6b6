"""Bistability."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import GOES_ON, goes_on, listed, pulses
from .protocols.recorded import Array, Recording
from .protocols.subject import TICKS, Subject


class Bistability(Feature):
    """A pulse switches sustained spiking on, another switches it off, under the same constant input."""

    name = "bistability"
    letter = "P"
    criterion = (
        "two pulses above a constant input: no spike before the first, at least three between them, to "
        "the second; after it at most one more, and silence to the end for over 1.5 of their longest "
        "intervals"
    )
    linear = "with a constant input it reaches the threshold either always or never"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make two pulses above a base, the second at several phases of the spiking.

        If the spikes after the first pulse do not continue until the second, the second has nothing to switch off:
        one trial is then enough.
        """
        for base in (1.05, 1.2, 1.4, 0.98, 0.9, 0.8, 0.6, 0.3, 0.0):
            for ticks, least in subject.pulses(4, 12, base=base):
                on = base + 1.2 * least
                first = (*subject.lead(base), (ticks, on, on))
                spiking = subject.run([subject.ramps(*first, (9 * TICKS, base, base))])[0]
                stop, phases = sum(length for length, *_ in first), []
                for phase in range(0, TICKS, 8):
                    begin, end = (float(at * subject.tick) for at in (stop - ticks, stop + 8 * TICKS + phase))
                    if _switched_on(spiking.between(begin, end), end):
                        phases.append(phase)
                for factor in (1.2, 2, 0.5) if phases else (1.2,):
                    off = base + factor * least
                    for phase in phases or [0]:
                        yield (
                            subject.ramps(
                                *first, (8 * TICKS + phase, base, base), (ticks, off, off), (8 * TICKS, base, base)
                            ),
                        )

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        first, second = pulses(recording.stimulus, least=2)[:2]
        before, after = recording.between(0, first.start), recording.between(second.stop, recording.stop + 1)
        on = recording.between(first.start, second.start)
        said = (
            f"pulses from {first} and {second}; spikes before {listed(before)}, between {listed(on)}, "
            f"after the second {listed(after)}"
        )
        if before.size or not _switched_on(on, second.start):
            return Verdict(False, said)
        silence = recording.stop - recording.spikes[-1]
        return Verdict(after.size <= 1 and bool(silence > GOES_ON * np.diff(on).max()), said)


def _switched_on(spikes: Array, until: float) -> bool:
    return spikes.size >= 3 and goes_on(spikes, until)


FEATURES.register(Bistability())
