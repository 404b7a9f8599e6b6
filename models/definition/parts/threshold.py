"""The condition for a spike, from its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from brian2.units.fundamentalunits import Dimension

from ...algebra.draft import substitute
from ...algebra.expression import FLOATS, Const, Expr, Op, Var, evaluate, names, rebuild
from ...algebra.polynomial import affine_parts, constant, minus
from ...algebra.system import Threshold, distance
from ...ground.errors import UserError, short
from ..language import equations as language
from ..language.names import NOT_REFRACTORY


def read_threshold(
    given: str,
    state: Sequence[str],
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    *,
    where: str,
    subexpressions: Mapping[str, Expr],
    resets: bool,
) -> Threshold:
    """Read a threshold; subexpressions in it are written out.

    Raises
    ------
    UserError
        If it is not a condition, its units do not fit, or it does not depend on the state.
    """
    now = {NOT_REFRACTORY: Const(Fraction(1))}  # it is only asked then
    read = language.condition(given, dimensions, constants, where, values=now)
    condition = decided(substitute(read, subexpressions))
    if not names(condition) & set(state):
        raise UserError(f"{where}: '{short(given)}' does not depend on the state; compare a state variable: v > 30*mV")
    usual = _usual(condition, state)
    if usual is not None and (resets or not usual.slopes):
        return usual
    used = [name for name in state if name in names(condition)]
    found = Threshold(used[0], ">", Const(Fraction(0)), condition=condition)
    first = next(comparison for comparison in found.comparisons if used[0] in names(comparison))
    return Threshold(used[0], ">", minus(Var(used[0]), distance(first)), condition=condition)


def _usual(condition: Expr, state: Sequence[str]) -> Threshold | None:
    """Return a condition of the usual form, a variable above a level; None if it does not have it."""
    if not isinstance(condition, Op) or condition.kind not in ("less", "at_most"):
        return None
    level, variable = condition.args
    if not isinstance(variable, Var) or variable.name not in state or variable.name in names(level):
        return None
    parts = affine_parts(level, state)
    if parts is None:
        return None
    return Threshold(variable.name, ">=" if condition.kind == "at_most" else ">", level, parts[1])


def decided(expression: Expr) -> Expr:
    """Leave out comparisons that are true or false whatever variables are, and what they do not select."""

    def change(_: Expr, made: Expr) -> Expr:
        if not isinstance(made, Op):
            return made
        if made.kind in ("less", "at_most") and not names(made):
            try:
                return Const(Fraction(bool(evaluate(made, {}, FLOATS))))
            except (ArithmeticError, ValueError):
                return made
        if made.kind in ("less", "at_most"):
            gap = constant(made.args[1] - made.args[0])
            return made if gap is None else Const(Fraction(gap > 0 or (gap == 0 and made.kind == "at_most")))
        if made.kind == "select" and isinstance(made.args[0], Const):
            return made.args[1 if made.args[0].value else 2]
        if made.kind == "not" and isinstance(made.args[0], Const):
            return Const(1 - made.args[0].value)
        if made.kind in ("and", "or"):
            for one, other in (made.args, made.args[::-1]):
                if isinstance(one, Const):
                    decides = bool(one.value) == (made.kind == "or")
                    return one if decides else other
        return made

    return rebuild(expression, change=change)[0]
