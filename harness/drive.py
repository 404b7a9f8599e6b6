"""The drive at which a model fires at a wanted rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from ..models.errors import UserError

#: First drive that is tried where none is given, in the internal unit of the input; how often it is doubled from there.
SMALLEST, DOUBLINGS = 2.0**-6, 22
#: Where a rate is jumped over, so many drives per octave are looked at, up to so many octaves above the jump.
PER_OCTAVE, OCTAVES = 6, 3
#: Fractions of a drive to which it is bisected, and at which two rates that are still far apart are taken for a jump.
NARROW, WIDE = 1e-10, 1e-4
#: So many drives on either side of a jump, this fraction apart, are tried for a rate within one spike.
BESIDE, BESIDE_STEP = 16, 0.005
#: The rate is accepted within this fraction of the wanted one.
RATE_TOLERANCE = 0.005
#: Drives are rounded to so many digits, so that they can be written down; around which stimuli vary, to fewer.
DIGITS, MEAN_DIGITS = 9, 6

#: A mean rate over several stimuli is accepted within this fraction.
MEAN_RATE_TOLERANCE = 0.03

#: From a drive to a rate in Hz; 0 where the model falls silent.
Rates = Callable[[float], float]


class UnreachableRate(UserError):
    """No constant drive was found that makes the model fire at this rate."""


@dataclass(frozen=True)
class Drive:
    """A constant input and what it does."""

    value: float
    """In the internal unit of the input, rounded to nine digits so that it can be written down."""
    rate: float
    """The firing rate that it gives, in Hz."""
    note: str = ""
    """The other rates of the same drive, which depend on how it is reached; empty if there are none."""


class NeverSpikes(UnreachableRate):
    """No constant drive was found that makes the model keep firing."""


def adjust_drive(firing_rate: Rates, wanted: float, near: Drive) -> Drive:
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


def find_drive(firing_rate: Rates, wanted: float, name: str, first: float = SMALLEST, spike: float = 0.0) -> Drive:
    """Find the weakest drive that gives a firing rate.

    It is doubled until the rate is passed, then bisected. Where the rate jumps over the wanted one there, or never
    gets there, drives in between and beyond are looked at: a rate need not grow with the drive. A model that fires
    faster than that without any drive is slowed down by inhibition.

    Parameters
    ----------
    firing_rate : callable
        From a drive to a rate in Hz; 0 where the model falls silent.
    wanted : float
        In Hz.
    name : str
        The model's, for messages.
    first : float
        First drive that is tried, well below the one that is sought; below zero if inhibition makes the model fire.
    spike : float
        The rate in Hz of one spike in the time over which spikes are counted. The rate of a model that fires in
        bursts jumps by about that as the drive grows; it is then accepted within one spike.

    Raises
    ------
    UnreachableRate
        If none was found.
    """
    rates = cache(firing_rate)
    alone = rates(0.0)
    rises = alone < wanted
    curve = [0.0]
    drive = first if rises else -first
    for _ in range(DOUBLINGS):
        curve.append(drive)
        if (rates(drive) >= wanted) == rises:
            break
        drive *= 2
    found, jump = _on_curve(rates, wanted, curve, spike)
    if found is None and jump is not None:
        found = _beside(rates, wanted, jump, spike)
    if found is None:
        curve = _finer(rates, curve, jump)
        found, _ = _on_curve(rates, wanted, curve, spike, WIDE)
    if found is not None:
        return found
    raise _not_found(rates, wanted, name, curve, jump)


def find_mean_drive(firing_rate: Rates, wanted: float, name: str, first: float = SMALLEST) -> Drive:
    """Find a drive that gives a firing rate, where the rate goes up in small jumps.

    Parameters, and what is raised, are those of `find_drive`; the rate may differ by `MEAN_RATE_TOLERANCE`.
    """
    low, high = _bracket(firing_rate, wanted, name, first)
    while (middle := _middle(low, high, MEAN_DIGITS)) is not None:
        rate = firing_rate(middle)
        if abs(rate - wanted) <= MEAN_RATE_TOLERANCE * wanted:
            return Drive(middle, rate)
        low, high = (middle, high) if rate < wanted else (low, middle)
    raise UnreachableRate(f"{name}: no drive found at which it fires at {wanted:.4g} Hz on average: its rate jumps "
                          f"near drive {high:g}")


def find_rheobase(firing_rate: Rates, name: str, first: float = SMALLEST) -> float:
    """Find the weakest drive under which a model keeps firing; parameters and errors as in `find_drive`."""
    low, high = _bracket(firing_rate, 0.0, name, first)
    return float(f"{_narrow(low, high, lambda drive: firing_rate(drive) > 0)[1]:.{DIGITS}g}")


def _on_curve(rates: Rates, wanted: float, curve: Sequence[float], spike: float, wide: float = 0.0
              ) -> tuple[Drive | None, tuple[float, float] | None]:
    """Return the first drive between two of a curve that gives the rate, and the first pair that jumps over it.

    A pair whose rates are still far apart when it is `wide`, a fraction of the drive, is taken for a jump.
    """
    jump = None
    for left, right in pairwise(curve):
        rises = rates(right) >= wanted
        if rises == (rates(left) >= wanted):
            continue
        slower, faster = (left, right) if rises else (right, left)
        if wide:
            slower, faster = _narrow(slower, faster, lambda drive: rates(drive) >= wanted, wide)
        if not wide or rates(faster) - rates(slower) < max(4 * spike, wanted / 10):
            slower, faster = _narrow(slower, faster, lambda drive: rates(drive) >= wanted)
        value = float(f"{faster:.{DIGITS}g}")
        if abs(rates(value) - wanted) <= RATE_TOLERANCE * wanted:
            return Drive(value, rates(value)), None
        jump = jump or (slower, faster)
    return None, jump


def _beside(rates: Rates, wanted: float, jump: tuple[float, float], spike: float) -> Drive | None:
    """Return a drive beside a jump of the rate of a model that fires on both sides, within one spike.

    Not one at the jump itself, where the smallest error of a solution makes a spike more or less.
    """
    slower, faster = jump
    if rates(slower) > 0:
        for away in range(1, BESIDE + 1):
            for drive in (float(f"{faster * (1 + sign * away * BESIDE_STEP):.{DIGITS}g}") for sign in (-1, 1)):
                if abs(rates(drive) - wanted) <= spike:
                    return Drive(drive, rates(drive))
    return None


def _finer(rates: Rates, curve: Sequence[float], jump: tuple[float, float] | None) -> list[float]:
    """Return drives at which a rate may be found that was not between those of a curve."""
    if jump is None:
        # around where it fires fastest, or anywhere if it does not fire
        highest = max(range(len(curve)), key=lambda i: rates(curve[i]))
        inside = curve if not rates(curve[highest]) else curve[max(highest - 1, 0) : highest + 2]
        return sorted({drive for left, right in pairwise(inside) for drive in _between(left, right)}, key=abs)
    before = max((drive for drive in curve if abs(drive) < abs(jump[1])), key=abs)
    beyond = [jump[1] * 2 ** (i / PER_OCTAVE) for i in range(OCTAVES * PER_OCTAVE + 1)]
    return [*_between(before, jump[0]), *beyond]


def _between(left: float, right: float) -> list[float]:
    return [left + (right - left) * i / PER_OCTAVE for i in range(PER_OCTAVE + 1)]


def _not_found(rates: Rates, wanted: float, name: str, curve: Sequence[float], jump: tuple[float, float] | None
               ) -> UnreachableRate:
    alone, end = rates(0.0), max(curve, key=abs)
    tried = f"drives {'up' if end > 0 else 'down'} to {end:g}"
    if jump is not None:
        slower, faster = jump
        at = f"(drive {faster:g})"
        how = (f"starts to fire at {rates(faster):.4g} Hz {at}" if not rates(slower)
               else f"jumps from {rates(slower):.4g} to {rates(faster):.4g} Hz {at}")
        without = f"; it fires at {alone:.4g} Hz without any drive" if alone >= wanted else ""
        return UnreachableRate(f"{name}: no constant drive found at which it fires at {wanted:.4g} Hz, among {tried}: "
                               f"it {how}{without}")
    if alone >= wanted:
        return UnreachableRate(f"{name} fires at {alone:.4g} Hz without any drive, above {wanted:g} Hz, and no slower "
                               f"for {tried}")
    highest = max(map(rates, curve))
    if not highest:
        return NeverSpikes(f"{name} never spikes, for {tried}")
    return UnreachableRate(f"{name} does not reach {wanted:g} Hz: at most {highest:.4g} Hz for {tried}")


def _bracket(firing_rate: Rates, wanted: float, name: str, first: float) -> tuple[float, float]:
    """Return two drives between which the rate passes `wanted`, or, if that is 0, between which firing begins."""

    def enough(rate: float) -> bool:
        return rate >= wanted if wanted else rate > 0

    alone = firing_rate(0.0)
    if enough(alone):
        raise UnreachableRate(f"{name} fires at {alone:.4g} Hz without any drive, above {wanted:g} Hz")
    low, high, highest = 0.0, first, 0.0
    for _ in range(DOUBLINGS):
        rate = firing_rate(high)
        if enough(rate):
            return low, high
        highest = max(highest, rate)
        low, high = high, 2 * high
    tried = f"drives {'up' if low > 0 else 'down'} to {low:g}"
    if not highest:
        raise NeverSpikes(f"{name} never spikes, for {tried}")
    raise UnreachableRate(f"{name} does not reach {wanted:g} Hz: at most {highest:.4g} Hz for {tried}")


def _middle(low: float, high: float, digits: int) -> float | None:
    """Return the middle of two drives, rounded to some digits; None if no such number is between them."""
    middle = float(f"{(low + high) / 2:.{digits}g}")
    return middle if min(low, high) < middle < max(low, high) else None


def _narrow(low: float, high: float, enough: Callable[[float], bool], width: float = NARROW) -> tuple[float, float]:
    while abs(high - low) > width * max(abs(high), abs(low)):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return low, high
