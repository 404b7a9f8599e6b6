"""Trials that are judged together get, to the last bit, the errors that each gets alone."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikecost.accuracy.measures.spike_trains import SpikeTrain, spike_time_error
from spikecost.accuracy.search.judging import judged
from spikecost.accuracy.search.runs_as_bytes import ReadRuns, encoded
from spikecost.harness.kernels.kernel import Outcome
from spikecost.models.ground.errors import UserError

STOP = 1000.0
TRAINS = st.lists(st.floats(0, STOP), max_size=20).map(lambda times: np.sort(np.array(times, dtype=float)))
VOLTAGES = st.lists(st.floats(-100, 100), min_size=3, max_size=3)
MODEL = SimpleNamespace(system=SimpleNamespace(state=("v",), threshold=SimpleNamespace(variable="v")))


def trial(times, voltages, compared):
    reference = SimpleNamespace(samples=np.array(voltages)[:, None])
    between = np.array([i < compared for i in range(3)])
    return SimpleNamespace(model=MODEL, reference=reference, compared=SpikeTrain(times, STOP), between=between)


def outcome(times, voltages, failure=""):
    return Outcome(times, np.zeros(1), failure, np.array(voltages)[:, None])


RUNS = st.tuples(TRAINS, TRAINS, VOLTAGES, VOLTAGES, st.integers(0, 3), st.sampled_from(["", "", "", "diverged"]))


@settings(max_examples=100)
@given(st.lists(RUNS, min_size=1, max_size=8), st.booleans())
def test_together_as_alone(runs, whole):
    trials = [trial(right, voltages, compared) for right, _, voltages, _, compared, _ in runs]
    outcomes = [
        # as many spikes as the reference, moved a little, in half of the examples
        outcome(np.minimum(right * (1 - 1e-3), STOP) if whole else times, voltages, failure)
        for right, times, _, voltages, _, failure in runs
    ]
    found = judged(trials, outcomes, ())
    for each, own, ran in zip(found, trials, outcomes, strict=True):
        assert repr(each) == repr(judged([own], [ran], ())[0])
        if ran.failure:
            assert (each.error, each.failure) == (None, "diverged")
            continue
        assert repr(each.error) == repr(spike_time_error(SpikeTrain(ran.spike_times, STOP), own.compared))
        away = (ran.samples - own.reference.samples)[own.between, 0]
        assert math.isnan(each.voltage) if not away.size else each.voltage == np.sqrt((np.abs(away) ** 2).mean())
    with_measure = judged(trials, outcomes, ("gamma_2ms",))
    assert [repr(each.error) for each in with_measure] == [repr(each.error) for each in found]
    assert all(bool(each.values) == (each.error is not None) for each in with_measure)


@pytest.mark.parametrize("measures", [(), ("gamma_2ms",)])
def test_a_spike_past_the_end_of_the_comparison_is_not_an_extra_spike(measures):
    own = trial(np.array([1.0, 2.0]), [0, 0, 0], 1)
    until, past = ([1.0, 2.0], [1.0, 2.0, STOP + 1e-9]), [1.0, 2.5, STOP + 1.0, STOP + 2.0]
    first, second, third = judged(
        [own] * 3, [outcome(np.array(times), [0, 0, 0]) for times in (*until, past)], measures
    )
    assert repr(second.error) == repr(first.error)
    assert (third.error.missing, third.error.extra, third.error.maximum) == (0, 0, 0.5)
    assert [run.spikes for run in (first, second, third)] == [2, 3, 4]


@pytest.mark.parametrize("times", [[5.0, 4.0], [-1.0, 3.0], [1.0, -np.inf]])
def test_times_that_are_no_train_are_refused(times):
    with pytest.raises(UserError, match="spike time"):
        judged([trial(np.array([1.0, 2.0]), [0, 0, 0], 1)], [outcome(np.array(times), [0, 0, 0])], ())


def test_runs_share_equal_tallies():
    """Runs at one setting often have the same tallies; half a million runs are in memory at once."""
    tallies = [{"step": 10, "spike": 1}, {"step": 10, "spike": 2}, {"step": 10, "spike": 1}]
    outcomes = [replace(outcome(np.array([10.0]), [0.0] * 3), tallies=each) for each in tallies]
    runs = judged([trial(np.array([10.0]), [0.0] * 3, 1)] * 3, outcomes, [])
    assert [run.tallies for run in runs] == tallies
    assert runs[0].tallies is runs[2].tallies
    again = ReadRuns(encoded({Fraction(1): runs}))[Fraction(1)]
    assert [run.tallies for run in again] == tallies
    assert again[0].tallies is again[2].tallies
