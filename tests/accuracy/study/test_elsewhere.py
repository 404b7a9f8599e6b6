"""A sweep by other processes and by a cluster gives the same bits, also if a worker is killed in the middle."""

from __future__ import annotations

import os
import pickle
import platform
import signal
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from importlib import import_module

import distributed
import pytest

from spikecost.accuracy.search.status import Status
from spikecost.accuracy.study.phases import tasks
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.phases.tasks import FillTask, SweepTask
from spikecost.accuracy.study.runner import run_suite
from spikecost.harness.executors import EXECUTORS, completed
from spikecost.harness.executors.base import WorkerLost, Workers
from spikecost.harness.executors.processes import Processes
from spikecost.harness.executors.worker import perform
from spikecost.harness.kernels.kernels import Kernels
from spikecost.models.ground.errors import NoValue, UserError
from spikecost.models.methods import METHODS

from .faults import SUITE, tables
from .test_resumed import assert_same

pytestmark = pytest.mark.slow

#: A part of `SUITE` for which workers begin quickly.
SMALL = replace(SUITE, models=("lif",), methods=("euler", "rk4"), detections=("grid", "hermite"))


@pytest.fixture(scope="module")
def undisturbed():
    return tables(run_suite(SMALL, jobs=2))


class Near(Workers):
    """Workers in this process that get everything pickled, as others do; some work ends them."""

    def __init__(self, lethal=lambda task: False):
        self.tasks = []
        self._lethal = lethal
        self._name = 0

    def slots(self):
        return {str(self._name): 1}

    def submit(self, worker, work):
        task = pickle.loads(work.content)
        self.tasks.append(task)
        future = Future()
        if self._lethal(task):
            self._name += 1
            future.set_exception(WorkerLost("killed"))
        else:
            future.set_result(pickle.loads(pickle.dumps(perform(pickle.dumps(work)))))
        return future

    def close(self, stop):
        pass


@pytest.fixture
def near(monkeypatch):
    def use(**how):
        workers = Near(**how)
        monkeypatch.setattr(Processes, "start", lambda _self, _jobs, _address: workers)
        return partial(run_suite, executor="processes"), workers

    return use


def test_what_workers_compute_is_kept_here_and_not_asked_for_again(near, undisturbed, tmp_path):
    run, workers = near()
    store = tmp_path / "spikecost.db"
    first = run(SMALL, store=store)
    assert_same(tables(first), undisturbed)
    assert not first.reused
    assert {type(task) for task in workers.tasks} == {SweepTask}
    asked = len(workers.tasks)
    second = run(SMALL, store=store)
    assert_same(tables(second), undisturbed)
    assert len(workers.tasks) == asked
    swept = sum(bool(curve.points) for curve in second.curves)
    assert second.reused.startswith(f"{swept} of {swept} results")
    # threads find them as well, and processes find those of threads
    assert run_suite(SMALL, jobs=2, store=store).reused == second.reused


def test_workers_look_between_the_tolerances(near, tmp_path):
    small = replace(SMALL, witnessed=True, repeats=1)
    here = run_suite(small, jobs=2)
    run, workers = near()
    there = run(small, store=tmp_path / "spikecost.db")
    assert sum(isinstance(task, FillTask) for task in workers.tasks) == 1
    expected = [repr((case.criterion, case.status, case.coarsest)) for case in here.map_cases]
    assert [repr((case.criterion, case.status, case.coarsest)) for case in there.map_cases] == expected
    assert len(expected) > 1
    # what was computed for it is kept as well
    asked = len(workers.tasks)
    run(small, store=tmp_path / "spikecost.db")
    assert len(workers.tasks) == asked


def test_work_that_ends_its_workers_fails_alone(near, undisturbed):
    run, _ = near(lethal=lambda task: isinstance(task, SweepTask) and task.method == "rk4")
    said = []
    study = run(SMALL, progress=Progress(say=said.append))
    lost = [case for case in study.cases if case.curve.method == "rk4" and case.curve.reason]
    assert lost
    for case in lost:
        assert case.status in {Status.FAILED, Status.NOT_APPLICABLE, Status.LEFT_OUT}
    failed = [case for case in lost if case.status is Status.FAILED]
    assert failed
    assert all("two workers" in case.reason for case in failed)
    assert sum("lost" in line for line in said) == len({id(case.curve) for case in failed})
    # all others are as in an undisturbed run
    whole, mine = undisturbed[0], tables(study)[0]
    others = [frame[frame["method"] != "rk4"].reset_index(drop=True) for frame in (whole, mine)]
    columns = ["model", "method", "detection", "status", "dt_ms"]
    assert others[0][columns].equals(others[1][columns])


