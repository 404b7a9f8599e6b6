"""Spike frequency adaptation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import goes_on, listed
from .protocols.recorded import Recording
from .protocols.steps import response, steps
from .protocols.subject import Subject

#: An interval may be shorter than the one before it by this fraction.
SLACK = 0.02
#: The last interval is at least this many times the first.
LENGTHENED = 1.1


class SpikeFrequencyAdaptation(Feature):
    """Intervals become longer with a constant input."""

    name = "spike_frequency_adaptation"
    letter = "F"
    criterion = (
        "after a step of the input at least four spikes to the end, no interval shorter than the one "
        "before it (by over 2 %), the last at least 1.1 times the first"
    )
    linear = "with a constant input all intervals after the first spike are equal"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make steps."""
        return steps(subject)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        _, spikes, failed = response(recording)
        if failed:
            return failed
        intervals = np.diff(spikes)
        said = f"{spikes.size} spikes, intervals {listed(intervals)}"
        if spikes.size < 4:
            return Verdict(False, said)
        lengthen = bool((intervals[1:] >= (1 - SLACK) * intervals[:-1]).all())
        change = float(intervals[-1] / intervals[0])
        return Verdict(
            lengthen and change >= LENGTHENED and goes_on(spikes, recording.stop),
            f"{said}, the last {change:.3g} times the first",
        )


FEATURES.register(SpikeFrequencyAdaptation())
