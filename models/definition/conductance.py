"""A synaptic conductance instead of a current as the input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from brian2.units.fundamentalunits import Dimension, get_or_create_dimension

from ..ground.errors import UserError, check_kind, quoted
from .language import units
from .neuron import NeuronModel

#: Names of the conductance and its reversal potential in the equations.
CONDUCTANCE, REVERSAL = "g_syn", "E_syn"


def with_conductance(model: NeuronModel, reversal: Any) -> NeuronModel:
    """Return the model with a conductance as input: the old input becomes ``g_syn*(E_syn - v)``.

    v is the variable that the threshold tests. The dimension of the new input ``g_syn`` is the dimension of the old
    input divided by the dimension of v.

    Parameters
    ----------
    model : NeuronModel
    reversal : Quantity or float
        In the unit of v.

    Raises
    ------
    UserError
        If the model has no input, the unit of `reversal` is not the unit of v, or the model already has these names.
    """
    check_kind(model, NeuronModel, "model", "a model, such as sc.get_model('lif')")
    if not model.input:
        raise UserError("it has no input that a conductance could replace; name one as its input", about=model.label)
    check_reversal(model, reversal)
    check_new(model, [CONDUCTANCE, REVERSAL], "give its conductance as the input")
    voltage = voltage_of(model)
    lines = [
        f"{model.input} = {CONDUCTANCE}*({REVERSAL} - {voltage}) : {units.dimension_text(model.input_dimension)}",
        f"{CONDUCTANCE} : {units.dimension_text(conductance_dimension(model))}",
    ]
    return with_input_as(
        model,
        lines,
        name=f"{model.name}_conductance",
        constants={**model.constants, REVERSAL: reversal},
        input=CONDUCTANCE,
        drive=None,
    )


def voltage_of(model: NeuronModel) -> str:
    """Return the variable that the threshold tests."""
    return model.system.threshold.variable


def conductance_dimension(model: NeuronModel) -> Dimension:
    """Return the dimension of a conductance: that of the input divided by that of the voltage."""
    of_voltage = model.system.dimensions[voltage_of(model)]
    return get_or_create_dimension([a - b for a, b in zip(model.input_dimension._dims, of_voltage._dims, strict=True)])


def check_reversal(model: NeuronModel, reversal: Any) -> None:
    """Refuse a reversal potential in another unit than the voltage.

    Raises
    ------
    UserError
        If the units differ.
    """
    voltage = voltage_of(model)
    expected = model.system.dimensions[voltage]
    if units.dimension_of(reversal) is not expected:
        raise UserError(
            f"the reversal potential {quoted(reversal)} has the wrong unit: {voltage} of {model.label} is in "
            f"{units.unit_name(expected)}"
        )


def check_new(model: NeuronModel, names: Iterable[str], advice: str) -> None:
    """Refuse names that the model already has.

    Raises
    ------
    UserError
        If one is taken; the message ends with `advice`.
    """
    taken = {*model.system.dimensions, *model.constants} & set(names)
    if taken:
        raise UserError(f"it already has {', '.join(sorted(taken))}; {advice}", about=model.label)


def with_input_as(model: NeuronModel, lines: Iterable[str], **changes: Any) -> NeuronModel:
    """Return the model with `changes`, and with `lines` in its equations in place of the line of its input."""
    new = "\n".join(lines)

    def rewritten(equations: str) -> str:
        return re.sub(rf"^[ \t]*{model.input}[ \t]*:.*$", new, equations, flags=re.MULTILINE)

    return model.replace(equations=rewritten(model.equations), published=rewritten(model.published), **changes)
