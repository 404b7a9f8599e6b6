"""Phasic spiking."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import SILENCE, listed
from .protocols.recorded import Recording
from .protocols.steps import response, steps
from .protocols.subject import Subject


class PhasicSpiking(Feature):
    """A single spike at the onset of a constant input."""

    name = "phasic_spiking"
    letter = "B"
    criterion = "after a step of the input one spike, then silence for at least 3 times its delay while the input lasts"
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
        delay, silence = spikes[0] - start, recording.stop - spikes[-1]
        return Verdict(
            spikes.size == 1 and bool(silence >= SILENCE * delay),
            f"spikes at {listed(spikes)}; the first {delay:.4g} ms after the step, "
            f"{silence:.4g} ms of silence after the last",
        )


FEATURES.register(PhasicSpiking())
