"""A second process computes what is kept; it never outlives the first, and nothing depends on it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from spikecost.accuracy.references import cache
from spikecost.accuracy.regimes import regime
from spikecost.accuracy.study import ahead
from spikecost.accuracy.study.phases.measuring import count_all
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.phases.sweeping import compiled_for, one_of_each_kind
from spikecost.accuracy.study.study import Study
from spikecost.accuracy.study.suite import Suite
from spikecost.harness.measuring import kept
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import NoValue

pytestmark = pytest.mark.slow

LIF = [MODELS["lif"]]
SUITE = Suite(
    models=("lif",),
    methods=("euler", "rk4"),
    detections=("grid",),
    rates=(50.0,),
    horizons=(100.0,),
    trials=2,
    thorough=False,
    features=True,
)


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    processes = []
    real = subprocess.Popen

    def start(*given, **options):
        processes.append(real(*given, **options))
        return processes[-1]

    monkeypatch.setattr(ahead.subprocess, "Popen", start)
    return processes


def test_the_first_process_finds_what_the_second_computed(tmp_path, monkeypatch, started):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    cache._solvers.cache_clear()  # the key that both processes use is made now, whatever ran before in this process
    # the second process looks for no features, and counts nothing
    without = {"features": False, "witnessed": False}
    monkeypatch.setattr(ahead, "_pickled", lambda suite, own=ahead._pickled: own(replace(suite, **without)))
    with ahead.computed_ahead(SUITE, LIF, 2) as second:
        assert second.works
        second.wait()
        assert not second.works
    assert [process.returncode for process in started] == [0]

    def none(*_):
        raise AssertionError("it is computed again")

    monkeypatch.setattr(regime, "reference", none)
    (found,) = SUITE.regimes(LIF[0])
    assert len(found.trials) == 2
    monkeypatch.setattr(regime.taylor, "solve", none)
    assert found.certified < 1e-9


def test_the_processes_meet_in_the_middle(monkeypatch):
    """The second finds regimes in the reverse order, else both would compute those of an expensive model."""
    suite = replace(SUITE, models=tuple(LIF), rates=(20.0, 50.0, 80.0), thorough=False, features=False)
    found = []
    monkeypatch.setattr("spikecost.accuracy.study.suite.at_rate", lambda *given, **_: found.append(given[2]))
    monkeypatch.setattr(ahead, "_count", lambda *_: None)
    pieces = ahead.pieces_of_work(suite)
    for _ in suite.rates:
        next(pieces)()
    assert found == [80.0, 50.0, 20.0]
    assert list(suite.regimes(LIF[0])) == [None] * 3
    assert found[3:] == [20.0, 50.0, 80.0]


def test_counts_are_on_disk_before_they_are_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    suite = replace(SUITE, models=tuple(LIF), methods=("euler",), detections=("grid",), features=False)
    for piece in ahead.pieces_of_work(suite):
        piece()

    def none(*_):
        raise AssertionError("it is counted again")

    monkeypatch.setattr(kept, "count_step_and_spike", none)
    monkeypatch.setattr(kept, "measure", none)
    kinds = one_of_each_kind(suite.regimes(LIF[0]))
    study = Study(suite)
    count_all(study, LIF, {key: compiled_for(regime, suite) for key, regime in kinds.items()}, kinds, Progress())
    counted = [*study.retired.values(), *study.measurements.values()]
    assert len(counted) == 2
    assert not any(isinstance(each, NoValue) for each in counted)


def test_it_is_stopped_with_the_block(started):
    with ahead.computed_ahead(replace(SUITE, rates=(51.0,)), LIF, 2):
        assert started[0].poll() is None
    assert started[0].returncode == -signal.SIGKILL


def test_it_ends_if_the_first_process_is_killed(tmp_path, monkeypatch):
    noted = tmp_path / "number"

    class Noted(subprocess.Popen):
        """A process whose number is noted."""

        def __init__(self, *given, **options):
            super().__init__(*given, **options)
            noted.write_text(str(self.pid))

    monkeypatch.setattr(ahead.subprocess, "Popen", Noted)
    first = os.fork()
    if not first:
        try:
            with ahead.computed_ahead(Suite(models=("lif",), rates=(52.0,)), LIF, 2):  # minutes of work
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) == -signal.SIGKILL
    second = int(noted.read_text())
    state = Path("/proc", str(second), "stat")
    deadline = time.monotonic() + 60
    # a process that has ended may wait to be noticed
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
        if time.monotonic() > deadline:
            os.killpg(second, signal.SIGKILL)
            raise AssertionError("the second process goes on")
        time.sleep(0.1)


@pytest.mark.parametrize("changes", [{"features": False}, {"jobs": 1}])
def test_a_short_run_or_one_job_starts_none(started, changes):
    jobs = changes.pop("jobs", 2)
    with ahead.computed_ahead(replace(SUITE, **changes), LIF, jobs) as second:
        assert not second.works
        second.wait()
    assert started == []


def test_a_suite_that_cannot_be_sent_starts_none(started, monkeypatch):
    class Local(Suite):
        """A class that another process cannot import."""

    with ahead.computed_ahead(Local(**vars(SUITE)), LIF, 2) as second:
        assert not second.works
        second.wait()
    assert started == []
