"""The time t, and the time of the last spike, in equations, thresholds and resets."""

import itertools
from fractions import Fraction
from functools import cache

import brian2
import numpy as np
import pytest
from brian2 import Hz, ms, mV
from scipy.integrate import solve_ivp

from spikecost import from_brian2
from spikecost.accuracy.references.reference import reference
from spikecost.flops.counters import COUNTERS
from spikecost.flops.operations import count_step
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.step import make_step, why_not

from ..archetypes import choose

SINE = "dv/dt = (I + 1.5*sin(2*pi*f*t) - v)/(10*ms) : 1 (unless refractory)\nf : Hz\nI : 1"
MODELS = {
    "equations": (SINE, "v > 1", "v = 0", None),
    "refractory": (SINE, "v > 1", "v = 0", 2.3 * ms),
    "a step of the input": (SINE.replace("I +", "I + int(t > 20*ms) +"), "v > 1", "v = 0", None),
    "threshold": (SINE, "v > 1 + exp(-t/(20*ms))", "v = 0", None),
    "threshold after a time": (SINE, "v > 1 and t > 30*ms", "v = 0", None),
    "last spike in the equations": (
        SINE.replace("- v)", "- 0.5*exp(-(t - lastspike)/(8*ms)) - v)"),
        "v > 1",
        "v = 0",
        None,
    ),
    "last spike in the threshold": (SINE, "v > 0.9 + 0.3*exp(-(t - lastspike)/(10*ms))", "v = 0", 2.3 * ms),
    "reset": (SINE, "v > 1", "v = 0.2*t/(100*ms)", None),
}


def _model(name):
    equations, threshold, reset, refractory = MODELS[name]
    return NeuronModel("m", equations, threshold, reset, refractory, parameters={"f": 30 * Hz}, initial={"v": 0})


STIMULUS = constant(1.2, 100 * ms)


@cache
def _kernels(name):
    """All kernels of a model, compiled at once."""
    pairs = [("euler", "grid"), ("rk4", "grid"), ("rk4", "hermite"), ("dormand_prince", "dense")]
    steps = [make_step(_model(name), *pair) for pair in pairs if not why_not(_model(name), *pair)]
    return {(kernel.step.method, kernel.step.detection): kernel for kernel in compile_kernels(steps)}


def _spikes(name, method, detection, dt):
    return _kernels(name)[method, detection].run([STIMULUS], dt)[0]


#: Everyday tests have these with a method of several stages, each of which has its own time.
OF_STAGES = ("refractory", "threshold", "last spike in the equations")


@pytest.mark.parametrize(
    ("name", "method"),
    choose(itertools.product(MODELS, ("euler", "rk4")), lambda cell: cell[1] == "euler" or cell[0] in OF_STAGES),
)
def test_on_the_grid_spikes_are_those_of_brian2(name, method):
    found = _spikes(name, method, "grid", Fraction(1, 10))
    theirs = engine.run(_model(name), method, STIMULUS, Fraction(1, 10), target="numpy")
    assert len(theirs) > 3
    np.testing.assert_allclose(found.spike_times, theirs, rtol=0, atol=1e-9)
    assert found.state[make_step(_model(name), method).state.index("t")] == pytest.approx(100)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "a step of the input"])
def test_located_spikes_converge_to_the_reference(name):
    model = _model(name)
    right = reference(model, STIMULUS).train.times
    coarse, fine = (
        np.abs(_spikes(name, "rk4", "hermite", dt).spike_times - right).max()
        for dt in (Fraction(1, 5), Fraction(1, 20))
    )
    assert fine < 1e-5
    assert np.log2(coarse / fine) / 2 > 3.5
    if not why_not(model, "dormand_prince", "dense"):
        assert np.abs(_spikes(name, "dormand_prince", "dense", 1e-10).spike_times - right).max() < 1e-6


def test_the_reference_is_that_of_another_solver():
    found, v, now = [], 0.0, 0.0

    def above(t, x):
        return x[0] - 1

    above.terminal, above.direction = True, 1
    while now < 100:
        part = solve_ivp(
            lambda t, x: (1.2 + 1.5 * np.sin(2 * np.pi * 0.03 * t) - x) / 10,
            (now, 100),
            [v],
            "DOP853",
            rtol=1e-12,
            atol=1e-13,
            events=above,
            max_step=0.5,
        )
        now, v = part.t[-1], 0.0
        found += [now] if part.status == 1 else []
    np.testing.assert_allclose(reference(_model("equations"), STIMULUS).train.times, found, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["equations", "threshold after a time", "reset"])
def test_counted_is_retired(name):
    steps = [make_step(_model(name), *pair) for pair in (("euler", "grid"), ("rk4", "linear"))]
    for step, kernel in zip(steps, compile_kernels(steps), strict=True):
        spikes = len(kernel.run([STIMULUS], Fraction(1, 4))[0].spike_times)
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(kernel.workload([STIMULUS], Fraction(1, 4)))
        each = count_step(step)
        expected = {
            kind: each.as_run_once[kind] + 400 * each.as_run[kind] + spikes * each.as_run_spike[kind]
            for kind in each.as_run
        }
        assert counts.own.by_kind == {kind: n for kind, n in expected.items() if n}


def test_a_group_of_brian2_may_use_the_time():
    group = brian2.NeuronGroup(
        1,
        "dv/dt = (I + 10*mV*sin(2*pi*30*Hz*t) - v)/(10*ms) : volt\nI : volt",
        threshold="v > 10*mV and t > 5*ms",
        reset="v = 0*mV",
        method="rk4",
        name="driven",
    )
    model = from_brian2(group)
    assert model.system.state == ("v", "t")
    stimulus = constant(12 * mV, 100 * ms)
    theirs = engine.run(model, "rk4", stimulus, Fraction(1, 10), target="numpy")
    ours = compile_kernels([make_step(model, "rk4", "grid")])[0].run([stimulus], Fraction(1, 10))[0].spike_times
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
