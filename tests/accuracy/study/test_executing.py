"""Pieces of work in threads: their order, and what ends them."""

from __future__ import annotations

import threading
import time
from fractions import Fraction

import pytest
from brian2 import ms

from spikecost.accuracy.study.phases.executing import in_threads
from spikecost.harness.stimuli import constant
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.interruption import Stopped, run_stoppable


def test_results_come_in_the_order_of_the_work():
    first = threading.Event()

    def slow():
        assert first.wait(60)
        return "slow"

    def quick():
        first.set()
        return "quick"

    with in_threads(2, [slow, quick]) as results:
        assert list(results) == ["slow", "quick"]


def test_kernels_in_threads_end_when_the_work_is_interrupted(kernel_of):
    kernel = kernel_of("lif", "rk4", "grid")
    stimulus = constant(MODELS["lif"].drive, 2000 * ms)
    begun, ended, left = threading.Event(), [], []

    def long():
        begun.set()
        try:
            kernel.run([stimulus], Fraction(1, 10**8))  # many minutes
        finally:
            ended.append(threading.get_ident())

    def interrupted():
        with in_threads(2, [long, long, lambda: left.append(1)]):
            assert begun.wait(60)
            time.sleep(0.05)
            interruptions.append(time.monotonic())
            raise KeyboardInterrupt

    interruptions = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - interruptions[0] < 60  # 0.05 s on an idle machine
    assert 1 <= len(ended) <= 2
    assert not left
    # what comes next is not stopped
    assert len(kernel.run([stimulus], Fraction(1, 10))[0].spike_times) > 1


def test_a_stopped_call_has_no_result():
    begun, stopped = threading.Event(), threading.Event()

    def wait():
        begun.set()
        assert stopped.wait(60)

    def piece():
        run_stoppable(wait, stopped.set)
        return "a result that must not be used"

    def interrupted(results):
        with in_threads(1, [piece]) as found:
            results.append(found)
            assert begun.wait(60)
            raise KeyboardInterrupt

    results = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(results)
    with pytest.raises(Stopped):
        next(results[0])
