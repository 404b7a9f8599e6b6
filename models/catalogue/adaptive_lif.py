"""Integrate-and-fire with adaptation.

Not checked against the book: r_m Delta g = 0.06, tau_sra = 100 ms and E_K = -70 mV come from public programs based on
Dayan and Abbott; no source was found for tau_m = 30 ms. We chose the drive; no published count was found.
"""

from brian2 import Hz, ms, mV

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# Dayan and Abbott's membrane time constant 30 ms, rest and reset -65 mV, threshold -50 mV, E_K = -70 mV, and
# r_m Delta g = 0.06: a = -65 mV/30 ms, b = 1/30 ms. The paper's e is named `jump`, 0.06/30 ms: in Brian2 e is a number
ADAPTIVE_LIF = NeuronModel(
    name="adaptive_lif",
    description="Integrate-and-fire with adaptation: each spike increases a potassium conductance g",
    source="Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III; parameters of Dayan and Abbott 2001, "
    "Theoretical Neuroscience, figure 5.6",
    equations="""
        dv/dt = I + a - b*v + g*(d - v) : volt (unless refractory)
        dg/dt = -g/tau : Hz
        a : volt/second
        b : 1/second
        c : volt
        d : volt
        jump : Hz
        tau : second
        I : volt/second
    """,
    threshold="v >= -50*mV",
    reset="v = c; g += jump",
    parameters={
        "a": -65 * mV / (30 * ms),
        "b": 1 / (30 * ms),
        "c": -65 * mV,
        "d": -70 * mV,
        "jump": 2 * Hz,
        "tau": 100 * ms,
    },
    initial={"v": -65 * mV, "g": 0 * Hz},
    drive=2 * mV / ms,
    published_costs={"izhikevich2004": PublishedCost(10, 1 * ms)},
)
