"""Hodgkin and Huxley's squid axon.

Checked against NEURON's hh and NEST's hh_psc_alpha, spike by spike in the tests. They round the reversal potential of
the leak, -65 + 10.613 mV in the paper, to -54.3 and -54.402 mV. We chose the drive.
"""

from brian2 import cm, ms, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

_CURRENTS = """
    dv/dt = (I - gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK) - gL*(v - EL))/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
    beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
    I : amp/meter**2
"""

# x/(1 - exp(-x)) is written 1/exprel(-x), which is also defined at x = 0 (v = -40 and -55 mV)
HODGKIN_HUXLEY = NeuronModel(
    name="hodgkin_huxley",
    description="Hodgkin-Huxley 1952, squid axon at 6.3 degrees C, modern sign, rest near -65 mV",
    source="Hodgkin and Huxley 1952, J. Physiol. 117:500, equations 7, 8, 12, 13, 15, 16, 20, 21, 23, 24 and 26",
    equations=_CURRENTS
    + """
    alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : Hz
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : Hz
    """,
    published=_CURRENTS
    + """
    alpha_m = 0.1/mV*(v + 40*mV)/(1 - exp(-(v + 40*mV)/(10*mV)))/ms : Hz
    alpha_n = 0.01/mV*(v + 55*mV)/(1 - exp(-(v + 55*mV)/(10*mV)))/ms : Hz
    """,
    threshold="v > 0*mV",
    refractory="v > 0*mV",
    constants={
        "C": 1 * ufarad / cm**2,
        "gNa": 120 * msiemens / cm**2,
        "gK": 36 * msiemens / cm**2,
        "gL": 0.3 * msiemens / cm**2,
        "ENa": 50 * mV,
        "EK": -77 * mV,
        "EL": -54.387 * mV,
    },
    initial={
        "v": -65 * mV,
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    drive=10 * uA / cm**2,
    published_costs={
        "izhikevich2004": PublishedCost(
            120,
            0.1 * ms,
            {
                "a comparison to find the spike, not needed by a model without reset": 1,
                "we found no derivation of the published number": 3,
            },
        )
    },
)
