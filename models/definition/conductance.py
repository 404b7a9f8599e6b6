"""A synaptic conductance instead of a current as the input."""

from __future__ import annotations

import re
from typing import Any

from brian2.units.fundamentalunits import get_or_create_dimension

from ..ground.errors import UserError
from ..language import units
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
    if not model.input:
        raise UserError(f"{model.label} has no input that a conductance could replace; name one as its input")
    system = model.system
    voltage = system.threshold.variable
    expected = system.dimensions[voltage]
    if units.dimension_of(reversal) is not expected:
        raise UserError(
            f"the reversal potential {reversal} has the wrong unit: {voltage} of {model.label} is in "
            f"{units.unit_name(expected)}"
        )
    taken = {*system.dimensions, *model.constants} & {CONDUCTANCE, REVERSAL}
    if taken:
        raise UserError(f"{model.label} already has {', '.join(sorted(taken))}; give its conductance as the input")
    source = model.input_dimension
    dimension = get_or_create_dimension([a - b for a, b in zip(source._dims, expected._dims, strict=True)])
    lines = (
        f"{model.input} = {CONDUCTANCE}*({REVERSAL} - {voltage}) : {units.dimension_text(source)}\n"
        f"{CONDUCTANCE} : {units.dimension_text(dimension)}"
    )

    def rewritten(equations: str) -> str:
        return re.sub(rf"^[ \t]*{model.input}[ \t]*:.*$", lines, equations, flags=re.MULTILINE)

    return model.replace(
        name=f"{model.name}_conductance",
        equations=rewritten(model.equations),
        published=rewritten(model.published),
        constants={**model.constants, REVERSAL: reversal},
        input=CONDUCTANCE,
        drive=None,
    )
