"""The order that theory gives a method on a model: its own, unless the equations say otherwise."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .catalogue import get_model
from .expression import FLOATS, Const, Expr, Op, evaluate, names, nodes, text
from .methods import METHODS
from .neuron import NeuronModel
from .polynomial import linear_parts
from .program import Derivatives, Program

#: At so many random points of its edge, so far beside them (relative) and half as far, what a condition adds to the
#: derivatives is compared: it grows with the power of the distance up to which they are smooth.
_POINTS, _BESIDE = 8, 1e-3
#: Where a condition adds less than this, it adds nothing.
_NOTHING = 1e-13


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
    order, of its curvature of third, and there are as many such steps as there are crossings, whatever dt. Tables of
    rates are lines whose slopes jump from cell to cell: that is seen where a step is finer than a cell; above, their
    error hides it.

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
            smooth = _smoothness(model, sides, node)
            what = {0: "a derivative", 1: "the slope of a derivative", 2: "the curvature of a derivative"}
            jumps = what.get(smooth, f"derivative {smooth} of a derivative")
            found.add((smooth + 1, f"{jumps} jumps where {text(node)} changes"))
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


def _smoothness(model: NeuronModel, sides: Mapping[str, Expr], condition: Op) -> int:
    """Return how often the derivatives can be derived where a condition changes; 0 where that cannot be told."""
    distance = condition.args[1] - condition.args[0]
    variable = next((name for name in model.system.state if name in names(distance)), "")
    line = linear_parts(distance, variable)
    if not variable or line is None:
        return 0
    numbers = random.Random(1963)  # noqa: S311 - points, no secrets
    found = []
    for _ in range(_POINTS):
        at = {name: numbers.uniform(0.5, 2) for name in sorted(names(*sides.values()))}
        try:
            edge = -evaluate(line[0], at, FLOATS) / evaluate(line[1], at, FLOATS)
            beside = _BESIDE * max(1, abs(edge))
            # what holds before the edge and what holds after it, each gone on with beyond it
            before, after = (_gone_on(sides, {**at, variable: edge + side}) for side in (-beside, beside))
            far, near = ([abs(evaluate(a - b, {**at, variable: edge + side}, FLOATS))
                          for a, b in zip(after, before, strict=True)] for side in (beside, beside / 2))
            found += [round(math.log2(a / b)) for a, b in zip(far, near, strict=True) if b > _NOTHING]
        except (ArithmeticError, TypeError, ValueError):
            return 0
    return min(found, default=0)


def _gone_on(sides: Mapping[str, Expr], at: Mapping[str, float]) -> list[Expr]:
    """Return right-hand sides whose conditions stay as they are at a point."""
    done: dict[int, Expr] = {}
    for node in nodes(*sides.values()):
        if isinstance(node, Op):
            kept = Op(node.kind, tuple(done[id(arg)] for arg in node.args))
            holds = node.kind in ("less", "at_most")
            done[id(node)] = Const(Fraction(int(evaluate(kept, at, FLOATS)))) if holds else kept
        else:
            done[id(node)] = node
    return [done[id(value)] for value in sides.values()]
