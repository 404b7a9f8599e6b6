"""Every measure against values computed by hand, and against bad input."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from spikecost.accuracy.measures import MEASURES, Gamma, VanRossum, VictorPurpura, lag_by_index
from spikecost.accuracy.measures.spike_trains import SpikeTrain
from spikecost.models.ground.errors import UserError

from ...strategies import train


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maximum", 0.3),
        ("mean", 0.2),
        ("rms", np.sqrt((0.01 + 0.09 + 0.04) / 3)),
        # slope of (0.1, 0.3, 0.2) over (10, 20, 30) ms: 0.005 ms per ms
        ("drift", 5),
        ("lag", 0.2),
        ("missing", 0),
        ("extra", 0),
    ],
)
def test_three_late_spikes(name, value):
    assert MEASURES[name](train(10.1, 20.3, 30.2), train(10, 20, 30)) == pytest.approx(value)


def test_spikes_missing_and_too_many_are_told_apart():
    full, less = train(10, 20, 30), train(10, 30)
    assert (MEASURES["missing"](less, full), MEASURES["extra"](less, full)) == (1, 0)
    assert (MEASURES["missing"](full, less), MEASURES["extra"](full, less)) == (0, 1)


def test_a_spike_too_many_shifts_the_lag_of_all_that_follow():
    np.testing.assert_allclose(lag_by_index(train(9, 15, 21, 31), train(10, 20, 30)), [-1, -5, -9])
    assert MEASURES["lag"](train(9, 15, 21, 31), train(10, 20, 30)) == -9
    # while the matched spikes are 1 ms early or late
    assert MEASURES["maximum"](train(9, 15, 21, 31), train(10, 20, 30)) == 1


@pytest.mark.parametrize("window", [2, 4])
def test_gamma(window):
    # 10 and 11, 30 and 30 coincide, 20 and 23 only within 4 ms; at 4 spikes per second, 8 window/1000 ms are by chance
    found, chance = {2: 2, 4: 3}[window], 8 * window / 1000
    gamma = MEASURES[f"gamma_{window}ms"](train(10, 20, 30, 50, stop=1000), train(11, 23, 30, stop=1000))
    assert gamma == pytest.approx((found - 3 * chance) / 3.5 / (1 - chance), rel=1e-14)


def test_a_spike_takes_part_in_one_coincidence():
    # otherwise two spikes near one spike of the reference would be as good as one
    assert Gamma(2 * ms)(train(10, 11, stop=1e9), train(10, stop=1e9)) == pytest.approx(1 / 1.5)
    # 8 goes with 6, so that 10 can go with 9
    assert Gamma(2 * ms)(train(8, 10, stop=1e9), train(6, 9, stop=1e9)) == pytest.approx(1)


def test_gamma_has_no_value_where_every_spike_would_coincide_by_chance():
    # 2 * 200 Hz * 4 ms = 1.6
    fast = train(*range(0, 100, 5))
    assert np.isnan(MEASURES["gamma_4ms"](fast, fast))
    assert MEASURES["gamma_2ms"](fast, fast) == pytest.approx(1)


def test_victor_purpura():
    # 2 and 4 ms of shift and a spike deleted; 21 ms of shift cost more than 2
    assert VictorPurpura(100 / second)(train(10, 20, 30), train(12, 24)) == pytest.approx(0.2 + 0.4 + 1)
    assert VictorPurpura(0.1 / ms)(train(10), train(31)) == 2
    assert VictorPurpura(0.09 / ms)(train(10), train(31)) == pytest.approx(1.89)
    assert VictorPurpura(0.1 / ms)(train(), train(1, 2, 3)) == 3


def test_van_rossum():
    distance = VanRossum(10 * ms)
    assert distance(train(10), train()) == 1
    assert distance(train(10, 10), train()) == 2
    # (f - g)**2 is exp(-2 t/10) for 5 ms, then (1 - exp(-0.5))**2 exp(-2 t/10) to infinity
    by_hand = np.sqrt((1 - np.exp(-1)) + (1 - np.exp(-0.5)) ** 2)
    assert distance(train(10), train(15)) == pytest.approx(by_hand, rel=1e-15)


def test_van_rossum_keeps_its_digits_for_trains_that_are_almost_equal():
    # D**2 = 2 (1 - exp(-shift/tau)): at a shift of 2**-30 ms, 1 - exp would leave 6 digits
    shift = 2.0**-30
    expected = np.sqrt(-2 * np.expm1(-shift / 10))
    assert VanRossum(10 * ms)(train(10 + shift), train(10)) == pytest.approx(expected, rel=1e-12)


def test_isi_distance():
    # intervals of 10 and 20 ms throughout
    assert MEASURES["isi_distance"](train(*range(10, 100, 10)), train(20, 40, 60, 80)) == pytest.approx(0.5)
    # 100 ms against 60 up to the spike, and 40 after it
    assert MEASURES["isi_distance"](train(), train(60)) == pytest.approx((40 * 60 + 60 * 40) / 100**2)


def test_spike_distance():
    # distance 20 throughout; intervals 40 and 60, then 60 and 60, then 60 and 40
    assert MEASURES["spike_distance"](train(40), train(60)) == pytest.approx((40 * 0.4 + 20 / 3 + 40 * 0.4) / 100)
    # 0 up to 20; to 26/75 at 60, with distances 20 and 40/3 and intervals 40 and 60; to 0.4 at 80; 0.4 to 100
    by_hand = (40 * 26 / 75 / 2 + 20 * (26 / 75 + 0.4) / 2 + 20 * 0.4) / 100
    assert MEASURES["spike_distance"](train(20, 60), train(20, 80)) == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize("name", ["isi_distance", "spike_distance"])
def test_two_trains_with_one_spike_at_their_end_are_equal(name):
    assert MEASURES[name](train(100), train(100)) == 0


def test_trains_are_compared_where_both_were_observed():
    # 90 is after the train's end, 5 before the reference's beginning
    short, long = train(5, 50, stop=80), train(50, 90, start=20)
    assert (MEASURES["missing"](short, long), MEASURES["extra"](short, long)) == (0, 0)
    assert MEASURES["isi_distance"](short, long) == 0


@pytest.mark.parametrize("name", MEASURES)
def test_edges_that_do_not_overlap_are_named(name):
    with pytest.raises(UserError, match="0 to 100 ms, and the reference's, 100 to 200 ms, do not overlap"):
        MEASURES[name](train(10), train(110, start=100, stop=200))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gamma(0 * ms), "window = .* is not positive"),
        (lambda: Gamma(-4 * ms), "window = .* is not positive"),
        (lambda: Gamma(4), "window = 4 is not a time; give one"),
        (lambda: VanRossum(0 * ms), "tau = .* is not positive"),
        (lambda: VanRossum(10 * mV), "tau = .* is not a time"),
        (lambda: VictorPurpura(0 / second), "cost = .* is not a positive rate; give a Brian2 quantity"),
        (lambda: VictorPurpura(-1 / second), "cost = .* is not a positive rate"),
        (lambda: VictorPurpura(10 * ms), "cost = .* is not a positive rate"),
        (lambda: VictorPurpura(100), "cost = 100 is not a positive rate"),
        (lambda: VictorPurpura(float("nan") / second), "expected a finite value"),
        (lambda: SpikeTrain(np.array([20.0, 10.0]), 100.0), "out of order: 10 ms follows 20 ms; sort them"),
        (lambda: SpikeTrain(np.array([10.0, np.nan]), 100.0), "finite"),
        (lambda: SpikeTrain(np.array([10.0]), np.nan), "the edges 0 to nan ms"),
        (lambda: SpikeTrain(np.array([]), 10.0, 20.0), "the edges 20 to 10 ms are not two finite times in order"),
        (lambda: SpikeTrain(np.array([1, 2]) * mV, 100.0), "given in mV; give a number in ms"),
        (lambda: SpikeTrain(["late"], 100.0), "expected a number or Brian2 quantity, got 'late'"),
    ],
)
def test_bad_input_is_named_in_one_line(make, message):
    with pytest.raises(UserError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_spike_trains_take_quantities():
    for times in (np.array([70, 70.1]) * ms, [70 * ms, 0.0701 * second], [70, 70.1]):
        spikes = SpikeTrain(times, 0.1 * second, 10 * ms)
        assert (spikes.times.tolist(), spikes.start, spikes.stop) == ([70, 70.1], 10, 100)
    assert len(spikes.until(70 * ms)) == 1


@pytest.mark.parametrize("name", MEASURES)
def test_what_is_no_spike_train_is_named(name):
    with pytest.raises(UserError, match="a measure compares two spike trains, not list; give SpikeTrain"):
        MEASURES[name]([1.0, 2.0], SpikeTrain(np.array([1.0]), 10.0))
