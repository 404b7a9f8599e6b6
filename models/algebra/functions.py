"""The functions of a model's language: one row per function.

A row says everything about a function that the other parts need: how it is evaluated, printed and counted, its
derivative, where it has a value, and its rule for units. The names and the rules are those of Brian2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Builds a call in another function's derivative: the function's name, and the argument.
_Call = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language."""

    name: str
    """Its name in Brian2."""
    number: Callable[..., Any]
    """Evaluation with Python's floats; an error of Python where it has no value."""
    array: Callable[..., Any]
    """Evaluation with arrays; NaN or infinite where it has no value."""
    library: str = ""
    """Its name in libraries: C's mathematics library, sympy and, where it is there, heyoka."""
    kind: str = ""
    """The kind of operation as which a call counts; empty if it runs as other operations."""
    written: tuple[str, ...] = ()
    """The operations that define it, for the count as written, if it is not counted as one call."""
    slope: Callable[[Any, Any, _Call], Any] | None = None
    """The derivative, from the argument, the function's own value, and a way to call another function."""
    domain: Callable[[Any], Any] | None = None
    """For an argument: positive exactly where the function has a value; None if it has one everywhere."""
    inside: int = 0
    """A number at which the function has a value, and a Taylor series."""
    arguments: int = 1
    """The number of arguments."""
    unit: Callable[[Any], Any] | None = None
    """The dimension of the result from that of the arguments, which must be alike; None: they have no unit."""
    typical: tuple[float, float] = (-4.01, 4.01)
    """Smallest and largest argument of the calls whose cost in C's library is measured."""


def _exprel(x: float) -> float:
    return math.expm1(x) / x if x else 1.0


def _exprel_of_array(x: Any) -> Any:
    return np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x))


def _same(unit: Any) -> Any:
    return unit


def _called(name: str, library: str, slope: Callable[[Any, Any, _Call], Any], **more: Any) -> Function:
    """Return the row of a function that is one call of C's mathematics library, and counts as a kind of its own."""
    return Function(name, getattr(math, library), getattr(np, name), library, kind=name, slope=slope, **more)


_POSITIVE = (0.01, 4.01)
_ROWS = (
    _called("exp", "exp", lambda _x, y, _call: y),
    Function("sqrt", math.sqrt, np.sqrt, "sqrt", kind="sqrt", unit=lambda unit: unit**0.5),
    Function("abs", abs, np.abs, "fabs", kind="sign", unit=_same),
    Function("exprel", _exprel, _exprel_of_array, written=("exp", "sub", "div")),
    # tanh is 1 - 2/(exp(2*x) + 1)
    Function("tanh", math.tanh, np.tanh, "tanh", written=("mul", "exp", "add", "div", "sub")),
    Function("cosh", math.cosh, np.cosh, "cosh", written=("exp", "div", "add", "div")),
    Function("sinh", math.sinh, np.sinh, "sinh", written=("exp", "div", "sub", "div")),
    _called("log", "log", lambda x, _y, _call: 1 / x, domain=lambda x: x, inside=1, typical=_POSITIVE),
    _called(
        "log10", "log10", lambda x, _y, _call: 1 / (x * math.log(10)), domain=lambda x: x, inside=1, typical=_POSITIVE
    ),
    _called("log1p", "log1p", lambda x, _y, _call: 1 / (1 + x), domain=lambda x: 1 + x, typical=_POSITIVE),
    _called("expm1", "expm1", lambda _x, y, _call: 1 + y),
    _called("sin", "sin", lambda x, _y, call: call("cos", x)),
    _called("cos", "cos", lambda x, _y, call: -call("sin", x)),
    _called("tan", "tan", lambda _x, y, _call: 1 + y * y),
    _called(
        "arcsin",
        "asin",
        lambda x, _y, call: 1 / call("sqrt", 1 - x * x),
        domain=lambda x: 1 - x * x,
        typical=(-1.0, 1.0),
    ),
    _called(
        "arccos",
        "acos",
        lambda x, _y, call: -1 / call("sqrt", 1 - x * x),
        domain=lambda x: 1 - x * x,
        typical=(-1.0, 1.0),
    ),
    _called("arctan", "atan", lambda x, _y, _call: 1 / (1 + x * x)),
)

#: The functions by name, in the order in which messages list them.
FUNCTIONS: Mapping[str, Function] = {row.name: row for row in _ROWS}
#: Kinds of operations that are calls of C's mathematics library; ``pow`` is an operator of the language.
CALLS = ("exp", "pow", *(row.kind for row in _ROWS if row.slope is not None and row.name != "exp"))
