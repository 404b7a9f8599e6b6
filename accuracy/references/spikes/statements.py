"""Statements of resets and arrivals in a reference solution.

A reset that amplifies errors of the state, such as ``u = 4*u*(1 - u)``, amplifies its own rounding, too. If nothing
between the spikes differs, two computations round it in the same way and agree, while both are wrong. So further
computations change the state before such statements by 64 units of rounding, more than they are rounded: the
difference then shows how sensitive later spikes are. There are two of them, with different signs: in one alone, a later
change may happen to cancel what an earlier one has become.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from itertools import product
from typing import Any

import numpy as np

from ....models.algebra.draft import substitute
from ....models.algebra.expression import FLOATS, Expr, Op, evaluate, nodes, rebuild
from ....models.algebra.polynomial import affine_parts
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError

Statements = Sequence[tuple[str, Expr]]

#: By how much the state is changed: 64 units of rounding. A statement of a few operations is rounded by much less.
_DISTURBANCE = 2.0**-46


class Disturbed(Enum):
    """How the state is changed before statements that amplify errors."""

    NOT = "not"
    UP = "up"
    """It is made larger."""
    IN_TURN = "in turn"
    """It is made larger and smaller in turn."""

    def factor(self, n: int) -> float:
        """Return the factor for the n-th time."""
        if self is Disturbed.NOT:
            return 1.0
        return 1 - _DISTURBANCE if self is Disturbed.IN_TURN and n % 2 else 1 + _DISTURBANCE


#: Statements with more selects than this are taken to amplify.
_MOST_SELECTS = 6
#: The largest factor that does not amplify, in spite of rounding.
_UNITY = 1 + 1e-9


def amplify(statements: Statements, state: Sequence[str], parameters: Mapping[str, Any]) -> bool:
    """Whether statements, repeated, may amplify an error of the state.

    They do not if they are linear, whichever value selects choose, and no eigenvalue is larger than 1.

    Parameters
    ----------
    statements : sequence of (str, Expr)
    state : sequence of str
    parameters : mapping
        Numbers by name.
    """
    values: dict[str, Expr] = {}
    for name, value in statements:
        values[name] = substitute(value, values)
    changed = [name for name in state if name in values]
    after = [values[name] for name in changed]
    selects = [id(node) for node in nodes(*after) if isinstance(node, Op) and node.kind == "select"]
    if len(selects) > _MOST_SELECTS:
        return True
    for arms in product((1, 2), repeat=len(selects)):
        slopes = _slopes(after, dict(zip(selects, arms, strict=True)), changed, parameters)
        if slopes is None or np.abs(np.linalg.eigvals(slopes)).max(initial=0) > _UNITY:
            return True
    return False


def errors_grow(model: NeuronModel) -> bool:
    """Whether a reset or an arrival of a model may amplify an error of the state."""
    system = model.system
    return any(
        amplify(each, system.state, model.parameter_values) for each in (system.reset, *system.arrivals.values())
    )


def run(
    statements: Statements,
    values: dict[str, Any],
    number: Callable[[Any], Any],
    *,
    held: Collection[str] = (),
    factor: float = 1.0,
) -> None:
    """Run statements: change `values`, except variables that are `held`.

    Parameters
    ----------
    statements : sequence of (str, Expr)
    values : dict
        Numbers by name; temporary variables are added.
    number : callable
        Converts to a number of the computation's precision.
    held : collection of str
    factor : float
        By which the variables that they change are multiplied first; see `Disturbed`.

    Raises
    ------
    ArithmeticError
        If one has no value.
    """
    if factor != 1:
        values |= {name: values[name] * factor for name, _ in statements if name in values and name not in held}
    with np.errstate(all="raise", under="ignore"):
        for name, value in statements:
            if name not in held:
                values[name] = evaluate(value, values, FLOATS, number)


def _slopes(
    after: Sequence[Expr], chosen: Mapping[int, int], changed: Sequence[str], parameters: Mapping[str, Any]
) -> Any:
    """Return the derivatives of the new values by the old ones, with the chosen operand of each select, by its id.

    They are None if they are not all numbers.
    """

    def change(node: Expr, made: Expr) -> Expr:
        return made.args[chosen[id(node)]] if isinstance(made, Op) and id(node) in chosen else made

    rows = []
    for value in rebuild(*after, change=change):
        parts = affine_parts(value, changed)
        if parts is None:
            return None
        try:
            slopes = {name: evaluate(slope, parameters, FLOATS) for name, slope in parts[1].items()}
        except (ArithmeticError, KeyError, ValueError):
            return None
        rows.append([float(slopes.get(name, 0)) for name in changed])
    return np.array(rows).reshape(len(changed), len(changed))


def reset_at(
    now: Any,
    model: NeuronModel,
    state: dict[str, Any],
    parameters: Mapping[str, Any],
    number: Callable[[Any], Any],
    *,
    factor: float = 1.0,
) -> None:
    """Apply a model's reset to its state; for `factor`, see `run`.

    Raises
    ------
    UserError
        If the reset has no value for this state.
    """
    try:
        values = {**parameters, **state}  # temporary variables are added
        run(model.system.reset, values, number, factor=factor)
        state.update({name: values[name] for name in state})
    except ArithmeticError as error:
        raise UserError(
            f"its reset '{model.reset}' has no value at {float(now):.4g} ms ({error}); "
            "give another reset or other parameters",
            about=model.label,
        ) from None
