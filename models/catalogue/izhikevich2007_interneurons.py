"""Izhikevich's simple models of 2007 of two interneurons, with a nonlinear recovery or a reset that moves.

Fast spiking: the recovery u follows a cubic of v above vb, zero below. Low-threshold spiking: peak and reset of v move
with u, and u stops at umax. From u = 93/0.14 pA on, which is below umax, the reset is above the peak: 1000 pA is too
much.

Checked against the program izhi2007.m of ModelDB 39948 (numbers and rules) and against the book's figures 8.25 and 8.27
as shown in its izhi2007Comparison.pdf; the tests count the spikes. The drives are currents of the figures.
"""

from brian2 import ms, mV, nS, pA, pF

from ..definition.neuron import NeuronModel

_SOURCE = "Izhikevich 2007, Dynamical Systems in Neuroscience, MIT Press, figure {}; parameters as in ModelDB 39948"

IZHIKEVICH2007_FS = NeuronModel(
    name="izhikevich2007_fs",
    description="Izhikevich 2007, fast-spiking interneuron: recovery follows a cubic",
    source=_SOURCE.format("8.27"),
    equations="""
        dv/dt = (k*(v - vr)*(v - vt) - u + I)/C : volt (unless refractory)
        du/dt = a*(U - u) : amp
        U = b*int(v > vb)*(v - vb)**3 : amp
        C : farad
        k : siemens/volt
        vr : volt
        vt : volt
        vpeak : volt
        a : 1/second
        b : siemens/volt**2
        vb : volt
        c : volt
        I : amp
    """,
    threshold="v >= vpeak",
    reset="v = c",
    parameters={
        "C": 20 * pF,
        "k": 1 * nS / mV,
        "vr": -55 * mV,
        "vt": -40 * mV,
        "vpeak": 25 * mV,
        "a": 0.2 / ms,
        "b": 0.025 * pA / mV**3,
        "vb": -55 * mV,
        "c": -45 * mV,
    },
    initial={"v": "vr", "u": 0 * pA},
    drive=200 * pA,
)

IZHIKEVICH2007_LTS = NeuronModel(
    name="izhikevich2007_lts",
    description="Izhikevich 2007, low-threshold spiking interneuron: peak and reset move with u",
    source=_SOURCE.format("8.25"),
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
        umax : amp
        I : amp
    """,
    threshold="v >= vpeak - 0.1*mV/pA*u",
    reset="v = c + 0.04*mV/pA*u; u += d; u += int(u > umax)*(umax - u)",
    parameters={
        "C": 100 * pF,
        "k": 1 * nS / mV,
        "vr": -56 * mV,
        "vt": -42 * mV,
        "vpeak": 40 * mV,
        "a": 0.03 / ms,
        "b": 8 * nS,
        "c": -53 * mV,
        "d": 20 * pA,
        "umax": 670 * pA,
    },
    initial={"v": "vr", "u": 0 * pA},
    drive=200 * pA,
)
