"""Traub and Miles's hippocampal pyramidal cell, in the form in which simulators are compared (COBA-HH).

Checked against ModelDB 83319 (Brian/COBAHH.py, NEURON/cobahh/hhcell.hoc, NEST/hh_coba.sli) and NEST's
hh_cond_exp_traub. The preset neuron is the cell of ModelDB 117361; the tests find its stored voltages to 1e-9 mV. We
chose the drive.
"""

from brian2 import cm, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel

_CURRENTS = """
    dv/dt = (I - gL*(v - EL) - gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK))/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    x = v - VT : volt
    alpha_h = 0.128*exp((17*mV - x)/(18*mV))/ms : Hz
    beta_h = 4/(1 + exp((40*mV - x)/(5*mV)))/ms : Hz
    beta_n = 0.5*exp((10*mV - x)/(40*mV))/ms : Hz
    EL : volt
    I : amp/meter**2
"""

TRAUB_MILES = NeuronModel(
    name="traub_miles",
    description="Traub-Miles 1991 as in the benchmark COBA-HH, without synapses",
    # EL: -60 mV in Brian2 and NEST's hh_cond_exp_traub; -65 mV in the benchmark's NEURON and NEST files
    source="Brette et al. 2007, J. Comput. Neurosci. 23:349, appendix 1, benchmark 3; after Traub and Miles 1991, "
    "Neuronal Networks of the Hippocampus; preset neuron: resting potential of that benchmark's NEURON files",
    equations=_CURRENTS
    + """
    alpha_m = 1.28/exprel((13*mV - x)/(4*mV))/ms : Hz
    beta_m = 1.4/exprel((x - 40*mV)/(5*mV))/ms : Hz
    alpha_n = 0.16/exprel((15*mV - x)/(5*mV))/ms : Hz
    """,
    published=_CURRENTS
    + """
    alpha_m = 0.32/mV*(13*mV - x)/(exp((13*mV - x)/(4*mV)) - 1)/ms : Hz
    beta_m = 0.28/mV*(x - 40*mV)/(exp((x - 40*mV)/(5*mV)) - 1)/ms : Hz
    alpha_n = 0.032/mV*(15*mV - x)/(exp((15*mV - x)/(5*mV)) - 1)/ms : Hz
    """,
    threshold="v > -20*mV",
    refractory="v > -20*mV",
    parameters={"EL": -60 * mV},
    presets={"paper": {"EL": -60 * mV}, "neuron": {"EL": -65 * mV}},
    preset="paper",
    constants={
        "C": 1 * ufarad / cm**2,
        "gNa": 100 * msiemens / cm**2,
        "gK": 30 * msiemens / cm**2,
        "gL": 0.05 * msiemens / cm**2,
        "ENa": 50 * mV,
        "EK": -90 * mV,
        "VT": -63 * mV,
    },
    initial={
        "v": -65 * mV,
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    drive=2 * uA / cm**2,
)
