"""Tonic spiking."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import EQUAL, goes_on, listed, ratio
from .protocols.recorded import Recording
from .protocols.steps import response, steps
from .protocols.subject import Subject


class TonicSpiking(Feature):
    """Single spikes as long as a constant input lasts."""

    name = "tonic_spiking"
    letter = "A"
    criterion = (
        "after a step of the input at least four spikes, the second half of the intervals equal (the "
        "longest at most 1.5 times the shortest), the last spike at most 1.5 intervals before the end"
    )

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
        later = intervals[intervals.size // 2 :]
        said = (
            f"{spikes.size} spikes, intervals {listed(intervals)}, "
            f"last spike {recording.stop - spikes[-1]:.4g} ms before the end"
        )
        lasts = spikes.size > 3 and goes_on(spikes[-later.size - 1 :], recording.stop)
        return Verdict(lasts and ratio(later) <= EQUAL, said)


FEATURES.register(TonicSpiking())
