"""The voltage between spikes, at the ends of the stimulus's pieces."""

import math
from fractions import Fraction

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA

from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.search.voltage import MARGIN, between_spikes, stated_error, voltage_differences, voltage_rms
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant, step
from spikecost.models.catalogue import MODELS
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ...archetypes import choose, is_archetype

DRIVES = {"lif": 2 * mV / ms, "izhikevich": 10, "hodgkin_huxley": 10 * uA / cm**2}
LIF = constant(2 * mV / ms, 100 * ms).divided(5 * ms)


def compared(outcome, solution, model, stimulus, margin=MARGIN):
    """Return the root mean square error of the voltage, and the number of samples that were compared."""
    between = between_spikes(solution, model, stimulus, margin)
    return voltage_rms(voltage_differences(outcome, solution, model, between)[None])[0], between.sum()


def run(model, method, stimulus, dt, build=SCALAR, lanes=1):
    kernel = compile_kernels([make_step(model, method, "hermite")], build)[0]
    return kernel.run([stimulus] * lanes, Fraction(dt))


def test_samples_of_the_reference_by_hand():
    # v = -45 - 20 exp(-t/10) from each spike on; a spike every 10 log 4 ms
    at = 5.0 * np.arange(1, 21)
    expected = -45 - 20 * np.exp(-(at % (10 * math.log(4))) / 10)
    np.testing.assert_allclose(reference(get_model("lif"), LIF).samples[:, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("build", [SCALAR, SIMD])
@pytest.mark.parametrize("name", choose(MODELS, is_archetype))
def test_samples_are_the_states_at_which_shorter_runs_end(name, build, drive_of):
    stimulus = step(0.5 * drive_of(name), drive_of(name), 20 * ms, 40 * ms).divided(10 * ms)
    whole = run(name, "rk4", stimulus, Fraction(1, 20), build, lanes=3)
    ends = [
        run(name, "rk4", shorter, Fraction(1, 20), build)[0].state.tolist()
        for shorter in (constant(0.5 * drive_of(name), 10 * ms), constant(0.5 * drive_of(name), 20 * ms), stimulus)
    ]
    for outcome in whole:
        assert outcome.samples[[0, 1, 3]].tolist() == ends


@pytest.mark.parametrize("name", ["lif", "izhikevich", "hodgkin_huxley"])
def test_the_solvers_samples_agree_with_a_fine_run(name):
    stimulus = constant(DRIVES[name], 60 * ms).divided(5 * ms)
    model = get_model(name)
    solution = reference(model, stimulus)
    between = between_spikes(solution, model, stimulus)
    outcome = run(name, "rk4", stimulus, Fraction(1, 1000))[0]
    place = model.system.state.index("v")
    assert between.sum() >= 6
    assert stated_error(solution, model, between) < 1e-9
    differences = np.abs(outcome.samples[between, place] - solution.samples[between, place])
    assert differences.max() < 1e-6
    (rms,) = voltage_rms(voltage_differences(outcome, solution, model, between)[None])
    assert rms == pytest.approx(np.sqrt((differences**2).mean()))


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
@pytest.mark.parametrize(("name", "coarsest"), [("lif", 8), ("izhikevich", 32), ("hodgkin_huxley", 64)])
def test_the_voltages_error_has_the_methods_order(name, coarsest, method, order):
    stimulus = constant(DRIVES[name], 100 * ms).divided(5 * ms)
    model = get_model(name)
    solution = reference(model, stimulus)
    coarsest = coarsest * {1: 16, 2: 4, 4: 1}[order]
    divisions = np.unique(np.geomspace(coarsest, 16 * coarsest, 30).astype(int))
    errors = [
        compared(run(name, method, stimulus, Fraction(1, int(n)))[0], solution, model, stimulus)[0] for n in divisions
    ]
    measured = -np.polyfit(np.log(divisions), np.log(errors), 1)[0]
    assert measured == pytest.approx(order, abs=0.1)


def test_samples_near_spikes_and_refractoriness_are_left_out():
    model = get_model("lif")
    outcome = run("lif", "rk4", LIF, Fraction(1, 10))[0]
    spikes = 10 * math.log(4) * np.arange(1, 8)
    at = 5.0 * np.arange(1, 21)
    for margin in (0.0, 1.0, 3.0):
        expected = (np.abs(at[:, None] - spikes) > margin).all(axis=1).sum()
        assert compared(outcome, reference(model, LIF), model, LIF, margin)[1] == expected
    nothing, samples = compared(outcome, reference(model, LIF), model, LIF, margin=100)
    assert samples == 0
    assert math.isnan(nothing)
    held = model.replace(refractory=8 * ms)
    intervals = 10 * math.log(4) + (10 * math.log(4) + 8) * np.arange(5)
    free = ((at[:, None] < intervals - 1) | (at[:, None] > intervals + 8 + 1)).all(axis=1).sum()
    outcome = run(held, "rk4", LIF, Fraction(1, 10))[0]
    assert compared(outcome, reference(held, LIF), held, LIF, 1)[1] == free
