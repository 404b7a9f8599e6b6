"""The order that theory gives a method on a model: its own, unless the equations say otherwise."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from .algebra.draft import Derivatives, Draft
from .algebra.expression import FLOATS, Expr, Op, evaluate, expr, names, nodes, rebuild, text
from .algebra.polynomial import linear_parts
from .catalogue import get_model
from .definition.neuron import NeuronModel
from .methods import METHODS

#: The sides of a condition are compared at so many random points of its edge; which side is which is seen so far from
#: it, and their difference at such a step and at twice that. Distances are relative.
_POINTS, _BESIDE, _STEP = 8, 1e-9, 2.0**-8
#: A difference below this is rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Order:
    """Order of convergence of the state at a fixed time, without a spike on the way."""

    value: float
    """Infinite if there is no error but rounding."""
    why: str = ""
    """Why it is not the method's own; empty if it is."""


def order_on(model: str | NeuronModel, method: str, varying: bool = False) -> Order:
    """Return the order of a method of fixed step on a model.

    A method has its own order where the right-hand side has as many derivatives. A step that meets a jump of the
    right-hand side makes an error of first order, one that meets a jump of its slope an error of second order, and so
    on; there are as many such steps as there are crossings, whatever dt. Tables of rates are lines whose slopes jump
    from cell to cell: that is seen where a step is finer than a cell; in coarser steps it is not.
    Hairer, Norsett and Wanner 1993, Solving Ordinary Differential Equations I, section II.6 (discontinuities).

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
    if not varying and chosen.exact_alone and _is_alone(model):
        return Order(math.inf, "no variable depends on another: each is solved exactly")
    return next((limit for limit in breaks(model) if limit.value < own), Order(own))


def breaks(model: NeuronModel) -> list[Order]:
    """Return what is not smooth in the derivatives: the order that is left of any method's, the lowest first."""
    sides = _sides(model)
    found = set()
    for node in nodes(*sides.values()):
        if isinstance(node, Op) and node.kind in ("less", "at_most"):
            found.add(_limit(_smoothness(model, sides, node), f"where {text(node)} changes"))
        elif isinstance(node, Op) and node.kind == "abs":
            found.add(_limit(1, f"where {text(node.args[0])} changes its sign"))
        elif isinstance(node, Op) and node.kind == "entry":
            found.add((2.0, "the slopes of tabulated rates jump from cell to cell"))
    return [Order(value, why) for value, why in sorted(found) if not math.isinf(value)]


def _sides(model: NeuronModel) -> dict[str, Expr]:
    return Derivatives(model.system, Draft(frozenset())).right_hand_sides


def _is_alone(model: NeuronModel) -> bool:
    """Whether each variable obeys ``dx/dt = a + b x`` with a and b constant."""
    parts = (linear_parts(value, name) for name, value in _sides(model).items())
    return all(part is not None and not names(*part) & set(model.system.state) for part in parts)


def _limit(smoothness: float, where: str) -> tuple[float, str]:
    """Return the order that is left where so many derivatives of a right-hand side do not jump."""
    what = {0: "a right-hand side jumps", 1: "the slope of a right-hand side jumps"}.get(
        int(min(smoothness, 2)), f"derivative {smoothness:g} of a right-hand side jumps")
    return smoothness + 1, f"{what} {where}"


def _smoothness(model: NeuronModel, sides: Mapping[str, Expr], condition: Op) -> float:
    """Return the lowest derivative that jumps where the two sides of a condition cross; 0 where that cannot be told.

    On each side of the edge the right-hand sides are smooth functions; continued beyond it, their difference goes with
    the power of the distance that is sought.
    """
    distance = condition.args[1] - condition.args[0]
    variable = next((name for name in model.system.state if name in names(distance)), "")
    line = linear_parts(distance, variable)
    if not variable or line is None:
        return 0
    numbers = random.Random(1963)  # noqa: S311 - points, no secrets
    lowest = math.inf
    for _ in range(_POINTS):
        at = {name: numbers.uniform(0.5, 2) for name in sorted(names(*sides.values()))}
        try:
            edge = -evaluate(line[0], at, FLOATS) / evaluate(line[1], at, FLOATS)
            size = max(1.0, abs(edge))
            for value in sides.values():
                left, right = (_decided(value, {**at, variable: edge + side * _BESIDE * size}) for side in (-1, 1))
                near, far, all_of_it = (
                    evaluate(side, {**at, variable: edge + step * size}, FLOATS)
                    for side, step in ((left - right, _STEP), (left - right, 2 * _STEP), (left, 2 * _STEP)))
                if abs(far) > _ROUNDING * max(1.0, abs(all_of_it)):
                    lowest = min(lowest, max(round(math.log2(abs(far / near))), 0))
        except (ArithmeticError, TypeError, ValueError):
            return 0
    return lowest


def _decided(root: Expr, at: Mapping[str, float]) -> Expr:
    """Return an expression with its conditions as they are at a point."""
    def decided(node: Expr, made: Expr) -> Expr:
        is_condition = isinstance(node, Op) and node.kind in ("less", "at_most")
        return expr(int(evaluate(node, at, FLOATS))) if is_condition else made

    return rebuild(root, change=decided)[0]
