"""Neurons in lanes: to the last bit the same among few and among many others, also where steps are taken at once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

from spikecost.flops import count
from spikecost.flops.toolchain import SIMD
from spikecost.harness.kernels.c_source import LANES, MOST_AHEAD, steps_ahead
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.as_built import as_built
from spikecost.harness.stimuli import piecewise_constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.methods import DOUBLE
from spikecost.models.step import make_step, why_not

from ...accuracy.random_models import Scalar
from ...archetypes import choose

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


#: Refractory models whose step calls exp: an arithmetic on whole numbers in the same loop had left some to libm's exp.
REFRACTORY = [Scalar.drawn(seed).model.replace(refractory=1.3 * ms) for seed in choose(range(6), lambda seed: seed < 2)]


@pytest.mark.parametrize("model", [MODELS["exponential_if"], *REFRACTORY], ids=str)
@pytest.mark.parametrize(("method", "detection"), [("euler", "grid"), ("midpoint", "hermite")])
def test_a_neuron_does_not_depend_on_how_many_run_beside_it(model, method, detection):
    (kernel,) = compile_kernels([make_step(model, method, detection)], SIMD)
    drives = np.linspace(1, 10, LANES + 7)
    unit = units.quantity(1.0, model.input_dimension)
    stimuli, dt = [piecewise_constant([(40 * ms, each * unit)]) for each in drives], Fraction(1, 16)
    among_all = kernel.run(stimuli, dt)
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


@pytest.mark.parametrize(("model", "method"), [("lif", "euler"), ("lif", "exact"), ("izhikevich", "euler")])
def test_steps_at_once_leave_nothing_out(model, method):
    # the input and the parameters are the same in all of them; their sum is computed in each
    step = make_step(model, method)
    assert steps_ahead(step) == MOST_AHEAD
    (built,) = as_built(step, builds=[SIMD])
    assert built.own == count(model, method).as_run.present
