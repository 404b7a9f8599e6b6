"""Expressions over ranges: whether a few points may miss a narrow feature.

A function that is known at a few points may do anything between them. Over a box of arguments, interval arithmetic
bounds each part of an expression (Moore 1966, Interval Analysis). A part does not matter if its whole range cannot
change the result. A part that changes slowly over its range has no narrow features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....models.algebra.expression import Const, Expr, Op, Var, nodes, rebuild
from ....models.algebra.polynomial import by_products
from ....models.definition.parts.tables import ARRAYS

Array = NDArray[np.float64]
#: Lower and upper bound: arrays, or the same constant twice.
Range = tuple[Any, Any]

#: Largest change of an exponential's argument over a range: the width of a bell is then at least a third of the range.
WIDEST = 6.0
#: Largest factor by which a denominator or a root's argument may change over a range.
STEEPEST = 32.0
#: Largest change of a sine's argument over a range: half a turn.
MOST_TURNED = 3.2
#: The lowest value of sin(x)/x, and its steepest slope.
LOWEST_SINC, STEEPEST_SINC = -0.2172337, 0.4361820
#: What rounding may change in a number of turns.
_ROUND = 1e-9
#: Natural powers up to this change slowly over any range, relative to their largest value.
HIGHEST = 16


@dataclass(frozen=True)
class _Node:
    kind: str
    """Kind of the operation; ``const`` or ``var`` for a leaf."""
    args: tuple[int, ...] = ()
    value: float = 0.0
    name: str = ""


class Tape:
    """Expressions as one list of operations, in which each part occurs once.

    Parameters
    ----------
    roots : sequence of Expr
        Without comparisons, selections and tables.
    """

    def __init__(self, roots: Sequence[Expr]) -> None:
        self._nodes: list[_Node] = []
        self.roots: list[int] = []
        known: dict[_Node, int] = {}
        places: dict[int, int] = {}

        def place(node: _Node) -> int:
            if node not in known:
                known[node] = len(self._nodes)
                self._nodes.append(node)
            return known[node]

        kept = [_simple_powers(root) for root in roots]
        for node in nodes(*kept):
            if isinstance(node, Const):
                made = _Node("const", value=_float(node.value))
            elif isinstance(node, Var):
                made = _Node("var", name=node.name)
            else:
                assert isinstance(node, Op)
                made = _Node(node.kind, tuple(places[id(arg)] for arg in node.args))
            places[id(node)] = place(made)
        self.roots = [places[id(root)] for root in kept]
        #: The parts that may change fast; a quotient does not if its denominator is a constant.
        self._steep = [
            node
            for node in self._nodes
            if node.kind in _SLOW and not (node.kind == "div" and self._nodes[node.args[1]].kind == "const")
        ]

    def values(self, at: Mapping[str, Any]) -> list[Any]:
        """Return the value of each part; the values of names are numbers or arrays."""
        found: list[Any] = []
        for node in self._nodes:
            if node.kind == "const":
                found.append(np.float64(node.value))  # division by zero gives a number, as with arrays
            elif node.kind == "var":
                found.append(at[node.name])
            else:
                found.append(ARRAYS[node.kind](*(found[i] for i in node.args)))
        return found

    def place_of(self, name: str) -> int | None:
        """Return the place of a name among the parts; None if it does not occur."""
        return next((i for i, node in enumerate(self._nodes) if node.kind == "var" and node.name == name), None)

    def without_value(self, values: Sequence[Any]) -> Iterator[Any]:
        """Return, per root or other function, where it has no value for its arguments.

        A number that is not finite may also be 0 times infinity: a term that is switched off, and overflows.
        """
        for node, value in zip(self._nodes, values, strict=True):
            if node.args and node.kind not in ("add", "sub", "mul", "div", "neg"):
                lacks = np.isnan(value)
                for i in node.args:
                    lacks = lacks & ~np.isnan(values[i])
                yield lacks

    def ranges(self, over: Mapping[str, Range]) -> list[Range]:
        """Return bounds of each part from bounds of the names."""
        found: list[Range] = []
        for node in self._nodes:
            if node.kind == "const":
                bound = np.float64(node.value)
                found.append((bound, bound))
            elif node.kind == "var":
                found.append(over[node.name])
            elif node.kind == "mul" and node.args[0] == node.args[1]:
                found.append(_square(found[node.args[0]]))
            else:
                found.append(_BOUNDS[node.kind](*(found[i] for i in node.args)))
        return found

    def slow(self, ranges: Sequence[Range]) -> Any:
        """Return where every part changes slowly: as `resolved`, but including parts that do not matter."""
        good: Any = True
        for node in self._steep:
            good = good & _SLOW[node.kind](*(ranges[j] for j in node.args))
        return good

    def effects(self, ranges: Sequence[Range], weights: Sequence[Any]) -> list[Any]:
        """Return, per part, the largest change that it causes in the roots times `weights`, summed over the roots."""
        found: list[Any] = [0.0] * len(self._nodes)
        for root, weight in zip(self.roots, weights, strict=True):
            found[root] = found[root] + weight
        for i in reversed(range(len(self._nodes))):
            node = self._nodes[i]
            if node.args:
                slopes = _SLOPES[node.kind](*(ranges[j] for j in node.args))
                for j, slope in zip(node.args, slopes, strict=True):
                    found[j] = found[j] + found[i] * slope
        return found

    def resolved(self, ranges: Sequence[Range], effects: Sequence[Any], negligible: float) -> Any:
        """Return where no root has a narrow feature that matters: an array of truth values."""
        found: list[Any] = []
        for node, (low, high), effect in zip(self._nodes, ranges, effects, strict=True):
            if not node.args:
                found.append(True)
                continue
            good: Any = True
            for j in node.args:
                good = good & found[j]
            slow = _SLOW.get(node.kind)
            if slow is not None:
                good = good & slow(*(ranges[j] for j in node.args))
            found.append(good | (effect * (high - low) <= negligible))
        good = True
        for root in self.roots:
            good = good & found[root]
        return good

    def rounding(self, ranges: Sequence[Range], effects: Sequence[Any]) -> Any:
        """Return the change of the roots times their weights per relative rounding error, if each part has one."""
        return sum(effect * _largest(bounds) for bounds, effect in zip(ranges, effects, strict=True))


def _simple_powers(root: Expr) -> Expr:
    """Write natural powers as products, and negative powers as reciprocals of products."""

    def reciprocal(_node: Expr, made: Expr) -> Expr:
        if not (isinstance(made, Op) and made.kind == "pow" and isinstance(made.args[1], Const)):
            return made
        power = made.args[1].value
        negative = power.denominator == 1 and 0 < -power <= HIGHEST
        return 1 / Op("pow", (made.args[0], Const(-power))) if negative else made

    return by_products(rebuild(root, change=reciprocal)[0], HIGHEST)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _largest(bounds: Range) -> Any:
    return np.maximum(np.abs(bounds[0]), np.abs(bounds[1]))


def _smallest(bounds: Range) -> Any:
    low, high = bounds
    return np.where((low <= 0) & (high >= 0), 0.0, np.minimum(np.abs(low), np.abs(high)))


def _hull(*corners: Any) -> Range:
    low = high = corners[0]
    for corner in corners[1:]:
        low, high = np.minimum(low, corner), np.maximum(high, corner)
    return low, high


def _product(a: Range, b: Range) -> Range:
    if b[0] is b[1]:
        a, b = b, a
    if a[0] is not a[1]:
        return _hull(a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1])
    if a[0].ndim == 0:  # a constant
        return (a[0] * b[0], a[0] * b[1]) if a[0] >= 0 else (a[0] * b[1], a[0] * b[0])
    return _hull(a[0] * b[0], a[0] * b[1])


def _square(a: Range) -> Range:
    return _smallest(a) ** 2, _largest(a) ** 2


def _quotient(a: Range, b: Range) -> Range:
    if b[0] is b[1] and b[0].ndim == 0:
        inverse = 1 / b[0]
        return _product((inverse, inverse), a)
    low, high = _hull(a[0] / b[0], a[0] / b[1], a[1] / b[0], a[1] / b[1])
    across = (b[0] <= 0) & (b[1] >= 0)
    return np.where(across, -np.inf, low), np.where(across, np.inf, high)


def _power(a: Range, b: Range) -> Range:
    if _is_whole(b):
        if b[0] % 2 == 0:
            a = _smallest(a), _largest(a)
        elif b[0] < 0:
            low, high = _hull(a[0] ** b[0], a[1] ** b[0])
            across = (a[0] <= 0) & (a[1] >= 0)
            return np.where(across, -np.inf, low), np.where(across, np.inf, high)
    low, high = _hull(a[0] ** b[0], a[0] ** b[1], a[1] ** b[0], a[1] ** b[1])
    return low, high


def _rising(function: Callable[[Any], Any]) -> Callable[[Range], Range]:
    return lambda a: (function(a[0]), function(a[1]))


def _wave(function: Callable[[Any], Any], a: Range, top: float) -> Range:
    """Return the bounds of a sine or cosine that is 1 at the fraction `top` of a turn."""
    ends = function(a[0]), function(a[1])
    # each is the number of maxima or minima up to an end of the range
    crests, troughs = (
        [np.floor(end / (2 * np.pi) - at + slack) for end, slack in zip(a, (-_ROUND, _ROUND), strict=True)]
        for at in (top, top + 0.5)
    )
    low, high = np.minimum(*ends), np.maximum(*ends)
    return np.where(troughs[0] != troughs[1], -1.0, low), np.where(crests[0] != crests[1], 1.0, high)


def _sinc_bounds(a: Range) -> Range:
    """Return the bounds of sin(x)/x: near its value in the middle of a narrow range."""
    middle, far = ARRAYS["sinc"]((a[0] + a[1]) / 2), STEEPEST_SINC * (a[1] - a[0]) / 2
    return np.maximum(middle - far, LOWEST_SINC), np.minimum(middle + far, 1.0)


def _has_pole(a: Range) -> Any:
    """Whether a tangent has a pole in a range."""
    return np.floor(a[0] / np.pi + 0.5 - _ROUND) != np.floor(a[1] / np.pi + 0.5 + _ROUND)


_BOUNDS: Mapping[str, Callable[..., Range]] = {
    "add": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "sub": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "neg": lambda a: (-a[1], -a[0]),
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "sqrt": lambda a: (np.sqrt(np.maximum(a[0], 0.0)), np.sqrt(a[1])),
    "abs": lambda a: (_smallest(a), _largest(a)),
    "cosh": lambda a: (np.cosh(_smallest(a)), np.cosh(_largest(a))),
    **{kind: _rising(ARRAYS[kind]) for kind in ("exp", "exprel", "tanh", "sinh", "expm1", "arctan")},
    "log": lambda a: (np.log(np.maximum(a[0], 0.0)), np.log(a[1])),
    "log10": lambda a: (np.log10(np.maximum(a[0], 0.0)), np.log10(a[1])),
    "log1p": lambda a: (np.log1p(np.maximum(a[0], -1.0)), np.log1p(a[1])),
    "sin": lambda a: _wave(np.sin, a, 0.25),
    "cos": lambda a: _wave(np.cos, a, 0.0),
    "tan": lambda a: (np.where(_has_pole(a), -np.inf, np.tan(a[0])), np.where(_has_pole(a), np.inf, np.tan(a[1]))),
    "sinc": _sinc_bounds,
    "arcsin": lambda a: (np.arcsin(np.maximum(a[0], -1.0)), np.arcsin(np.minimum(a[1], 1.0))),
    "arccos": lambda a: (np.arccos(np.minimum(a[1], 1.0)), np.arccos(np.maximum(a[0], -1.0))),
}


def _exprel_slope(a: Range) -> tuple[Any]:
    # it rises from 0 to 1/2 at x = 0, and then as (exp(x) (x - 1) + 1)/x**2
    x = np.maximum(a[1], 0.1)
    return (np.where(a[1] <= 0, 0.5, np.maximum(0.55, (np.exp(x) * (x - 1) + 1) / (x * x))),)


def _is_whole(b: Range) -> bool:
    """Whether an exponent is a known whole number."""
    return b[0] is b[1] and np.ndim(b[0]) == 0 and float(b[0]).is_integer()


def _power_slopes(a: Range, b: Range) -> tuple[Any, Any]:
    if _is_whole(b):  # also where the base is not positive
        return np.abs(b[0]) * _largest(_power(a, (b[0] - 1,) * 2)), 0.0
    low, high = _power(a, (b[0] - 1, b[1] - 1))
    value = _largest(_power(a, b))
    return _largest(b) * np.maximum(np.abs(low), np.abs(high)), value * _largest((np.log(a[0]), np.log(a[1])))


#: Bounds of the derivatives with respect to each operand.
_SLOPES: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "add": lambda a, b: (1.0, 1.0),  # noqa: ARG005 - same arguments as the others
    "sub": lambda a, b: (1.0, 1.0),  # noqa: ARG005
    "neg": lambda a: (1.0,),  # noqa: ARG005
    "abs": lambda a: (1.0,),  # noqa: ARG005
    "mul": lambda a, b: (_largest(b), _largest(a)),
    "div": lambda a, b: (1 / _smallest(b), _largest(a) / _smallest(b) ** 2),
    "pow": _power_slopes,
    "sqrt": lambda a: (0.5 / np.sqrt(np.maximum(a[0], 0.0)),),
    "exp": lambda a: (np.exp(a[1]),),
    "exprel": _exprel_slope,
    "tanh": lambda a: (1 - np.tanh(_smallest(a)) ** 2,),
    "sinh": lambda a: (np.cosh(_largest(a)),),
    "cosh": lambda a: (np.sinh(_largest(a)),),
    "log": lambda a: (1 / np.maximum(a[0], 0.0),),
    "log10": lambda a: (1 / (np.log(10) * np.maximum(a[0], 0.0)),),
    "log1p": lambda a: (1 / np.maximum(1 + a[0], 0.0),),
    "expm1": lambda a: (np.exp(a[1]),),
    "sin": lambda a: (1.0,),  # noqa: ARG005
    "cos": lambda a: (1.0,),  # noqa: ARG005
    "sinc": lambda a: (STEEPEST_SINC,),  # noqa: ARG005
    "tan": lambda a: (1 + _largest(_BOUNDS["tan"](a)) ** 2,),
    "arcsin": lambda a: (1 / np.sqrt(np.maximum(1 - _largest(a) ** 2, 0.0)),),
    "arccos": lambda a: (1 / np.sqrt(np.maximum(1 - _largest(a) ** 2, 0.0)),),
    "arctan": lambda a: (1 / (1 + _smallest(a) ** 2),),
}


def _narrow(a: Range) -> Any:
    return a[1] - a[0] <= WIDEST


def _part_of_a_turn(a: Range) -> Any:
    return a[1] - a[0] <= MOST_TURNED


def _steady(a: Range, factor: float = STEEPEST) -> Any:
    change = a[1] / a[0]
    return (change >= 1 / factor) & (change <= factor) | (a[0] == a[1])


def _slow_power(a: Range, b: Range) -> Any:
    return _steady(a) & (_largest(b) * np.log(_largest(a) / _smallest(a)) <= WIDEST)


#: Where an operation changes slowly over the range of its operands; operations not listed here do so everywhere.
_SLOW: Mapping[str, Callable[..., Any]] = {
    "div": lambda a, b: _steady(b),  # noqa: ARG005
    "pow": _slow_power,
    "sqrt": lambda a: (a[0] > 0) & _steady(a),
    "exp": _narrow,
    "exprel": lambda a: _narrow(a) | ((a[1] < 0) & _steady(a)),
    "tanh": _narrow,
    "sinh": _narrow,
    "cosh": _narrow,
    "log": lambda a: (a[0] > 0) & _steady(a),
    "log10": lambda a: (a[0] > 0) & _steady(a),
    "log1p": lambda a: (a[0] > -1) & _steady((1 + a[0], 1 + a[1])),
    "expm1": _narrow,
    "sin": _part_of_a_turn,
    "cos": _part_of_a_turn,
    "sinc": _part_of_a_turn,
    "tan": lambda a: ~_has_pole(a) & _steady(_wave(np.cos, a, 0.0)),
    "arcsin": lambda a: (_largest(a) < 1) & _steady((1 - _largest(a), 1 - _smallest(a))),
    "arccos": lambda a: (_largest(a) < 1) & _steady((1 - _largest(a), 1 - _smallest(a))),
    "arctan": lambda a: _narrow(a) | _steady(a),
}
