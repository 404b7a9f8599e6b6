"""Frozen noise: a path is a function of its seed and of time, and has the statistics of Brownian motion."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from spikecost.harness.stimuli import constant
from spikecost.harness.stimuli.parts.frozen_noise import DEPTH, BrownianPath, Held
from spikecost.models.ground.errors import UserError

STEPS = st.fractions(min_value=Fraction(1, 5000), max_value=3, max_denominator=5000)


@given(STEPS, st.integers(1, 7), st.integers(0, 1000), st.integers(0, 2**40))
def test_a_finer_step_sees_the_same_path_at_more_points(dt, finer, first, seed):
    path = BrownianPath(seed, "xi")
    coarse, fine = path.at(first, 40, dt), path.at(first * finer, 40 * finer, dt / finer)
    np.testing.assert_allclose(fine[::finer], coarse, rtol=0, atol=1e-12)


@given(STEPS, st.integers(0, 3000), st.integers(1, 100))
def test_a_part_of_a_path_is_the_path(dt, first, count):
    path = BrownianPath(7, "xi_1")
    assert np.array_equal(path.at(0, first + count, dt)[first:], path.at(first, count, dt))


@pytest.mark.parametrize("dt", [Fraction(1), Fraction(1, 3), Fraction(1, 10), Fraction(3, 7), Fraction(1, 512)])
def test_increments_are_independent_and_normal(dt):
    count = 10_000
    scaled = BrownianPath(1, "xi").over_steps(0, count, dt) * float(dt) ** 0.5
    assert kstest(scaled, "norm").pvalue > 0.001
    for lag in (1, 2, 3):
        assert abs(np.mean(scaled[lag:] * scaled[:-lag])) < 4 / count**0.5
    # and so are those of other seeds and names
    for other in (BrownianPath(2, "xi"), BrownianPath(1, "xi_2")):
        assert abs(np.mean(scaled * other.over_steps(0, count, dt) * float(dt) ** 0.5)) < 4 / count**0.5


def test_beyond_its_depth_a_path_is_a_straight_line():
    points = BrownianPath(1, "xi").at(0, 9, Fraction(1, 2 ** (DEPTH + 2)))
    bends = np.diff(points, 2)
    assert np.abs(bends[[0, 1, 2, 4, 5, 6]]).max() < 1e-15 < 1e-6 < abs(bends[3])


@pytest.mark.parametrize(("kind", "law"), [("randn", "norm"), ("rand", "uniform")])
def test_numbers_are_held_for_a_sampling_step(kind, law):
    held = Held(5, "x", kind, Fraction(1, 10))
    once = held.over_steps(0, 10_000, Fraction(1, 10))
    assert kstest(once, law).pvalue > 0.001
    assert abs(np.corrcoef(once[1:], once[:-1])[0, 1]) < 4 / 10_000**0.5
    assert np.array_equal(held.over_steps(12, 60, Fraction(1, 40)), np.repeat(once, 4)[12:72])


def test_a_step_with_too_many_digits_is_refused():
    with pytest.raises(UserError, match="has too many digits for the path of the noise; use a rounder one"):
        BrownianPath(0, "xi").at(0, 2, Fraction(1, 2**50 + 1))


def test_a_stimulus_keeps_the_seed_of_its_noise():
    stimulus = constant(1 * mV, 10 * ms).with_noise(3)
    assert stimulus.divided(1 * ms).noise == stimulus.cut([Fraction(1)]).noise == stimulus.scaled(2).noise == 3
    assert stimulus != constant(1 * mV, 10 * ms)
    with pytest.raises(UserError, match=r"seed = -1 is not a whole number of at least 0"):
        stimulus.with_noise(-1)
