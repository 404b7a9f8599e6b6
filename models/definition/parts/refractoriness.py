"""How long a neuron stays refractory after a spike, from its text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from brian2.units.fundamentalunits import Dimension

from ...algebra.draft import substitute
from ...algebra.expression import FLOATS, Const, Expr, evaluate, names, text
from ...algebra.system import Refractory, System
from ...ground.errors import UserError, short
from ..language import equations as language
from ..language import units
from ..language.names import NOT_REFRACTORY, OF_TIME, TIME
from .threshold import decided


@dataclass(frozen=True)
class Sides:
    """The right-hand sides of a model while it is refractory, or while it is not."""

    subexpressions: Mapping[str, Expr]
    """In an order in which each needs only earlier ones."""
    opened: Mapping[str, Expr]
    """The same, with other subexpressions written out."""
    sides: Mapping[str, Expr]
    """All right-hand sides by name."""

    def constant(self, state: Collection[str]) -> set[str]:
        """Return the state variables whose derivative is zero."""
        return {name for name in state if _is_zero(substitute(self.sides[name], self.opened))}


def with_refractoriness(found: Mapping[str, Expr], order: Mapping[str, Expr], *, not_refractory: bool) -> Sides:
    """Return right-hand sides with a value of ``not_refractory``.

    Parameters
    ----------
    found : mapping
        All right-hand sides by name.
    order : mapping
        The subexpressions among them, in an order in which each needs only earlier ones.
    not_refractory : bool
    """
    if NOT_REFRACTORY in names(*found.values()):
        now = {NOT_REFRACTORY: Const(Fraction(not_refractory))}
        found = {name: decided(substitute(value, now)) for name, value in found.items()}
    subexpressions = {name: found[name] for name in order}
    opened: dict[str, Expr] = {}
    for name, value in subexpressions.items():
        opened[name] = substitute(value, opened)
    return Sides(subexpressions, opened, found)


def is_refractory_at_times(system: System, lasts: float) -> bool:
    """Whether a spike makes the neuron refractory, for a time in ms or until a condition no longer holds."""
    return bool(lasts) or system.refractory is not None


def moves_while_refractory(system: System, lasts: float) -> bool:
    """Whether the threshold may be crossed while the neuron is refractory; then a spike occurs when that ends."""
    return is_refractory_at_times(system, lasts) and not system.threshold.names & set(system.state) <= system.held


def _is_zero(value: Expr) -> bool:
    try:
        return not names(value) and evaluate(value, {}, FLOATS) == 0
    except (ArithmeticError, ValueError):
        return False


_GIVE = "give a time such as 2*ms, a text for a time such as 'ref', or a condition such as 'v > -20*mV'"


def constant_time(given: str, constants: Mapping[str, Any], where: str) -> Any:
    """Return the time that a text means if it contains only numbers, units and constants; otherwise None.

    Raises
    ------
    UserError
        If it is not a time.
    """
    try:
        value = language.parse(given, set(), constants, where)
    except UserError:
        return None  # a condition, or an expression of other names
    language.check_units(given, {}, constants, units.MS, where)
    try:
        return units.quantity(evaluate(value, {}, FLOATS), units.MS)
    except (ArithmeticError, ValueError) as error:
        raise UserError(f"{where} = '{short(given)}' is not a time: {error.args[-1]}; change its numbers") from None


def read_refractory(
    given: str,
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    *,
    where: str,
    opened: Mapping[str, Expr],
) -> tuple[Expr, bool]:
    """Read a text: a time in ms, or a condition; return it, and whether it is a condition.

    Raises
    ------
    UserError
        If it is neither, or its units do not fit.
    """
    try:
        # it is only asked after a spike, which makes the neuron refractory
        now = {NOT_REFRACTORY: Const(Fraction(0))}
        found = language.condition(given, dimensions, constants, where, values=now)
        is_condition = True
    except UserError as refused:
        is_condition = False
        try:
            found = language.parse(given, dimensions, constants, where)
            language.check_units(given, dimensions, constants, units.MS, where)
        except UserError as error:
            is_number = "is not supported; write a condition" in str(refused)
            said = str(error if is_number else refused)
            raise UserError(f"{said.partition('; ')[0]}; {_GIVE}") from None
    return decided(substitute(found, opened)), is_condition


def is_never(read: tuple[Expr, bool]) -> bool:
    """Whether a text, as returned by `read_refractory`, is a condition that never holds: as if there were no text."""
    value, is_condition = read
    return is_condition and isinstance(value, Const) and not value.value


def refractory(read: tuple[Expr, bool], moving: Collection[str], threshold: Expr, *, resets: bool) -> Refractory | None:
    """Return how a neuron is refractory; None if a spike is a crossing of the threshold.

    Parameters
    ----------
    read : (Expr, bool)
        As returned by `read_refractory`.
    moving : collection of str
        The state variables that may change while the neuron is refractory.
    threshold : Expr
        The condition for a spike.
    resets : bool
        Whether the model has a reset.
    """
    value, is_condition = read
    if is_condition:
        return None if not resets and text(value) == text(threshold) else Refractory(condition=value)
    return Refractory(duration=value, settled=not names(value) & {TIME, *moving})


def check_refractory(found: Refractory, known: Collection[str], parameters: Mapping[str, float], where: str) -> bool:
    """Return whether a neuron is refractory at all; refuse names without a value at a spike, and a negative time.

    Raises
    ------
    UserError
    """
    value = found.value
    unknown = names(value) - set(known) - set(OF_TIME)
    if unknown:
        raise UserError(f"{where} uses {', '.join(sorted(unknown))}; use numbers, parameters and state variables")
    if found.duration is not None and names(value) <= parameters.keys():
        try:
            time = float(evaluate(value, parameters, FLOATS))
        except (ArithmeticError, ValueError) as error:
            raise UserError(f"{where} is not a time: {error.args[-1]}; change the numbers in it") from None
        if not 0 <= time < float("inf"):
            raise UserError(f"{where} is {time:g} ms; give a time that is not negative")
        return time > 0
    return True
