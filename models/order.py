"""The order that theory gives a method on a model: its own, unless the equations say otherwise."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import get_model
from .expression import FLOATS, Expr, Op, evaluate, names, nodes, text
from .methods import METHODS
from .neuron import NeuronModel
from .polynomial import linear_parts
from .program import Derivatives, Program

#: At so many random points of its edge, and so far to both sides of them (relative), the derivatives of a condition are
#: compared: where they differ by a thousand times that, they jump.
_POINTS, _BESIDE = 8, 1e-9


@dataclass(frozen=True)
class Order:
    """Order of convergence of the state at a fixed time, without a spike on the way."""

    value: float
    """Infinite if there is no error but rounding."""
    why: str = ""
    """Why it is not the method's own; empty if it is."""


def order_on(model: str | NeuronModel, method: str, varying: bool = False) -> Order:
    """Return the order of a method of fixed step on a model.

    A method has its own order where the derivative has as many derivatives itself. A one-step method whose step meets
    a jump of the derivative makes an error of first order in it, one that meets a jump of its slope an error of second
    order, and there are as many such steps as there are crossings, whatever dt. Tables of rates are lines whose slopes
    jump from cell to cell: that is seen where a step is finer than a cell; above, their error hides it.

    Parameters
    ----------
    model : str or NeuronModel
    method : str
    varying : bool
        Whether the input varies within a step.

    Raises
    ------
    UserError
        If the model or the method is not known.
    """
    model, chosen = get_model(model), METHODS[method]
    own = chosen.order
    if varying and math.isinf(own):
        return Order(2, "it takes the input in the middle of a step")
    if not varying and getattr(chosen, "exact_alone", False) and _is_alone(model):
        return Order(math.inf, "no variable depends on another: each is solved exactly")
    return next((limit for limit in breaks(model) if limit.value < own), Order(own))


def breaks(model: NeuronModel) -> list[Order]:
    """Return what is not smooth in the derivatives: the order that is left of any method's, the lowest first."""
    sides = _sides(model)
    found = set()
    for node in nodes(*sides.values()):
        if not isinstance(node, Op):
            continue
        if node.kind in ("less", "at_most"):
            jumps = _jumps(model, sides, node)
            what = "a derivative" if jumps else "the slope of a derivative"
            found.add((1 if jumps else 2, f"{what} jumps where {text(node)} changes"))
        elif node.kind == "abs":
            found.add((2, f"the slope of a derivative jumps where {text(node.args[0])} changes its sign"))
        elif node.kind == "entry":
            found.add((2, "the slopes of tabulated rates jump from cell to cell"))
    return [Order(value, why) for value, why in sorted(found)]


def _sides(model: NeuronModel) -> dict[str, Expr]:
    return Derivatives(model.system, Program(frozenset())).right_hand_sides


def _is_alone(model: NeuronModel) -> bool:
    """Whether each variable obeys ``dx/dt = a + b x`` with a and b constant."""
    parts = (linear_parts(value, name) for name, value in _sides(model).items())
    return all(part is not None and not names(*part) & set(model.system.state) for part in parts)


def _jumps(model: NeuronModel, sides: Mapping[str, Expr], condition: Op) -> bool:
    """Whether a derivative jumps where the two sides of a condition cross; where that cannot be told, it does."""
    distance = condition.args[1] - condition.args[0]
    variable = next((name for name in model.system.state if name in names(distance)), "")
    line = linear_parts(distance, variable)
    if not variable or line is None:
        return True
    numbers = random.Random(1963)  # noqa: S311 - points, no secrets
    for _ in range(_POINTS):
        at = {name: numbers.uniform(0.5, 2) for name in sorted(names(*sides.values()))}
        try:
            edge = -evaluate(line[0], at, FLOATS) / evaluate(line[1], at, FLOATS)
            beside = _BESIDE * max(1, abs(edge))
            before, after = ([float(evaluate(value, {**at, variable: edge + side}, FLOATS)) for value in sides.values()]
                             for side in (-beside, beside))
        except (ArithmeticError, TypeError, ValueError):
            return True
        if not all(math.isclose(a, b, rel_tol=1e3 * _BESIDE, abs_tol=1e3 * _BESIDE)
                   for a, b in zip(before, after, strict=True)):
            return True
    return False
