"""The size of an expression's terms: how large its rounding may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ....models.algebra.expression import FLOATS, Expr, evaluate
from ....models.algebra.functions import CALLS


def size_of(value: Expr, at: Mapping[str, tuple[float, float]]) -> float:
    """Return the sum of the absolute values of an expression's terms; 0 if it has no value.

    `at` gives a value and a size for each name.
    """
    try:
        size = evaluate(value, at, _SIZES, lambda x: (float(x), abs(float(x))))[1]
    except (ArithmeticError, ValueError):
        return 0.0
    return float(size) if math.isfinite(size) else 0.0


def _both(kind: str, size: Callable[..., float]) -> Callable[..., tuple[float, float]]:
    return lambda *args: (FLOATS[kind](*(arg[0] for arg in args)), size(*args))


def _root_of_size(kind: str) -> Callable[..., tuple[float, float]]:
    # the switches are not known here, so an argument may have either sign
    def apply(base: tuple[float, float], *power: tuple[float, float]) -> tuple[float, float]:
        return tuple(FLOATS[kind](abs(each), *(number for number, _ in power)) for each in base)

    return apply


def _of_value(kind: str) -> Callable[..., tuple[float, float]]:
    def apply(*args: tuple[float, float]) -> tuple[float, float]:
        value = FLOATS[kind](*(arg[0] for arg in args))
        return value, abs(value)

    return apply


def _with_zeros(kind: str) -> Callable[..., tuple[float, float]]:
    # near a zero, an error of the argument is as large in the value
    return _both(kind, lambda a: max(abs(FLOATS[kind](a[0])), min(a[1], 1.0)))


#: Functions that pass zero with a slope of about 1.
_ZEROS = ("sin", "tan", "log", "log10", "log1p", "expm1", "arcsin", "arctan")
_SIZES = {
    "add": _both("add", lambda a, b: a[1] + b[1]),
    "sub": _both("sub", lambda a, b: a[1] + b[1]),
    "mul": _both("mul", lambda a, b: a[1] * b[1]),
    "div": _both("div", lambda a, b: a[1] / abs(b[0])),
    "neg": _both("neg", lambda a: a[1]),
    **{kind: _both(kind, lambda a, kind=kind: abs(FLOATS[kind](a[1]))) for kind in ("abs", "tanh", "sinh")},
    **{kind: _root_of_size(kind) for kind in ("pow", "sqrt")},
    **{kind: _of_value(kind) for kind in ("exprel", "sinc", "cosh", *CALLS) if kind != "pow"},
    **{kind: _with_zeros(kind) for kind in _ZEROS},
}
