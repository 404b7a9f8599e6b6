"""Linear equations whose rates are numbers: their solution is a sum of powers, exponentials, sines and cosines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import mpmath

from ...algebra.draft import NotApplicable
from ...algebra.expression import Const, Expr, exp, exprel, operation
from ...algebra.polynomial import ZERO, minus, plus, times

#: The digits with which modes are computed, and the largest sum of their weights: rounding is multiplied by it.
_DIGITS, _LARGEST = 80, 2000
#: Two rates are equal if they differ by at most this fraction of the largest number of the matrix.
_EQUAL = 1e-12
#: Several equal rates are zero, or at least this fraction: the integral of their mode is a difference divided by them.
_SMALL = 1e-3


class Mode(NamedTuple):
    """A term ``t**power * exp(rate*t) * (cosine*cos(frequency*t) + sine*sin(frequency*t))`` of a solution."""

    rate: Fraction
    """Per ms."""
    frequency: Fraction
    """In radians per ms; 0 if it does not oscillate."""
    power: int
    """Above 0 if several rates are equal."""
    cosines: tuple[Fraction, ...]
    """For each variable, the term that one unit of it at time 0 gives."""
    sines: tuple[Fraction, ...]


def modes_of(matrix: Sequence[Sequence[float]], row: int) -> list[Mode]:
    """Return the modes of ``exp(matrix*t)`` in one of its rows.

    Raises
    ------
    NotApplicable
        If two rates are so near to each other, but not equal, that large weights cancel.
    """
    with mpmath.workdps(_DIGITS):
        exact = mpmath.matrix([[mpmath.mpf(value) for value in each] for each in matrix])
        rates = mpmath.eig(exact, left=False, right=False)
        largest = max(map(abs, exact))
        several = _distinct(rates, _EQUAL * largest)
        if any(often > 1 and 0 < abs(rate) < _SMALL * largest for rate, often in several):
            raise NotApplicable("variables drive each other, and several of their rates are almost zero")
        terms = [(rate, power) for rate, often in several for power in range(often)]
        # the derivatives of the solution at time 0, of any order, are the row of a power of the matrix
        powers, derivatives = mpmath.eye(len(matrix))[row, :], mpmath.matrix(len(matrix), len(matrix))
        of_terms = mpmath.matrix(len(terms), len(terms))
        for order in range(len(terms)):
            derivatives[order, :] = powers
            powers = powers * exact
            for place, (rate, power) in enumerate(terms):
                if order >= power:
                    of_terms[order, place] = math.perm(order, power) * rate ** (order - power)
        weights = of_terms**-1 * derivatives
        size = sum(abs(each) for each in weights)
        if size > _LARGEST:
            raise NotApplicable("variables drive each other, and their rates are almost equal")
        found = []
        for (rate, power), mode in zip(terms, weights.tolist(), strict=True):
            if mpmath.im(rate) < 0:
                continue  # the conjugate of another one
            both = 2 if mpmath.im(rate) else 1
            cosines, sines = (both * _number(w.real) for w in mode), (-both * _number(w.imag) for w in mode)
            found.append(Mode(_number(mpmath.re(rate)), _number(mpmath.im(rate)), power, tuple(cosines), tuple(sines)))
    return found


def _distinct(rates: Sequence[Any], limit: Any) -> list[tuple[Any, int]]:
    """Return the rates that differ by more than a limit, and how often each occurs."""
    groups: list[list[Any]] = []
    for rate in rates:
        near = next((group for group in groups if abs(group[0] - rate) <= limit), None)
        if near is None:
            groups.append([rate])
        else:
            near.append(rate)
    found = [(sum(group) / len(group), len(group)) for group in groups]

    def beyond(part: Any) -> Any:
        return part if abs(part) > limit else 0

    return [(mpmath.mpc(beyond(rate.real), beyond(rate.imag)), often) for rate, often in found]


def _number(value: Any) -> Fraction:
    sign, mantissa, power, _ = mpmath.mpf(value)._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(power)
    return -size if sign else size


def propagated(modes: Sequence[Mode], by: int, dt: Expr) -> Expr:
    """Return what one unit of a variable at the start of a step is at its end."""
    return _weighed(modes, by, partial(_grown, dt=dt))


def responded(modes: Sequence[Mode], by: int, dt: Expr) -> Expr:
    """Return what a derivative of one unit per ms in a variable, constant in a step, is at its end."""
    return _weighed(modes, by, partial(_integral, dt=dt))


def _weighed(modes: Sequence[Mode], by: int, of: Callable[[Mode], tuple[Expr, Expr]]) -> Expr:
    """Return the sum over modes of what they become, real and imaginary part, times the weights of a variable."""
    total: Expr = ZERO
    for mode in modes:
        real, imaginary = of(mode)
        total = plus(total, times(Const(mode.cosines[by]), real))
        total = plus(total, times(Const(mode.sines[by]), imaginary))
    return total


def _grown(mode: Mode, dt: Expr) -> tuple[Expr, Expr]:
    """Return ``dt**power * exp((rate + i*frequency)*dt)``, its real and its imaginary part."""
    size: Expr = exp(Const(mode.rate) * dt)
    for _ in range(mode.power):
        size = size * dt
    if not mode.frequency:
        return size, ZERO
    angle = Const(mode.frequency) * dt
    return size * operation("cos", angle), size * operation("sin", angle)


def _integral(mode: Mode, dt: Expr) -> tuple[Expr, Expr]:
    """Return the integral of `_grown` over a step, its real and its imaginary part."""
    a, b, power = mode.rate, mode.frequency, mode.power
    if not a and not b:
        total: Expr = Const(Fraction(1, power + 1))
        for _ in range(power + 1):
            total = total * dt
        return total, ZERO
    if not power and not b:
        return dt * exprel(Const(a) * dt), ZERO
    real, imaginary = _grown(mode, dt)
    if power:
        before, turned = _integral(mode._replace(power=power - 1), dt)
        real, imaginary = minus(real, power * before), minus(imaginary, times(Const(Fraction(power)), turned))
    else:  # exp(a*dt)*cos(b*dt) - 1 without cancellation
        half = operation("sin", Const(b / 2) * dt)
        real = minus(operation("expm1", Const(a) * dt) * operation("cos", Const(b) * dt), 2 * (half * half))
    squared = a * a + b * b
    along, across = Const(a / squared), Const(b / squared)
    return (plus(times(along, real), times(across, imaginary)), minus(times(along, imaginary), times(across, real)))
