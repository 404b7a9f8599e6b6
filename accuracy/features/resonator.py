"""Resonator."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class Resonator(Feature):
    """Two weak inputs cause a spike at the right interval, but not at a shorter one."""

    name = "resonator"
    letter = "K"
    criterion = (
        "two pairs of equal pulses, the second pair further apart: no spike before the last pulse, which "
        "causes a spike (before the end)"
    )
    linear = "the effect of the first of two pulses decays with the time between them"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make pairs of pulses; a single pulse is too weak for a spike."""
        for ticks, least in subject.pulses(4, 8):
            for narrow, wide in ((12, 24), (16, 32), (24, 48), (32, 64), (48, 96), (12, 36), (16, 48), (24, 72)):
                for factor in (0.99, 0.95, 0.9, 0.8, 0.7):
                    pulse = (ticks, factor * least)
                    yield (
                        subject.stimulus(
                            (TICKS, 0),
                            pulse,
                            (narrow - ticks, 0),
                            pulse,
                            (6 * TICKS, 0),
                            pulse,
                            (wide - ticks, 0),
                            pulse,
                            (2 * TICKS, 0),
                        ),
                    )

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pairs = departures(recording.stimulus, 4)
        narrow, wide = pairs[1].start - pairs[0].start, pairs[3].start - pairs[2].start
        early, late = recording.between(0, pairs[3].start), recording.between(pairs[3].start, recording.stop + 1)
        return Verdict(
            wide > narrow and not early.size and late.size > 0,
            f"pairs {narrow:.4g} and {wide:.4g} ms apart, the last pulse at {pairs[3].start:.4g} ms; "
            f"spikes before it {listed(early)}, after {listed(late)}",
        )


FEATURES.register(Resonator())
