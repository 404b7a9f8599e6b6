"""The mathematics of a flow as expressions of heyoka, which compiles them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

import heyoka
import numpy as np

from ....harness.stimuli import Shape
from ....models.algebra.expression import FLOATS, Expr, evaluate
from ....models.algebra.functions import FUNCTIONS
from ....models.algebra.polynomial import by_products
from ....models.algebra.system import System
from .precision import Precision

#: A Taylor step that begins at |x| < `NEAR` computes exprel(x) as exp(x/2) sinh(x/2)/(x/2), with this many terms of the
#: series of sinh (error 1e-19 even at the step's end, |x| < 4). Other steps use (exp(x) - 1)/x. The same for sinc(x),
#: with cos(x/2) and the series of sin.
NEAR, TERMS, BLOCK = 2, 12, 5

#: The numbers of a stimulus's shape, in the order in which they are parameters.
SHAPE = tuple(each.name for each in fields(Shape))
#: Their names in a flow, which no model can use; after them, the start time of the stimulus's piece.
INPUT = (*(f"_input_{name}" for name in SHAPE), "_input_start")


class Symbols:
    """Expressions of a flow: its state variables are variables of heyoka, all other numbers are parameters.

    Parameters
    ----------
    system : System
    numbers : sequence of str
        The names of the parameters, in order.
    input_name : str
    terms : frozenset of str
        The terms that occur in the input.
    precision : Precision
    """

    def __init__(
        self, system: System, numbers: Sequence[str], input_name: str, terms: frozenset[str], precision: Precision
    ) -> None:
        self._system, self._numbers, self._input_name = system, numbers, input_name
        self._terms, self._precision = terms, precision

    def slopes(self, values: dict[str, Any], held: frozenset[str]) -> list[tuple[Any, Any]]:
        """Return each state variable and its derivative."""
        zero = heyoka.expression(self._precision.number(0))
        return [
            (values[name], zero if name in held else self.symbolic(value, values))
            for name, value in self._system.derivatives.items()
        ]

    def changes(self, expressions: Iterable[Expr], held: frozenset[str], times: int = 1) -> list[Any]:
        """Return the rates of change of expressions along the flow, or higher derivatives."""
        time = heyoka.make_vars("_time")
        values = self.values(time)
        slopes = self.slopes(values, held)
        found = [self.symbolic(value, values) for value in expressions]
        for _ in range(times):
            found = [
                sum(
                    (heyoka.diff(each, variable) * slope for variable, slope in slopes),
                    start=heyoka.diff(each, time),  # what is due to the input alone
                )
                for each in found
            ]
        return [heyoka.subs(each, {time: heyoka.time}) for each in found]

    def values(self, time: Any = heyoka.time) -> dict[str, Any]:
        """Return the flow's expressions for the names of the model."""
        system = self._system
        values: dict[str, Any] = {name: heyoka.par[i] for i, name in enumerate(self._numbers)}
        values[self._input_name] = self._of_input(len(system.parameters), time)
        values |= {name: heyoka.make_vars(name) for name in system.state}
        for name, value in system.subexpressions.items():
            values[name] = self.symbolic(value, values)
        return values

    def all_of(self, expressions: Iterable[Expr]) -> list[Any]:
        """Return expressions of the model as expressions of heyoka."""
        values = self.values()
        return [self.symbolic(value, values) for value in expressions]

    def compiled(self, expressions: list[Any]) -> Any:
        """Compile a function of the state, the numbers and the time."""
        kind = {} if self._precision.type is float else {"fp_type": self._precision.type}
        variables = [heyoka.make_vars(name) for name in self._system.state]
        return heyoka.cfunc(expressions, vars=variables, opt_level=0, **kind)  # optimized, a call takes as long

    def _of_input(self, first: int, time: Any) -> Any:
        """Return the input as a function of time, `Shape`'s formula; its numbers are parameters from `first` on."""
        numbers = {name: heyoka.par[first + i] for i, name in enumerate((*SHAPE, "start"))}
        s = time - numbers["start"]
        value = numbers["offset"]
        if "slope" in self._terms:
            value = value + numbers["slope"] * s
        if "decay" in self._terms:
            value = value + numbers["decay"] * heyoka.exp(-s / numbers["tau"])
        if "sine" in self._terms:
            speed = numbers["omega"]
            if "sweep" in self._terms:
                speed = speed + numbers["sweep"] * s
            value = value + numbers["amplitude"] * heyoka.sin(numbers["phase"] + speed * s)
        return value

    def symbolic(self, value: Expr, values: dict[str, Any]) -> Any:
        """Return one expression of the model, in terms of `values`."""
        # the series of a power is 0/0 if its base is zero
        return evaluate(
            by_products(value), values, self._algebra, lambda x: heyoka.expression(self._precision.number(x))
        )

    @property
    def _algebra(self) -> dict[str, Any]:
        return {
            **{kind: FLOATS[kind] for kind in ("add", "sub", "mul", "div", "pow", "neg")},
            **{name: getattr(heyoka, row.library) for name, row in FUNCTIONS.items() if hasattr(heyoka, row.library)},
            "abs": lambda x: heyoka.sqrt(x * x),
            "exprel": lambda x: _exprel(x, self._precision),
            "sinc": lambda x: _sinc(x, self._precision),
            "log10": lambda x: heyoka.log(x) / heyoka.expression(np.log(self._precision.type(10))),
        }


def _exprel(x: Any, precision: Precision) -> Any:
    half = x * heyoka.expression(precision.number(Fraction(1, 2)))
    square = half * half
    near = _sinhc(square, precision) * heyoka.exp(half)
    return _near_or_far(square, near, (heyoka.exp(x) - heyoka.expression(precision.number(1))) / x, precision)


def _sinc(x: Any, precision: Precision) -> Any:
    half = x * heyoka.expression(precision.number(Fraction(1, 2)))
    square = half * half
    near = _sinhc(-square, precision) * heyoka.cos(half)
    return _near_or_far(square, near, heyoka.sin(x) / x, precision)


def _near_or_far(square: Any, near: Any, far: Any, precision: Precision) -> Any:
    """Return one of two forms; `square` is that of half of the argument."""
    edge = heyoka.expression(precision.number(Fraction(NEAR**2, 4)))
    return heyoka.select(heyoka.lt(square, edge), near, far)


def _sinhc(square: Any, precision: Precision) -> Any:
    """Return the series of sinh(x)/x from the square of x, which is negative for sin(x)/x."""

    def number(value: Fraction | int) -> Any:
        return heyoka.expression(precision.number(Fraction(value)))

    # blocks of the series, in powers of the square: fewer products than Horner's scheme (Paterson & Stockmeyer 1973)
    powers = [number(1), square]
    for k in range(2, BLOCK + 1):
        powers.append(powers[k // 2] * powers[k - k // 2])
    value = None
    for first in reversed(range(0, TERMS + 1, BLOCK)):
        block = number(0)
        for k in range(first, min(first + BLOCK, TERMS + 1)):
            block = block + number(Fraction(1, math.factorial(2 * k + 1))) * powers[k - first]
        value = block if value is None else value * powers[BLOCK] + block
    return value
