"""The theoretical order of a method on a model: the order of the method, unless the equations lower or raise it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from .algebra.draft import Derivatives, Draft
from .algebra.expression import FLOATS, Expr, Op, evaluate, expr, in_forms, names, nodes, rebuild
from .algebra.functions import STEPPED
from .algebra.polynomial import linear_parts
from .algebra.words import words
from .definition.neuron import NeuronModel
from .methods import METHODS
from .reading.by_name import get_model

#: How the two sides of a condition are compared: the number of random points on its edge, the distance from the edge at
#: which the sides are identified, and the distance at which (and at twice which) they are subtracted; both relative.
_POINTS, _BESIDE, _STEP = 8, 1e-9, 2.0**-8
#: A difference below this is a rounding error.
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Order:
    """Order of convergence of the state at a fixed time, without a spike before that time."""

    value: float
    """Infinite if rounding is the only error."""
    why: str = ""
    """Why it differs from the order of the method; empty if it does not."""


def order_on(model: str | NeuronModel, method: str, varying: bool = False) -> Order:
    """Return the order of a fixed-step method on a model.

    A method keeps its order if the right-hand side has enough derivatives. A step across a jump of the right-hand side
    has an error of first order, a step across a jump of its slope an error of second order, and so on. The number of
    such steps is the number of crossings; it does not depend on dt. A tabulated rate consists of straight lines, whose
    slope jumps between cells: this lowers the order only if a step is finer than a cell.
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
        If the model or the method is unknown.
    """
    model, chosen = get_model(model), METHODS[method]
    own, why = chosen.order, ""
    if varying and math.isinf(own):
        return Order(2, "it uses the input at the middle of a step")
    if chosen.order_alone and not _is_coupled(model):
        if not math.isinf(chosen.order_alone):
            own, why = chosen.order_alone, "no variable depends on another"
        elif not varying and _is_linear(model):
            return Order(math.inf, "no variable depends on another: each is solved exactly")
    return next((limit for limit in breaks(model) if limit.value < own), Order(own, why))


def breaks(model: NeuronModel) -> list[Order]:
    """Return what is not smooth in the derivatives, each with the highest order it allows any method; lowest first."""
    sides = _sides(model)
    found = set()
    for node in nodes(*sides.values()):
        if not names(node) - set(model.system.parameters):
            continue
        if isinstance(node, Op) and node.kind in ("less", "at_most"):
            found.add(_limit(_smoothness(model, sides, node), f"where {words(node)} changes"))
        elif isinstance(node, Op) and node.kind == "abs":
            found.add(_limit(1, f"where {words(node.args[0])} changes its sign"))
        elif isinstance(node, Op) and node.kind in STEPPED:
            found.add(_limit(0, f"where {words(node)} does"))
        elif isinstance(node, Op) and node.kind == "entry":
            found.add((2.0, "the slopes of tabulated rates jump from cell to cell"))
    return [Order(value, why) for value, why in sorted(found) if not math.isinf(value)]


def _sides(model: NeuronModel) -> dict[str, Expr]:
    sides = Derivatives(model.system, Draft(frozenset())).right_hand_sides
    return {name: in_forms(value) for name, value in sides.items()}


def _is_coupled(model: NeuronModel) -> bool:
    """Whether a variable depends on another."""
    return any(names(value) & set(model.system.state) - {name} for name, value in _sides(model).items())


def _is_linear(model: NeuronModel) -> bool:
    """Whether every variable enters its own derivative linearly."""
    return all(linear_parts(value, name) is not None for name, value in _sides(model).items())


def _limit(smoothness: float, where: str) -> tuple[float, str]:
    """Return the highest order of a method if derivative `smoothness` of a right-hand side is the first to jump."""
    what = {0: "a right-hand side jumps", 1: "the slope of a right-hand side jumps"}.get(
        int(min(smoothness, 2)), f"derivative {smoothness:g} of a right-hand side jumps"
    )
    return smoothness + 1, f"{what} {where}"


def _smoothness(model: NeuronModel, sides: Mapping[str, Expr], condition: Op) -> float:
    """Return the lowest derivative that jumps where the two sides of a condition cross; 0 if it cannot be determined.

    On each side of the edge the right-hand sides are smooth functions. If they are continued across the edge, their
    difference grows as a power of the distance from it; the exponent is the result.
    """
    distance = condition.args[1] - condition.args[0]
    variable = next((name for name in model.system.state if name in names(distance)), "")
    line = linear_parts(distance, variable)
    if not variable or line is None:
        return 0
    numbers = random.Random(1963)  # noqa: S311 - these are sample points, not secrets
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
                    for side, step in ((left - right, _STEP), (left - right, 2 * _STEP), (left, 2 * _STEP))
                )
                if abs(far) > _ROUNDING * max(1.0, abs(all_of_it)):
                    lowest = min(lowest, max(round(math.log2(abs(far / near))), 0))
        except (ArithmeticError, TypeError, ValueError):
            return 0
    return lowest


def _decided(root: Expr, at: Mapping[str, float]) -> Expr:
    """Return an expression in which each condition has the value that it has at a point."""

    def decided(node: Expr, made: Expr) -> Expr:
        is_condition = isinstance(node, Op) and node.kind in ("less", "at_most")
        return expr(int(evaluate(node, at, FLOATS))) if is_condition else made

    return rebuild(root, change=decided)[0]
