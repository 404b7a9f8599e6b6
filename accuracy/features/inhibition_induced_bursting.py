"""Inhibition-induced bursting."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import bursts
from .protocols.inhibition import lowered
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class InhibitionInducedBursting(Feature):
    """Bursts as long as the input is lowered."""

    name = "inhibition_induced_bursting"
    title = "inhibition-induced bursting"
    letter = "T"
    criterion = (
        "the input lowered for a time: no spike before, at least two bursts of at least two spikes from "
        "then on, spread over at least half of that time, none in the second half of the time after it"
    )
    linear = "a lower input takes the variable further from the threshold"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make inputs that are lowered for a time."""
        for base in (0.0, 0.5, 0.95):
            for step in (0.5, 1, 2, 4, 8, 16):
                low = base - step
                yield (subject.ramps(*subject.lead(base), (12 * TICKS, low, low), (6 * TICKS, base, base)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        spikes, verdict = lowered(recordings[0])
        sizes = [burst.size for burst in bursts(spikes)]
        return Verdict(
            verdict.shown and len(sizes) > 1 and min(sizes) > 1,
            f"{verdict.reason}; groups of {', '.join(map(str, sizes[:12])) or 'no'} spikes",
        )


FEATURES.register(InhibitionInducedBursting())
