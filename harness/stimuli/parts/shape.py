"""The shape of a piece of a stimulus: one formula with eight numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shape:
    """The input over a piece, s ms after the piece's start.

    It is ``offset + slope*s + decay*exp(-s/tau) + amplitude*sin(phase + omega*s + sweep*s**2)``, in the internal unit
    of the input; times in ms. The numbers are the definition and are exact: they can be used in any precision.
    """

    offset: float
    slope: float = 0.0
    decay: float = 0.0
    tau: float = 1.0
    amplitude: float = 0.0
    phase: float = 0.0
    omega: float = 0.0
    sweep: float = 0.0

    @property
    def numbers(self) -> tuple[float, ...]:
        """The numbers, in the order above."""
        return _NUMBERS(self)

    @property
    def terms(self) -> frozenset[str]:
        """The terms that occur in addition to `offset`: ``slope``, ``decay``, ``sine``, ``sweep`` (with ``sine``)."""
        return terms_of(np.array(self.numbers)[:, None])

    def at(self, s: Any) -> Any:
        """Return the value at s ms; s is a number or array of any floating-point type."""
        return shape_value(self.terms, self.numbers, s)

    def from_(self, s: float) -> Shape:
        """Return the shape that starts s ms later."""
        if not s or not self.terms:
            return self
        return replace(
            self,
            offset=self.offset + self.slope * s,
            decay=self.decay * math.exp(-s / self.tau),
            phase=self.phase + (self.omega + self.sweep * s) * s,
            omega=self.omega + 2 * self.sweep * s,
        )

    def scaled(self, factor: float) -> Shape:
        """Return the shape multiplied by `factor`."""
        return Shape(
            factor * self.offset,
            factor * self.slope,
            factor * self.decay,
            self.tau,
            factor * self.amplitude,
            self.phase,
            self.omega,
            self.sweep,
        )

    @property
    def is_finite(self) -> bool:
        """Whether every number is finite and `tau` positive."""
        return all(map(math.isfinite, self.numbers)) and self.tau > 0


_NUMBERS: Callable[[Shape], tuple[float, ...]] = attrgetter(*(field.name for field in fields(Shape)))


def terms_of(numbers: NDArray[np.float64]) -> frozenset[str]:
    """Return the terms that occur in any of several shapes; their numbers are an array (numbers, shapes)."""
    _, slope, decay, _, amplitude, _, _, sweep = numbers != 0
    occurs = {"slope": slope, "decay": decay, "sine": amplitude, "sweep": amplitude & sweep}
    return frozenset(name for name, found in occurs.items() if found.any())


def shape_value(terms: frozenset[str], numbers: Iterable[Any], s: Any) -> Any:
    """Return the formula of `Shape` with the `terms` that occur; its numbers and `s` may be arrays."""
    offset, slope, decay, tau, amplitude, phase, omega, sweep = numbers
    value = np.zeros_like(s) + offset
    if "slope" in terms:
        value = value + slope * s
    if "decay" in terms:
        value = value + decay * np.exp(-s / tau)
    if "sine" in terms:
        value = value + amplitude * np.sin(phase + (omega + sweep * s) * s)
    return value
