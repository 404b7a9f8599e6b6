"""Leaky integrate-and-fire.

The form is that of the paper of 2004. We chose EL, tau, threshold, reset and drive, so they were not checked against a
source. The model is tested against its closed form, not against a published count.
"""

from brian2 import Hz, ms, mV

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# v' = I + a - b v with a = EL/tau, b = 1/tau; EL = -65 mV, tau = 10 ms
LIF = NeuronModel(
    name="lif",
    description="Leaky integrate-and-fire, v' = I + a - b v",
    source="Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III",
    equations="""
        dv/dt = I + a - b*v : volt (unless refractory)
        a : volt/second
        b : 1/second
        c : volt
        I : volt/second
    """,
    threshold="v >= -50*mV",
    reset="v = c",
    parameters={"a": -6.5 * mV / ms, "b": 100 * Hz, "c": -65 * mV},
    initial={"v": -65 * mV},
    drive=2 * mV / ms,
    published_costs={"izhikevich2004": PublishedCost(5, 1 * ms)},
)
