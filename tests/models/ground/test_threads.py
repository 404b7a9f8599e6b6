"""Threads that are there before they are needed."""

import os
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from spikecost.models.ground import threads
from spikecost.models.ground.errors import NoThreadError


def test_a_thread_that_never_says_that_it_runs_is_given_up(monkeypatch):
    monkeypatch.setattr(threads, "PATIENCE", 0.05)
    over = threading.Event()
    with pytest.raises(MemoryError, match=r"no thread could be started within 0\.05 s"):
        threads.started(over.wait)
    over.set()


def test_a_thread_without_memory_is_noticed_at_once_and_other_errors_are_reported_as_before(monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", reported.append)
    other = SimpleNamespace(exc_type=ValueError)

    def start(call, arguments):
        sys.unraisablehook(other)
        sys.unraisablehook(SimpleNamespace(exc_type=MemoryError))

    monkeypatch.setattr(threads._thread, "start_new_thread", start)
    begun = time.monotonic()
    with pytest.raises(NoThreadError):
        threads.started(lambda: None)
    assert time.monotonic() - begun < threads.PATIENCE / 2
    assert reported == [other]
    assert sys.unraisablehook == reported.append


def test_a_pool_that_has_no_thread_ends_those_that_it_started(monkeypatch):
    started, before = threads.started, set(threading.enumerate())

    def one_alone(start):
        started(start.__self__._threads[0].start)
        raise NoThreadError

    monkeypatch.setattr(threads, "started", one_alone)
    with pytest.raises(NoThreadError):
        threads.Pool(3, "short-lived")
    for thread in set(threading.enumerate()) - before:
        thread.join(30)
        assert not thread.is_alive()


def test_a_pool_ends_with_what_it_was_given_or_cancels_it():
    pool, begun, go = threads.Pool(1, "pool"), threading.Event(), threading.Event()
    running = pool.submit(lambda: (begun.set(), go.wait(30))[1])
    begun.wait(30)
    waiting = pool.submit(int, "3")
    threading.Timer(0.05, go.set).start()
    pool.shutdown(wait=True, cancel_futures=True)
    assert running.result() is True
    assert waiting.cancelled()
    with threads.Pool(2, "pool") as pool:
        assert list(pool.map(int, "1234")) == [1, 2, 3, 4]
        wrong = pool.submit(int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        wrong.result()


def test_what_starting_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        threads.started(lambda: 1 / 0)


def test_a_pool_starts_no_thread_later():
    with threads.Pool(3, "early") as pool:
        before = {thread.ident for thread in threading.enumerate()}
        assert sum(thread.name.startswith("early") for thread in threading.enumerate()) == 3
        names = set(pool.map(lambda _: (time.sleep(0.001), threading.get_ident())[1], range(50)))
        assert names <= before


def test_a_hand_makes_calls_one_after_the_other_and_says_what_they_raise():
    made = []
    hand = threads.Hand("hand")
    for i in range(100):
        hand.do(lambda i=i: made.append((i, threading.get_ident())), pytest.fail)
    assert [i for i, _ in made] == list(range(100))
    assert {thread for _, thread in made} != {threading.get_ident()}
    assert len({thread for _, thread in made}) == 1
    with pytest.raises(ZeroDivisionError):
        hand.do(lambda: 1 / 0, pytest.fail)
    hand.do(lambda: None, pytest.fail)


def test_a_watch_calls_in_time_and_again_until_it_is_told_not_to():
    watch, called = threads.Watch(), []
    watch.add("late", time.monotonic() + 3600, lambda: called.append("late"))
    watch.add("soon", time.monotonic() + 0.02, lambda: called.append("soon"))
    watch.add("removed", time.monotonic() + 0.02, lambda: called.append("removed"))
    watch.remove("removed")
    deadline = time.monotonic() + 30
    while len(called) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    watch.remove("soon")
    count = len(called)
    assert set(called) == {"soon"}
    assert count >= 3
    time.sleep(0.05)
    assert len(called) == count


def test_a_watch_goes_on_after_it_had_no_memory():
    watch, called = threads.Watch(), threading.Event()
    tries = []

    def call():
        tries.append(0)
        if len(tries) < 3:
            raise MemoryError
        called.set()

    watch.add("call", 0, call)
    assert called.wait(30)


def test_a_forked_process_has_threads_of_its_own():
    def idle():
        return None

    threads.hand("spikecost kernel").do(idle, idle)
    here = threads.watch()
    child = os.fork()
    if child == 0:
        right = threads.watch() is not here
        threads.hand("spikecost kernel").do(idle, idle)
        os._exit(0 if right else 1)
    deadline = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, 9)
        time.sleep(0.01)
    assert ended[1] == 0
