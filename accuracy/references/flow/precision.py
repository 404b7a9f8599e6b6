"""With which arithmetic a solution is computed, and why it may end."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..spikes.statements import Disturbed

State = dict[str, Any]


@dataclass(frozen=True)
class Precision:
    """The arithmetic and tolerance with which a solution is computed."""

    name: str
    tolerance: float
    """Relative tolerance of one step; it sets the order of the series."""
    high_accuracy: bool
    """Whether the rounding of the series' sum is compensated."""
    type: Any = float
    """The floating-point type."""
    margin: float = 1.0
    """Kinks count as passed at this many times `MARGIN` before they are reached."""
    disturbed: Disturbed = field(default=Disturbed.NOT, compare=False)
    """How the state is changed before resets and arrivals that amplify errors."""
    inspected: bool = field(default=True, compare=False)
    """Whether every step is inspected."""

    def number(self, value: Fraction | float) -> Any:
        """Convert to a number of this precision; an exact fraction is rounded once."""
        if isinstance(value, Fraction):
            return self.type(value.numerator) / self.type(value.denominator)
        return self.type(value)


class StoppedError(Exception):
    """There is no solution beyond some time. The text follows "it" in a message."""


class NotFiniteError(StoppedError):
    """A number was infinite or NaN."""


class PoleError(StoppedError):
    """A quotient divides by zero. The text is the quotient."""
