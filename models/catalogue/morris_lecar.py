"""Morris and Lecar's model.

Checked against MorrisLecar.m of breakspear/bdtoolkit, which has table 3.1 of Ermentrout and Terman 2010: the presets
Hopf and SNLC. (The paper's own figure 9, in Brian2's example Morris_Lecar_1981, has other numbers.) The currents of the
two bifurcations are published and tested; we chose the drives.
"""

from brian2 import cm, ms, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

_S = msiemens / cm**2

MORRIS_LECAR = NeuronModel(
    name="morris_lecar",
    description="Morris-Lecar 1981, barnacle muscle reduced to two variables",
    source="Morris and Lecar 1981, Biophys. J. 35:193, equation 9; parameters of Rinzel and Ermentrout 1998, in Koch "
    "and Segev, Methods in Neuronal Modeling, chapter 7 (Hopf, and saddle-node on a circle); "
    "Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III",
    equations="""
        dv/dt = (I - gL*(v - VL) - gCa*m_inf*(v - VCa) - gK*n*(v - VK))/C : volt
        dn/dt = rate*(n_inf - n) : 1
        m_inf = 0.5*(1 + tanh((v - V1)/V2)) : 1
        n_inf = 0.5*(1 + tanh((v - V3)/V4)) : 1
        rate = phi*cosh((v - V3)/(2*V4)) : Hz
        gCa : siemens/meter**2
        V3 : volt
        V4 : volt
        phi : Hz
        I : amp/meter**2
    """,
    threshold="v > 0*mV",
    refractory="v > 0*mV",
    parameters={"gCa": 4.4 * _S, "V3": 2 * mV, "V4": 30 * mV, "phi": 0.04 / ms},
    presets={
        "hopf": {"gCa": 4.4 * _S, "V3": 2 * mV, "V4": 30 * mV, "phi": 0.04 / ms, "I": 120 * uA / cm**2},
        "snic": {"gCa": 4 * _S, "V3": 12 * mV, "V4": 17.4 * mV, "phi": 1 / (15 * ms), "I": 60 * uA / cm**2},
    },
    preset="hopf",
    constants={
        "C": 20 * ufarad / cm**2,
        "gK": 8 * _S,
        "gL": 2 * _S,
        "VCa": 120 * mV,
        "VK": -84 * mV,
        "VL": -60 * mV,
        "V1": -1.2 * mV,
        "V2": 18 * mV,
    },
    initial={"v": -60 * mV, "n": "n_inf"},
    drive=120 * uA / cm**2,
    published_costs={
        "izhikevich2004": PublishedCost(
            60,
            0.1 * ms,
            {
                "a comparison to find the spike, not needed by a model without reset": 1,
                "tanh and cosh each counted as an exponential and the operations around it, not as ten": 11,
            },
        )
    },
)
