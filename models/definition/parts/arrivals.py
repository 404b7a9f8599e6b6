"""Statements that run when a spike arrives at a neuron."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from brian2.units.fundamentalunits import Dimension

from ...algebra.draft import substitute
from ...algebra.expression import Expr, names, text
from ...algebra.system import System
from ...ground.errors import UserError, at, quoted
from ..language import equations as language
from ..language import grammar
from ..language.names import NAME, NOT_REFRACTORY
from .refractoriness import Sides

#: The largest number of inputs of one neuron; a train holds the arrivals of many synapses.
MOST_INPUTS = 100


def given_arrivals(given: Any, model: str) -> dict[str, str]:
    """Return the statements of each input, as given to a model.

    Raises
    ------
    UserError
        If it is not a mapping from names to text.
    """
    if not isinstance(given, Mapping):
        raise UserError(f'{model}: arrivals = {quoted(given)}; give a mapping such as {{"exc": "g_e += w_e"}}')
    if len(given) > MOST_INPUTS:
        raise UserError(
            f"{model}: {len(given)} inputs of spikes; give at most {MOST_INPUTS}, and put synapses with the same "
            "statement into one"
        )
    for name, statements in given.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise UserError(f"{model}: arrivals: {quoted(name)} is not a name; use letters, digits and _")
        if not isinstance(statements, str):
            with at(name):
                raise UserError(
                    f"{model}: arrivals: the statements of '{name}' are text such as 'g_e += w_e', not "
                    f"{quoted(statements)}"
                )
    return dict(given)


def read_arrivals(
    given: Mapping[str, str],
    state: Collection[str],
    dimensions: Mapping[str, Dimension],
    constants: Mapping[str, Any],
    *,
    model: str,
    sides: tuple[Sides, Sides],
) -> dict[str, tuple[tuple[str, Expr], ...]]:
    """Read the statements of each input; subexpressions in them are written out.

    `sides` are the right-hand sides of the model while it is not refractory, and while it is.

    Raises
    ------
    UserError
        If they are not assignments to state variables with the right units, or differ while the neuron is refractory.
    """
    free, waiting = (each.opened for each in sides)
    found = {}
    for name, code in given.items():
        with at("arrivals", name):
            where = f"{model}: arrivals: '{name}'"
            read = language.statements(code, state, dimensions, constants, where)
            if not read:
                raise UserError(f"{where} has no statement; write one such as g_e += w_e")
            found[name] = tuple((target, substitute(value, free)) for target, value in read)
            for target, value in read if waiting is not free else ():
                if text(substitute(value, free)) != text(substitute(value, waiting)):
                    raise UserError(
                        f"{where}: what '{target}' becomes depends on {NOT_REFRACTORY}, which is only possible in "
                        "equations, the threshold and the reset; write it without"
                    )
    return found


def targets_of(given: Mapping[str, str]) -> set[str]:
    """Return the names that the statements change; statements that cannot be read are reported by `read_arrivals`."""
    found: set[str] = set()
    for code in given.values():
        with suppress(grammar.Unreadable):
            found |= {target for target, _, _ in grammar.statements(code)}
    return found


def check_arrivals(system: System, model: str) -> None:
    """Refuse statements that use a name without a value at an arrival.

    Raises
    ------
    UserError
    """
    for name, statements in system.arrivals.items():
        known = {*system.parameters, *system.state, *(target for target, _ in statements)}
        unknown = names(*(value for _, value in statements)) - known
        if unknown:
            with at(name):
                raise UserError(
                    f"{model}: arrivals: '{name}' uses {', '.join(sorted(unknown))}; use numbers, parameters and "
                    "state variables"
                )


def parameters_of(system: System, name: str) -> tuple[str, ...]:
    """Return the parameters that the statements of an input use: a train may give each arrival its own value of one."""
    used = names(*(value for _, value in system.arrivals[name]))
    return tuple(parameter for parameter in system.parameters if parameter in used)
