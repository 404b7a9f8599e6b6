"""Settings of a sweep, from coarse to fine: time steps that divide the stimulus, or tolerances of an error control."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import ClassVar

from ...models.ground.errors import UserError

#: The stability limit is bisected until the next coarser time step known to diverge is within this factor.
BRACKET = 1.02
#: Number of settings that are tried between any setting and half of it. Their ratio is irrational, so that they have no
#: common factor with the sweep or the stimuli. Coarse steps cost little: up to `MOST_PROBES` of them are tried.
PROBES, MOST_PROBES = 20, 40
#: Ratio of neighbouring settings if there are `PROBES` per octave: the setting that is found is this close to the
#: largest one that holds.
RUNG = 2 ** (1 / PROBES)
#: First digits of a time step that is a round number, from the largest.
ROUND = tuple(map(Fraction, ("8", "5", "4", "2.5", "2", "1")))
#: More than `PROBES` settings are tried for steps longer than this many times the finest step of a sweep.
CHEAP = 40
#: A voltage may be above the threshold for less time than a step takes. Whether an error control sees that spike is
#: then chance: it may see it with a loose tolerance, and lose it with a stricter one. So each power of ten down to this
#: tolerance is tried. `tests/accuracy/study/test_exhaustive.py` compares sweeps with those that do not end early.
STRICT = 1e-9


class Setting(Fraction):
    """A setting of a sweep: a fraction whose hash is computed once, since thousands of them are keys of mappings."""

    __slots__ = ("_known_hash",)
    _known_hash: int

    def __hash__(self) -> int:  # type: ignore[override]  # the base class of Fraction is said to have none
        try:
            return self._known_hash
        except AttributeError:
            self._known_hash = found = hash(Fraction(self))
            return found


@lru_cache(maxsize=100_000)  # equal settings of several sweeps are one object
def setting(numerator: int, denominator: int) -> Setting:
    """Return a setting, in ms if it is dt."""
    return Setting(numerator, denominator)


@lru_cache(maxsize=100_000)
def read_setting(text: str) -> Setting:
    """Return the setting whose text this is."""
    return setting(*Fraction(text).as_integer_ratio())


def _part(unit: Fraction, n: int) -> Setting:
    return setting(*(unit / n).as_integer_ratio())


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
    """Number of steps per factor of ten."""

    bracket = BRACKET
    #: Errors grow with dt to a power between these.
    orders = (1.0, 6.0)
    #: Settings that are run even if the sweep ends early.
    always: ClassVar[tuple[Fraction, ...]] = ()

    @cached_property
    def settings(self) -> tuple[Fraction, ...]:
        """Time steps from coarse to fine."""
        return time_steps(self.unit, self.coarsest, self.finest, self.per_decade)

    @cached_property
    def ladder(self) -> tuple[Fraction, ...]:
        """Time steps to try, from the sweep's coarsest to below half of its finest: at least `PROBES` per octave."""
        divisions = [round(self.unit / self.settings[0])]
        last = 2.5 * float(self.unit / self.settings[-1])
        while divisions[-1] < last:
            n = divisions[-1]
            cheap = float(self.unit) / n / (CHEAP * self.finest)
            probes = min(max(PROBES, PROBES * cheap), MOST_PROBES)
            divisions.append(max(n + 1, round(n * 2 ** (1 / probes))))
        return tuple(_part(self.unit, n) for n in divisions)

    def between(self, finer: Fraction, coarser: Fraction) -> Fraction | None:
        """Return a setting between two, near their geometric mean; None if there is none."""
        return between(finer, coarser, self.unit)

    def rounded(self, setting: Fraction) -> Iterator[Fraction]:
        """Yield round time steps (`ROUND` times a power of ten) from a setting down to half of it."""
        power = Fraction(10) ** math.floor(math.log10(setting))
        for scale in (power, power / 10):
            for digits in ROUND:
                dt = digits * scale
                if setting / 2 <= dt <= setting and (self.unit / dt).denominator == 1:
                    yield dt

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

    #: Errors grow with the tolerance to a power between these.
    orders = (0.2, 1.5)

    @cached_property
    def settings(self) -> tuple[Fraction, ...]:
        """Tolerances from coarse to fine."""
        decades = math.log10(self.loosest / self.strictest)
        count = round(decades * self.per_decade)
        return tuple(_rounded(self.loosest * 10 ** (-decades * i / count)) for i in range(count + 1))

    @cached_property
    def always(self) -> tuple[Fraction, ...]:
        """Settings that are run even if the sweep ends early: one per decade down to `STRICT`."""
        return tuple(setting for setting in self.settings[:: self.per_decade] if setting > STRICT / 2)

    @cached_property
    def ladder(self) -> tuple[Fraction, ...]:
        """Tolerances to try, from the loosest to below half of the strictest: `PROBES` per octave."""
        count = math.ceil(math.log(2.5 * self.loosest / self.strictest, RUNG))
        return tuple(_rounded(self.loosest * RUNG**-i) for i in range(count + 1))

    @staticmethod
    def rounded(_setting: Fraction) -> Iterator[Fraction]:
        """Yield nothing: the tolerance of an error control is not a time step."""
        return iter(())

    @staticmethod
    def describe(setting: Fraction) -> str:
        """Print a setting."""
        return f"tolerance {float(setting):.3g}"


def _rounded(value: float) -> Setting:
    return read_setting(f"{value:.6e}")


def time_steps(unit: Fraction, coarsest: float, finest: float, per_decade: int) -> tuple[Fraction, ...]:
    """Return time steps from coarse to fine.

    Parameters
    ----------
    unit : Fraction
        The stimulus's unit in ms; every step is ``unit/n`` with a whole n.
    coarsest, finest : float
        In ms.
    per_decade : int
        Number of steps per factor of ten.

    Raises
    ------
    UserError
        If the range is empty.
    """
    if not 0 < finest <= coarsest or per_decade < 1:
        raise UserError(
            f"cannot sweep dt from {coarsest:g} to {finest:g} ms with {per_decade} steps per decade; "
            "give coarsest >= finest > 0"
        )
    decades = math.log10(coarsest / finest)
    count = max(round(decades * per_decade), 1)
    wanted = [coarsest * 10 ** (-decades * i / count) for i in range(count + 1)]
    divisions = {max(round(float(unit) / dt), 1) for dt in wanted}
    return tuple(_part(unit, n) for n in sorted(divisions))


def between(finer: Fraction, coarser: Fraction, unit: Fraction) -> Fraction | None:
    """Return a time step between two, near their geometric mean, that divides `unit`; None if there is none."""
    low, high = int(unit / coarser), int(unit / finer)
    middle = round(math.sqrt(low * high))
    return unit / middle if low < middle < high else None
