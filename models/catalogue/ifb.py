"""Integrate-and-fire-or-burst.

Checked against tcifb.mod of ModelDB 37819: gT, VT, Vh, threshold, reset, and the times 100 and 20 ms, which are
exchanged there. Other public programs have the times as here (recovery below Vh is slower), and the same C, gL and VL.
Not checked against the paper. We chose the drive; no published count was found.
"""

from brian2 import cm, ms, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# above V_h the calcium current flows and inactivates, below V_h it recovers: `up` is the paper's Heaviside function
IFB = NeuronModel(
    name="ifb",
    description="Integrate-and-fire-or-burst, a thalamic relay neuron with a low-threshold calcium current",
    source="Smith, Cox, Sherman and Rinzel 2000, J. Neurophysiol. 83:588, equations 1 to 4 and table 1; "
    "Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III",
    equations="""
        dv/dt = (I - gL*(v - VL) - gT*up*h*(v - VT))/C : volt (unless refractory)
        dh/dt = (1 - up)*(1 - h)/tau_plus - up*h/tau_minus : 1
        up = int(v >= Vh) : 1
        I : amp/meter**2
    """,
    threshold="v >= -35*mV",
    reset="v = -50*mV",
    constants={
        "C": 2 * ufarad / cm**2,
        "gL": 0.035 * msiemens / cm**2,
        "gT": 0.07 * msiemens / cm**2,
        "VL": -65 * mV,
        "VT": 120 * mV,
        "Vh": -60 * mV,
        "tau_plus": 100 * ms,
        "tau_minus": 20 * ms,
    },
    initial={"v": -65 * mV, "h": 1},
    drive=2 * uA / cm**2,
    published_costs={
        "izhikevich2004": PublishedCost(
            13,
            1 * ms,
            {
                "both branches of h' and the choice between them, where only one is taken at a time": 6,
                "the division by C, which is part of the parameters in the form I + a - b v": 1,
            },
        )
    },
)
