"""Noise in equations: kernels against Brian2 with the same numbers, counts, and what is refused."""

from fractions import Fraction

import brian2
import numpy as np
import pytest
from brian2 import ms, mV, nA, second

from spikecost.flops.operations import count
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.measure import measure
from spikecost.harness.measuring.spike_cost import count_step_and_spike
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import as_it_stands, constant, random_inputs, sine
from spikecost.harness.stimuli.parts.frozen_noise import BrownianPath
from spikecost.models.definition.language import units
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.step import make_step, why_not

from ..noisy_models import GEOMETRIC, MIXED, NOISY_LIF

DRIVEN = constant(0.1 * mV / ms, 200 * ms)


@pytest.mark.parametrize(
    ("method", "dt"), [("euler", Fraction(1, 10)), ("euler", Fraction(1, 40)), ("rk4", Fraction(1, 10))]
)
def test_spikes_are_brian2s_with_the_same_random_numbers(method, dt):
    stimulus = DRIVEN.with_noise(3)
    ours = simulate(MIXED, stimulus, float(dt) * ms, method, "grid_start")
    assert len(ours) > 5
    assert np.array_equal(ours, engine.run(MIXED, method, stimulus, dt, "numpy", detection="grid_start"))


@pytest.mark.parametrize(("method", "detection"), [("euler", "grid"), ("rk4", "hermite")])
def test_lanes_and_parts_of_a_run_give_what_one_neuron_gives_at_once(method, detection, monkeypatch):
    step = make_step(MIXED, method, detection)
    stimuli = [DRIVEN.divided(50 * ms).with_noise(seed) for seed in (1, 2, 1)]
    (alone,), (lanes,) = compile_kernels([step], SCALAR), compile_kernels([step], SIMD)
    whole = alone.run(stimuli, Fraction(1, 10))
    monkeypatch.setattr(random_inputs, "BLOCK_BYTES", 0)
    monkeypatch.setattr(random_inputs, "LEAST_BLOCK", 177)  # cuts pieces and refractory times
    for found in (alone.run(stimuli, Fraction(1, 10)), lanes.run(stimuli, Fraction(1, 10))):
        for one, other in zip(found, whole, strict=True):
            assert len(one.spike_times) > 2
            assert np.array_equal(one.spike_times, other.spike_times)
            assert np.array_equal(one.samples, other.samples)
    assert np.array_equal(whole[0].spike_times, whole[2].spike_times)
    assert not np.array_equal(whole[0].spike_times, whole[1].spike_times)


def test_an_input_that_varies_is_followed_in_parts_too(monkeypatch):
    kernel = compile_kernels([make_step(NOISY_LIF, "rk4", "hermite", varying=True)], SCALAR)[0]
    stimulus = sine(0.1 * mV / ms, 0.2 * mV / ms, 20 / second, 200 * ms).with_noise(4)
    whole = kernel.run([stimulus], Fraction(1, 10))[0]
    monkeypatch.setattr(random_inputs, "BLOCK_BYTES", 0)
    monkeypatch.setattr(random_inputs, "LEAST_BLOCK", 77)
    parts = kernel.run([stimulus], Fraction(1, 10))[0]
    assert len(whole.spike_times) > 1
    assert np.array_equal(parts.spike_times, whole.spike_times)


@pytest.mark.parametrize("method", ["euler", "exponential_euler"])
def test_counted_equals_retired_but_for_the_random_numbers(method):
    step = make_step(NOISY_LIF, method, "hermite")
    found = count_step_and_spike(compile_kernels([step], SCALAR)[0], 1.5)
    assert found.step == found.counted_step
    assert found.spike == found.counted_spike
    assert count(NOISY_LIF, method).as_run["random"] == 1
    assert all(each.ratio == 1 for each in measure(NOISY_LIF, method, steps=20).witnesses if each.exact)


def test_random_numbers_are_counted():
    counted = count(MIXED, "euler")
    # two sources of noise per step; a new number of randn() and of rand() every 0.1 ms, whatever dt is
    assert (counted.as_run["random"], counted.as_run_refractory["random"], counted.as_written()["random"]) == (2, 2, 2)
    operations = sum(n for kind, n in counted.as_run.items() if kind != "sign")
    assert counted.flops_per_ms(0.05 * ms) == pytest.approx(20 * operations + 10 * 2)
    kernel = compile_kernels([make_step(MIXED, "euler")], SCALAR)[0]
    tallies = kernel.run([DRIVEN], Fraction(1, 20))[0].tallies
    assert tallies["sampling step"] == 2000
    assert counted.of(tallies)["random"] == pytest.approx(4000 * 2 + 2000 * 2)


