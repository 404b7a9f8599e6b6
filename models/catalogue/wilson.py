"""Wilson's polynomial model of neocortical neurons.

Checked against neural/wilsoneuler.m of HussainAther/neuroscience (the equations; bursting at I = 1 as here) and a
public notebook that redraws the paper's figures (gT, gH, tau_R of RS and FS). No published count was found.
"""

from brian2 import ms

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# v is in units of 100 mV, as in the paper: rest is near -0.75
WILSON = NeuronModel(
    name="wilson",
    description="Wilson 1999, human and mammalian neocortical neurons, v in units of 100 mV",
    source="Wilson 1999, J. Theor. Biol. 200:375, and Spikes, Decisions and Actions, 1999, chapters 9 and 10: regular "
    "spiking, fast spiking and bursting; Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III",
    equations="""
        dv/dt = (I - m_inf*(v - 0.5) - 26*R*(v + 0.95) - gT*T*(v - 1.2) - gH*H*(v + 0.95))/ms : 1
        dR/dt = (R_inf - R)/tau_R : 1
        dT/dt = (T_inf - T)/(14*ms) : 1
        dH/dt = (3*T - H)/(45*ms) : 1
        m_inf = 17.8 + 47.6*v + 33.8*v**2 : 1
        R_inf = 1.24 + 3.7*v + 3.2*v**2 : 1
        T_inf = 4.205 + 11.6*v + 8*v**2 : 1
        gT : 1
        gH : 1
        tau_R : second
        I : 1
    """,
    threshold="v > 0",
    refractory="v > 0",
    parameters={"gT": 0.1, "gH": 5, "tau_R": 4.2 * ms},
    presets={
        "RS": {"gT": 0.1, "gH": 5, "tau_R": 4.2 * ms},
        "FS": {"gT": 0.25, "gH": 0, "tau_R": 1.5 * ms},
        "bursting": {"gT": 2.25, "gH": 9.5, "tau_R": 4.2 * ms},
    },
    preset="RS",
    initial={"v": -0.75, "R": "R_inf", "T": "T_inf", "H": "3*T"},
    drive=1,
    published_costs={
        "izhikevich2004": PublishedCost(
            45, 0.25 * ms, {"a comparison to find the spike, not needed by a model without reset": 1}
        )
    },
)
