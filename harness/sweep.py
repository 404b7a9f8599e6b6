"""Settings of a sweep, from coarse to fine: time steps that divide the stimulus, or tolerances of an error control."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..models.errors import UserError

#: The largest time step is bisected until the next coarser one known to fail is within this factor.
BRACKET = 1.02


@dataclass(frozen=True)
class TimeSteps:
    """The sweep of a method that is set by its time step; settings are in ms, and log-spaced.

    Raises
    ------
    UserError
        If the range is empty.
    """

    unit: Fraction
    """The stimulus's unit in ms; every step is ``unit/n`` with a whole n."""
    coarsest: float
    finest: float
    """In ms."""
    per_decade: int
    """Steps a factor of ten."""

    bracket = BRACKET

    @cached_property
    def settings(self) -> tuple[Fraction, ...]:
        """Time steps from coarse to fine."""
        return time_steps(self.unit, self.coarsest, self.finest, self.per_decade)

    def between(self, finer: Fraction, coarser: Fraction) -> Fraction | None:
        """Return a setting between two, near their geometric mean; None if there is none."""
        return between(finer, coarser, self.unit)

    @staticmethod
    def describe(setting: Fraction) -> str:
        """Print a setting."""
        return f"dt = {float(setting):.3g} ms"


@dataclass(frozen=True)
class Tolerances:
    """The sweep of a method that is set by the tolerance of its error control; settings are log-spaced."""

    loosest: float = 0.1
    strictest: float = 1e-11
    per_decade: int = 2
    order: int = 5
    """Steps go as the tolerance to the power of 1/order: the bracket is that of time steps."""

    @property
    def bracket(self) -> float:
        """Where bisection ends."""
        return float(BRACKET**self.order)

    @cached_property
    def settings(self) -> tuple[Fraction, ...]:
        """Tolerances from coarse to fine."""
        decades = math.log10(self.loosest / self.strictest)
        count = round(decades * self.per_decade)
        return tuple(_rounded(self.loosest * 10 ** (-decades * i / count)) for i in range(count + 1))

    @staticmethod
    def between(finer: Fraction, coarser: Fraction) -> Fraction | None:
        """Return a setting between two, near their geometric mean; None if there is none."""
        middle = _rounded(math.sqrt(finer * coarser))
        return middle if finer < middle < coarser else None

    @staticmethod
    def describe(setting: Fraction) -> str:
        """Print a setting."""
        return f"tolerance {float(setting):.3g}"


def _rounded(value: float) -> Fraction:
    return Fraction(f"{value:.6e}")


def time_steps(unit: Fraction, coarsest: float, finest: float, per_decade: int) -> tuple[Fraction, ...]:
    """Return time steps from coarse to fine.

    Parameters
    ----------
    unit : Fraction
        The stimulus's unit in ms; every step is ``unit/n`` with a whole n.
    coarsest, finest : float
        In ms.
    per_decade : int
        Steps a factor of ten.

    Raises
    ------
    UserError
        If the range is empty.
    """
    if not 0 < finest <= coarsest or per_decade < 1:
        raise UserError(f"cannot sweep dt from {coarsest:g} to {finest:g} ms with {per_decade} steps a decade; "
                        "give coarsest >= finest > 0")
    decades = math.log10(coarsest / finest)
    count = max(round(decades * per_decade), 1)
    wanted = [coarsest * 10 ** (-decades * i / count) for i in range(count + 1)]
    divisions = {max(round(float(unit) / dt), 1) for dt in wanted}
    return tuple(unit / n for n in sorted(divisions))


def between(finer: Fraction, coarser: Fraction, unit: Fraction) -> Fraction | None:
    """Return a time step between two, near their geometric mean and dividing `unit`; None if there is none."""
    low, high = int(unit / coarser), int(unit / finer)
    middle = round(math.sqrt(low * high))
    return unit / middle if low < middle < high else None
