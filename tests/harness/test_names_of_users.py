"""A model may use any name that Brian2 allows, also those that a time step uses for itself."""

import re
from fractions import Fraction

import numpy as np
from brian2 import Hz, ms, mV

from spikecost.accuracy.references.reference import reference
from spikecost.flops.operations import count_step
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import ramp
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods import METHODS
from spikecost.models.step import make_step

#: Names that nobody would call ours, and names of the step: new values, the input within a step, sums of a series.
NAMES = {
    "v": "v",
    "u": "v_next",
    "w": "v_sum",
    "a": "left",
    "b": "v_reset",
    "theta": "above",
    "g": "step",
    "I": "done",
    "tau": "done_mid",
}


def _model(names, refractory):
    def text(written):
        words = r"\bd(\w+)(?=/dt)|\b[A-Za-z]\w*"
        return re.sub(words, lambda word: f"d{names[word[1]]}" if word[1] else names.get(word[0], word[0]), written)

    return NeuronModel(
        "m",
        text(
            "dv/dt = (g - u - w)/tau : volt (unless refractory)\n"
            "du/dt = a*(b*v - u) : volt\n"
            "dw/dt = -w*a : volt\n"
            "g = I - v : volt\n"
            "a : Hz\nb : 1\ntheta : volt\nI : volt\ntau : second"
        ),
        text("v > theta"),
        text("v = 0*mV; u += 2*mV; w += b*mV"),
        refractory,
        parameters={names["a"]: 50 * Hz, names["b"]: 0.3, names["theta"]: 10 * mV, names["tau"]: 7 * ms},
        initial={names["v"]: 0 * mV, names["u"]: text("b*v + 1*mV"), names["w"]: 0 * mV},
        input=names["I"],
    )


PAIRS = [
    ("euler", "grid"),
    ("rk4", "hermite"),
    ("parker_sochacki", "grid"),
    ("parker_sochacki", "dense"),
    ("dormand_prince", "dense"),
]


def test_names_change_nothing():
    plain, other = (_model(names, 1.05 * ms) for names in ({name: name for name in NAMES}, NAMES))
    drive = ramp(15 * mV, 60 * mV, 100 * ms)
    found = []
    for model in (plain, other):
        kernels = compile_kernels([make_step(model, *pair, varying=True) for pair in PAIRS])
        found.append(
            [
                (kernel.run([drive], Fraction(1, 10) if METHODS[kernel.step.method].knob == "dt" else 1e-6)[0], kernel)
                for kernel in kernels
            ]
        )
    for (one, one_kernel), (two, two_kernel) in zip(*found, strict=True):
        assert len(one.spike_times) > 3
        assert np.array_equal(one.spike_times, two.spike_times)
        assert np.array_equal(one.state, two.state)
        assert one.tallies == two.tallies
        assert count_step(one_kernel.step).by_block == count_step(two_kernel.step).by_block
    times = [reference(model, drive).train.times for model in (plain, other)]
    assert np.array_equal(*times)
