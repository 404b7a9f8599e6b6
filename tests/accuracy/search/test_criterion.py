"""What "accurate enough" means, on runs with known errors."""

from __future__ import annotations

import math

import pytest

from spikecost.accuracy.measures import MEASURES
from spikecost.accuracy.measures.spike_trains import SpikeTimeError
from spikecost.accuracy.search.criterion import Criterion, Run, RunColumns

MATCHED = [name for name, measure in MEASURES.items() if measure.matched]


def run(off, missing=0, extra=0, **values):
    return Run(SpikeTimeError(off, off, off, off, 10, missing, extra), "", values, 10 - missing + extra)


def times_over(criterion, *runs):
    return criterion.times_over(RunColumns.of(runs, criterion.measure)).tolist()


@pytest.mark.parametrize("measure", MATCHED)
@pytest.mark.parametrize(("missing", "extra"), [(1, 0), (0, 1), (1, 1)])
def test_times_that_are_right_do_not_make_up_for_spikes_that_are_not(measure, missing, extra):
    criterion = Criterion(measure, 0.1)
    value = {measure: MEASURES[measure].perfect}
    assert criterion.holds(run(0.0, **value))
    assert times_over(criterion, run(0.0, missing, extra, **value)) == [0]


def test_a_measure_of_trains_judges_missing_spikes_itself():
    assert times_over(Criterion("gamma_2ms", 0.1), run(0.0, 1, gamma_2ms=0.95)) == [pytest.approx(2)]


@pytest.mark.parametrize("off", [0.05, -0.05])
def test_the_tolerance_over_the_error(off):
    criterion = Criterion("mean", 0.1)
    assert times_over(criterion, run(off)) == [2]
    assert criterion.holds(run(off), margin=2)
    assert not criterion.holds(run(off), margin=2.01)
    assert times_over(criterion, Run(None, "diverged", {}, 0), run(math.nan), run(off)) == [0, 0, 2]
    assert not criterion.all_hold([run(off), run(math.nan)])


def test_a_reference_is_a_thousand_times_more_accurate_than_what_is_judged_by_it():
    assert Criterion("maximum", 0.1).least_error() == pytest.approx(1e-4)
