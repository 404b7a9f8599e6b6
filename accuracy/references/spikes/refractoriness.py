"""Refractoriness in reference solutions, if it is not a constant time that only holds variables."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ....models.algebra.expression import FLOATS, evaluate
from ....models.definition.language.names import LAST_SPIKE, NOT_REFRACTORY, TIME
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError
from ....models.methods.kinds.events import asks_always


def with_own_variable(model: NeuronModel) -> tuple[NeuronModel, str]:
    """Return an equal model with a variable, 1 or 0, in place of ``not_refractory`` in the equations, and its name.

    A spike sets it to 0; the solver sets it to 1 when refractoriness ends. The name is empty if there is none. A time
    that changes while the neuron is refractory becomes a condition: the time since the spike is below it.
    """
    until = model.system.refractory
    if asks_always(model) and until is not None and until.condition is None:
        model = model.replace(refractory=f"{TIME} - {LAST_SPIKE} < ({model.refractory})")
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
    """Return how long the neuron is refractory, in ms, from the state after the reset; infinite if a condition ends it.

    Raises
    ------
    UserError
        If the time has no value there.
    """
    until = model.system.refractory
    if until is None:
        return number(model.refractory_ms)
    if until.condition is not None:
        return number(math.inf)
    try:
        return evaluate(until.value, {**parameters, **state}, FLOATS, number)
    except (ArithmeticError, ValueError) as error:
        raise UserError(
            f"its refractory time has no value after a spike: {error.args[-1]}", about=model.label
        ) from None
