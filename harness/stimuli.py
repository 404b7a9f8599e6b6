"""Stimuli, defined without reference to a time step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Dimension, get_dimensions

from ..models import units
from ..models.errors import UserError


@dataclass(frozen=True)
class Stimulus:
    """A piecewise-constant input.

    `durations` are in ms, `values` in the internal unit of `dimension`; both have one entry a piece.
    """

    durations: tuple[Fraction, ...]
    values: tuple[float, ...]
    dimension: Dimension
    seed: int | None = None
    """Of the random numbers that the values are made of; None if they are not."""

    def __post_init__(self) -> None:
        if not self.values or len(self.durations) != len(self.values) or min(self.durations) <= 0:
            raise UserError("a stimulus needs at least one piece, each with a positive duration and one value")

    @property
    def horizon(self) -> Fraction:
        """Its length in ms."""
        return sum(self.durations, Fraction(0))

    @property
    def pieces(self) -> Iterator[tuple[Fraction, float]]:
        """The end of each piece in ms, and its value."""
        end = Fraction(0)
        for duration, value in zip(self.durations, self.values, strict=True):
            end += duration
            yield end, value

    @property
    def unit(self) -> Fraction:
        """The longest time in ms of which every piece is a multiple; time steps divide it."""
        return common_divisor(self.durations)

    def divided(self, piece: Any) -> Stimulus:
        """Return the same stimulus with its pieces cut into equal ones, at whose ends the state is sampled.

        Parameters
        ----------
        piece : Quantity
            A time that divides every piece.

        Raises
        ------
        UserError
            If it does not.
        """
        length = units.in_ms(piece, "piece")
        counts = [duration / length for duration in self.durations]
        if any(count.denominator != 1 for count in counts):
            raise UserError(f"pieces of {float(length):g} ms do not fill the stimulus's pieces, which are multiples of "
                            f"{float(self.unit):g} ms; give a time that divides that")
        values = [value for value, count in zip(self.values, counts, strict=True) for _ in range(int(count))]
        return replace(self, durations=(length,) * len(values), values=tuple(values))

    def scaled(self, factor: float) -> Stimulus:
        """Return the same stimulus, `factor` times as strong."""
        return replace(self, values=tuple(value * factor for value in self.values))


def common_divisor(durations: Iterable[Fraction]) -> Fraction:
    """Return the longest duration of which all are multiples."""
    values = list(durations)
    denominator = math.lcm(*(value.denominator for value in values))
    return Fraction(math.gcd(*(int(value * denominator) for value in values)), denominator)


def constant(value: Any, duration: Any) -> Stimulus:
    """Return a constant input.

    Parameters
    ----------
    value : Quantity or float
        In the unit of the model's input.
    duration : Quantity
        A time.
    """
    return piecewise_constant([(duration, value)])


def step(before: Any, after: Any, at: Any, duration: Any) -> Stimulus:
    """Return an input that changes once, at the time `at`, and lasts `duration` in all."""
    if units.in_ms(at, "at") >= units.in_ms(duration, "duration"):
        raise UserError(f"the step at {at} does not fit into the horizon of {duration}; give an earlier time")
    return piecewise_constant([(at, before), (duration - at, after)])


def piecewise_constant(pieces: Sequence[tuple[Any, Any]]) -> Stimulus:
    """Return an input made of (duration, value) pieces.

    Raises
    ------
    UserError
        If a duration is not a positive time or the values' units differ.
    """
    if not pieces:
        raise UserError("a stimulus needs at least one (duration, value) piece")
    dimensions = {get_dimensions(value) for _, value in pieces}
    if len(dimensions) > 1:
        raise UserError(f"the values of a stimulus have different units: {[str(value) for _, value in pieces]}")
    return Stimulus(
        durations=tuple(units.in_ms(duration, "duration") for duration, _ in pieces),
        values=tuple(float(units.internal(value)) for _, value in pieces),
        dimension=dimensions.pop(),
    )


def piecewise_random(low: Any, high: Any, piece: Any, duration: Any, seed: int) -> Stimulus:
    """Return a frozen random input: pieces of equal length, each value uniform between `low` and `high`.

    Parameters
    ----------
    low, high : Quantity or float
        In the unit of the model's input.
    piece, duration : Quantity
        Times; `duration` is a whole number of pieces.
    seed : int
        Of numpy's default generator; it is kept in the stimulus.

    Raises
    ------
    UserError
        If the duration is no whole number of pieces, or a unit does not fit.
    """
    count = units.in_ms(duration, "duration") / units.in_ms(piece, "piece")
    if count.denominator != 1:
        raise UserError(f"pieces of {piece} do not fill a duration of {duration}; give a whole number of them")
    fractions = np.random.default_rng(seed).random(int(count))
    return replace(piecewise_constant([(piece, low + float(f) * (high - low)) for f in fractions]), seed=seed)


def steps_of(stimulus: Stimulus, dt: Fraction) -> tuple[int, ...]:
    """Return the number of time steps of dt (ms) in each piece.

    Raises
    ------
    UserError
        If dt does not divide every piece.
    """
    if dt <= 0:
        raise UserError(f"dt = {float(dt):g} ms is not positive")
    unit = stimulus.unit
    if (unit / dt).denominator != 1:
        below = math.ceil(unit / dt)
        near = " or ".join(f"{float(unit / n):.6g} ms" for n in (below, below - 1) if n > 0)
        raise UserError(
            f"dt = {float(dt):g} ms does not divide the stimulus's {float(unit):g} ms pieces; use {near}"
        )
    return tuple(int(duration / dt) for duration in stimulus.durations)


def shorten(stimulus: Stimulus, dt: Fraction, steps: int) -> Stimulus:
    """Return the first `steps` time steps of dt (ms) of a stimulus, or all of it if it is shorter."""
    left = steps
    durations = []
    for count in steps_of(stimulus, dt):
        taken = min(count, left)
        if taken:
            durations.append(taken * dt)
        left -= taken
    return replace(stimulus, durations=tuple(durations), values=stimulus.values[: len(durations)])
