"""Quadratic integrate-and-fire.

Checked against QuaIF in brainpy/dyn/neurons/lif.py of brainpy/BrainPy, based on the paper: rest, threshold and tau. It
has a = 0.07/tau; here a is (1/15)/tau. Peak, reset and drive were not checked; no published count was found.
"""

from brian2 import ms, mV

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# a = 1/(tau (Vt - Vr)) with the paper's tau = 10 ms. In theory peak and reset are at plus and minus infinity
QIF = NeuronModel(
    name="qif",
    description="Quadratic integrate-and-fire, v' = I + a (v - v_rest) (v - v_thresh)",
    source="Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III; parameters of Latham, Richmond, Nelson "
    "and Nirenberg 2000, J. Neurophysiol. 83:808, with a peak of 20 mV and a reset of -80 mV",
    equations="""
        dv/dt = I + a*(v - v_rest)*(v - v_thresh) : volt (unless refractory)
        a : hertz/volt
        v_rest : volt
        v_thresh : volt
        c : volt
        I : volt/second
    """,
    threshold="v >= 20*mV",
    reset="v = c",
    parameters={"a": 1 / (10 * ms * 15 * mV), "v_rest": -65 * mV, "v_thresh": -50 * mV, "c": -80 * mV},
    initial={"v": -65 * mV},
    drive=2 * mV / ms,
    published_costs={"izhikevich2004": PublishedCost(7, 1 * ms)},
)
