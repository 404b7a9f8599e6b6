from math import comb

import numpy as np
import pytest

from spikecost.reports.regression.kept.timing_gate import LEAST_SAMPLES, Gate, slowdown

GATE = Gate()


def test_the_probability_is_that_of_the_ranks():
    # all of one sample above all of the other: one of C(10, 5) orders, by hand
    found = slowdown([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], GATE)
    assert found.probability == pytest.approx(1 / comb(10, 5))
    assert (found.before, found.after) == (3, 8)
    assert found.percent == pytest.approx(100 * 5 / 3)


def test_the_fewest_samples_can_decide():
    assert 1 / comb(2 * LEAST_SAMPLES, LEAST_SAMPLES) < GATE.alpha


def test_twice_as_slow_in_much_noise_is_found():
    random = np.random.default_rng(1)
    for _ in range(50):
        before, after = random.lognormal(0, 0.3, 20), 2 * random.lognormal(0, 0.3, 20)
        assert slowdown(before, after, GATE).slower


def test_the_same_in_much_noise_is_no_alarm():
    random = np.random.default_rng(2)
    for _ in range(1000):
        found = slowdown(random.lognormal(0, 0.3, 20), random.lognormal(0, 0.3, 20), GATE)
        assert not found.slower
        assert not found.faster


def test_what_is_much_faster_is_found_and_what_was_held_up_before_is_not():
    random = np.random.default_rng(3)
    for _ in range(50):
        before, after = random.lognormal(0, 0.1, 20), random.lognormal(0, 0.1, 20)
        assert slowdown(before, after / 5, GATE).faster
        assert not slowdown(2 * before, after, GATE).faster


def test_a_small_difference_is_none_however_sure():
    before = [1 + i / 1000 for i in range(20)]
    found = slowdown(before, [1.3 * each for each in before], GATE)
    assert found.probability < 1e-6
    assert not found.slower


def test_a_large_difference_of_a_few_samples_is_none():
    # more than half were delayed, and the medians show this; the ranks say that it may be chance
    before, after = [1.0] * 11 + [3.0] * 9, [1.0] * 9 + [3.0] * 11
    found = slowdown(before, after, GATE)
    assert found.percent == 200
    assert not found.slower
