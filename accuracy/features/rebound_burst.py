"""Rebound burst."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import BURST, SILENCE, departures, listed
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class ReboundBurst(Feature):
    """A burst after the end of an inhibition."""

    name = "rebound_burst"
    letter = "N"
    criterion = (
        "an inhibitory pulse, no spike before its end, then at least three, and silence to the end for at"
        " least 3 of their longest intervals"
    )
    linear = "it returns directly to rest when the inhibition ends"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make inhibitory pulses."""
        for ticks in (12, 24, 48, 96):
            for strength in (0.25, 0.5, 1, 2, 4, 8, 16):
                yield (subject.stimulus((TICKS, 0), (ticks, -strength), (8 * TICKS, 0)),)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pulse, spikes = departures(recording.stimulus)[0], recording.spikes
        silence = recording.stop - spikes[-1] if spikes.size else recording.stop
        ends = spikes.size >= BURST and bool(silence >= SILENCE * np.diff(spikes).max())
        return Verdict(
            pulse.step < 0 and not recording.between(0, pulse.stop).size and ends,
            f"inhibition from {pulse}; {spikes.size} spikes, {listed(spikes)}; then {silence:.4g} ms of silence",
        )


FEATURES.register(ReboundBurst())
