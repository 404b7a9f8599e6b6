"""The drive at which a model fires at a wanted rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..models.errors import UserError

#: First drive that is tried, in the internal unit of the input, and how often it is doubled from there.
SMALLEST, DOUBLINGS = 2.0**-6, 22
#: The rate is accepted within this fraction of the wanted one.
RATE_TOLERANCE = 0.005


class UnreachableRate(UserError):
    """No constant drive makes the model fire at this rate."""


@dataclass(frozen=True)
class Drive:
    """A constant input and what it does."""

    value: float
    """In the internal unit of the input, rounded to nine digits so that it can be written down."""
    rate: float
    """The firing rate that it gives, in Hz."""


def find_drive(firing_rate: Callable[[float], float], wanted: float, name: str) -> Drive:
    """Find the weakest drive that gives a firing rate.

    Parameters
    ----------
    firing_rate : callable
        From a drive to a rate in Hz; 0 where the model falls silent.
    wanted : float
        In Hz.
    name : str
        The model's, for messages.

    Raises
    ------
    UnreachableRate
        If the rate jumps past the wanted one, or never gets there.
    """
    if firing_rate(0.0) >= wanted:
        raise UnreachableRate(f"{name} fires at {firing_rate(0.0):.4g} Hz without any drive, above {wanted:g} Hz")
    low, high, highest = 0.0, SMALLEST, 0.0
    for _ in range(DOUBLINGS):
        rate = firing_rate(high)
        if rate >= wanted:
            break
        highest = max(highest, rate)
        low, high = high, 2 * high
    else:
        raise UnreachableRate(f"{name} does not reach {wanted:g} Hz: at most {highest:.4g} Hz for drives up to {low:g}")
    while (high - low) > 1e-10 * high:
        middle = (low + high) / 2
        if firing_rate(middle) >= wanted:
            high = middle
        else:
            low = middle
    value = float(f"{high:.9g}")
    rate = firing_rate(value)
    if abs(rate - wanted) > RATE_TOLERANCE * wanted:
        jump = max(rate, firing_rate(high))
        raise UnreachableRate(f"{name} cannot fire at {wanted:.4g} Hz: it starts to fire at {jump:.4g} Hz "
                              f"(drive {value:g})")
    return Drive(value, rate)
