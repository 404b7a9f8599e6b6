"""Steps that differ only in how they locate a spike that changes nothing run together, with the same results."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from brian2 import cm, mA, ms, uA

import spikecost as sc
from spikecost.flops.toolchain import SIMD
from spikecost.harness.kernels.c_source import alike
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant, ornstein_uhlenbeck
from spikecost.models.catalogue import MODELS
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not

from ...archetypes import choose

DETECTIONS = ("grid", "grid_start", "linear", "hermite")


def steps_of(model, method, varying=False, precision="double"):
    usable = [name for name in DETECTIONS if not why_not(model, method, name, varying)]
    return [make_step(model, method, name, varying=varying, precision=precision) for name in usable]


def stimuli(varying):
    drives = [(6 + i) * uA / cm**2 for i in range(11)]
    if varying:
        return [ornstein_uhlenbeck(each, each / 3, 5 * ms, 1 * ms, 60 * ms, seed=3) for each in drives]
    # the last one diverges
    return [constant(each, 60 * ms) for each in (*drives, 1000 * mA / cm**2)]


#: Each is eight kernels in lanes: everyday tests have each method, precision and kind of input once.
CASES = choose(
    itertools.product(("euler", "strang"), ("double", "single"), (False, True)),
    lambda case: case in (("euler", "single", False), ("strang", "double", True)),
)


@pytest.mark.parametrize(("method", "precision", "varying"), CASES)
def test_the_same_results_as_one_by_one(method, precision, varying):
    kernels = compile_kernels(steps_of(get_model("hodgkin_huxley"), method, varying, precision), SIMD)
    assert len(kernels) == len(DETECTIONS)
    given, dt = stimuli(varying), Fraction(1, 40)
    together = kernels[1].run_together(given, dt)
    assert list(together) == list(DETECTIONS)
    for kernel in kernels:
        alone = kernel.run(given, dt)
        assert sum(len(each.spike_times) for each in alone) > 20
        for found, expected in zip(together[kernel.step.detection], alone, strict=True):
            np.testing.assert_array_equal(found.spike_times, expected.spike_times)
            np.testing.assert_array_equal(found.state, expected.state)
            np.testing.assert_array_equal(found.samples, expected.samples)
            assert (found.failure, found.tallies) == (expected.failure, expected.tallies)


#: Spikes that arrive move the voltage, also across the threshold, or a gate.
HIT = get_model("hodgkin_huxley").replace(name="hit", arrivals={"exc": "v += 9*mV", "inh": "n += 0.01*(1 - n)"})


def hits(length=60):
    random = np.random.default_rng(11)

    def train(count, grid=0):
        times = np.sort(random.uniform(0, length, count))
        return sc.recorded_train((np.round(times * grid) / grid if grid else times) * ms)

    # several in a step, some at its ends, and one neuron at which none arrive
    trains = [{"exc": train(25 + i, grid), "inh": train(200)} for i, grid in enumerate((0, 40, 160, 0, 0))]
    drive = constant(3 * uA / cm**2, length * ms)
    return [*(drive.with_arrivals(**each) for each in trains), drive]


@pytest.mark.parametrize("method", choose(["euler", "rk4", "strang"], lambda method: method != "euler"))
def test_where_spikes_arrive_those_that_cut_the_steps_run_together(method):
    steps = steps_of(HIT, method)
    assert [[step.detection for step in group] for group in alike(steps)] == [["linear", "hermite"]]
    kernels, dt = compile_kernels(steps, SIMD), Fraction(1, 40)
    together = kernels[-1].run_together(hits(), dt)
    jumps = 0
    for kernel in kernels[2:]:
        alone = kernel.run(hits(), dt)
        jumps += sum(each.tallies["spike at an arrival"] for each in alone)
        for found, expected in zip(together[kernel.step.detection], alone, strict=True):
            np.testing.assert_array_equal(found.spike_times, expected.spike_times)
            np.testing.assert_array_equal(found.state, expected.state)
            assert (found.failure, found.tallies) == (expected.failure, expected.tallies)
        assert sum(len(each.spike_times) for each in alone) > 10
    assert jumps > 0
    of_linear, of_hermite = (np.concatenate([each.spike_times for each in runs]) for runs in together.values())
    assert not np.array_equal(of_linear, of_hermite)


def test_a_kernel_alone_has_only_its_own_results():
    (kernel,) = compile_kernels([make_step("hodgkin_huxley", "euler", "linear")], SIMD)
    assert list(kernel.run_together(stimuli(False)[:1], Fraction(1, 40))) == ["linear"]


@pytest.mark.parametrize("name", MODELS)
def test_only_spikes_that_change_nothing_are_shared(name):
    model = get_model(name)
    # a reset or refractoriness moves the state by an amount that depends on where the spike is
    expected = [] if model.spike_interrupts else [list(DETECTIONS)]
    assert [[step.detection for step in group] for group in alike(steps_of(model, "euler"))] == expected
