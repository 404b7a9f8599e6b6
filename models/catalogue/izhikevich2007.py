"""Izhikevich's simple model of 2007: with a capacitance, and in units that can be measured.

Checked against izhi2007.m of ModelDB 39948 (RS, IB, CH) and iz/iz_bench.m of ModelDB 117361 (SB). The tests count the
spikes of the book's figures as shown in izhi2007Comparison.pdf of ModelDB 39948, and find the times stored in ModelDB
117361 to 1e-10 ms. We chose the drive of RS.
"""

from brian2 import ms, mV, nS, pA, pF

from ..definition.neuron import NeuronModel

# C (pF), k (nS/mV), vr, vt, vpeak (mV), a (1/ms), b (nS), c (mV), d (pA), I (pA).
# RS, IB and CH: figures 8.12, 8.19 and 8.23. SB: the fit of Stewart and Bair to a fast-spiking Hodgkin-Huxley model.
_NUMBERS = {
    "RS": (100, 0.7, -60, -40, 35, 0.03, -2, -50, 100, 200),
    "IB": (150, 1.2, -75, -45, 50, 0.01, 5, -56, 130, 500),
    "CH": (50, 1.5, -60, -40, 25, 0.03, 1, -40, 150, 400),
    "SB": (200, 1.3, -65, -50, 48, 0.03, -9.5, -85, 0, 30),
}
_PRESETS = {
    name: {
        "C": C * pF,
        "k": k * nS / mV,
        "vr": vr * mV,
        "vt": vt * mV,
        "vpeak": vpeak * mV,
        "a": a / ms,
        "b": b * nS,
        "c": c * mV,
        "d": d * pA,
        "I": current * pA,
    }
    for name, (C, k, vr, vt, vpeak, a, b, c, d, current) in _NUMBERS.items()
}

IZHIKEVICH2007 = NeuronModel(
    name="izhikevich2007",
    description="Izhikevich 2007, with capacitance: C in pF, I and u in pA",
    source="Izhikevich 2007, Dynamical Systems in Neuroscience, MIT Press, equations 8.5 and 8.6 (RS, IB, CH); "
    "Stewart and Bair 2009, J. Comput. Neurosci. 27:115, as in ModelDB 117361 (SB)",
    equations="""
        dv/dt = (k*(v - vr)*(v - vt) - u + I)/C : volt (unless refractory)
        du/dt = a*(b*(v - vr) - u) : amp
        C : farad
        k : siemens/volt
        vr : volt
        vt : volt
        vpeak : volt
        a : 1/second
        b : siemens
        c : volt
        d : amp
        I : amp
    """,
    threshold="v >= vpeak",
    reset="v = c; u += d",
    parameters={name: value for name, value in _PRESETS["RS"].items() if name != "I"},
    presets=_PRESETS,
    preset="RS",
    initial={"v": "vr", "u": 0 * pA},
    drive=_PRESETS["RS"]["I"],
)
