import re
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.measures.spike_trains import SpikeTrain, _match, spike_time_error
from spikecost.models.ground.errors import UserError

from ...messages import tells

trains = st.lists(st.floats(0, 100, allow_nan=False, width=32), max_size=8).map(
    lambda times: SpikeTrain(np.sort(np.array(times, dtype=float)), 100.0)
)


def train(*times):
    return SpikeTrain(np.array(times, dtype=float), 100.0)


def test_differences_by_hand():
    error = spike_time_error(train(10.1, 20.3, 30.2), train(10, 20, 30))
    assert (error.matched, error.missing, error.extra) == (3, 0, 0)
    assert error.maximum == pytest.approx(0.3)
    assert error.mean == pytest.approx(0.2)
    assert error.rms == pytest.approx(np.sqrt((0.01 + 0.09 + 0.04) / 3))
    # slope of (0.1, 0.3, 0.2) over (10, 20, 30) ms: 0.005 ms per ms
    assert error.drift == pytest.approx(5)


def test_an_early_train_has_a_negative_mean():
    assert spike_time_error(train(9, 19), train(10, 20)).mean == pytest.approx(-1)


def test_missing_and_extra_spikes_are_counted_and_forbid_a_tolerance():
    missing = spike_time_error(train(10, 30), train(10, 20, 30))
    assert (missing.matched, missing.missing, missing.extra, missing.maximum) == (2, 1, 0, 0)
    extra = spike_time_error(train(10, 20, 30), train(10, 30))
    assert (extra.matched, extra.missing, extra.extra, extra.maximum) == (2, 0, 1, 0)
    assert not missing.within(1e9)
    assert not extra.within(1e9)
    assert spike_time_error(train(10), train(10.5)).within(0.5)
    assert not spike_time_error(train(10), train(10.5)).within(0.4)


def test_empty_trains():
    assert spike_time_error(train(), train()).within(0.1)
    none = spike_time_error(train(), train(1, 2))
    assert (none.matched, none.missing) == (0, 2)
    assert np.isnan(none.maximum)


@given(trains, trains)
def test_matching_is_the_best_in_order(a, b):
    """Compare with all ways to leave out spikes of the longer train."""
    short, long = sorted((a.times, b.times), key=len)
    best = min(np.abs(short - long[list(chosen)]).sum() for chosen in combinations(range(len(long)), len(short)))
    error = spike_time_error(a, b)
    assert error.matched == len(short)
    assert error.missing == len(b) - error.matched
    assert error.extra == len(a) - error.matched
    mine, partners = _match(a.times, b.times)
    assert np.abs(a.times[mine] - b.times[partners]).sum() == pytest.approx(best, abs=1e-9)
    assert (np.diff(mine) > 0).all()
    assert (np.diff(partners) > 0).all()


@given(trains)
def test_a_train_has_no_error_against_itself(a):
    error = spike_time_error(a, a)
    assert error.missing == error.extra == 0
    assert not len(a) or error.maximum == 0


@given(trains, trains)
def test_swapping_the_trains_swaps_missing_and_extra(a, b):
    one, other = spike_time_error(a, b), spike_time_error(b, a)
    assert (one.missing, one.extra) == (other.extra, other.missing)
    np.testing.assert_allclose(one.mean, -other.mean)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1, 3, 2], "spike times are out of order: 2 ms follows 3 ms; sort them"),
        ([1, np.nan], "spike time 1 (counted from 0) is nan; give finite numbers in ms"),
        ([np.inf], "spike time 0 (counted from 0) is inf; give finite numbers in ms"),
        ([-np.inf, 1], "spike time 0 (counted from 0) is -inf; give finite numbers in ms"),
        ([-1, 1], "spike time -1 ms is before the train's start of 0 ms; leave it out or give an earlier start"),
        ([1, 200], "spike time 200 ms is after the train's stop of 100 ms; leave it out or give a later stop"),
        ([[1]], "spike times must be one list of numbers in ms, not an array of shape (1, 1)"),
    ],
)
def test_bad_trains_are_named(times, message):
    with pytest.raises(UserError) as error:
        SpikeTrain(np.array(times, dtype=float), 100.0)
    assert tells(str(error.value), message)


@pytest.mark.parametrize(
    ("times", "stop", "message"),
    [
        (np.array(["x"]), 10.0, "spike times and edges: expected a number or Brian2 quantity, got array"),
        (np.array([1 + 2j]), 10.0, "spike times and edges: expected a number or Brian2 quantity, got array"),
        ([1.0], [2.0, 3.0], "the edge stop must be one number in ms, not an array of shape (2,)"),
    ],
)
def test_what_is_no_number_is_named(times, stop, message):
    with pytest.raises(UserError, match=re.escape(message)):
        SpikeTrain(times, stop)


def test_a_train_is_not_changed_from_outside():
    times = np.array([1.0, 2.0])
    train = SpikeTrain(times, 10.0)
    times[0] = 5.0
    assert train.times.tolist() == [1, 2]
