"""Tonic bursting."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import bursts, goes_on
from .protocols.recorded import Recording
from .protocols.steps import response, steps
from .protocols.subject import Subject


class TonicBursting(Feature):
    """Bursts as long as a constant input lasts."""

    name = "tonic_bursting"
    letter = "C"
    criterion = (
        "after a step of the input at least three bursts, each of at least two spikes (the last may be "
        "cut by the end), with intervals within them at most half the longest between them, to the end"
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
        sizes = [burst.size for burst in bursts(spikes)]
        shown = len(sizes) > 2 and min(sizes[:-1]) > 1 and goes_on(spikes, recording.stop)
        return Verdict(
            shown,
            f"{spikes.size} spikes in groups of {', '.join(map(str, sizes[:12]))}, the last "
            f"{recording.stop - spikes[-1]:.4g} ms before the end",
        )


FEATURES.register(TonicBursting())
