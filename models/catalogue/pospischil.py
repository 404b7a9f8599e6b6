"""Four classes of neurons of cortex and thalamus; each class has its own set of currents.

Regular spiking: a slow potassium current M. Fast spiking: no slow current. Intrinsically bursting: M and a calcium
current L. Low-threshold spiking: M and a calcium current T. Parameters are those of the paper's demonstration, ModelDB
123623. Its currents are divided here by the surface, pi times the diameter squared. It injects 0.75 nA (RS), 0.5 nA
(FS) and 0.15 nA (IB, LTS); for steady spiking the drives here are two (RS) and three times (IB, LTS) as strong. The
reversal potential of calcium is 120 mV as in the paper; in the demonstration it moves with a concentration.

Checked against the demonstration's files: rates in its .mod files, cells in its templates and demo_*.hoc, where gates
start at 0 and not at their steady state. The firing of each class is tested; no published count was found.
"""

from math import pi
from typing import Any

from brian2 import cm, msiemens, mV, nA, second, ufarad, um

from ..definition.neuron import NeuronModel

_SOURCE = "Pospischil et al. 2008, Biol. Cybern. 99:427; parameters of ModelDB 123623, {}"
_M_CURRENT = " - gM*p*(v - EK)"

_VOLTAGE = """
    dv/dt = (I - gL*(v - EL) - gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK){})/C : volt
    I : amp/meter**2
"""
_SPIKES = """
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    x = v - VT : volt
    alpha_h = 0.128*exp((17*mV - x)/(18*mV))/ms : Hz
    beta_h = 4/(1 + exp((40*mV - x)/(5*mV)))/ms : Hz
    beta_n = 0.5*exp((10*mV - x)/(40*mV))/ms : Hz
"""
_SPIKES_REGULAR = """
    alpha_m = 1.28/exprel((13*mV - x)/(4*mV))/ms : Hz
    beta_m = 1.4/exprel((x - 40*mV)/(5*mV))/ms : Hz
    alpha_n = 0.16/exprel((15*mV - x)/(5*mV))/ms : Hz
"""
_SPIKES_PUBLISHED = """
    alpha_m = 0.32/mV*(13*mV - x)/(exp((13*mV - x)/(4*mV)) - 1)/ms : Hz
    beta_m = 0.28/mV*(x - 40*mV)/(exp((x - 40*mV)/(5*mV)) - 1)/ms : Hz
    alpha_n = 0.032/mV*(15*mV - x)/(exp((15*mV - x)/(5*mV)) - 1)/ms : Hz
"""
_M = """
    dp/dt = (p_inf - p)/tau_p : 1
    p_inf = 1/(1 + exp(-(v + 35*mV)/(10*mV))) : 1
    tau_p = tau_max/(3.3*exp((v + 35*mV)/(20*mV)) + exp(-(v + 35*mV)/(20*mV))) : second
"""
_L = """
    dq/dt = alpha_q*(1 - q) - beta_q*q : 1
    dr/dt = alpha_r*(1 - r) - beta_r*r : 1
    beta_q = 0.94*exp((-75*mV - v)/(17*mV))/ms : Hz
    alpha_r = 0.000457*exp((-13*mV - v)/(50*mV))/ms : Hz
    beta_r = 0.0065/(exp((-15*mV - v)/(28*mV)) + 1)/ms : Hz
    gCaL : siemens/meter**2
"""
_L_REGULAR = "alpha_q = 0.209/exprel((-27*mV - v)/(3.8*mV))/ms : Hz\n"
_L_PUBLISHED = "alpha_q = 0.055/mV*(-27*mV - v)/(exp((-27*mV - v)/(3.8*mV)) - 1)/ms : Hz\n"
_T = """
    dz/dt = (z_inf - z)/tau_z : 1
    y = v + 2*mV : volt
    s = 1/(1 + exp(-(y + 57*mV)/(6.2*mV))) : 1
    z_inf = 1/(1 + exp((y + 81*mV)/(4*mV))) : 1
    tau_z = (30.8 + (211.4 + exp((y + 113.2*mV)/(5*mV)))/(1 + exp((y + 84*mV)/(3.2*mV))))*ms/phi : second
"""


