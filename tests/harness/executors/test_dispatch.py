"""Who gets which work, and what happens to the work of lost workers: with workers made for the test."""

from __future__ import annotations

import random
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.harness.executors import Answered, completed, dispatch
from spikecost.harness.executors.base import EXECUTORS, WorkerLost, Workers, chosen
from spikecost.models.ground.errors import NoValue, UserError


class Lethal(Exception):
    """Work that ends its worker."""


class Fragile(Workers):
    """Workers that do what they were given when they are looked at, in random order, and die of some of it."""

    def __init__(self, sizes, seed, strays=0):
        self._sizes = {str(i): size for i, size in enumerate(sizes)}
        self._random = random.Random(seed)
        self._strays = strays
        self._given = []
        self.tries = {}

    def slots(self):
        self._random.shuffle(self._given)
        if self._given:
            worker, work, future = self._given[0]
            if self._strays and self._random.random() < 0.3:
                self._strays -= 1
                self._die(worker)
            else:
                try:
                    future.set_result(work())
                    del self._given[0]
                except Lethal:
                    self._die(worker)
        return dict(self._sizes)

    def _die(self, worker):
        self._sizes[f"{worker}'"] = self._sizes.pop(worker)
        lost = [each for each in self._given if each[0] == worker]
        self._given = [each for each in self._given if each[0] != worker]
        for _, _, future in lost:
            if self._random.random() < 0.5:  # else the future never ends, as in Dask
                future.set_exception(WorkerLost("by chance"))

    def submit(self, worker, work):
        future = Future()
        self._given.append((worker, work, future))
        assert [name for name, _, _ in self._given].count(worker) <= self._sizes[worker]
        self.tries[work] = self.tries.get(work, 0) + 1
        return future

    def close(self, stop):
        pass


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.sampled_from(["good", "lethal", "known"]), max_size=12),
    st.integers(0, 2**16),
)
def test_only_work_that_ends_its_workers_is_given_up(sizes, kinds, seed):
    def good(i):
        return lambda: i

    def lethal():
        raise Lethal

    pieces = [
        Answered(i) if kind == "known" else good(i) if kind == "good" else lambda: lethal()
        for i, kind in enumerate(kinds)
    ]
    workers = Fragile(sizes, seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dispatch, "LOOK", 1e-4)
        found = dict(completed(workers, pieces))
    assert sorted(found) == list(range(len(kinds)))
    for i, kind in enumerate(kinds):
        if kind == "lethal":
            assert isinstance(found[i], NoValue)
            assert found[i].failed
            assert workers.tries[pieces[i]] == 2
        else:
            assert found[i] == i
    # innocent work that ran beside lethal work ran at most once more
    assert all(count <= 2 for count in workers.tries.values())


@given(st.integers(0, 2**16))
def test_work_that_loses_one_worker_by_chance_is_done_again(seed):
    said = []
    workers = Fragile([2, 1], seed, strays=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dispatch, "LOOK", 1e-4)
        found = dict(completed(workers, [lambda i=i: i for i in range(8)], said.append))
    assert found == {i: i for i in range(8)}
    assert len(said) <= 2


def test_a_run_does_not_wait_forever_for_workers(monkeypatch):
    monkeypatch.setattr(dispatch, "PATIENCE", 0.05)
    with pytest.raises(UserError, match="no worker"):
        list(completed(Fragile([], 0), [lambda: 1]))


def test_an_error_of_work_in_threads_is_raised():
    def wrong():
        raise ZeroDivisionError

    threads = EXECUTORS["threads"].start(2, "")
    with pytest.raises(ZeroDivisionError):
        list(completed(threads, [wrong]))
    threads.close(stop=True)


def test_an_address_chooses_the_cluster(monkeypatch):
    assert chosen()[0].name == "threads"
    assert chosen(cluster="tcp://host:1")[0].name == "dask"
    monkeypatch.setenv("SPIKECOST_CLUSTER", "tcp://host:2")
    assert chosen() == (EXECUTORS["dask"], "tcp://host:2")
    assert chosen("processes") == (EXECUTORS["processes"], "")
    with pytest.raises(UserError, match="threads"):
        chosen("threads", "tcp://host:3")
    monkeypatch.delenv("SPIKECOST_CLUSTER")
    for wrong in ("dask", "ray"):
        with pytest.raises(UserError, match=wrong):
            chosen(wrong)
