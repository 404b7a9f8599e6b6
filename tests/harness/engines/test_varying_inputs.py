"""Inputs that vary: each simulator gets in each step the value that it says, and converges to the reference."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms

from spikecost.accuracy.references.reference import reference
from spikecost.harness.engines import ENGINES, named_engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import Stimulus, ornstein_uhlenbeck, sine
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ...archetypes import DEEP, product
from .by_hand import needs

pytestmark = pytest.mark.usefixtures("brian2_here")

#: The simulator, where in a step it takes the input (as a fraction of the step), and a model.
CASES = [
    ("brian2:numpy", 0, "izhikevich"),
    ("nest", 0, "lif"),
    product("nest", 0, "izhikevich"),
    product("nest", 0, "adex"),
    product("nestml", 0, "adex"),
    ("neuron", 0.5, "lif"),
    product("neuron:crank_nicolson", 0.5, "hodgkin_huxley"),
    ("arbor", 0, "hodgkin_huxley"),
]


def fluctuating(model):
    return ornstein_uhlenbeck(1.2 * model.drive, 0.4 * abs(model.drive), 3 * ms, 1 * ms, 80 * ms, seed=5)


def held(stimulus, dt, place):
    """Return the stimulus with one value per step: the one at a place in the step, before any jump at its end."""
    steps = int(stimulus.horizon / dt)
    values = [float(stimulus.at(float((k + Fraction(place)) * dt))) for k in range(steps)]
    return Stimulus([dt] * steps, values, stimulus.dimension)


@pytest.mark.parametrize(("name", "place", "model"), CASES)
@pytest.mark.parametrize("shape", ["lines", product("sine")])
def test_a_step_has_the_value_that_the_simulator_says(name, place, model, shape):
    engine, method = named_engine(name)
    if reason := engine.why_not_here():
        pytest.skip(reason)
    model, dt = get_model(model), Fraction(1, 8)  # no jump is beside the start of a step
    method = method or engine.method_of(model)
    stimulus = fluctuating(model)
    if shape == "sine":
        stimulus = sine(1.2 * model.drive, 0.7 * model.drive, 60 * Hz, 80 * ms)
    found = engine.run(model, method, dt, stimulus)
    if name.startswith("brian2"):  # it is slow in starting and stopping
        assert "I = spikecost_input(t) : 1" in found.text  # the input is shown as it was given
        step = make_step(model, method, "grid_start", varying=True)
        expected = compile_kernels([step])[0].run([stimulus], dt)[0].spike_times
    else:
        expected = engine.run(model, method, dt, held(stimulus, dt, place)).times
    assert len(expected) > 2
    # the middle of a line over a step of a sine is not the sine
    allowed = 0 if shape == "lines" or not place else float(dt)
    np.testing.assert_allclose(found.times, expected, rtol=0, atol=1e-9 + allowed)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("brian2:numpy", "adex"),
        ("nest", "lif"),
        ("neuron:cvode", "lif"),
        *(product(name, "hodgkin_huxley") for name in ("neuron", "neuron:cvode", "arbor", "nestml")),
    ],
)
def test_converges_to_the_reference(name, model):
    engine, method = named_engine(name)
    if reason := engine.why_not_here():
        pytest.skip(reason)
    model = get_model(model)
    stimulus = fluctuating(model)
    expected = reference(model, stimulus).train.times
    # Brian2 in numpy takes 0.2 ms per step
    dts = [Fraction(1, 40), Fraction(1, 640 if DEEP or engine.name != "brian2:numpy" else 320)]
    late = {"grid_start": 1}.get(engine.labels.detection, 0)
    coarse, fine = (
        run.times + late * float(dt) for run, dt in zip(engine.runs(model, method, dts, stimulus), dts, strict=True)
    )
    assert len(fine) == len(expected) > 2
    assert np.abs(fine - expected).max() < 0.03
    if len(coarse) == len(fine) and method != "cvode":
        assert np.abs(fine - expected).max() < np.abs(coarse - expected).max() / 4


def test_several_steps_in_one_process_do_not_keep_each_others_input():
    engine = ENGINES["neuron"]
    if reason := engine.why_not_here():
        pytest.skip(reason)
    model = get_model("lif")
    one, two = engine.runs(model, "", [Fraction(1, 10), Fraction(1, 20)], fluctuating(model))
    np.testing.assert_array_equal(two.times, engine.run(model, "", Fraction(1, 20), fluctuating(model)).times)
    assert len(one.times) > 2


@needs(ENGINES["nest"])
def test_neurons_that_spike_at_a_maximum_are_refused():
    model = get_model("hodgkin_huxley")
    with pytest.raises(UserError, match="constant input only; nestml has"):
        ENGINES["nest"].judged_as(model, "rkf45", fluctuating(model))
