"""Rebound spike."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class ReboundSpike(Feature):
    """A spike after the end of an inhibition."""

    name = "rebound_spike"
    letter = "M"
    criterion = "an inhibitory pulse, no spike before its end, one after it"
    linear = "it returns directly to rest when the inhibition ends"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make inhibitory pulses."""
        for ticks in (12, 24, 48, 96):
            for strength in (0.25, 0.5, 1, 2, 4, 8, 16):
                yield (subject.stimulus((TICKS, 0), (ticks, -strength), (8 * TICKS, 0)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pulse = departures(recording.stimulus)[0]
        early = recording.between(0, pulse.stop)
        return Verdict(
            pulse.step < 0 and not early.size and recording.spikes.size == 1,
            f"inhibition from {pulse}; spikes {listed(recording.spikes)}",
        )


FEATURES.register(ReboundSpike())
