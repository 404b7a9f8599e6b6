"""The functions of a model's language, and the operators ``%`` and ``//``: one row per function.

A row says everything about a function that the other parts need: how it is evaluated, printed and counted, its
derivative, where it has a value, and its rule for units. The names and the rules are those of Brian2, which has no
``min`` and ``max``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Builds an operation in an expression: its kind, and its operands.
_Call = Callable[..., Any]


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
    operator: str = ""
    """Its sign, if it is an operator of the language and not a function."""
    kind: str = ""
    """The kind of operation as which a call counts; empty if it runs as other operations."""
    written: tuple[str, ...] = ()
    """The operations that define it, for the count as written, if it is not counted as one call."""
    form: Callable[..., Any] | None = None
    """The operations as which it runs, from its arguments, and a way to write an operation."""
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


def _floor(x: Any) -> Any:
    return x // 1  # the same for floats, fractions and numbers of other precisions


def _ceil(x: Any) -> Any:
    return -(-x // 1)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return low if x < low else high if high < x else x


def _clip_of_array(x: Any, low: Any, high: Any) -> Any:
    return np.where(x < low, low, np.where(high < x, high, x))


def _clip_form(x: Any, low: Any, high: Any, call: _Call) -> Any:
    return call("select", call("less", x, low), low, call("select", call("less", high, x), high, x))


def _sign_form(x: Any, call: _Call) -> Any:
    return call("select", call("less", 0, x), 1, call("select", call("less", x, 0), -1, 0))


def _rest(x: Any, y: Any) -> Any:
    return x - y * _floor(x / y)


def _rest_of_array(x: Any, y: Any) -> Any:
    return x - y * np.floor(np.true_divide(x, y))


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
    Function("floor", _floor, np.floor, "floor", kind="round", unit=_same),
    Function("ceil", _ceil, np.ceil, "ceil", kind="round", unit=_same),
    Function(
        "sign",
        lambda x: int(x > 0) - int(x < 0),
        np.sign,
        "sign",
        written=("compare", "compare"),
        form=_sign_form,
        unit=lambda unit: unit / unit,
    ),
    # the lower limit is tested first, as in Brian2's C++
    Function("clip", _clip, _clip_of_array, written=("compare", "compare"), form=_clip_form, arguments=3, unit=_same),
    # with the sign of the divisor, as in Python, and in the form of Brian2's C++
    Function(
        "mod",
        _rest,
        _rest_of_array,
        operator="%",
        written=("div", "round", "mul", "sub"),
        form=lambda x, y, call: x - y * call("floor", x / y),
        arguments=2,
        unit=_same,
    ),
    Function(
        "floordiv",
        lambda x, y: _floor(x / y),
        lambda x, y: np.floor(np.true_divide(x, y)),
        operator="//",
        written=("div", "round"),
        form=lambda x, y, call: call("floor", x / y),
        arguments=2,
    ),
)


def _int_form(x: Any, call: _Call) -> Any:
    return call("select", call("less", x, 0), call("ceil", x), call("floor", x))


def _timestep_form(time: Any, dt: Any, call: _Call) -> Any:
    # with Brian2's margin: a multiple of dt belongs to its own step in spite of rounding
    return _int_form((time + dt / 1000) / dt, call)


#: Functions that are read as other operations: they round towards zero, as a conversion to an integer does.
READ_AS: Mapping[str, Function] = {
    row.name: row
    for row in (
        Function("int", int, np.trunc, form=_int_form),
        Function(
            "timestep",
            lambda time, dt: int((time + dt / 1000) / dt),
            lambda time, dt: np.trunc((time + dt / 1000) / dt),
            form=_timestep_form,
            arguments=2,
            unit=lambda unit: unit / unit,
        ),
    )
}
#: All rows by name.
ROWS: Mapping[str, Function] = {row.name: row for row in _ROWS}
#: The functions by name, in the order in which messages list them.
FUNCTIONS: Mapping[str, Function] = {row.name: row for row in _ROWS if not row.operator}
#: Everything that a text may call.
CALLABLE: Mapping[str, Function] = {**FUNCTIONS, **READ_AS}
#: Those that run as several other operations.
FORMS = frozenset(row.name for row in _ROWS if row.form is not None)
#: Those that jump wherever something passes a whole number.
STEPPED = ("floor", "ceil", "mod", "floordiv")
#: Kinds of operations that are calls of C's mathematics library; ``pow`` is an operator of the language.
CALLS = ("exp", "pow", *(row.kind for row in _ROWS if row.slope is not None and row.name != "exp"))
