from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.regimes.drive import UnreachableRate, find_drive
from spikecost.accuracy.search.sweep import MOST_PROBES, PROBES, TimeSteps, between, time_steps
from spikecost.models.ground.errors import UserError


@given(st.fractions(1, 1000, max_denominator=16), st.floats(1e-3, 0.1), st.floats(1, 50), st.integers(1, 12))
def test_every_step_divides_the_unit_and_they_shrink(unit, finest, factor, per_decade):
    steps = time_steps(unit, min(finest * factor, float(unit)), finest, per_decade)
    assert all((unit / dt).denominator == 1 for dt in steps)
    assert all(a > b for a, b in pairwise(steps))


def test_steps_are_log_spaced():
    steps = np.array([float(dt) for dt in time_steps(Fraction(1000), 1.0, 0.01, 4)])
    np.testing.assert_allclose(steps, np.geomspace(1, 0.01, 9), rtol=2e-3)


def test_a_ladder_has_twenty_or_more_rungs_in_every_octave():
    sweep = TimeSteps(Fraction(125), 5.0, 1e-3, 8)
    ladder = np.array([float(dt) for dt in sweep.ladder])
    assert all((sweep.unit / dt).denominator == 1 for dt in sweep.ladder)
    assert ladder[0] == float(sweep.settings[0])
    assert ladder[-1] < float(sweep.settings[-1]) / 2
    for dt in np.geomspace(2e-3, 5, 30):
        several = ((dt / 2 < ladder) & (ladder <= dt)).sum()
        assert min(PROBES, round(125 / dt)) - 1 <= several <= 1.2 * MOST_PROBES
    # if there are few whole divisions, it has all of them
    assert sweep.ladder[:20] == tuple(Fraction(125, n) for n in range(25, 45))
    # and few values in common with the sweep
    assert len(set(sweep.ladder) & set(sweep.settings)) < len(sweep.settings) / 2


@given(st.fractions(Fraction(1, 1000), 5, max_denominator=5000), st.sampled_from([1, 125, 1000]))
def test_round_steps_divide_the_unit_and_are_round(dt, unit):
    for each in TimeSteps(Fraction(unit), 5.0, 1e-3, 8).rounded(dt):
        assert dt / 2 <= each <= dt
        assert (unit / each).denominator == 1
        assert len(f"{float(each):.12g}".replace(".", "").strip("0")) <= 2


def test_an_empty_range_is_refused():
    with pytest.raises(UserError, match="give coarsest >= finest > 0"):
        time_steps(Fraction(1000), 0.01, 1.0, 4)


def test_between_is_the_geometric_mean_or_nothing():
    assert between(Fraction(1, 100), Fraction(1, 25), Fraction(1)) == Fraction(1, 50)
    assert between(Fraction(1, 26), Fraction(1, 25), Fraction(1)) is None


def test_the_weakest_drive_is_found():
    drive = find_drive(lambda value: max(0.0, 10 * (value - 3)), 50, "line")
    assert drive.value == pytest.approx(8, rel=1e-8)
    assert drive.rate == pytest.approx(50, rel=1e-8)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (lambda value: 60.0 if value > 2 else 0.0, "found at which it fires at 50 Hz.* starts to fire at 60 Hz"),
        (lambda value: 0.0, "never spikes, for drives up to 32768"),
        (lambda value: 30.0 if value > 2 else 0.0, "does not reach 50 Hz: at most 30 Hz"),
        (lambda value: 80.0, "fires at 80 Hz without any drive"),
    ],
)
def test_an_unreachable_rate_says_why(rate, message):
    with pytest.raises(UnreachableRate, match=message):
        find_drive(rate, 50, "model")
