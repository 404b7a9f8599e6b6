"""What the store has of a run in addition to the runs of its kernels, and what of it is used again."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.study import kept_study
from spikecost.accuracy.study.phases import measuring
from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.suite import Suite
from spikecost.harness.store import Store

SUITE = Suite(
    models=("lif",),
    methods=("euler", "rk4"),
    detections=("hermite",),
    rates=(50.0,),
    tolerances=(1.0,),
    horizons=(100.0,),
    trials=2,
    per_decade=2,
    finest=0.01,
    repeats=2,
    time_lanes=False,
    thorough=False,
    features=False,
)


@given(st.lists(st.lists(st.floats(), max_size=9), min_size=1, max_size=3))
def test_columns_are_read_as_they_were_written(columns):
    given_columns = [np.array(column, dtype=float) for column in columns]
    found = kept_study.unpacked(kept_study.packed(*given_columns))
    assert [each.tobytes() for each in found] == [each.tobytes() for each in given_columns]


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A run, the same run again, how often each recorded a case, and the store."""
    path = tmp_path_factory.mktemp("store") / "spikecost.db"
    calls, record = [], measuring.record
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "record", lambda *given: calls.append(1) or record(*given))
        first = run_suite(SUITE, jobs=1, store=path)
        computed = len(calls)
        second = run_suite(SUITE, jobs=1, store=path)
    return first, second, (computed, len(calls) - computed), path


def test_recordings_are_taken_from_the_store_bit_by_bit(twice):
    first, second, (before, after), _ = twice
    assert before == len(first.cases) > 0
    assert after == 0
    for one, other in zip(first.cases, second.cases, strict=True):
        for name in ("spike_times", "at", "voltage"):
            assert getattr(one.recording, name).tobytes() == getattr(other.recording, name).tobytes()


def test_a_recording_of_another_length_is_another_one(twice):
    first, _, _, path = twice
    case = first.cases[0]
    with Store(path) as store:
        share = measuring.Share.of(len(first.cases) + 1)
        with pytest.raises(ZeroDivisionError):  # it is not in the store, so it is computed
            kept_study.recorded(store, case, replace(share, samples=7), lambda: 1 / 0)
        assert kept_study.recorded(store, case, share, lambda: 1 / 0).spike_times.size


def test_the_file_has_a_table_of_everything_for_other_programs(twice):
    first, _, _, path = twice
    with closing(sqlite3.connect(path)) as opened:
        counted = {
            name: opened.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
            for name in ("runs", "trials", "spike_trains", "counts", "timings", "provenance")
        }
        assert counted == {
            "runs": 2,
            "trials": 2,  # kept once, whatever runs and methods use them
            "spike_trains": 2,
            "counts": 2,
            "timings": 4,  # never taken from the store
            "provenance": 2,
        }
        ((train, about),) = opened.execute("SELECT content, about FROM trials ORDER BY rowid LIMIT 1")
        trial = first.regimes[0].trials[0]
        assert kept_study.unpacked(train)[0].tolist() == trial.reference.train.times.tolist()
        assert json.loads(about)["error_ms"] == trial.reference.error
        ((made,),) = opened.execute("SELECT about FROM provenance LIMIT 1")
        assert {"spikecost", "python", "numpy", "compiler", "processor"} <= set(json.loads(made))
        said = [json.loads(about) for (about,) in opened.execute("SELECT about FROM runs ORDER BY rowid")]
        assert [(each["results"], each["reused"]) for each in said] == [(2, 0), (2, 2)]
        assert all(each["begun"] <= each["ended"] for each in said)


def test_a_damaged_recording_is_named_and_made_again(twice, caplog):
    first, _, _, path = twice
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("UPDATE results SET content = x'00' WHERE kind = 'train'")
    again = run_suite(SUITE, jobs=1, store=path)
    assert "damaged" in caplog.text
    for one, other in zip(first.cases, again.cases, strict=True):
        assert one.recording.voltage.tobytes() == other.recording.voltage.tobytes()
