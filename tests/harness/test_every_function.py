"""Every function that Brian2 has, one after the other, where it runs: values, counts, the processor, references."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms
from brian2.core.functions import DEFAULT_FUNCTIONS

from spikecost.accuracy.references.reference import reference
from spikecost.flops.operations import count
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.spike_cost import count_step_and_spike
from spikecost.harness.stimuli import constant
from spikecost.models.algebra.functions import FUNCTIONS, ROWS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.step import make_step

from ..archetypes import DEEP, choose
from .test_functions import arithmetic, by_python

#: Random numbers are no functions of the state.
RANDOM = {"rand", "randn", "poisson"}
#: What each is called with, where it is not ``2*v - 1.1``, which is negative at first and not whole at the threshold.
ARGUMENTS = {
    **dict.fromkeys(("log", "log10", "sqrt"), "0.1 + v**2"),
    **dict.fromkeys(("arcsin", "arccos"), "0.9*v/(1 + v**2)"),
    "log1p": "v - 0.3",
    "clip": "2*v - 1, -0.2, 0.4",
    "timestep": "t % (3.01*ms), 0.7*ms",
    "int": "5*v - 2.2",
    "tan": "0.7*v - 0.3",  # no pole between the reset and the threshold
}
TEXTS = {name: f"{name}({ARGUMENTS.get(name, '2*v - 1.1')})" for name in DEFAULT_FUNCTIONS if name not in RANDOM} | {
    "%": "(2*v - 1) % 0.3",
    "% of a negative divisor": "(2*v - 1) % (-0.3)",
    "//": "(2*v - 1) // 0.3",
    "int of a comparison": "int(v > 0.3)",
    "int of and, or, not": "int(not (v > 0.3 and v <= 0.6) or v > 0.8)",
    "int of equality": "int(v == 0.5) + int(v != 0.5)",
}
#: They jump or have a kink: a step that contains one has a larger error.
JUMPING = {"abs", "floor", "ceil", "sign", "timestep", *(name for name in TEXTS if name.startswith(("int", "%", "//")))}
MODELS = {
    name: NeuronModel(
        name=f"model_{i}",
        equations=f"dv/dt = (I - v + 0.2*{text})/(10*ms) : 1\nI : 1",
        threshold="v > 1",
        reset=f"v = -0.2 + 0.01*{text}",
        initial={"v": -0.2},
    )
    for i, (name, text) in enumerate(TEXTS.items())
}
STEPS, DRIVE = 2000, 2.5
STIMULUS = constant(DRIVE, STEPS / 16 * ms)
#: Those that no other test runs are always tested, the others if all is.
RARE = ("exprel", "timestep", "int", "% of a negative divisor", "int of and, or, not", "int of equality")
every = pytest.mark.parametrize("name", choose(TEXTS, lambda name: name in RARE))


@pytest.fixture(scope="module")
def kernels():
    """Compile all models at once: alone, in lanes, and with the most accurate method."""
    found = {}
    for way, method, detection, build in (
        ("alone", "euler", "grid", SCALAR),
        ("lanes", "euler", "grid", SIMD),
        ("accurate", "rk4", "hermite", SCALAR),
    ):
        names = TEXTS if DEEP else RARE
        steps = [make_step(MODELS[name], method, detection) for name in names]
        found[way] = dict(zip(names, compile_kernels(steps, build), strict=True))
    return found


@every
def test_it_has_the_same_value_in_python_compiled_and_in_brian2(name, kernels):
    model = MODELS[name]
    spikes, state = by_python(model)
    assert len(spikes) >= 5
    alone = kernels["alone"][name].run([STIMULUS], Fraction(1, 16))[0]
    assert alone.spike_times.tolist() == spikes
    assert alone.samples[-1][0] == state[0]  # the second one, if it is there, is the time
    for each in kernels["lanes"][name].run([STIMULUS] * 3, Fraction(1, 16)):
        assert each.spike_times.tolist() == spikes
        assert each.samples[-1][0] == pytest.approx(state[0], rel=1e-9)
    theirs = engine.run(model, "euler", STIMULUS, Fraction(1, 16), "numpy")
    assert alone.spike_times == pytest.approx(theirs, abs=1e-9)


@every
def test_what_is_counted_is_retired(name, kernels):
    for way, method in (("alone", "euler"), ("accurate", "rk4")):
        found = count_step_and_spike(kernels[way][name], DRIVE)
        for counted, retired in found.parts.values():
            assert arithmetic(retired) == arithmetic(counted)
        row = FUNCTIONS.get(name)
        if row is not None and row.kind:
            calls = 1 if method == "euler" else 4
            assert count(MODELS[name], method).as_run[row.kind] >= calls
    # a row that is not a kind of its own is counted, as written, as the operations that define it
    row = ROWS.get({"%": "mod", "//": "floordiv"}.get(name, name))
    if row is not None and row.written:
        written = count(MODELS[name], "euler").as_written().present
        assert all(written[kind] >= row.written.count(kind) for kind in row.written)


@pytest.mark.deep
@every
def test_the_reference_is_where_finer_steps_lead(name, kernels):
    stimulus = constant(DRIVE, 40 * ms)
    found = reference(MODELS[name], stimulus)
    assert found.error < 1e-9
    ours = kernels["accurate"][name].run([stimulus], Fraction(1, 512 if name in JUMPING else 64))[0].spike_times
    assert len(ours) == len(found.train) > 1
    assert np.abs(ours - found.train.times).max() < (0.02 if name in JUMPING else 1e-6)


def test_a_sign_in_a_reset_has_a_reference():
    assert reference(MODELS["sign"], constant(DRIVE, 40 * ms)).error < 1e-9
