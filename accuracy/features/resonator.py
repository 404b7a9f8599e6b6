"""Resonator."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import listed
from .protocols.pairs import Pairs, two_pairs
from .protocols.recorded import Recording
from .protocols.subject import Subject


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
        intervals = ((12, 24), (16, 32), (24, 48), (32, 64), (48, 96), (12, 36), (16, 48), (24, 72))
        for ticks, least in subject.pulses(4, 8):
            yield from two_pairs(subject, ticks, intervals, (factor * least for factor in (0.99, 0.95, 0.9, 0.8, 0.7)))

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pairs = Pairs.of(recording)
        last = pairs.pulses[3].start
        early, late = recording.between(0, last), recording.between(last, recording.stop + 1)
        return Verdict(
            pairs.wide > pairs.narrow and not early.size and late.size > 0,
            f"{pairs}, the last pulse at {last:.4g} ms; spikes before it {listed(early)}, after {listed(late)}",
        )


FEATURES.register(Resonator())
