"""Spikes that arrive: thresholds of another form, the time in statements, refractoriness that depends on a state."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms

import spikecost as sc
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.spike_cost import count_step_and_spike
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.step import make_step, why_not

BASE = NeuronModel(
    name="joined",
    equations="""dv/dt = (-v + I + g)/(10*ms) : 1 (unless refractory)
                 dg/dt = -g/(5*ms) : 1
                 I : 1""",
    threshold="v > 1 and g < 2.5",
    reset="v = 0",
    refractory=2 * ms,
    arrivals={"exc": "v += 0.3; g += 0.6"},
    initial={"v": 0, "g": 0},
)
CONDITIONS = {
    "and": BASE,
    "or": BASE.replace(threshold="v > 1 or g > 1.5", reset="v = 0; g = 0"),
    "a level that is not linear": BASE.replace(threshold="1 < v + 0.1*g**2"),
    "without refractoriness": BASE.replace(threshold="v - 1 > 0.2*g", refractory=None),
    "the time since the last spike": BASE.replace(threshold="v > 1 and t - lastspike > 5*ms", refractory=None),
}
ON_THE_GRID = {
    "the time in a statement": BASE.replace(arrivals={"exc": "g += t/(100*ms); v += 0.2"}, reset="v = 0; g = t/second"),
    "a refractory time that changes": BASE.replace(refractory="(1 + g)*ms"),
    "a refractory condition": BASE.replace(refractory="g > 0.3"),
}
STIMULUS = sc.constant(0.8, 150 * ms).with_arrivals(exc=sc.poisson_train(150 * Hz, 150 * ms, seed=3))


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_reference_is_where_finer_steps_lead(name):
    found = sc.reference(CONDITIONS[name], STIMULUS)
    ours = sc.simulate(CONDITIONS[name], STIMULUS, 0.05 * ms, "rk4", "hermite")
    assert len(ours) == len(found.train) > 5
    assert np.abs(ours - found.train.times).max() < 1e-6


def test_a_series_and_step_control_locate_them_too():
    model = CONDITIONS["a level that is not linear"]
    right = sc.reference(model, STIMULUS).train.times
    for found in (
        sc.simulate(model, STIMULUS, method="dormand_prince", detection="dense", tolerance=1e-11),
        sc.simulate(model, STIMULUS, 0.1 * ms, "parker_sochacki", "hermite"),
    ):
        assert np.abs(found - right).max() < 1e-5


@pytest.mark.parametrize("name", [*CONDITIONS, *ON_THE_GRID])
def test_on_the_grid_they_are_brian2s(name):
    model, dt = (CONDITIONS | ON_THE_GRID)[name], Fraction(1, 10)
    ours = sc.simulate(model, STIMULUS, float(dt) * ms, "euler", "grid_start")
    assert len(ours) > 5
    assert np.array_equal(ours, engine.run(model, "euler", STIMULUS, dt, "numpy", detection="grid_start"))


@pytest.mark.parametrize("name", ["and", "or"])
def test_lanes_are_neurons_alone_and_counted_equals_retired(name):
    step = make_step(CONDITIONS[name], "rk4", "hermite")
    alone, lanes = (compile_kernels([step], build)[0] for build in (SCALAR, SIMD))
    one, several = alone.run([STIMULUS], Fraction(1, 10))[0], lanes.run([STIMULUS] * 9, Fraction(1, 10))[4]
    assert np.array_equal(one.spike_times, several.spike_times)
    assert one.tallies == several.tallies
    found = count_step_and_spike(alone, 1.5)
    assert (found.step, found.spike) == (found.counted_step, found.counted_spike)


def test_a_crossing_of_another_condition_has_no_exact_arrivals():
    crossing = BASE.replace(reset="", refractory=BASE.threshold)
    assert "a crossing as spike needs a threshold such as v > level" in why_not(crossing, "rk4", "hermite")
    assert not why_not(crossing, "rk4", "grid")
