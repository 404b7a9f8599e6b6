"""A firing rate is the number of spikes per second of the horizon, within one spike, for any distribution in time."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.regimes import firing
from spikecost.accuracy.regimes.drive import SILENT, UnreachableRate, _narrow, _pass, find_drive
from spikecost.accuracy.regimes.drives import LEAST_WINDOW, WINDOWS, constant_drive, drive_for, firing_rate, other_rates
from spikecost.accuracy.regimes.regime import at_rate
from spikecost.models.definition.language import units
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model

from .. import f_i
from ..second_solver import dop853

#: Horizon of the independent counts, in ms.
LONG = 10_000.0


@given(st.lists(st.floats(0.5, 400), min_size=1, max_size=9), st.floats(0, 300), st.floats(300, 5000))
def test_a_rate_is_less_than_one_spike_off_the_count(pattern, latency, horizon):
    """Any pattern of intervals, starting at any phase."""
    all_times = latency + np.cumsum(np.tile(pattern, int(8 * horizon / sum(pattern)) + 3))
    times = all_times[all_times < 4 * horizon]
    within = int((times < horizon).sum())
    if times.size < 2:
        return
    rate = firing.rate_of(times, within, horizon)
    assert abs(rate * horizon / 1000 - within) < 1
    # over many periods it is the rate of the pattern
    assert firing.rate_of(all_times, all_times.size, float(all_times[-1])) == pytest.approx(
        1000 * len(pattern) / sum(pattern), abs=1000 * (len(pattern) + latency / min(pattern)) / all_times[-1]
    )


@given(st.integers(2, 8), st.floats(2, 10), st.floats(60, 300))
def test_the_period_of_bursts_is_their_number_of_spikes(spikes, within, pause):
    times = np.cumsum([*([within] * (spikes - 1)), pause] * 12)
    assert firing.period(times) == spikes
    assert firing.over_periods(times) == pytest.approx(1000 * spikes / ((spikes - 1) * within + pause))


def test_a_pause_is_no_silence():
    bursts = np.concatenate([start + np.arange(5) * 4.0 for start in (10, 210, 410)])
    assert not firing.fires_steadily(bursts, 600)
    assert firing.keeps_firing(bursts, 600)
    assert not firing.keeps_firing(bursts, 1200)


@pytest.mark.parametrize(
    ("label", "drive", "spikes"), [("izhikevich:CH", 4.5, 36), ("izhikevich:CH", 6.0, 49), ("izhikevich:CH", 10.0, 87)]
)
def test_bursts_are_counted_pauses_included(label, drive, spikes):
    model = get_model(label)
    assert len(dop853(model, constant_drive(model, drive, 1000.0), rtol=1e-10, longest=0.5)) == spikes
    assert abs(firing_rate(model, drive, 1000.0) - spikes) < 1


@pytest.mark.parametrize(
    ("label", "rate"),
    [
        ("izhikevich:CH", 50),
        ("mihalas_niebur:tonic_bursting", 50),
        pytest.param("wilson:bursting", 12, marks=pytest.mark.deep),
        ("mihalas_niebur:hyperpolarization_bursting", 30),
        ("hindmarsh_rose:usual", 20),
        ("lif", 50),
        pytest.param("pospischil_ib:IBR", 50, marks=pytest.mark.deep),
    ],
)
def test_what_the_search_finds_an_independent_solver_counts(label, rate):
    model = get_model(label)
    found = drive_for(model, rate, 1000.0)
    counted = len(dop853(model, constant_drive(model, found.value, 1000.0), rtol=1e-10, longest=0.5))
    assert abs(counted - found.rate) < 1
    assert abs(counted - rate) < 2


def test_the_trials_of_a_bursting_regime_fire_at_its_rate():
    regime = at_rate(get_model("izhikevich:CH"), "constant", 50, 1000.0, 5)
    assert [trial.spikes for trial in regime.trials] == pytest.approx([50] * 5, abs=2.5)
    assert len({trial.stimulus.values[0] for trial in regime.trials}) == 5


def test_a_short_horizon_does_not_make_a_rate_unreachable():
    lif = get_model("lif")
    assert drive_for(lif, 50, 10.0).value == pytest.approx(drive_for(lif, 50, 1000.0).value, rel=1e-6)
    regime = at_rate(lif, "constant", 50, 10.0, 2)
    assert regime.trials == ()
    assert "no spike within the horizon of 10 ms" in regime.reason
    assert at_rate(lif, "constant", 200, 10.0, 2).trials


def test_several_rates_of_one_drive_are_said():
    # rest and firing are both stable at this drive: Rinzel and Miller 1980
    said = other_rates(get_model("hodgkin_huxley"), 7.0, 1000.0)
    assert "0 Hz if it is raised slowly" in said
    assert not other_rates(get_model("lif"), 2.0, 1000.0)
    assert not other_rates(get_model("izhikevich:CH"), 6.0, 1000.0)


def test_what_has_not_been_found_is_not_called_impossible():
    with pytest.raises(UnreachableRate) as error:
        drive_for(get_model("izhikevich:LTS"), 5, 1000)
    assert "cannot" not in str(error.value)
    assert "held for 1 s" in str(error.value)


def test_a_refractory_time_is_a_proof():
    slow = get_model("lif").replace(name="slow", refractory=5 * ms)
    with pytest.raises(UnreachableRate, match=r"cannot fire at .* refractory time of 5 ms allows 200 Hz"):
        drive_for(slow, 300, 1000)


@given(st.floats(1, 50), st.floats(0.2, 3))
def test_a_rate_that_falls_with_the_drive_is_found(top, width):
    """A rate that rises and falls with the drive (too strong a drive blocks the firing), with a jump at its start."""

    def rate(drive):
        return 0.0 if drive < top else 200.0 / (1 + ((drive - top) / (width * top)) ** 2)

    found = find_drive(rate, 50, "hump", first=top / 64)
    assert found.rate == pytest.approx(50, rel=0.005)


@given(st.floats(0.05, 100), st.floats(2.01, 100), st.floats(1, 49), st.booleans())
def test_a_blocked_model_is_not_driven_ever_harder(onset, block, highest, alone):
    asked = []

    def rate(drive):
        asked.append(drive)
        if drive > onset * block:
            return 0.0
        return highest if drive > onset else float(alone and drive == 0)

    with pytest.raises(UnreachableRate, match=r"at most [\d.]+ Hz for drives up to"):
        find_drive(rate, 50, "blocked")
    # doublings only see drives at which it fires; from the last of these, SILENT further ones
    assert max(asked) <= 2**SILENT * onset * block
    # a model that does not fire yet is driven harder
    late = find_drive(lambda drive: 0.25 * drive / onset if drive > 100 * onset else 0.0, 50, "late")
    assert late.value == pytest.approx(200 * onset, rel=0.01)


@given(st.floats(20, 100), st.floats(0.5, 20))
def test_a_model_that_fires_by_itself_is_slowed_down_by_inhibition(alone, slope):
    found = find_drive(lambda drive: max(alone + slope * drive, 0.0), 10.0, "alone")
    assert found.value == pytest.approx((10 - alone) / slope, rel=0.01)


def strengths(label):
    own = float(units.internal(get_model(label).drive))
    return [own * part for part in (0.8, 1.0, 1.25, 1.6, 2.2)]


def checked(label, drive, horizon):
    """Rate and independent count agree within one spike; a rate of 0 means that the model stops firing."""
    model = get_model(label)

    def counted(until):
        return dop853(model, constant_drive(model, drive, until), rtol=1e-10, longest=0.5)

    rate = firing_rate(model, drive, horizon)
    if rate:
        assert abs(rate * horizon / 1000 - len(counted(horizon))) < 1
    else:
        window = max(WINDOWS * horizon, LEAST_WINDOW)
        assert not firing.keeps_firing(counted(window), window)


QUICK = ["qif", "izhikevich:CH", "adex:bursting", "mihalas_niebur:phasic", "mihalas_niebur:tonic_bursting"]


@pytest.mark.parametrize("label", QUICK)
def test_the_rate_of_a_drive_is_what_an_independent_solver_counts(label):
    for drive in strengths(label):
        checked(label, drive, 400.0)


def vouched_for(model, drive):
    """The longest horizon up to `LONG` over which a model has one number of spikes; chaos has none over longer ones."""
    for part in (1, 2, 4, 8, 16):
        try:
            solution = reference(model, constant_drive(model, drive, LONG / part))
        except UserError:
            continue
        if solution.error < 1e-3:  # otherwise its stated error says that the last spikes are not known
            return LONG / part
    raise AssertionError("not even over half a second")


@pytest.mark.deep
@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("label", f_i.presets())
def test_the_rate_of_every_preset_over_ten_seconds(label, at):
    drive = strengths(label)[at]
    checked(label, drive, vouched_for(get_model(label), drive))


@given(
    rheobase=st.floats(0.1, 3.0),
    slope=st.floats(0.5, 40.0),
    jump=st.floats(0.0, 60.0),
    power=st.floats(0.2, 3.0),
    wanted=st.floats(1.0, 90.0),
    falls=st.booleans(),
)
def test_the_rate_passes_where_bisection_finds_it(rheobase, slope, jump, power, wanted, falls):
    def rate(drive):
        above = (-drive if falls else drive) - rheobase
        return jump + slope * above**power if above > 0 else 0.0

    faster = -10.0 if falls else 10.0
    if rate(faster) >= wanted:
        found = _pass(rate, wanted, 0.0, faster)
        assert found == _narrow(0.0, faster, lambda drive: rate(drive) >= wanted)
        assert rate(found[0]) < wanted <= rate(found[1])


@pytest.mark.parametrize(("jump", "most"), [(0.0, 18), (30.0, 52)])
def test_few_rates_are_needed_where_they_are_smooth(jump, most):
    asked = []

    def rate(drive):
        asked.append(drive)
        return 20 * drive**0.5 + jump * (drive > 1)

    _pass(cache(rate), 30.0, 0.5, 4.0)
    assert len(asked) <= most  # bisection: 34
