"""Spike latency."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class SpikeLatency(Feature):
    """A spike occurs long after the short input that caused it."""

    name = "spike_latency"
    letter = "I"
    criterion = "after a pulse one spike or more, the first at least one pulse length after the pulse's end"
    linear = "below the threshold it returns directly to rest when the pulse ends"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make pulses just strong enough for a spike."""
        for ticks, least in subject.pulses(2, 4, 8, 16):
            for factor in (1.001, 1.01, 1.05, 1.2):
                yield (subject.stimulus((TICKS, 0), (ticks, factor * least), (4 * TICKS, 0)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pulse = departures(recording.stimulus)[0]
        if not recording.spikes.size:
            return Verdict(False, f"no spike; pulse from {pulse}")
        first = float(recording.spikes[0])
        return Verdict(
            first - pulse.stop >= pulse.stop - pulse.start,
            f"{recording.spikes.size} spikes, the first at {first:.4g} ms, {first - pulse.stop:.4g} ms "
            f"after the end of the pulse from {pulse}",
        )


FEATURES.register(SpikeLatency())
