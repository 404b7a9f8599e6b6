"""Integrator."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


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
            for narrow, wide in ((ticks + 2, 48), (ticks + 4, 24), (2 * ticks, 4 * ticks)):
                for factor in (0.95, 0.9, 0.8, 0.7, 0.6):
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
        first = recording.between(pairs[1].start, pairs[2].start)
        others = recording.spikes.size - first.size
        return Verdict(
            wide > narrow and first.size > 0 and others == 0,
            f"pairs {narrow:.4g} and {wide:.4g} ms apart, from {pairs[0].start:.4g} and "
            f"{pairs[2].start:.4g} ms; spikes {listed(recording.spikes)}",
        )


FEATURES.register(Integrator())
