"""Wang and Buzsaki's fast-spiking hippocampal interneuron.

Checked against Brian2's example Wang_Buszaki_1996: every number. The tests compare the rate with the one that
tests/nest_tests/test_wb_cond_exp_neuron.py of nest/nestml expects for the same numbers: 50 Hz within 5, under 75 pA at
100 pF; here 47 spikes in 1000 ms. Not checked against the paper's figures. We chose the drive.
"""

from brian2 import cm, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel

_CURRENTS = """
    dv/dt = (-gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK) - gL*(v - EL) + I)/C : volt
    dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1
    dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1
    m = alpha_m/(alpha_m + beta_m) : 1
    beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : Hz
    alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : Hz
    beta_h = 1/(exp(-0.1/mV*(v + 28*mV)) + 1)/ms : Hz
    beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : Hz
    I : amp/meter**2
"""

WANG_BUZSAKI = NeuronModel(
    name="wang_buzsaki",
    description="Wang-Buzsaki 1996, fast-spiking interneuron, instantaneous sodium activation",
    source="Wang and Buzsaki 1996, J. Neurosci. 16:6402, the model of a single neuron",
    equations=_CURRENTS
    + """
    alpha_m = 1/exprel(-0.1/mV*(v + 35*mV))/ms : Hz
    alpha_n = 0.1/exprel(-0.1/mV*(v + 34*mV))/ms : Hz
    """,
    published=_CURRENTS
    + """
    alpha_m = -0.1/mV*(v + 35*mV)/(exp(-0.1/mV*(v + 35*mV)) - 1)/ms : Hz
    alpha_n = -0.01/mV*(v + 34*mV)/(exp(-0.1/mV*(v + 34*mV)) - 1)/ms : Hz
    """,
    threshold="v > 0*mV",
    refractory="v > 0*mV",
    constants={
        "C": 1 * ufarad / cm**2,
        "gNa": 35 * msiemens / cm**2,
        "gK": 9 * msiemens / cm**2,
        "gL": 0.1 * msiemens / cm**2,
        "ENa": 55 * mV,
        "EK": -90 * mV,
        "EL": -65 * mV,
        "phi": 5,
    },
    initial={"v": -65 * mV, "h": "alpha_h/(alpha_h + beta_h)", "n": "alpha_n/(alpha_n + beta_n)"},
    drive=1 * uA / cm**2,
)
