"""Phasic bursting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import BURST, SILENCE
from .protocols.recorded import Recording
from .protocols.steps import response, steps
from .protocols.subject import Subject


class PhasicBursting(Feature):
    """One burst at the onset of a constant input."""

    name = "phasic_bursting"
    letter = "D"
    criterion = (
        "after a step of the input at least three spikes, then silence while the input lasts: for at "
        "least 3 of their longest intervals, and longer than from the step to the last spike"
    )
    linear = "if it reaches the threshold once with a constant input, it reaches it again from the reset"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make steps."""
        return steps(subject)

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        start, spikes, failed = response(recording)
        if failed:
            return failed
        silence = recording.stop - spikes[-1]
        said = f"{spikes.size} spikes from {spikes[0]:.4g} to {spikes[-1]:.4g} ms, then {silence:.4g} ms of silence"
        if spikes.size < BURST:
            return Verdict(False, said)
        longest = np.diff(spikes).max()
        return Verdict(
            bool(silence >= SILENCE * longest and silence > spikes[-1] - start),
            f"{said}; longest interval {longest:.4g} ms",
        )


FEATURES.register(PhasicBursting())
