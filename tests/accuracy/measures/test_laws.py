"""Laws of every measure, and the properties of a distance."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spikecost.accuracy.measures import MEASURES
from spikecost.accuracy.measures.spike_trains import SpikeTrain

from ...strategies import START, STOP, train, trains

SYMMETRIC = ["maximum", "rms", "victor_purpura_100_per_s", "van_rossum_10ms", "isi_distance", "spike_distance"]
TURN_THE_SIGN = ["mean", "lag"]


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_says_what_it_is(name):
    measure = MEASURES[name]
    assert measure.name == name
    assert measure.unit in {"1", "ms", "ms/s", "spikes"}
    assert measure.perfect in {0, 1}


@pytest.mark.parametrize("name", MEASURES)
@given(a=trains(least=2))
def test_a_train_is_perfect_against_itself(name, a):
    assume(a.times[0] < a.times[-1])  # otherwise there is no drift
    assert MEASURES[name](a, a) == pytest.approx(MEASURES[name].perfect, abs=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_a_worse_train_is_not_perfect(name):
    reference = train(*range(50, 950, 100), stop=1000)
    slow = SpikeTrain(reference.times * 1.05, 1000.0)
    fewer, more = train(*reference.times[1:], stop=1000), train(*sorted([*reference.times, 77]), stop=1000)
    values = [MEASURES[name](worse, reference) for worse in (slow, fewer, more)]
    assert max(abs(value - MEASURES[name].perfect) for value in values) > 0.01


@pytest.mark.parametrize("name", MEASURES)
@given(a=trains(), b=trains(), shift=st.integers(-1000, 1000))
def test_when_it_happens_does_not_matter(name, a, b, shift):
    # on a grid of 2**-20 ms, so that the shift causes no rounding
    a, b = (SpikeTrain(np.round(t.times * 2**20) / 2**20, STOP, START) for t in (a, b))
    later = [SpikeTrain(t.times + shift, STOP + shift, START + shift) for t in (a, b)]
    assert MEASURES[name](*later) == pytest.approx(MEASURES[name](a, b), rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", MEASURES)
@given(a=trains(), b=trains(), start=st.floats(START, 500), stop=st.floats(600, STOP))
def test_only_the_overlap_counts(name, a, b, start, stop):
    a = SpikeTrain(a.times[a.times >= start], STOP, start)
    measure = MEASURES[name]
    value = measure(a, b.until(stop))
    cut = SpikeTrain(b.times[(b.times >= start) & (b.times <= stop)], stop, start)
    assert value == pytest.approx(measure(a.until(stop), cut), rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("name", SYMMETRIC)
@given(a=trains(), b=trains())
def test_distances_are_symmetric(name, a, b):
    assert MEASURES[name](a, b) == pytest.approx(MEASURES[name](b, a), rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", TURN_THE_SIGN)
@given(a=trains(), b=trains())
def test_early_is_late_the_other_way_round(name, a, b):
    assert MEASURES[name](a, b) == pytest.approx(-MEASURES[name](b, a), rel=1e-12, abs=1e-12, nan_ok=True)


@given(a=trains(), b=trains())
def test_missing_is_extra_the_other_way_round(a, b):
    assert MEASURES["missing"](a, b) == MEASURES["extra"](b, a) == max(0, len(b) - len(a))


@pytest.mark.parametrize("name", ["victor_purpura_100_per_s", "van_rossum_10ms", "isi_distance"])
@given(a=trains(), b=trains(), c=trains())
def test_no_detour_is_shorter(name, a, b, c):
    measure = MEASURES[name]
    assert measure(a, c) <= measure(a, b) + measure(b, c) + 1e-12


@pytest.mark.parametrize("name", ["maximum", "rms"])
@given(abc=st.integers(1, 8).flatmap(lambda n: st.tuples(*[trains(n, n)] * 3)))
def test_no_detour_is_shorter_among_trains_with_as_many_spikes(name, abc):
    a, b, c = abc
    measure = MEASURES[name]
    assert measure(a, c) <= (measure(a, b) + measure(b, c)) * (1 + 1e-12)


@pytest.mark.parametrize("name", ["victor_purpura_100_per_s", "van_rossum_10ms"])
@given(a=trains(), b=trains())
def test_only_equal_trains_are_at_no_distance(name, a, b):
    assert (MEASURES[name](a, b) == 0) == np.array_equal(a.times, b.times)


@pytest.mark.parametrize("name", ["isi_distance", "spike_distance"])
@given(a=trains(), b=trains())
def test_relative_distances_lie_between_0_and_1(name, a, b):
    assert 0 <= MEASURES[name](a, b) <= 1 + 1e-12


@given(a=trains(), b=trains())
def test_victor_purpura_lies_between_the_difference_and_the_sum_of_the_spikes(a, b):
    value = MEASURES["victor_purpura_100_per_s"](a, b)
    assert abs(len(a) - len(b)) <= value <= len(a) + len(b)


@pytest.mark.parametrize("name", ["gamma_2ms", "gamma_4ms"])
@given(a=trains(), b=trains())
def test_gamma_is_1_only_if_all_spikes_coincide(name, a, b):
    assume(len(a) + len(b) > 0)
    measure = MEASURES[name]
    assert measure(a, b) <= 1 + 1e-12
    if len(a) != len(b):
        assert measure(a, b) < 0.99
