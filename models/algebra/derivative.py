"""Derivatives of expressions, as expressions."""

from __future__ import annotations

from fractions import Fraction

from .expression import Const, Expr, Op, Var, nodes
from .functions import FUNCTIONS
from .polynomial import ZERO, minus, over, plus, times

_ONE = Const(Fraction(1))


def derivative(root: Expr, variable: str) -> Expr | None:
    """Return the derivative with respect to a variable; None if the expression has kinks or jumps, or no known rule."""
    found: dict[int, Expr] = {}
    for node in nodes(root):
        if isinstance(node, Var):
            found[id(node)] = _ONE if node.name == variable else ZERO
        elif isinstance(node, Op):
            slope = _of(node, [found[id(arg)] for arg in node.args])
            if slope is None:
                return None
            found[id(node)] = slope
        else:
            found[id(node)] = ZERO
    return found[id(root)]


def _of(node: Op, slopes: list[Expr]) -> Expr | None:
    """Return the derivative of an operation from those of its operands."""
    a, *others = node.args
    da, *dothers = slopes
    if node.kind in ("add", "sub"):
        return plus(da, dothers[0]) if node.kind == "add" else minus(da, dothers[0])
    if node.kind == "neg":
        return minus(ZERO, da)
    if node.kind == "mul":
        return plus(times(da, others[0]), times(a, dothers[0]))
    if node.kind == "div":
        return minus(over(da, others[0]), over(times(a, dothers[0]), others[0] * others[0]))
    if node.kind == "pow":
        return _of_power(node, da, dothers[0])
    smooth = _smooth(node)
    return None if smooth is None else times(smooth, da)


def _of_power(node: Op, da: Expr, db: Expr) -> Expr | None:
    base, power = node.args
    if not isinstance(db, Const) or db.value != 0:
        return None
    if isinstance(power, Const) and power.value.denominator == 1:
        return times(times(power, Op("pow", (base, Const(power.value - 1)))), da)
    return times(times(power, Op("pow", (base, power - 1))), da)


def _smooth(node: Op) -> Expr | None:
    """Return the derivative of a function with respect to its argument."""
    (x,) = node.args if len(node.args) == 1 else (None,)
    if x is None:
        return None
    if node.kind == "sqrt":
        return Fraction(1, 2) / node
    if node.kind == "tanh":
        return 1 - node * node
    if node.kind in ("cosh", "sinh"):
        return Op("sinh" if node.kind == "cosh" else "cosh", (x,))
    row = FUNCTIONS.get(node.kind)
    if row is None or row.slope is None:
        return None
    found = row.slope(x, node, lambda name, *args: Op(name, args))
    return found if isinstance(found, Expr) else Const(Fraction(found))
