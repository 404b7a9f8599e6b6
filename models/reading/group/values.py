"""The value that a variable of a Brian2 group has now, for one of its neurons."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
from brian2.equations.equations import PARAMETER
from brian2.units.fundamentalunits import Quantity

from ...ground.errors import UserError
from .texts import Texts, assigned


def value_at(texts: Texts, group: brian2.NeuronGroup, variable: str, index: int) -> Any:
    """Return the value of a name in the texts of a neuron; it may come from another group (`linked`)."""
    place = texts.places.get(variable)
    return value_of(group, variable, index) if place is None else value_of(place.group, place.variable, place.index)


def value_of(group: brian2.NeuronGroup, variable: str, index: int) -> Any:
    """Return the value of a variable for one neuron.

    A linked variable has the value of the neuron to which it is linked.

    Raises
    ------
    UserError
        If the value is not known before the group runs, or belongs to another group that may change it.
    """
    if variable not in group.variables:
        raise UserError(f"{group.name}: '{variable}' is (linked), but to nothing yet; write a number in its place")
    if "linked" in group.user_equations[variable].flags:
        _refuse_changing(group, variable)
    array, place = group.variables[variable], group.variables.indices[variable]
    try:
        numbers = np.atleast_1d(array.get_value())
        if len(numbers) == 1 or place == "0":
            number = numbers[0]
        else:
            number = numbers[index if place == "_idx" else group.variables[place].get_value()[index]]
    except NotImplementedError:
        raise UserError(
            f"{group.name}: the value of '{variable}' is not known before the group runs, because standalone mode "
            "computes it only then; set it to a number, or convert the group without set_device"
        ) from None
    return Quantity.with_dimensions(float(number), array.dim)


def is_refractory(group: brian2.NeuronGroup, index: int) -> bool:
    """Whether a neuron is refractory now."""
    if "not_refractory" not in group.variables:
        return False
    try:
        return not group.variables["not_refractory"].get_value()[index]
    except NotImplementedError:  # standalone mode, before it runs
        return False


def _refuse_changing(group: brian2.NeuronGroup, variable: str) -> None:
    """Refuse a linked variable that may change."""
    array = group.variables[variable]
    owner = array.owner
    equations = getattr(owner, "user_equations", getattr(owner, "equations", None)) or {}
    equation = equations.get(array.name) if hasattr(equations, "get") else None
    codes = [str(code) for code in getattr(owner, "event_codes", {}).values()]
    codes += [
        str(getattr(each, "abstract_code", ""))
        for each in getattr(owner, "contained_objects", ())
        if "run_regularly" in each.name
    ]
    changed = any(array.name in assigned(code.replace("\n", ";")) for code in codes)
    if equation is None or equation.type != PARAMETER or changed:
        raise UserError(
            f"{group.name}: '{variable}' is (linked) to '{array.name}' of {getattr(owner, 'name', 'another group')}, "
            "which changes; one neuron alone needs a number in its place"
        )
