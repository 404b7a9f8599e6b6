"""Subthreshold oscillations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed, maxima
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject

#: A maximum exceeds its neighbouring minima by at least this fraction of the voltage range, including spikes.
PROMINENCE = 1 / 2000


class SubthresholdOscillations(Feature):
    """The voltage oscillates around rest after a spike, without another spike."""

    name = "subthreshold_oscillations"
    letter = "J"
    criterion = (
        "after a pulse a spike, then no more, and at least two maxima of the voltage that stand out by at"
        " least 1/2000 of the voltage's range"
    )
    needs_voltage = True
    linear = "it returns directly to rest"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make pulses strong enough for a spike."""
        for ticks, least in subject.pulses(2, 4, 8, 16):
            for factor in (1.05, 1.2, 2):
                yield (subject.stimulus((TICKS, 0), (ticks, factor * least), (8 * TICKS, 0)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pulse = departures(recording.stimulus)[0]
        if not recording.spikes.size:
            return Verdict(False, f"no spike; pulse from {pulse}")
        times, voltage = recording.after_spike()
        after = times > pulse.stop
        found = maxima(times[after], voltage[after], PROMINENCE * np.ptp(recording.voltage))
        alone = not recording.between(0, pulse.start).size
        return Verdict(
            alone and found.size > 1,
            f"{recording.spikes.size} spikes, the last at {recording.spikes[-1]:.4g} ms; after it "
            f"{found.size} maxima of the voltage, at {listed(found)}",
        )


FEATURES.register(SubthresholdOscillations())
