"""Find the drive at which a model fires at a given rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from ...models.ground.errors import UserError

#: First drive tried if none is given, in the internal unit of the input; and the number of doublings from there.
SMALLEST, DOUBLINGS = 2.0**-6, 22
#: No stronger drive is tried after so many doublings beyond the last one at which a model fires: it is then at rest at
#: a high voltage (depolarization block), where its equations become stiff, and a solution can take minutes.
SILENT = 5
#: If the rate jumps over the given one: number of drives tried per octave, and number of octaves above the jump.
PER_OCTAVE, OCTAVES = 6, 3
#: Relative width to which a drive is bisected; and relative width at which two rates that still differ are a jump.
NARROW, WIDE = 1e-10, 1e-4
#: Where the rate is smooth, this many rounds, of two or three rates each, are enough for that.
MOST_ROUNDS = 6
#: Near a jump, a rate within one spike is tried: number of drives on either side, and their relative distance.
BESIDE, BESIDE_STEP = 16, 0.005
#: The rate is accepted within this fraction of the given rate.
RATE_TOLERANCE = 0.005
#: Digits to which drives are rounded, so that they can be written down; and fewer digits for means of varying stimuli.
DIGITS, MEAN_DIGITS = 9, 6

#: A mean rate over several stimuli is accepted within this fraction.
MEAN_RATE_TOLERANCE = 0.03

#: From a drive to a rate in Hz; 0 if the model stops firing.
Rates = Callable[[float], float]


class UnreachableRate(UserError):
    """No constant drive was found that makes the model fire at this rate."""


@dataclass(frozen=True)
class Drive:
    """A constant input and its effect."""

    value: float
    """In the internal unit of the input, rounded to nine digits so that it can be written down."""
    rate: float
    """The firing rate at this drive, in Hz."""
    note: str = ""
    """Other rates at the same drive, which depend on how it is reached; empty if there are none."""


class NeverSpikes(UnreachableRate):
    """No constant drive was found that makes the model keep firing."""


def adjust_drive(firing_rate: Rates, wanted: float, near: Drive) -> Drive:
    """Find the drive for a rate that is near the rate of a known drive.

    Parameters
    ----------
    firing_rate : callable
        From a drive to a rate in Hz; 0 if the model stops firing.
    wanted : float
        In Hz.
    near : Drive

    Raises
    ------
    UnreachableRate
        If no drive within a fifth of the known one gives the rate.
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

    The drive is doubled until the rate is exceeded, then bisected; or until the model has been silent for `SILENT`
    doublings. If the rate jumps over the given one, or never reaches it, drives in between and above are tried: a rate
    need not increase with the drive. A model that fires faster than the given rate without any drive is slowed down by
    inhibition.

    Parameters
    ----------
    firing_rate : callable
        From a drive to a rate in Hz; 0 if the model stops firing.
    wanted : float
        In Hz.
    name : str
        The model's name, for messages.
    first : float
        First drive tried, well below the expected one; below zero if inhibition makes the model fire.
    spike : float
        The rate in Hz of one spike in the time over which spikes are counted. The rate of a model that fires in
        bursts jumps by about this much when the drive increases; the rate is then accepted within one spike.

    Raises
    ------
    UnreachableRate
        If no drive was found.
    """
    rates = cache(firing_rate)
    alone = rates(0.0)
    rises = alone < wanted
    curve = [0.0]
    drive = first if rises else -first
    fired, silent = alone > 0, 0
    for _ in range(DOUBLINGS):
        curve.append(drive)
        rate = rates(drive)
        fired, silent = fired or rate > 0, 0 if rate or not fired else silent + 1
        if (rate >= wanted) == rises or silent == SILENT:
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
    """Find a drive that gives a firing rate, if the rate increases in small jumps.

    Parameters and errors are those of `find_drive`; the rate may differ by `MEAN_RATE_TOLERANCE`.
    """
    low, high = _bracket(firing_rate, wanted, name, first)
    while (middle := _middle(low, high, MEAN_DIGITS)) is not None:
        rate = firing_rate(middle)
        if is_mean_rate(rate, wanted):
            return Drive(middle, rate)
        low, high = (middle, high) if rate < wanted else (low, middle)
    raise UnreachableRate(
        f"no drive found at which it fires at {wanted:.4g} Hz on average: its rate jumps near drive {high:g}",
        about=name,
    )


def is_mean_rate(rate: float, wanted: float) -> bool:
    """Whether a mean rate is the given one, within `MEAN_RATE_TOLERANCE`."""
    return abs(rate - wanted) <= MEAN_RATE_TOLERANCE * wanted


def find_rheobase(firing_rate: Rates, name: str, first: float = SMALLEST) -> float:
    """Find the weakest drive at which a model keeps firing; parameters and errors as in `find_drive`."""
    low, high = _bracket(firing_rate, 0.0, name, first)
    return float(f"{_narrow(low, high, lambda drive: firing_rate(drive) > 0)[1]:.{DIGITS}g}")


def _on_curve(
    rates: Rates, wanted: float, curve: Sequence[float], spike: float, wide: float = 0.0
) -> tuple[Drive | None, tuple[float, float] | None]:
    """Return the first drive between two drives of a curve that gives the rate, and the first pair that jumps over it.

    A pair with rates that still differ when its relative width is `wide` is taken as a jump.
    """
    jump = None
    for left, right in pairwise(curve):
        rises = rates(right) >= wanted
        if rises == (rates(left) >= wanted):
            continue
        slower, faster = (left, right) if rises else (right, left)
        if wide:
            slower, faster = _pass(rates, wanted, slower, faster, wide)
        if not wide or rates(faster) - rates(slower) < max(4 * spike, wanted / 10):
            slower, faster = _pass(rates, wanted, slower, faster)
        value = float(f"{faster:.{DIGITS}g}")
        if abs(rates(value) - wanted) <= RATE_TOLERANCE * wanted:
            return Drive(value, rates(value)), None
        jump = jump or (slower, faster)
    return None, jump


def _beside(rates: Rates, wanted: float, jump: tuple[float, float], spike: float) -> Drive | None:
    """Return a drive near a jump of the rate of a model that fires on both sides, within one spike.

    The drive is not at the jump itself, where the smallest error of a solution adds or removes a spike.
    """
    slower, faster = jump
    if rates(slower) > 0:
        for away in range(1, BESIDE + 1):
            for drive in (float(f"{faster * (1 + sign * away * BESIDE_STEP):.{DIGITS}g}") for sign in (-1, 1)):
                if abs(rates(drive) - wanted) <= spike:
                    return Drive(drive, rates(drive))
    return None


def _finer(rates: Rates, curve: Sequence[float], jump: tuple[float, float] | None) -> list[float]:
    """Return more drives to try for a rate that was not found between the drives of a curve."""
    if jump is None:
        # near the drive with the highest rate, or anywhere if it does not fire
        highest = max(range(len(curve)), key=lambda i: rates(curve[i]))
        inside = curve if not rates(curve[highest]) else curve[max(highest - 1, 0) : highest + 2]
        return sorted({drive for left, right in pairwise(inside) for drive in _between(left, right)}, key=abs)
    before = max((drive for drive in curve if abs(drive) < abs(jump[1])), key=abs)
    beyond = [jump[1] * 2 ** (i / PER_OCTAVE) for i in range(OCTAVES * PER_OCTAVE + 1)]
    return [*_between(before, jump[0]), *beyond]


def _between(left: float, right: float) -> list[float]:
    return [left + (right - left) * i / PER_OCTAVE for i in range(PER_OCTAVE + 1)]


def _not_found(
    rates: Rates, wanted: float, name: str, curve: Sequence[float], jump: tuple[float, float] | None
) -> UnreachableRate:
    alone, end = rates(0.0), max(curve, key=abs)
    tried = f"drives {'up' if end > 0 else 'down'} to {end:g}"
    if jump is not None:
        slower, faster = jump
        at = f"(drive {faster:g})"
        how = (
            f"starts to fire at {rates(faster):.4g} Hz {at}"
            if not rates(slower)
            else f"jumps from {rates(slower):.4g} to {rates(faster):.4g} Hz {at}"
        )
        without = f"; it fires at {alone:.4g} Hz without any drive" if alone >= wanted else ""
        return UnreachableRate(
            f"no constant drive found at which it fires at {wanted:.4g} Hz, among {tried}: it {how}{without}",
            about=name,
        )
    if alone >= wanted:
        return UnreachableRate(
            f"it fires at {alone:.4g} Hz without any drive, above {wanted:g} Hz, and no slower for {tried}", about=name
        )
    highest = max(map(rates, curve))
    if not highest:
        return NeverSpikes(f"it never spikes, for {tried}", about=name)
    return UnreachableRate(f"it does not reach {wanted:g} Hz: at most {highest:.4g} Hz for {tried}", about=name)


def _bracket(firing_rate: Rates, wanted: float, name: str, first: float) -> tuple[float, float]:
    """Return two drives between which the rate passes `wanted`; if `wanted` is 0, between which firing begins."""

    def enough(rate: float) -> bool:
        return rate >= wanted if wanted else rate > 0

    alone = firing_rate(0.0)
    if enough(alone):
        raise UnreachableRate(f"it fires at {alone:.4g} Hz without any drive, above {wanted:g} Hz", about=name)
    low, high, highest = 0.0, first, 0.0
    for _ in range(DOUBLINGS):
        rate = firing_rate(high)
        if enough(rate):
            return low, high
        highest = max(highest, rate)
        low, high = high, 2 * high
    tried = f"drives {'up' if low > 0 else 'down'} to {low:g}"
    if not highest:
        raise NeverSpikes(f"it never spikes, for {tried}", about=name)
    raise UnreachableRate(f"it does not reach {wanted:g} Hz: at most {highest:.4g} Hz for {tried}", about=name)


def _middle(low: float, high: float, digits: int) -> float | None:
    """Return the middle of two drives, rounded to `digits`; None if no such number is between them."""
    middle = float(f"{(low + high) / 2:.{digits}g}")
    return middle if min(low, high) < middle < max(low, high) else None


def _pass(rates: Rates, wanted: float, slower: float, faster: float, width: float = NARROW) -> tuple[float, float]:
    """Return the two drives between which the rate passes `wanted` that `_narrow` returns, with fewer rates.

    As soon as the model fires at both ends, a better method looks for the drive. What it finds says for most middles on
    which side they are.
    """
    toward = 1 if slower < faster else -1
    while abs(faster - slower) > width * max(abs(slower), abs(faster)) and not rates(slower):
        middle = (slower + faster) / 2
        slower, faster = (slower, middle) if rates(middle) >= wanted else (middle, faster)
    below, above = _around(rates, wanted, slower, faster, width) if rates(slower) else (slower, faster)

    def enough(drive: float) -> bool:
        if toward * drive <= toward * below:
            return False
        return toward * drive >= toward * above or rates(drive) >= wanted

    return _narrow(slower, faster, enough, width)


def _around(rates: Rates, wanted: float, slower: float, faster: float, width: float) -> tuple[float, float]:
    """Return two drives, closer than those given, between which the rate passes `wanted`; at a jump not much closer.

    Algorithm 748 of Alefeld, Potra and Shi (1995), ACM Trans. Math. Softw. 21.
    """
    from scipy.optimize import toms748  # noqa: PLC0415 - imported slowly, and a known drive is not looked for again

    tried = {drive: rates(drive) - wanted for drive in (slower, faster)}

    def over(drive: float) -> float:
        return tried.setdefault(float(drive), rates(float(drive)) - wanted)

    close = width / 4 * max(abs(slower), abs(faster))
    if all(tried.values()):
        toms748(over, *sorted(tried), xtol=close, rtol=width / 4, maxiter=MOST_ROUNDS, disp=False)
    toward = 1 if slower < faster else -1
    above = min((drive for drive, rate in tried.items() if rate >= 0), key=lambda drive: toward * drive)
    if not tried[above]:  # it ended here, perhaps with no other drive that is close
        over(above - toward * close)
    below = max((drive for drive in tried if toward * drive < toward * above), key=lambda drive: toward * drive)
    return below, above


def _narrow(low: float, high: float, enough: Callable[[float], bool], width: float = NARROW) -> tuple[float, float]:
    while abs(high - low) > width * max(abs(high), abs(low)):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return low, high
