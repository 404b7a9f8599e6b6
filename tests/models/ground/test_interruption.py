"""Signals: which runs end immediately, and which are allowed to finish."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import brian2
import numpy as np
import pytest
from brian2 import ms

from spikecost import UserError, simulate
from spikecost.harness.kernels import kernel
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.catalogue import MODELS
from spikecost.models.ground import interruption
from spikecost.models.ground.interruption import SIGNALS, as_ctrl_c, interruptible, keeping
from spikecost.models.step import make_step


@pytest.fixture(params=SIGNALS, ids=lambda number: signal.Signals(number).name)
def number(request):
    return request.param


def test_a_signal_waits_until_something_is_kept_and_is_sent_then(number):
    finished = []

    def keep():
        with keeping():
            signal.raise_signal(number)
            finished.append("kept")

    with as_ctrl_c(), pytest.raises(KeyboardInterrupt):
        keep()
    assert finished == ["kept"]


def test_what_was_ignored_stays_ignored_whatever_brian2_installs(number):
    before = signal.getsignal(number)
    signal.signal(number, signal.SIG_IGN)
    try:
        with as_ctrl_c():
            if number == signal.SIGINT:
                signal.signal(number, brian2._InterruptHandler(signal.getsignal(number)))
            signal.raise_signal(number)
            with keeping() as came, interruptible():
                signal.raise_signal(number)
                assert signal.getsignal(number) == signal.SIG_IGN  # a program that is started now inherits it
            assert came == []
        assert signal.getsignal(number) == signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_whoever_has_dealt_with_a_signal_is_not_sent_it_again(number):
    with as_ctrl_c(), keeping() as came:
        signal.raise_signal(number)
        assert came == [number]
        came.clear()


def test_a_signal_interrupts_what_may_be_interrupted_and_not_what_keeps_it(number):
    with as_ctrl_c(), keeping() as came:
        with pytest.raises(KeyboardInterrupt), interruptible():
            signal.raise_signal(number)
        signal.raise_signal(number)  # now it would be lost
        assert came == [number, number]
        came.clear()


def test_the_second_of_two_signals_does_not_interrupt_the_way_out(monkeypatch):
    steps = []

    def work():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            steps.append("way out")
            # but code that runs for long after the first signal can still be interrupted
            monkeypatch.setattr(interruption, "PATIENCE", 0.0)
            signal.raise_signal(signal.SIGINT)
            steps.append("never")

    with keeping() as came:
        with pytest.raises(KeyboardInterrupt), interruptible():
            work()
        came.clear()
    assert steps == ["way out"]


def test_handlers_are_as_they_were_afterwards(number):
    before = signal.getsignal(number)
    with as_ctrl_c(), keeping(), interruptible():
        assert signal.getsignal(number) is not before
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with as_ctrl_c(), keeping() as came:
            signal.raise_signal(signal.SIGHUP)
            assert came == []
    finally:
        signal.signal(signal.SIGHUP, before)


LIF = MODELS["lif"]
LONG = {
    "fixed steps": {"dt": 1e-7 * ms},
    "error control": {"tolerance": 1e-13, "method": "dormand_prince"},
    "series": {"dt": 1e-3 * ms, "method": "parker_sochacki"},
}


@pytest.mark.parametrize("given", LONG.values(), ids=LONG)
def test_a_kernel_that_runs_long_is_interrupted(given, number):
    stimulus = constant(LIF.drive, (2000 if given.get("dt") == 1e-7 * ms else 1_000_000) * ms)
    main = threading.main_thread().ident
    sent, over = [], threading.Event()

    def send():
        while not _is_waiting_for_a_kernel():
            if over.wait(0.01):  # it must not find the kernel of another test
                return
        time.sleep(0.02)
        sent.append(time.monotonic())
        signal.pthread_kill(main, number)

    with as_ctrl_c():
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                simulate("lif", stimulus, **given)
        finally:
            over.set()
            sender.join()
    # complete runs take a minute or more; an interrupted run takes a few hundredths of a second on an idle machine
    assert time.monotonic() - sent[0] < 40
    while _is_waiting_for_a_kernel():
        assert time.monotonic() - sent[0] < 40
        time.sleep(0.01)


@pytest.mark.parametrize("given", LONG.values(), ids=LONG)
@pytest.mark.parametrize("call", [lambda work: work(), lambda work: ThreadPoolExecutor(1).submit(work).result()])
def test_a_kernel_that_does_not_end_in_time_is_stopped(given, call):
    stimulus = constant(LIF.drive, (2000 if given.get("dt") == 1e-7 * ms else 1_000_000) * ms)
    late = UserError("late")

    def work():
        begun = time.monotonic()
        with interruption.ending_within(0.2, late):
            with pytest.raises(UserError, match="late"):
                simulate("lif", stimulus, **given)
            # nothing more is begun in the block, and everything after it
            with pytest.raises(UserError, match="late"):
                simulate("lif", constant(LIF.drive, 20 * ms), dt=0.1 * ms)
        seconds = time.monotonic() - begun
        simulate("lif", constant(LIF.drive, 20 * ms), dt=0.1 * ms)
        return seconds

    seconds = call(work)
    assert 0.2 <= seconds < 15


def _is_waiting_for_a_kernel():
    return any(thread.name == interruption.KERNEL for thread in threading.enumerate())


@pytest.mark.parametrize("lanes", [1, 3])
def test_spike_times_do_not_depend_on_how_a_kernel_is_called(kernel_of, lanes, monkeypatch):
    stimuli = [constant((1 + 0.1 * i) * LIF.drive, 200 * ms) for i in range(lanes)]
    in_a_step = compile_kernels([make_step(LIF, "parker_sochacki", "dense")])[0]
    # more steps than the kernel makes between two checks whether it must stop
    runs = {
        run: (lambda run=run: run(stimuli, Fraction(1, 64)))
        for run in (kernel_of("lif", "rk4", "hermite").run, in_a_step.run)
    }
    for run in runs.values():
        at_once = run()
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "LONG", 0)
            in_a_thread = run()
        for one, other in zip(at_once, in_a_thread, strict=True):
            assert len(one.spike_times) > 1
            np.testing.assert_array_equal(one.spike_times, other.spike_times)
            np.testing.assert_array_equal(one.state, other.state)


@pytest.mark.parametrize(
    ("length", "given", "message"),
    [
        (1e3, {"dt": 1e-10 * ms}, r"take 1e\+13 time steps, but at most 1e\+12 can be run"),
        (1e12, {"dt": 1 * ms}, "GB of memory"),
        (1e12, {"tolerance": 1e-6, "method": "dormand_prince"}, "can be run|GB of memory"),
    ],
)
def test_what_no_machine_can_run_is_refused_before_it_is_tried(length, given, message):
    with pytest.raises(UserError, match=message):
        simulate("lif", constant(LIF.drive, length * ms), **given)
