"""The drive at which a model fires at a wanted rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..models.errors import UserError

#: First drive that is tried where none is given, in the internal unit of the input; how often it is doubled from there.
SMALLEST, DOUBLINGS = 2.0**-6, 22
#: The rate is accepted within this fraction of the wanted one.
RATE_TOLERANCE = 0.005
#: Drives are rounded to so many digits, so that they can be written down; around which stimuli vary, to fewer.
DIGITS, MEAN_DIGITS = 9, 6

#: A mean rate over several stimuli is accepted within this fraction.
MEAN_RATE_TOLERANCE = 0.03


class UnreachableRate(UserError):
    """No constant drive makes the model fire at this rate."""


@dataclass(frozen=True)
class Drive:
    """A constant input and what it does."""

    value: float
    """In the internal unit of the input, rounded to nine digits so that it can be written down."""
    rate: float
    """The firing rate that it gives, in Hz."""


class NeverSpikes(UnreachableRate):
    """No constant drive makes the model keep firing."""


def adjust_drive(firing_rate: Callable[[float], float], wanted: float, near: Drive) -> Drive:
    """Find the drive of a rate that is near that of a drive which is known.

    Parameters
    ----------
    firing_rate : callable
        From a drive to a rate in Hz; 0 where the model falls silent.
    wanted : float
        In Hz.
    near : Drive

    Raises
    ------
    UnreachableRate
        If none within a fifth of the known one fires at the rate.
    """
    low, high = 0.8 * near.value, 1.25 * near.value
    while (middle := _middle(low, high, DIGITS)) is not None:
        rate = firing_rate(middle)
        if abs(rate - wanted) <= RATE_TOLERANCE / 10 * wanted:
            return Drive(middle, rate)
        low, high = (middle, high) if rate < wanted else (low, middle)
    raise UnreachableRate(f"no drive near {near.value:g} ({near.rate:.4g} Hz) fires at {wanted:.4g} Hz")


def find_drive(firing_rate: Callable[[float], float], wanted: float, name: str, first: float = SMALLEST) -> Drive:
    """Find the weakest drive that gives a firing rate.

    Parameters
    ----------
    firing_rate : callable
        From a drive to a rate in Hz; 0 where the model falls silent.
    wanted : float
        In Hz.
    name : str
        The model's, for messages.
    first : float
        First drive that is tried, well below the one that is sought.

    Raises
    ------
    UnreachableRate
        If the rate jumps past the wanted one, or never gets there.
    """
    low, high = _bracket(firing_rate, wanted, name, first)
    low, high = _narrow(low, high, lambda drive: firing_rate(drive) >= wanted)
    value = float(f"{high:.{DIGITS}g}")
    rate = firing_rate(value)
    if abs(rate - wanted) > RATE_TOLERANCE * wanted:
        jump = max(rate, firing_rate(high))
        raise UnreachableRate(f"{name} cannot fire at {wanted:.4g} Hz: it starts to fire at {jump:.4g} Hz "
                              f"(drive {value:g})")
    return Drive(value, rate)


def find_mean_drive(firing_rate: Callable[[float], float], wanted: float, name: str, first: float = SMALLEST
                    ) -> Drive:
    """Find a drive that gives a firing rate, where the rate goes up in small jumps.

    Parameters, and what is raised, are those of `find_drive`; the rate may differ by `MEAN_RATE_TOLERANCE`.
    """
    low, high = _bracket(firing_rate, wanted, name, first)
    while (middle := _middle(low, high, MEAN_DIGITS)) is not None:
        rate = firing_rate(middle)
        if abs(rate - wanted) <= MEAN_RATE_TOLERANCE * wanted:
            return Drive(middle, rate)
        low, high = (middle, high) if rate < wanted else (low, middle)
    raise UnreachableRate(f"{name} cannot fire at {wanted:.4g} Hz on average: its rate jumps near drive {high:g}")


def find_rheobase(firing_rate: Callable[[float], float], name: str, first: float = SMALLEST) -> float:
    """Find the weakest drive under which a model keeps firing; parameters and errors as in `find_drive`."""
    low, high = _bracket(firing_rate, RATE_TOLERANCE, name, first)
    return float(f"{_narrow(low, high, lambda drive: firing_rate(drive) > 0)[1]:.{DIGITS}g}")


def _bracket(firing_rate: Callable[[float], float], wanted: float, name: str, first: float) -> tuple[float, float]:
    if firing_rate(0.0) >= wanted:
        raise UnreachableRate(f"{name} fires at {firing_rate(0.0):.4g} Hz without any drive, above {wanted:g} Hz")
    low, high, highest = 0.0, first, 0.0
    for _ in range(DOUBLINGS):
        rate = firing_rate(high)
        if rate >= wanted:
            return low, high
        highest = max(highest, rate)
        low, high = high, 2 * high
    if not highest:
        raise NeverSpikes(f"{name} never spikes, for drives up to {low:g}")
    raise UnreachableRate(f"{name} does not reach {wanted:g} Hz: at most {highest:.4g} Hz for drives up to {low:g}")


def _middle(low: float, high: float, digits: int) -> float | None:
    """Return the middle of two drives, rounded to some digits; None if no such number is between them."""
    middle = float(f"{(low + high) / 2:.{digits}g}")
    return middle if low < middle < high else None


def _narrow(low: float, high: float, enough: Callable[[float], bool]) -> tuple[float, float]:
    while (high - low) > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return low, high