def _cell(name: str, diameter: float, current: float, **more: Any) -> dict[str, Any]:
    """Return the arguments that the four cells share; the diameter is in um, the current in nA."""
    gates = {gate: f"alpha_{gate}/(alpha_{gate} + beta_{gate})" for gate in "mhn"}
    return {
        "name": f"pospischil_{name}",
        "threshold": "v > 0*mV",
        "refractory": "v > 0*mV",
        "constants": {
            "C": 1 * ufarad / cm**2,
            "gNa": 50 * msiemens / cm**2,
            "ENa": 50 * mV,
            "EK": -100 * mV,
            "VT": -55 * mV,
            **more.pop("constants"),
        },
        "initial": {"v": "EL", **gates, **more.pop("initial", {})},
        "drive": _density(current, diameter),
        **more,
    }


def _density(current: float, diameter: float) -> Any:
    return current * nA / (pi * (diameter * um) ** 2)


_SPIKING = {"gL": 0.1 * msiemens / cm**2, "EL": -70 * mV, "gK": 5 * msiemens / cm**2}
_BURSTING = {"gL": 0.01 * msiemens / cm**2, "EL": -85 * mV, "gK": 5 * msiemens / cm**2, "ECa": 120 * mV}

POSPISCHIL_RS = NeuronModel(
    **_cell(
        "rs",
        96,
        1.5,
        constants={**_SPIKING, "gM": 0.07 * msiemens / cm**2, "tau_max": 1 * second},
        initial={"p": "p_inf"},
    ),
    description="Pospischil et al. 2008, regular spiking: sodium, potassium and M",
    source=_SOURCE.format("cell RS"),
    equations=_VOLTAGE.format(_M_CURRENT) + _SPIKES + _SPIKES_REGULAR + _M,
    published=_VOLTAGE.format(_M_CURRENT) + _SPIKES + _SPIKES_PUBLISHED + _M,
)
POSPISCHIL_FS = NeuronModel(
    **_cell("fs", 67, 0.5, constants={**_SPIKING, "gL": 0.15 * msiemens / cm**2, "gK": 10 * msiemens / cm**2}),
    description="Pospischil et al. 2008, fast spiking: sodium and potassium",
    source=_SOURCE.format("cell FS"),
    equations=_VOLTAGE.format("") + _SPIKES + _SPIKES_REGULAR,
    published=_VOLTAGE.format("") + _SPIKES + _SPIKES_PUBLISHED,
)
POSPISCHIL_IB = NeuronModel(
    **_cell(
        "ib",
        96,
        0.45,
        constants={**_BURSTING, "gM": 0.03 * msiemens / cm**2, "tau_max": 1 * second},
        initial={"p": "p_inf", "q": "alpha_q/(alpha_q + beta_q)", "r": "alpha_r/(alpha_r + beta_r)"},
        parameters={"gCaL": 0.17 * msiemens / cm**2},
        presets={"IB": {"gCaL": 0.17 * msiemens / cm**2}, "IBR": {"gCaL": 0.22 * msiemens / cm**2}},
        preset="IB",
    ),
    description="Pospischil et al. 2008, intrinsically bursting: sodium, potassium, M and calcium L",
    source=_SOURCE.format("cells IB (bursts at first) and IBR (bursts repeatedly)"),
    equations=_VOLTAGE.format(_M_CURRENT + " - gCaL*q**2*r*(v - ECa)")
    + _SPIKES
    + _SPIKES_REGULAR
    + _M
    + _L
    + _L_REGULAR,
    published=_VOLTAGE.format(_M_CURRENT + " - gCaL*q**2*r*(v - ECa)")
    + _SPIKES
    + _SPIKES_PUBLISHED
    + _M
    + _L
    + _L_PUBLISHED,
)
POSPISCHIL_LTS = NeuronModel(
    **_cell(
        "lts",
        96,
        0.45,
        constants={
            **_BURSTING,
            "gM": 0.03 * msiemens / cm**2,
            "tau_max": 1 * second,
            "gCaT": 0.4 * msiemens / cm**2,
            "phi": 3**1.2,
        },
        initial={"p": "p_inf", "z": "z_inf"},
    ),
    description="Pospischil et al. 2008, low-threshold spiking: sodium, potassium, M and calcium T",
    source=_SOURCE.format("cell LTS"),
    equations=_VOLTAGE.format(_M_CURRENT + " - gCaT*s**2*z*(v - ECa)") + _SPIKES + _SPIKES_REGULAR + _M + _T,
    published=_VOLTAGE.format(_M_CURRENT + " - gCaT*s**2*z*(v - ECa)") + _SPIKES + _SPIKES_PUBLISHED + _M + _T,
)
