"""Threshold variability."""

from __future__ import annotations

from collections.abc import Iterator

from ...harness.stimuli import Stimulus
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.epochs import departures, listed
from .protocols.recorded import Recording
from .protocols.subject import TICKS, Subject


class ThresholdVariability(Feature):
    """An input that is too weak for a spike causes one after an inhibition."""

    name = "threshold_variability"
    letter = "O"
    criterion = (
        "a pulse, and the same pulse soon after an inhibition (which may also occur alone before): spikes "
        "only after the start of the last pulse"
    )
    linear = "an inhibition only takes the variable further from the threshold"

    def trials(self, subject: Subject) -> Iterator[tuple[Stimulus, ...]]:
        """Make a pulse alone, an inhibition alone, and the pulse after the inhibition."""
        for ticks, least in subject.pulses(4, 8, 16):
            for factor in (0.98, 0.9, 0.8):
                for strength in (0.5, 1, 2, 4, 8):
                    for wait in (4, 12, 24, 48):
                        pulse, inhibition = (ticks, factor * least), (24, -strength)
                        pause = (6 * TICKS, 0)
                        yield (
                            subject.stimulus(
                                (TICKS, 0),
                                pulse,
                                pause,
                                inhibition,
                                pause,
                                inhibition,
                                (wait, 0),
                                pulse,
                                (2 * TICKS, 0),
                            ),
                        )

    def detect(self, *recordings: Recording) -> Verdict:
        """Decide."""
        recording = recordings[0]
        pulses = departures(recording.stimulus, 2)
        same = pulses[0].step == pulses[-1].step > 0 > pulses[-2].step
        early = recording.between(0, pulses[-1].start)
        late = recording.between(pulses[-1].start, recording.stop + 1)
        return Verdict(
            same and not early.size and late.size > 0,
            f"pulses from {pulses[0]} and, {pulses[-1].start - pulses[-2].stop:.4g} ms after an inhibition, "
            f"from {pulses[-1]}; spikes before the latter {listed(early)}, after it {listed(late)}",
        )


FEATURES.register(ThresholdVariability())
