"""The neurons of three standard networks (Brette et al. 2007, J. Comput. Neurosci. 23:349, benchmarks 1 to 3).

Each has 800 excitatory and 200 inhibitory inputs. The parameters are those of the paper; the input current is 0 there.
"""

from __future__ import annotations

from brian2 import Hz, cm, mS, ms, mV, nS, pF, uF, umetre

import spikecost as sc
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel

TAUE, TAUI = 5 * ms, 10 * ms
AREA = 20000 * umetre**2

CUBA = NeuronModel(
    name="cuba",
    equations="""
    dv/dt = (ge + gi - (v - El) + I)/taum : volt (unless refractory)
    dge/dt = -ge/taue : volt
    dgi/dt = -gi/taui : volt
    I : volt
    we : volt
    wi : volt
    """,
    threshold="v > -50*mV",
    reset="v = -60*mV",
    refractory=5 * ms,
    arrivals={"exc": "ge += we", "inh": "gi += wi"},
    parameters={"we": 1.62 * mV, "wi": -9 * mV},
    constants={"El": -49 * mV, "taum": 20 * ms, "taue": TAUE, "taui": TAUI},
    initial={"v": -60 * mV, "ge": 0 * mV, "gi": 0 * mV},
)
COBA = NeuronModel(
    name="coba",
    equations="""
    dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) + I)/Cm : volt (unless refractory)
    dge/dt = -ge/taue : siemens
    dgi/dt = -gi/taui : siemens
    I : amp
    """,
    threshold="v > -50*mV",
    reset="v = -60*mV",
    refractory=5 * ms,
    arrivals={"exc": "ge += 6*nS", "inh": "gi += 67*nS"},
    constants={"Cm": 200 * pF, "gl": 10 * nS, "El": -60 * mV, "Ee": 0 * mV, "Ei": -80 * mV, "taue": TAUE, "taui": TAUI},
    initial={"v": -60 * mV, "ge": 0 * nS, "gi": 0 * nS},
)
COBAHH = NeuronModel(
    name="cobahh",
    equations="""
    dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) + I - gna*m**3*h*(v - ENa) - gkd*n**4*(v - EK))/Cm : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dge/dt = -ge/taue : siemens
    dgi/dt = -gi/taui : siemens
    u = (v - VT)/mV : 1
    alpha_m = 1.28/exprel((13 - u)/4)/ms : Hz
    beta_m = 1.4/exprel((u - 40)/5)/ms : Hz
    alpha_h = 0.128*exp((17 - u)/18)/ms : Hz
    beta_h = 4/(1 + exp((40 - u)/5))/ms : Hz
    alpha_n = 0.16/exprel((15 - u)/5)/ms : Hz
    beta_n = 0.5*exp((10 - u)/40)/ms : Hz
    I : amp
    """,
    threshold="v > -20*mV",
    refractory=3 * ms,
    arrivals={"exc": "ge += 6*nS", "inh": "gi += 67*nS"},
    constants={
        "Cm": 1 * uF / cm**2 * AREA,
        "gl": 0.05 * mS / cm**2 * AREA,
        "gna": 100 * mS / cm**2 * AREA,
        "gkd": 30 * mS / cm**2 * AREA,
        "El": -60 * mV,
        "ENa": 50 * mV,
        "EK": -90 * mV,
        "VT": -63 * mV,
        "Ee": 0 * mV,
        "Ei": -80 * mV,
        "taue": TAUE,
        "taui": TAUI,
    },
    initial={"v": -60 * mV, "m": 0, "n": 0, "h": 1, "ge": 0 * nS, "gi": 0 * nS},
)
#: Each neuron with its method in Brian2, and the rates of its excitatory and inhibitory inputs at which it fires.
NEURONS = {
    "cuba": (CUBA, "exact", 3 * Hz, 1 * Hz),
    "coba": (COBA, "exponential_euler", 8 * Hz, 1 * Hz),
    "cobahh": (COBAHH, "exponential_euler", 8 * Hz, 1 * Hz),
}


def quiet(model: NeuronModel, duration) -> sc.Stimulus:  # type: ignore[no-untyped-def]
    """Return no current."""
    return sc.constant(units.quantity(0.0, model.system.dimensions[model.input]), duration)
