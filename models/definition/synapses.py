"""A model with synaptic conductances that spikes open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ground.errors import UserError, check_kind, quoted
from .conductance import check_new, check_reversal, conductance_dimension, voltage_of, with_input_as
from .language import units
from .language.names import check_name
from .neuron import NeuronModel

#: The name of the input current in the equations, in addition to that through the synapses.
CURRENT = "I_0"


def with_synapses(model: NeuronModel, **synapses: tuple[Any, Any]) -> NeuronModel:
    """Return the model with exponential conductances, each opened by spikes that arrive at an input of its name.

    A synapse ``exc`` adds ``g_exc*(E_exc - v)`` to the model's input, where v is the variable that the threshold tests;
    each arrival adds the parameter ``w_exc`` to ``g_exc``, which decays with ``tau_exc``. The model's own input is
    ``I_0`` and may stay 0.

    Parameters
    ----------
    model : NeuronModel
    **synapses : (Quantity, Quantity)
        For each input of spikes, its reversal potential (in the unit of v) and its time constant.

    Raises
    ------
    UserError
        If the unit of a reversal potential is not that of v, a time constant is not a positive time, or the model
        already has one of these names.
    """
    check_kind(model, NeuronModel, "model", "a model, such as sc.get_model('lif')")
    for name, given in synapses.items():
        if not isinstance(given, list | tuple) or len(given) != 2:
            raise UserError(f"{name} = {quoted(given)}: give a reversal potential and a time: (0*mV, 5*ms)")
    if not model.input:
        raise UserError("it has no input to which synapses could add; give input=", about=model.label)
    voltage, dimension = voltage_of(model), conductance_dimension(model)
    of_current, of_conductance = (units.dimension_text(each) for each in (model.input_dimension, dimension))
    constants: dict[str, Any] = {}
    new = [CURRENT]
    lines = [f"{CURRENT} : {of_current}"]
    for name, (reversal, tau) in synapses.items():
        check_name(f"g_{name}", f"{model.label}: the synapse")
        check_reversal(model, reversal)
        units.in_ms(tau, f"tau of {name}")
        constants |= {f"E_{name}": reversal, f"tau_{name}": tau}
        new += [f"g_{name}", f"w_{name}", f"E_{name}", f"tau_{name}"]
        lines += [f"dg_{name}/dt = -g_{name}/tau_{name} : {of_conductance}", f"w_{name} : {of_conductance}"]
    check_new(model, new, "name the synapses in another way")
    currents = "".join(f" + g_{name}*(E_{name} - {voltage})" for name in synapses)
    return with_input_as(
        model,
        [f"{model.input} = {CURRENT}{currents} : {of_current}", *lines],
        name=f"{model.name}_synapses",
        constants={**model.constants, **constants},
        parameters={**model.parameters, **_zero([f"w_{name}" for name in synapses], dimension)},
        initial={**model.initial, **_zero([f"g_{name}" for name in synapses], dimension)},
        arrivals={**model.arrivals, **{name: f"g_{name} += w_{name}" for name in synapses}},
        input=CURRENT,
        drive=None,
        presets={},
        preset="",
        published_costs={},
    )


def _zero(names: list[str], dimension: Any) -> Mapping[str, Any]:
    return {name: units.quantity(0.0, dimension) for name in names}
