"""Izhikevich's simple model of 2003, as published and with units.

Checked against izhi2003.m of ModelDB 39948, which draws figure 2: with its inputs the published scheme gives its
spikes, and the spikes of the programs of 2004 (tests/harness/test_methods.py, tests/accuracy/features). We chose the
drive.
"""

from brian2 import ms, mV

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

_SOURCE = "Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, equations 1 to 3 and figure 2"

# a, b, c, d of figure 2
_PUBLISHED = {
    "RS": (0.02, 0.2, -65, 8),
    "IB": (0.02, 0.2, -55, 4),
    "CH": (0.02, 0.2, -50, 2),
    "FS": (0.1, 0.2, -65, 2),
    "TC": (0.02, 0.25, -65, 0.05),
    "RZ": (0.1, 0.26, -65, 2),
    "LTS": (0.02, 0.25, -65, 2),
}
_NUMBERS = {name: {"a": a, "b": b, "c": c, "d": d} for name, (a, b, c, d) in _PUBLISHED.items()}
_QUANTITIES = {
    name: {"a": a / ms, "b": b / ms, "c": c * mV, "d": d * mV / ms} for name, (a, b, c, d) in _PUBLISHED.items()
}

IZHIKEVICH = NeuronModel(
    name="izhikevich",
    description="Izhikevich 2003, dimensionless as published",
    source=_SOURCE,
    equations="""
        dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
        du/dt = a*(b*v - u)/ms : 1
        a : 1
        b : 1
        c : 1
        d : 1
        I : 1
    """,
    threshold="v >= 30",
    reset="v = c; u += d",
    parameters=_NUMBERS["RS"],
    presets=_NUMBERS,
    preset="RS",
    initial={"v": -65, "u": "b*v"},
    drive=10,
    published_costs={"izhikevich2004": PublishedCost(13, 1 * ms)},
)

IZHIKEVICH_MV = NeuronModel(
    name="izhikevich_mv",
    description="Izhikevich 2003 with dimensions: v in mV, u and I in mV/ms",
    source=_SOURCE,
    equations="""
        dv/dt = 0.04/ms/mV*v**2 + 5/ms*v + 140*mV/ms - u + I : volt
        du/dt = a*(b*v - u) : volt/second
        a : 1/second
        b : 1/second
        c : volt
        d : volt/second
        I : volt/second
    """,
    threshold="v >= 30*mV",
    reset="v = c; u += d",
    parameters=_QUANTITIES["RS"],
    presets=_QUANTITIES,
    preset="RS",
    initial={"v": -65 * mV, "u": "b*v"},
    drive=10 * mV / ms,
    published_costs={"izhikevich2004": PublishedCost(13, 1 * ms)},
)
