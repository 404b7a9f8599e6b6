"""Threads that are there before they are needed: to start one needs memory, and may never end without.

``Thread.start`` waits until the new thread says that it runs. If the system refuses memory (``ulimit -v``), the thread
may end before it has said so, and then Python up to 3.13 waits forever. So threads are started early, by `started`,
which waits for a limited time, and then get one piece of work after the other.
"""

from __future__ import annotations

import _thread
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

#: A thread starts within this many seconds, also on a machine that is very busy.
PATIENCE = 60.0
#: A function of `Watch` is called again after so many seconds.
AGAIN = 0.01


def started(start: Callable[[], object]) -> None:
    """Call a function that starts threads and does not return before they run.

    Raises
    ------
    MemoryError
        If it does not return within `PATIENCE`.
    """
    done, raised = _thread.allocate_lock(), list[BaseException]()
    done.acquire()

    def call() -> None:
        try:
            start()
        except BaseException as error:
            raised.append(error)
        finally:
            done.release()

    try:
        _thread.start_new_thread(call, ())
    except RuntimeError as error:  # "can't start new thread"
        raise MemoryError("no thread can be started") from error
    if not done.acquire(timeout=PATIENCE):
        raise MemoryError(f"no thread could be started within {PATIENCE:g} s")
    if raised:
        raise raised[0]


def pool(size: int, name: str) -> ThreadPoolExecutor:
    """Return a pool whose threads run already.

    Raises
    ------
    MemoryError
        If they cannot be started.
    """
    threads, all_run = ThreadPoolExecutor(size, thread_name_prefix=name), threading.Barrier(size)

    def fill() -> None:
        for each in [threads.submit(all_run.wait) for _ in range(size)]:
            each.result()

    started(fill)
    return threads


class _Job:
    """A call that is to be made; `done` can be acquired when it has ended."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.call, self.raised, self.done = call, list[BaseException](), _thread.allocate_lock()
        self.done.acquire()


class Hand:
    """A thread that makes one call after the other for the thread that owns it; meanwhile it has its name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"{name}, idle", daemon=True)
        started(self._thread.start)

    def do(self, call: Callable[[], object], stop: Callable[[], None]) -> None:
        """Let the thread make a call, and wait for its end; if the wait is interrupted, stop the call first."""
        job = _Job(call)
        try:
            self._jobs.put(job)
            job.done.acquire()
        except BaseException:
            last = _Job(lambda: None)  # it is not known whether the job was put: if so, it ends before this one
            self._jobs.put(last)
            while not last.done.acquire(timeout=AGAIN):  # a kernel may overwrite the request; then it is made again
                stop()
            raise
        if job.raised:
            raise job.raised[0]

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            self._thread.name = self._name
            try:
                job.call()
            except BaseException as error:
                job.raised.append(error)
            finally:
                self._thread.name = f"{self._name}, idle"
                job.done.release()


class Watch:
    """A thread that calls functions when their time has come, and again until they are removed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._known: dict[object, tuple[float, Callable[[], None]]] = {}
        self._wakes = 0.0
        started(threading.Thread(target=self._work, name="spikecost watch", daemon=True).start)

    def add(self, key: object, when: float, call: Callable[[], None]) -> None:
        """Call a function at a time of `time.monotonic`, and then every `AGAIN` seconds; it must not wait."""
        with self._changed:
            self._known[key] = when, call
            if when < self._wakes:
                self._changed.notify()

    def remove(self, key: object) -> None:
        """Do not call a function any more; it does not run when this returns."""
        with self._changed:
            self._known.pop(key, None)

    def _work(self) -> None:
        while True:
            try:
                self._look()
            except MemoryError:
                time.sleep(AGAIN)

    def _look(self) -> None:
        with self._changed:
            now = time.monotonic()
            due = [call for when, call in self._known.values() if when <= now]
            for call in due:
                call()
            self._wakes = now + AGAIN if due else min((when for when, _ in self._known.values()), default=float("inf"))
            self._changed.wait(min(self._wakes - now, threading.TIMEOUT_MAX))


_hand: Hand | None = None
_watch: Watch | None = None
_making = threading.Lock()


def hand(name: str) -> Hand:
    """Return the thread that makes calls for the main thread of this process."""
    global _hand  # noqa: PLW0603 - there is one per process
    if _hand is None:
        _hand = Hand(name)
    return _hand


def watch() -> Watch:
    """Return the watch of this process."""
    global _watch  # noqa: PLW0603 - there is one per process
    with _making:
        if _watch is None:
            _watch = Watch()
        return _watch


def _forked() -> None:
    """Give a forked process its own threads: it has none of those of the first."""
    global _hand, _watch, _making
    _hand, _watch, _making = None, None, threading.Lock()


os.register_at_fork(after_in_child=_forked)
