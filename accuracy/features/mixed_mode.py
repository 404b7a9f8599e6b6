"""Mixed mode."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import BURST, EQUAL, bursts, goes_on, listed, ratio
from .protocols.recorded import Recording
from .protocols.steps import response, steps
from .protocols.subject import Subject

#: The first interval after the burst is at least this fraction of the later ones: otherwise it is only adaptation.
NOT_SHORTER = 0.98


class MixedMode(Feature):
    """A burst at the onset of a constant input, then single spikes."""

    name = "mixed_mode"
    letter = "E"
    criterion = (
        "after a step of the input a burst of at least three spikes, then at least three single spikes to "
        "the end: their intervals are equal (within 1.5 times) and each over twice those of the burst, the "
        "first not the shortest, so that it is not only adaptation"
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
        groups, intervals = bursts(spikes), np.diff(spikes)
        sizes = [group.size for group in groups]
        said = f"groups of {', '.join(map(str, sizes[:12]))} spikes, intervals {listed(intervals)}"
        if len(sizes) < 4 or sizes[0] < BURST or max(sizes[1:]) > 1:
            return Verdict(False, said)
        single = intervals[sizes[0] - 1 :]
        steady = ratio(single) <= EQUAL and bool(single[0] >= NOT_SHORTER * single[1:].max())
        return Verdict(steady and goes_on(spikes, recording.stop), said)


FEATURES.register(MixedMode())
