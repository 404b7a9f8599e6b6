"""Refractoriness in reference solutions, if it is not a constant time that only holds variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ....models.algebra.expression import FLOATS, evaluate
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError
from ....models.language.names import NOT_REFRACTORY
from ....models.methods.kinds.events import why_not_located_end


def with_own_variable(model: NeuronModel) -> tuple[NeuronModel, str]:
    """Return an equal model in which a variable, 1 or 0, takes the place of ``not_refractory`` in the equations.

    A spike sets it to 0; the solver sets it to 1 when refractoriness ends. The name is empty if there is none.

    Raises
    ------
    UserError
        If the end of refractoriness is not known at the spike.
    """
    if why := why_not_located_end(model):
        raise UserError(f"{model.label} has no reference solution: {why}; run and count it on the grid")
    if model.system.waiting is None:
        return model, ""
    name = "is_free"
    while re.search(rf"\b{name}\b", "\n".join((model.equations, model.reset, *model.constants))):
        name += "_"
    equations = re.sub(rf"\b{NOT_REFRACTORY}\b", f"({name} > 0.5)", model.equations)
    return model.replace(
        equations=f"{equations}\nd{name}/dt = 0/second : 1 (unless refractory)",
        published="",
        reset="; ".join(filter(None, (model.reset, f"{name} = 0"))),
        initial={**model.initial, name: 1},
        presets={},
    ), name


def lasting(
    model: NeuronModel, state: Mapping[str, Any], parameters: Mapping[str, Any], number: Callable[[Any], Any]
) -> Any:
    """Return how long the neuron is refractory, in ms, from the state after the reset.

    Raises
    ------
    UserError
        If the time has no value there.
    """
    until = model.system.refractory
    if until is None:
        return number(model.refractory_ms)
    try:
        return evaluate(until.value, {**parameters, **state}, FLOATS, number)
    except (ArithmeticError, ValueError) as error:
        raise UserError(f"{model.label}: its refractory time has no value after a spike: {error.args[-1]}") from None
