"""Steps that differ only in how they locate a spike that changes nothing run together, with the same results."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from brian2 import cm, mA, ms, uA

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


def test_a_kernel_alone_has_only_its_own_results():
    (kernel,) = compile_kernels([make_step("hodgkin_huxley", "euler", "linear")], SIMD)
    assert list(kernel.run_together(stimuli(False)[:1], Fraction(1, 40))) == ["linear"]


@pytest.mark.parametrize("name", MODELS)
def test_only_spikes_that_change_nothing_are_shared(name):
    model = get_model(name)
    # a reset or refractoriness moves the state by an amount that depends on where the spike is
    expected = [] if model.spike_interrupts else [list(DETECTIONS)]
    assert [[step.detection for step in group] for group in alike(steps_of(model, "euler"))] == expected
