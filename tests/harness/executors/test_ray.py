"""A sweep on a Ray cluster: the same bits, also if a worker is killed. Ray is large, so that this is for the night."""

import os
import signal
from functools import partial
from importlib import import_module

import pytest

from spikecost.harness.executors import EXECUTORS, completed, ray
from spikecost.models.ground.errors import NoValue, UserError


def test_without_ray_it_is_said_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(ray, "import_module", missing)
    with pytest.raises(UserError, match=r"pip install 'spikecost\[ray\]'"):
        EXECUTORS["ray"].start(1, "auto")


@pytest.fixture
def cluster():
    library = import_module("ray")
    library.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    workers = EXECUTORS["ray"].start(1, "auto")
    yield workers
    workers.close(stop=True)
    library.shutdown()


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
def test_work_of_a_killed_worker_is_done_again_and_work_that_kills_is_given_up(cluster):
    said = []
    work = [partial(os.kill, 0, 0), *[partial(abs, -n) for n in range(20)], partial(signal.raise_signal, 9)]
    found = dict(completed(cluster, work, said.append))
    assert [found[1 + n] for n in range(20)] == list(range(20))
    assert isinstance(found[21], NoValue)
    assert "ended two workers" in found[21].reason
    assert said
    assert all("\n" not in line for line in said)