def test_noise_that_depends_on_the_state_needs_its_interpretation():
    solves = {name for name in METHODS if not why_not(GEOMETRIC, name)}
    assert {"heun", "midpoint", "rk4"} <= solves
    assert "euler" not in solves
    assert "in Stratonovich's interpretation, and it solves Ito's" in why_not(GEOMETRIC, "euler")
    ito = GEOMETRIC.replace(interpretation="ito")
    assert not why_not(ito, "euler")
    assert "and it has no stochastic form for that" in why_not(ito, "exponential_euler")
    # where no factor depends on the state, both are the same
    assert {"euler", "heun", "exact", "exponential_euler"} <= {name for name in METHODS if not why_not(MIXED, name)}
    assert "random inputs have one value per step of dt" in why_not(NOISY_LIF, "dormand_prince", "dense")
    with pytest.raises(UserError, match="interpretation = 'mine'; give 'stratonovich' or 'ito'"):
        GEOMETRIC.replace(interpretation="mine")


def test_a_step_divides_the_sampling_step():
    with pytest.raises(UserError, match=r"dt = 0.08 ms does not divide the sampling step .* 0.1 ms; use 0.05 ms"):
        simulate(MIXED, DRIVEN, 0.08 * ms, "euler")
    slow = MIXED.replace(sampling=0.4 * ms)
    assert len(simulate(slow, DRIVEN, 0.08 * ms, "euler")) > 2
    with pytest.raises(UserError, match=r"sampling = .* is not a time"):
        MIXED.replace(sampling=1 * mV)


def test_half_powers_of_units():
    # 2 mV/ms**0.5 is 2e-3 V times the root of 1000 per root of a second
    assert float(units.internal(2 * mV / ms**0.5)) == pytest.approx(2, rel=1e-14)
    value = units.quantity(2.0, (mV / ms**0.5).dim)
    assert float(value) == pytest.approx(2e-3 * 1000**0.5, rel=1e-15)
    assert units.unit_name((nA / ms**0.5).dim) == "ms^-0.5 uA^1"


def test_a_model_without_input_runs_with_its_noise_alone():
    alone = NOISY_LIF.replace(
        equations=NOISY_LIF.equations.replace("+ I ", "").replace("I : volt/second", ""), input=""
    )
    assert len(simulate(alone, as_it_stands(400 * ms).with_noise(1), 0.1 * ms, "euler")) > 1


@pytest.mark.parametrize(
    ("method", "name"), [("milstein_of_brian2", "milstein"), ("heun_of_noise", "heun"), ("euler", "euler")]
)
def test_methods_for_noise_are_brian2s(method, name):
    # the abstract code of Brian2's state updater, run with the increments that our kernel gets
    interpretation = "ito" if name == "euler" else "stratonovich"
    noisy = NOISY_LIF if name == "euler" else GEOMETRIC
    model = noisy.replace(interpretation=interpretation, threshold=noisy.threshold.replace("-50*mV", "1*volt"))
    equations = "dv/dt = (-55 - v)/10 + 3*sqrt(0.2)*xi : 1" if name == "euler" else "dx/dt = 0.05*x + 0.2*x*xi : 1"
    group = brian2.NeuronGroup(1, equations, method=name)
    code = brian2.stateupdaters.StateUpdateMethod.apply_stateupdater(group.equations, group.variables, name)
    dt, steps = 0.1, 50
    values = {"v": -60.0, "x": 1.0, "dt": dt, "sqrt": np.sqrt}
    for value in BrownianPath(0, "xi").over_steps(0, steps, Fraction(1, 10)):
        values["randn"] = lambda value=value: value * dt**0.5
        exec(code, values)
    duration = steps * dt * ms
    stimulus = constant(0 * mV / ms, duration) if model.input else as_it_stands(duration)
    found = compile_kernels([make_step(model, method)], SCALAR)[0].run([stimulus], Fraction(1, 10))[0].state[0]
    assert found == pytest.approx(values["v" if name == "euler" else "x"], rel=1e-12)
