"""Inputs that vary in time: their samples by block against the stimulus's own values, and runs in blocks."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from hypothesis import given, settings
from hypothesis import strategies as st

from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels import sampled
from spikecost.harness.kernels.arguments import Arguments
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.kernels.sampled import PLACES, SampledInputs
from spikecost.harness.stimuli import Shape, Stimulus, edges_of, ornstein_uhlenbeck, poisson_conductance, steps_of
from spikecost.models.definition.language import units
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

NUMBERS = st.floats(-5, 5).map(lambda value: round(value, 3))
SHAPES = st.builds(
    Shape,
    NUMBERS,
    slope=st.just(0.0) | NUMBERS,
    decay=st.just(0.0) | NUMBERS,
    tau=st.sampled_from([0.5, 7.0]),
    amplitude=st.just(0.0) | NUMBERS,
    phase=st.sampled_from([0.0, 1.5]),
    omega=st.sampled_from([0.0, 0.3]),
    sweep=st.sampled_from([0.0, 0.01]),
)
DIMENSION = units.dimension_of(mV / ms)


def with_sine(stimulus, amplitude):
    shapes = [replace(shape, amplitude=amplitude, omega=0.3) for shape in stimulus.shapes]
    return Stimulus(stimulus.durations, shapes, stimulus.dimension)


def one_by_one(stimulus, dt):
    """The values of every step from the formula of its piece, one piece after the other."""
    found = []
    for steps, shape in zip(steps_of(stimulus, dt), stimulus.shapes, strict=True):
        found.append(shape.at((np.arange(steps)[:, None] + np.array(PLACES)) * float(dt)))
    return np.concatenate(found)


@settings(max_examples=40)
@given(
    shapes=st.lists(st.tuples(SHAPES, SHAPES, SHAPES), min_size=1, max_size=4),
    durations=st.lists(st.lists(st.integers(1, 9), min_size=4, max_size=4), min_size=3, max_size=3),
    alike=st.booleans(),
    first=st.integers(0, 30),
    count=st.integers(1, 30),
)
def test_a_block_has_the_values_of_the_stimuli(shapes, durations, alike, first, count):
    dt = Fraction(1, 4)
    lengths = [[Fraction(length) for length in durations[0 if alike else lane][: len(shapes)]] for lane in range(3)]
    for own in lengths:  # they end together
        own[-1] += max(map(sum, lengths)) - sum(own)
    different = [Stimulus(lengths[lane], [each[lane] for each in shapes], DIMENSION) for lane in range(3)]
    stimuli = [*different, different[0]]
    edges = [edges_of(stimulus, dt) for stimulus in stimuli]
    first = min(first, int(edges[0][-1]) - 1)
    count = min(count, int(edges[0][-1]) - first)
    found = SampledInputs(stimuli, edges, float(dt)).values(first, count)
    expected = np.stack([one_by_one(stimulus, dt) for stimulus in stimuli], axis=-1)
    # a sine of an array may be another one than that of a part of it, by a unit in the last place
    np.testing.assert_allclose(found, expected[first : first + count], rtol=1e-14, atol=1e-14)


def test_lines_are_sampled_exactly():
    stimuli = [ornstein_uhlenbeck(2 * mV / ms, 1 * mV / ms, 5 * ms, 1 * ms, 20 * ms, seed=seed) for seed in range(5)]
    dt = Fraction(1, 7)
    found = SampledInputs(stimuli, [edges_of(each, dt) for each in stimuli], float(dt)).values(0, 140)
    np.testing.assert_array_equal(found, np.stack([one_by_one(each, dt) for each in stimuli], axis=-1))


@pytest.mark.parametrize("refractory", [None, 3 * ms])
@pytest.mark.parametrize("build", [SCALAR, SIMD], ids=lambda build: build.name)
@pytest.mark.parametrize("sine", [False, True])
def test_a_run_in_blocks_is_the_run_at_once(monkeypatch, refractory, build, sine):
    model = get_model("lif").replace(refractory=refractory)
    kernel = compile_kernels([make_step(model, "rk4", "linear", varying=True)], build)[0]
    stimuli = [ornstein_uhlenbeck(3 * mV / ms, 1 * mV / ms, 5 * ms, 1 * ms, 200 * ms, seed=seed) for seed in range(3)]
    if sine:
        stimuli = [with_sine(stimulus, 0.1 * lane) for lane, stimulus in enumerate(stimuli)]
    monkeypatch.setattr(sampled, "BLOCK_BYTES", 1 << 30)
    at_once = kernel.run(stimuli, Fraction(1, 9))
    monkeypatch.setattr(sampled, "BLOCK_BYTES", 1)
    in_blocks = kernel.run(stimuli, Fraction(1, 9))
    assert sum(outcome.spike_times.size for outcome in at_once) > 20
    for one, other in zip(at_once, in_blocks, strict=True):
        np.testing.assert_array_equal(one.spike_times, other.spike_times)
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.tallies == other.tallies


@pytest.mark.parametrize("neurons", [1, 8, 63, 64, 65])
def test_compiled_code_runs_the_same_blocks_as_python(neurons):
    """Whatever the number of neurons, which need not fill vectors or blocks of lanes."""
    kernel = compile_kernels([make_step("izhikevich", "heun", "hermite", varying=True)], SIMD)[0]
    stimuli = [ornstein_uhlenbeck(8, 4, 5 * ms, 1 * ms, 50 * ms, seed=seed) for seed in range(neurons)]
    compiled = kernel.run(stimuli, Fraction(1, 9))
    arguments = Arguments(kernel.step, stimuli, Fraction(1, 9), None, in_lanes=True)
    for call in arguments.calls():
        kernel._function(*call)
    for one, other in zip(compiled, arguments.outcomes(), strict=True):
        np.testing.assert_array_equal(one.spike_times, other.spike_times)
        np.testing.assert_array_equal(one.samples, other.samples)
    assert sum(outcome.spike_times.size for outcome in compiled) > neurons / 2


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("detection", ["grid", "linear"])
@pytest.mark.parametrize("method", ["rk4", "heun", "exponential_euler"])
def test_neurons_whose_inputs_have_other_pieces_run_together_as_they_do_alone(method, detection, precision):
    model = get_model("lif").replace(refractory=2 * ms)
    kernel = compile_kernels([make_step(model, method, detection, varying=True, precision=precision)], SIMD)[0]
    stimuli = [
        poisson_conductance(400 * Hz, 2 * mV / ms, 5 * ms, 1 * ms, 200 * ms, seed=seed).cut([Fraction(37 + seed)])
        for seed in range(5)
    ]
    stimuli.append(with_sine(stimuli[0], 0.4))
    assert len({stimulus.durations for stimulus in stimuli}) == 5
    for stimulus, together in zip(stimuli, kernel.run(stimuli, Fraction(1, 9)), strict=True):
        (alone,) = kernel.run([stimulus], Fraction(1, 9))
        assert alone.spike_times.size > 3
        np.testing.assert_array_equal(together.spike_times, alone.spike_times)
        np.testing.assert_array_equal(together.samples, alone.samples)
        assert together.samples.shape == (len(stimulus.shapes), len(kernel.step.state))
        assert together.tallies == alone.tallies
