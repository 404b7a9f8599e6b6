"""The protocol with two pairs of equal pulses, the second pair further apart: for integrators and resonators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ....harness.stimuli import Stimulus
from .epochs import Epoch, departures
from .recorded import Recording
from .subject import TICKS, Subject


def two_pairs(
    subject: Subject, ticks: int, intervals: Iterable[tuple[int, int]], heights: Iterable[float]
) -> Iterator[tuple[Stimulus, ...]]:
    """Make two pairs of pulses.

    Parameters
    ----------
    subject : Subject
    ticks : int
        Length of a pulse.
    intervals : iterable of (int, int)
        From the start of one pulse to the start of the next, in ticks: in the first pair, and in the second pair.
    heights : iterable of float
        Of the pulses, as rheobase fractions.
    """
    heights = tuple(heights)
    for narrow, wide in intervals:
        for height in heights:
            pulse = (ticks, height)
            first, second = (pulse, (narrow - ticks, 0), pulse), (pulse, (wide - ticks, 0), pulse)
            yield (subject.stimulus((TICKS, 0), *first, (6 * TICKS, 0), *second, (2 * TICKS, 0)),)


@dataclass(frozen=True)
class Pairs:
    """The pulses of a stimulus that `two_pairs` made; times in ms."""

    pulses: tuple[Epoch, ...]

    @classmethod
    def of(cls, recording: Recording) -> Pairs:
        """Return the pulses of a recording's stimulus.

        Raises
        ------
        UserError
            If there are fewer than four.
        """
        return cls(tuple(departures(recording.stimulus, 4)))

    @property
    def narrow(self) -> float:
        """From the start of the first pulse to the start of the second."""
        return self.pulses[1].start - self.pulses[0].start

    @property
    def wide(self) -> float:
        """From the start of the third pulse to the start of the fourth."""
        return self.pulses[3].start - self.pulses[2].start

    def __str__(self) -> str:
        return f"pairs {self.narrow:.4g} and {self.wide:.4g} ms apart"
