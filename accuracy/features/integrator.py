"""Integrator."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import listed
from .protocols.pairs import Pairs, two_pairs
from .protocols.recorded import Recording
from .protocols.subject import Subject


class Integrator(Feature):
    """Two weak inputs cause a spike if they are close together in time, not if they are further apart."""

    name = "integrator"
    letter = "L"
    criterion = (
        "two pairs of equal pulses, the second pair further apart: the first pair causes a spike, the second does not"
    )

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make pairs of pulses; a single pulse is too weak for a spike."""
        for ticks, least in subject.pulses(4, 8, 2):
            intervals = ((ticks + 2, 48), (ticks + 4, 24), (2 * ticks, 4 * ticks))
            yield from two_pairs(subject, ticks, intervals, (factor * least for factor in (0.95, 0.9, 0.8, 0.7, 0.6)))

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pairs = Pairs.of(recording)
        one, two, three, _ = pairs.pulses
        first = recording.between(two.start, three.start)
        others = recording.spikes.size - first.size
        return Verdict(
            pairs.wide > pairs.narrow and first.size > 0 and others == 0,
            f"{pairs}, from {one.start:.4g} and {three.start:.4g} ms; spikes {listed(recording.spikes)}",
        )


FEATURES.register(Integrator())
