"""The exact propagator of linear models."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from ..algebra.draft import MIDDLE, Derivatives, NotApplicable, Vector
from ..algebra.expression import Expr, exp, exprel
from ..algebra.polynomial import ZERO, is_zero, minus, plus, times
from .kinds.fixed_step import FixedStep
from .kinds.modes import modes_of, propagated, responded
from .registered import METHODS

#: Divided differences of three rates that are nearer to each other than this, relatively, are not computed: rounding
#: would cost too many digits. (For four rates it is the square root of this, for five the cube root.) At this limit
#: their rounding adds up, over a time constant, to 1e-12 of the solution; 4e-12 for four rates, 7e-11 for five.
NEAR = 5e-4


class Exact(FixedStep):
    """Exact solution of a linear model with the input constant within a step (Rotter and Diesmann's exact integration).

    With ``dx/dt = c + b x`` a step is ``x' = P x + Q c``, ``P = exp(b dt)``, ``Q = (exp(b dt) - 1)/b``; P and Q are
    computed once per run. A variable y that drives x, ``dx/dt = c + b x + k y``, adds ``k R y`` with
    ``R = (exp(b dt) - exp(b_y dt))/(b - b_y)``, and ``k (R - Q)/b_y c_y`` if dy/dt has a constant part c_y.
    The only error is rounding, at any dt; the time of a spike has the error of its detection. If the input varies, its
    value at the middle of the step is used, and the order is 2. In addition to c: 2 multiplications and an addition per
    variable, and a multiplication and an addition for each variable that drives it, also through others (a synaptic
    current that rises and decays): their weights are divided differences of ``exp(b dt)``, computed once per run.
    Where variables drive each other, as voltage and adaptation do, the weights are sums over the modes of their matrix:
    exponentials, sines and cosines, computed once per run from numbers.
    Applies to linear models; if variables drive each other, their rates must be numbers and not parameters.
    Rotter and Diesmann 1999, Biol. Cybern. 81:381.
    """

    source = "Rotter and Diesmann 1999"
    name = "exact"
    order = math.inf
    brian2 = "exact"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        c, matrix = f.affine(at=MIDDLE)
        drivers = {
            name: [other for other in x if other != name and not is_zero(row[other])] for name, row in matrix.items()
        }
        rates = {name: row[name] for name, row in matrix.items()}
        after = {}
        for name in x:
            if _are_coupled(name, drivers):
                every = [other for other in x if other == name or other in _that_drive(name, drivers)]
                between = _numbers(name, every, matrix, f)
                after[name] = _by_modes(every.index(name), [(x[other], c[other]) for other in every], between, dt)
                continue
            decay, response = exp(rates[name] * dt), dt * exprel(rates[name] * dt)
            value = plus(decay * x[name], times(response, c[name]))
            for other in drivers[name]:
                transfer = dt * decay * exprel(minus(rates[other], rates[name]) * dt)
                weight = matrix[name][other]
                value = value + weight * transfer * x[other]
                if not is_zero(c[other]):
                    if f.number(rates[other]) == 0:  # also as 1 - 1
                        raise NotApplicable(f"{other} drives {name} and grows without bound")
                    value = value + weight * (transfer - response) / rates[other] * c[other]
            for path in _paths(name, drivers):
                weight = _product([matrix[to][by] for to, by in pairwise(path)])
                source = path[-1]
                value = value + weight * _transfer([rates[each] for each in path], dt, f) * x[source]
                if not is_zero(c[source]):
                    value = value + weight * _transfer([*(rates[each] for each in path), ZERO], dt, f) * c[source]
            after[name] = value
        return Vector(after)


def _that_drive(name: str, drivers: Mapping[str, list[str]]) -> list[str]:
    """Return the variables that drive a variable, perhaps through others, in their order."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = set(drivers[waiting.pop()]) - found
        found |= new
        waiting += new
    return [other for other in drivers if other in found]


def _are_coupled(name: str, drivers: Mapping[str, list[str]]) -> bool:
    """Whether a variable, or one that drives it, drives itself through others."""
    return any(other in _that_drive(other, drivers) for other in (name, *_that_drive(name, drivers)))


def _numbers(name: str, every: Sequence[str], matrix: Mapping[str, Vector], f: Derivatives) -> list[list[float]]:
    """Return the rates between variables.

    Raises
    ------
    NotApplicable
        If they are parameters.
    """
    found = [[f.number(matrix[to][by]) for by in every] for to in every]
    known = [[value for value in row if value is not None and math.isfinite(value)] for row in found]
    if known != found:
        raise NotApplicable(f"what drives {name} also drives itself, and its rates are parameters, not numbers")
    return known


def _by_modes(place: int, parts: Sequence[tuple[Expr, Expr]], rates: Sequence[Sequence[float]], dt: Expr) -> Expr:
    """Return a variable at t + dt from the modes of all variables that drive it.

    Parameters
    ----------
    place : int
        Its place among them.
    parts : sequence of (Expr, Expr)
        The value of each at t, and the constant part of its derivative.
    rates : sequence of sequence of float
        How each drives each, per ms.
    dt : Expr

    Raises
    ------
    NotApplicable
        If the rates are almost equal.
    """
    modes = modes_of(rates, place)
    total: Expr = ZERO
    for by, (value, constant) in enumerate(parts):
        total = plus(total, times(propagated(modes, by, dt), value))
        total = plus(total, times(responded(modes, by, dt), constant))
    return total


def _paths(name: str, drivers: Mapping[str, list[str]]) -> list[list[str]]:
    """Return the paths of three variables or more by which others drive a variable, from it back to each of them."""
    found: list[list[str]] = []
    waiting = [[name]]
    while waiting:
        path = waiting.pop()
        for other in drivers[path[-1]]:
            waiting.append([*path, other])
            found += [waiting[-1]] if len(path) > 1 else []
    return found


def _product(factors: Sequence[Expr]) -> Expr:
    total, *others = factors
    for factor in others:
        total = times(total, factor)
    return total


def _transfer(rates: Sequence[Expr], dt: Expr, f: Derivatives) -> Expr:
    """Return the divided difference of ``exp(b dt)`` at several rates: the weight of a path within a step.

    Raises
    ------
    NotApplicable
        If the rates are no numbers, or almost equal: the difference would have no digits.
    """
    if len(rates) <= 2:
        decay = exp(rates[0] * dt)
        return decay if len(rates) == 1 else dt * decay * exprel(minus(rates[1], rates[0]) * dt)
    numbers = [f.number(rate) for rate in rates]
    known = [(number, place) for place, number in enumerate(numbers) if number is not None]
    if len(known) < len(rates):
        raise NotApplicable("a variable drives another through a third, and their rates are parameters, not numbers")
    (low, first), *_, (high, last) = sorted(known)
    if low == high:
        powers = _product([dt] * (len(rates) - 1))
        return powers * exp(rates[0] * dt) * Fraction(1, math.factorial(len(rates) - 1))
    if high - low < NEAR ** (1 / (len(rates) - 2)) * abs(low):
        raise NotApplicable("a variable drives another through a third, and their rates are almost equal")
    without = [[rate for place, rate in enumerate(rates) if place != end] for end in (first, last)]
    return (_transfer(without[0], dt, f) - _transfer(without[1], dt, f)) / minus(rates[last], rates[first])


METHODS.register(Exact())
