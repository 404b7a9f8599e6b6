from fractions import Fraction

import numpy as np
import pytest
from brian2 import TimedArray, cm, kHz, ms, mV, nA, second, uA

from spikecost.harness.stimuli import (
    common_divisor,
    constant,
    piecewise_constant,
    piecewise_random,
    ramp,
    shorten,
    step,
    steps_of,
)
from spikecost.harness.stimuli.steps import meant_dt
from spikecost.harness.stimuli.timed_array import stimulus_from_brian2
from spikecost.models.definition.language.units import in_ms
from spikecost.models.ground.errors import UserError


def test_values_and_durations_are_in_internal_units():
    stimulus = step(0 * uA / cm**2, 10 * uA / cm**2, 50 * ms, 1 * second)
    assert stimulus.durations == (50, 950)
    assert stimulus.values == (0, 10)
    assert stimulus.horizon == 1000
    assert stimulus.unit == 50


def test_the_unit_is_the_longest_time_of_which_all_pieces_are_multiples():
    assert common_divisor([Fraction(3, 2), Fraction(5, 4)]) == Fraction(1, 4)
    assert common_divisor([Fraction(100), Fraction(30)]) == 10


def test_dt_divides_every_piece():
    stimulus = piecewise_constant([(2 * ms, 1), (3 * ms, 2)])
    assert steps_of(stimulus, Fraction(1, 4)) == (8, 12)
    with pytest.raises(UserError, match=r"dt = 0.3 ms does not divide the stimulus's 1 ms pieces; use 0.25 ms or 0.33"):
        steps_of(stimulus, Fraction(3, 10))
    with pytest.raises(UserError, match="not positive"):
        steps_of(stimulus, Fraction(0))


@pytest.mark.parametrize("kilohertz", [22.05, 24.4140625])
def test_a_recording_that_is_cut_within_a_sample_is_refused_by_name(kilohertz):
    # 30 ms are 661.5 or 732.4 samples
    dt = 1 / (kilohertz * kHz)
    samples = TimedArray(2 + np.sin(np.arange(1000) * 0.1), dt=dt)
    step = in_ms(dt, "dt")
    with pytest.raises(UserError) as error:
        steps_of(stimulus_from_brian2(samples, 30 * ms), step)
    whole = int(30 * kilohertz)
    assert f"{whole}*dt or {whole + 1}*dt" in str(error.value)
    whole_samples = stimulus_from_brian2(samples, whole * dt)
    assert sum(steps_of(whole_samples, meant_dt(whole_samples, step))) == whole


def test_a_step_longer_than_a_piece_does_not_divide_it():
    with pytest.raises(UserError, match=r"use 1 ms$"):
        steps_of(constant(1, 1 * ms), Fraction(2))


def test_shorten_keeps_the_first_steps():
    stimulus = piecewise_constant([(2 * ms, 1), (3 * ms, 2)])
    short = shorten(stimulus, Fraction(1, 2), 6)
    assert short.durations == (2, 1)
    assert short.values == (1, 2)
    assert shorten(stimulus, Fraction(1, 2), 1).durations == (Fraction(1, 2),)
    assert shorten(stimulus, Fraction(1, 2), 100) == stimulus


def test_random_pieces_are_frozen_by_their_seed():
    stimulus = piecewise_random(2, 4, 5 * ms, 1 * second, seed=7)
    assert stimulus.durations == (5,) * 200
    assert stimulus == piecewise_random(2, 4, 5 * ms, 1 * second, seed=7)
    assert stimulus.values != piecewise_random(2, 4, 5 * ms, 1 * second, seed=8).values
    assert stimulus.seed == 7
    assert 2 <= min(stimulus.values) < 2.1 < 3.9 < max(stimulus.values) < 4
    with pytest.raises(UserError, match=r"pieces of 3 ms do not fill a duration of 10 ms"):
        piecewise_random(2, 4, 3 * ms, 10 * ms, seed=7)


def test_scaled_multiplies_the_values():
    assert piecewise_constant([(2 * ms, 1), (3 * ms, 2)]).scaled(3).values == (3, 6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constant(1, 1 * mV), "duration = .* is not a time"),
        (lambda: constant(1, -1 * ms), "not positive"),
        (lambda: constant(float("nan"), 1 * ms), "finite"),
        (lambda: piecewise_constant([]), "at least one"),
        (lambda: piecewise_constant([(1 * ms, 1 * nA), (1 * ms, 1 * mV)]), "different units"),
        (lambda: step(0, 1, 5 * ms, 5 * ms), "does not fit into the horizon"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_a_cut_stimulus_is_the_same_input():
    whole = ramp(1 * mV / ms, 3 * mV / ms, 10 * ms)
    cut = whole.cut([Fraction(5), Fraction(5, 2), Fraction(40), Fraction(0)])
    assert cut.durations == (Fraction(5, 2), Fraction(5, 2), Fraction(5))
    at = np.linspace(0, 9.99, 50)
    assert cut.at(at) == pytest.approx(whole.at(at))
    assert whole.cut([]) == whole
