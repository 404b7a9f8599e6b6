"""Threads that are there before they are needed: to start one needs memory, and may never end without.

``Thread.start`` waits until the new thread says that it runs. If the system refuses memory (``ulimit -v``), the thread
may end before it has said so, and then Python up to 3.13 waits forever. So threads are started early, by `started`, and
then get one piece of work after the other. `started` waits for a limited time, or until Python reports that a new
thread had no memory.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from .errors import NoThreadError

T = TypeVar("T")

#: A thread starts within this many seconds, also on a machine that is very busy.
PATIENCE = 60.0
#: A function of `Watch` is called again after so many seconds.
AGAIN = 0.01


def started(start: Callable[[], object]) -> None:
    """Call a function that starts threads and does not return before they run.

    Raises
    ------
    NoThreadError
        If it does not return within `PATIENCE`, or a thread had no memory.
    """
    told = SimpleQueue[Any]()

    def call() -> None:
        try:
            start()
            told.put(_Ended())
        except BaseException as error:
            told.put(_Ended(error))

    with _starting:
        # Python only prints that a new thread had no memory; a function written in Python could not be called there
        before, sys.unraisablehook = sys.unraisablehook, told.put
        try:
            _thread.start_new_thread(call, ())
            ended = _end_of(told, before)
        except RuntimeError as error:  # "can't start new thread"
            raise NoThreadError("no thread can be started") from error
        finally:
            sys.unraisablehook = before
    if ended.raised is not None:
        raise ended.raised


_starting = threading.Lock()


@dataclass(frozen=True)
class _Ended:
    """The end of a call, and what it raised."""

    raised: BaseException | None = None


def _end_of(told: SimpleQueue[Any], before: Callable[[Any], object]) -> _Ended:
    """Wait for the end of a call; errors that nobody handles meanwhile, in any thread, are handled as before."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            event = told.get(timeout=max(until - time.monotonic(), 0))
        except Empty:
            raise NoThreadError(f"no thread could be started within {PATIENCE:g} s") from None
        if isinstance(event, _Ended):
            return event
        if issubclass(event.exc_type, MemoryError):
            raise NoThreadError("there is no memory for another thread")
        before(event)


class Pool(Executor):
    """Threads that run already and take calls from a queue.

    Those of `ThreadPoolExecutor` are started by its first calls. If the system refuses memory for one, the executor
    holds locks for which Python then waits when it ends.

    Raises
    ------
    NoThreadError
        If they cannot be started.
    """

    def __init__(self, size: int, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"{name}_{i}", daemon=True) for i in range(size)]
        try:
            started(self._start)
        except NoThreadError:
            self.shutdown(wait=False)
            raise

    def _start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Let the next free thread make a call; return its future result."""
        future: Future[T] = Future()
        self._jobs.put((future, partial(call, *arguments, **named)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads, after all calls that were submitted, or, if these are cancelled, after those that run."""
        if cancel_futures:
            with suppress(Empty):
                while job := self._jobs.get_nowait():
                    job[0].cancel()
        for _ in self._threads:
            self._jobs.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while job := self._jobs.get():
            future, call = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
            del job, future, call  # an idle thread keeps no result


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