def test_a_worker_with_another_version_is_refused(near, monkeypatch):
    run, _ = near()
    monkeypatch.setattr("spikecost.accuracy.study.phases.tasks.version", partial(next, iter(map(str, range(10**6)))))
    study = run(SMALL)
    assert not any(curve.points for curve in study.curves)
    assert any("another version" in curve.reason for curve in study.curves)


def test_a_worker_that_cannot_compile_says_why(near, monkeypatch):
    run, _ = near()
    reasons = dict.fromkeys(SMALL.pairs, NoValue("there is no C compiler"))
    monkeypatch.setattr(tasks, "_kernels", {})
    monkeypatch.setattr(tasks, "compiled_for", lambda _regime, _suite, _precision: Kernels(reasons=reasons))
    study = run(SMALL)
    assert not any(curve.points for curve in study.curves)
    assert any("there is no C compiler" in curve.reason and platform.node() in curve.reason for curve in study.curves)


def test_a_method_of_the_script_itself_is_refused(near, monkeypatch):
    run, _ = near()
    monkeypatch.setattr(type(METHODS[SUITE.methods[0]]), "__module__", "__main__")
    with pytest.raises(UserError, match="threads"):
        run(SMALL)


@pytest.fixture(scope="module")
def cluster():
    """Yield the address of a scheduler on this machine, and what returns its workers' process numbers."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as made:
        yield made.scheduler_address, lambda: [nanny.pid for nanny in made.workers.values()]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cluster_that_loses_a_worker_gives_the_same_bits(cluster, undisturbed, tmp_path):
    address, pids = cluster
    phase, said, done = [], [], []

    def one_done():
        if phase[-1] == "sweeping dt":
            done.append(None)
            if len(done) == 1:
                os.kill(pids()[0], signal.SIGKILL)

    progress = Progress(begin=lambda name, _pieces: phase.append(name), done=one_done, say=said.append)
    study = run_suite(SMALL, 2, progress, tmp_path / "spikecost.db", cluster=address)
    assert len(done) == len(study.curves)
    assert_same(tables(study), undisturbed)
    again = run_suite(SMALL, 2, store=tmp_path / "spikecost.db")
    swept = sum(bool(curve.points) for curve in again.curves)
    assert again.reused.startswith(f"{swept} of {swept} results")


def test_work_that_ends_workers_of_a_cluster_is_given_up(cluster):
    address, _ = cluster
    workers = EXECUTORS["dask"].start(2, address)
    found = dict(completed(workers, [partial(os._exit, 3), partial(abs, -2), partial(int, "none"), partial(abs, -3)]))
    workers.close(stop=False)
    assert isinstance(found.pop(0), NoValue)
    assert isinstance(found.pop(2), NoValue)
    assert found == {1: 2, 3: 3}


def test_a_cluster_without_this_package_is_refused(cluster, tmp_path, monkeypatch):
    address, pids = cluster
    (tmp_path / "only_here.py").write_text("def perform(work):\n    return work\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("spikecost.harness.executors.dask.perform", import_module("only_here").perform)
    workers, before = EXECUTORS["dask"].start(2, address), pids()
    with pytest.raises(UserError, match="only_here"):
        list(completed(workers, [partial(abs, -1)]))
    workers.close(stop=True)
    assert pids() == before  # no worker ended


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("spikecost.harness.executors.dask.PATIENCE", 0.3)
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        EXECUTORS["dask"].start(2, "tcp://127.0.0.1:9")
    with pytest.raises(UserError, match="not_an_address"):
        EXECUTORS["dask"].start(2, "not_an_address://")


def test_processes_that_die_are_replaced_and_end_with_the_run(tmp_path, monkeypatch):
    (tmp_path / "beside_the_script.py").write_text("def answer():\n    return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    workers = EXECUTORS["processes"].start(2, "")
    work = [partial(os._exit, 3), partial(os.getpid), partial(os.kill, 0, 0), *[partial(abs, -n) for n in range(5)]]
    work.append(import_module("beside_the_script").answer)
    said = []
    found = dict(completed(workers, work, said.append))
    assert "status 3" in found[0].reason
    assert [found[3 + n] for n in range(5)] == list(range(5))
    assert found[1] != os.getpid()
    assert found[8] == 42
    assert len(said) == 1
    left = [process.number for process in workers._processes.values()]
    workers.close(stop=False)
    for number in left:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_ctrl_c_ends_processes_in_the_middle_of_their_work():
    workers = EXECUTORS["processes"].start(2, "")
    results = completed(workers, [partial(abs, -1), partial(time.sleep, 600), partial(time.sleep, 600)])
    assert next(results) == (0, 1)
    stopper = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    stopper.start()
    with pytest.raises(KeyboardInterrupt):
        next(results)
    begun = time.monotonic()
    workers.close(stop=True)
    assert time.monotonic() - begun < 60  # a few hundredths of a second on an idle machine
