"""Accommodation."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class Accommodation(Feature):
    """A slow ramp of the input causes no spike, but a fast ramp to a lower peak does."""

    name = "accommodation"
    letter = "R"
    criterion = (
        "two ramps, the second faster and its peak no higher: no spike before the second, at least one "
        "from its start on"
    )
    linear = "a slower ramp to a higher peak brings the variable nearer to the threshold"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make a slow and a fast ramp."""
        for slow in (48, 96, 192, 384):
            for fast in (4, 12, 24):
                for high in (0.9, 1.5, 2, 3, 5, 8):
                    for part in (0.98, 0.75, 0.5):
                        yield (
                            subject.ramps(
                                (TICKS, 0, 0),
                                (slow, 0, high),
                                (6 * TICKS, 0, 0),
                                (fast, 0, part * high),
                                (2 * TICKS, 0, 0),
                            ),
                        )

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        slow, fast = departures(recording.stimulus, 2)[:2]
        early, late = recording.between(0, fast.start), recording.between(fast.start, recording.stop + 1)
        rates = [epoch.step / (epoch.stop - epoch.start) for epoch in (slow, fast)]
        return Verdict(
            0 < fast.step <= slow.step and rates[1] > rates[0] and not early.size and late.size > 0,
            f"to {slow.step:.4g} by {rates[0]:.3g} per ms: spikes {listed(early)}; "
            f"to {fast.step:.4g} by {rates[1]:.3g} per ms: {listed(late)}",
        )


FEATURES.register(Accommodation())
