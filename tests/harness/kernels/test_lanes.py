"""Neurons in lanes: to the last bit the same among few and among many others, also where steps are taken at once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms

from spikecost.flops import count
from spikecost.flops.toolchain import SIMD
from spikecost.harness.kernels.c_source import LANES, MOST_AHEAD, steps_ahead
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.as_built import as_built
from spikecost.harness.stimuli import piecewise_constant, poisson_train
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods import DOUBLE, METHODS
from spikecost.models.step import make_step, why_not

from ...accuracy.random_models import Scalar
from ...archetypes import applicable, choose

#: Two full blocks of lanes, one that is filled up with idle lanes, and a rest; in no group of this size is a full one.
NEURONS, GROUP = 2 * LANES + 61, 5
#: A refractory time that no neuron is in for long, and one that some neurons are always in.
HELD = {f"held {each:g}": MODELS["lif"].replace(name="held", refractory=each * ms) for each in (0.3, 20.0)}
#: Some are everyday tests: of each number of steps at once, with and without functions and refractoriness.
IN_DEEP_TESTS = [("held 0.3", "euler", "grid"), ("izhikevich", "euler", "grid"), ("adex", "rk4", "linear")]
WAYS = choose(
    [
        ("lif", "euler", "grid"),
        ("lif", "exact", "hermite"),
        ("held 0.3", "rk4", "linear"),
        ("held 20", "heun", "grid"),
        ("izhikevich", "heun", "linear"),
        ("izhikevich", "rk4", "hermite"),
        ("hodgkin_huxley", "strang", "hermite"),
        *IN_DEEP_TESTS,
    ],
    lambda way: way not in IN_DEEP_TESTS,
)


def ways(precision):
    return [way for way in WAYS if not why_not(model_of(way[0]), *way[1:], precision=precision)]


def model_of(name):
    return HELD.get(name) or MODELS[name]


@pytest.mark.parametrize("dt", [Fraction(1, 4), Fraction(1, 64)], ids=["spikes in most steps", "few spikes"])
@pytest.mark.parametrize("precision", [DOUBLE, "single"])
def test_full_lanes_do_what_few_neurons_do(precision, dt, drive_of):
    chosen = ways(precision)
    steps = [make_step(model_of(name), *way, precision=precision) for name, *way in chosen]
    assert {steps_ahead(step) for step in steps} >= {1, 3, MOST_AHEAD}
    for (name, *_), kernel in zip(chosen, compile_kernels(steps, SIMD), strict=True):
        drive = drive_of(name if name in MODELS else "lif")
        # pieces of 1, 2, 3, ... steps: the last steps of most are fewer than are taken at once
        lengths = [*(float(dt * n) for n in range(1, 12)), 30.0]
        stimuli = [
            piecewise_constant([(length * ms, drive * (1 + (i + j) % 40 / 100)) for j, length in enumerate(lengths)])
            for i in range(NEURONS)
        ]
        together = kernel.run(stimuli, dt)
        few = [each for first in range(0, NEURONS, GROUP) for each in kernel.run(stimuli[first : first + GROUP], dt)]
        for one, other in zip(together, few, strict=True):
            np.testing.assert_array_equal(one.spike_times, other.spike_times)
            np.testing.assert_array_equal(one.state, other.state)
            np.testing.assert_array_equal(one.samples, other.samples)
            assert (one.tallies, one.failure) == (other.tallies, other.failure)
        assert sum(len(each.spike_times) for each in together) > 0


#: Models whose step calls exp, of which the last bits differ if libm computes it: whatever vectors leave over.
EDGE = NeuronModel(
    "edge",
    "dv/dt = (I - v + 0.3*exp((v - 0.8)/0.2) - u)/(10*ms) : 1\ndu/dt = (0.2*v - u)/(30*ms) : 1\nI : 1",
    "v > 1",
    "v = 0; u += 0.1",
    initial={"v": 0, "u": 0},
)
NEIGHBOURS = [
    MODELS["exponential_if"],
    EDGE.replace(name="refractory", refractory=1.3 * ms),
    EDGE.replace(name="above", refractory="v > 0.9"),
    EDGE.replace(name="hit", refractory=1.3 * ms, arrivals={"exc": "v += 0.2"}),
    EDGE.replace(name="noisy", equations=EDGE.equations.replace("/(10*ms)", "/(10*ms) + 0.05*xi/ms**0.5")),
    EDGE.replace(name="joined", threshold="v > 1 and u < 0.9", refractory="v > 1 and u < 0.9"),
    *(Scalar.drawn(seed).model.replace(name=f"random_{seed}", refractory=1.3 * ms) for seed in range(6)),
]
AMONG = [
    (model, way)
    for model in choose(NEIGHBOURS, lambda model: model.name in ("exponential_if", "above", "hit"))
    for way in (("euler", "grid"), ("midpoint", "hermite"))
    if not why_not(model, *way)
]


def input_of(model, drive, seed):
    """An input for 40 ms, with arriving spikes and noise if the model has them."""
    found = piecewise_constant([(40 * ms, drive * units.quantity(1.0, model.input_dimension))])
    if model.arrivals:
        found = found.with_arrivals(exc=poisson_train(300 * Hz, 40 * ms, seed=seed))
    return found.with_noise(seed) if model.system.random else found


@pytest.mark.parametrize(("model", "way"), AMONG, ids=str)
def test_a_neuron_does_not_depend_on_how_many_run_beside_it(model, way):
    (kernel,) = compile_kernels([make_step(model, *way)], SIMD)
    stimuli = [input_of(model, drive, seed) for seed, drive in enumerate(np.linspace(1, 10, LANES + 7))]
    among_all, dt = kernel.run(stimuli, Fraction(1, 16)), Fraction(1, 16)
    assert sum(len(each.spike_times) for each in among_all) > 0
    for few in (1, 5, 8, 9, 17, 24, 41):
        for found, expected in zip(kernel.run(stimuli[-few:], dt), among_all[-few:], strict=True):
            np.testing.assert_array_equal(found.spike_times, expected.spike_times)
            np.testing.assert_array_equal(found.state, expected.state)
            assert (found.failure, found.tallies) == (expected.failure, expected.tallies)


def test_a_lane_that_leaves_the_finite_numbers_does_not_disturb_the_others():
    # far above the peak, the square overflows in a few steps; the others spike on
    kernel = compile_kernels([make_step("fitzhugh_nagumo", "euler", "linear")], SIMD)[0]
    stimuli = [piecewise_constant([(100 * ms, 1e4 if i == 7 else 0.5)]) for i in range(LANES)]
    together, dt = kernel.run(stimuli, Fraction(1, 2)), Fraction(1, 2)
    few = [each for first in range(0, LANES, GROUP) for each in kernel.run(stimuli[first : first + GROUP], dt)]
    assert [i for i, each in enumerate(together) if each.failure] == [7]
    for one, other in zip(together, few, strict=True):
        np.testing.assert_array_equal(one.spike_times, other.spike_times)
        assert one.failure == other.failure


def test_functions_that_do_not_wait_for_each_other_are_enough_for_the_processor():
    # Hodgkin-Huxley: 6 exps of each stage at a time; those of its split steps, and one of AdEx's, wait for others
    ahead = {
        (model, method): steps_ahead(make_step(model, method))
        for model in ("hodgkin_huxley", "adex")
        for method in applicable(model)
        if METHODS[method].template.in_lanes
    }
    assert {method for (model, method), steps in ahead.items() if model == "hodgkin_huxley" and not steps} == {
        *("euler", "heun", "midpoint", "rk4", "rk4_frozen")
    }
    assert {steps for (model, _), steps in ahead.items() if model == "adex"} == {1}


@pytest.mark.parametrize(("model", "method"), [("lif", "euler"), ("lif", "exact"), ("izhikevich", "euler")])
def test_steps_at_once_leave_nothing_out(model, method):
    # the input and the parameters are the same in all of them; their sum is computed in each
    step = make_step(model, method)
    assert steps_ahead(step) == MOST_AHEAD
    (built,) = as_built(step, builds=[SIMD])
    assert built.own == count(model, method).as_run.present
