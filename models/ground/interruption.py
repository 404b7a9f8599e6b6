"""Signals that end a run: when they interrupt it, and when they wait until results have been saved.

Ctrl-C sends SIGINT, batch systems send SIGTERM before they kill, a closing terminal sends SIGHUP. All three are treated
in the same way. Python delivers signals only to the main thread: in other threads this module has no effect.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any

from .threads import hand, watch

#: Signals that end a run.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: A second signal within this many seconds of an interruption belongs to the first: a batch system may send two.
PATIENCE = 2.0
#: Name of the thread in which a long call of compiled code is made.
KERNEL = "spikecost kernel"
_SAID = b"spikecost: interrupted; keeping what is finished\n"

#: How to stop each call of compiled code that other threads than the main one are making, by thread.
_stops: dict[int, Callable[[], None]] = {}
_stopping = threading.Event()


@dataclass(frozen=True)
class _Limit:
    """When compiled code must have ended, and what is raised then."""

    end: float
    late: Exception

    def check(self) -> None:
        if time.monotonic() >= self.end:
            raise self.late


_limit: ContextVar[_Limit | None] = ContextVar("_limit", default=None)


class Stopped(BaseException):
    """A call of compiled code was stopped, so that it has no result. Not an error: code must not go on after it."""


class _Keeper:
    """The handler of `SIGNALS` that `keeping` installs."""

    def __init__(self) -> None:
        self.came: list[int] = []
        self.may_raise = False
        self._raised = -PATIENCE

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if not self.came:
            with contextlib.suppress(OSError):  # `print` must not be used: a signal may come while it is running
                os.write(2, _SAID)
        self.came.append(number)
        now = time.monotonic()
        if self.may_raise and now - self._raised > PATIENCE:
            self._raised = now
            raise KeyboardInterrupt


_keeper: _Keeper | None = None
#: Signals that were ignored when the program was started.
_ignored: set[int] = set()


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal by doing nothing; unlike `signal.SIG_IGN`, it can be called."""


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt like Ctrl-C, unless they are ignored (as with nohup).

    A Ctrl-C that is ignored, as in the background jobs of scripts, stays ignored: Brian2 replaces the handler when it
    is imported, and calls the one that it found.
    """
    ignored = _in_main_thread() and signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    if ignored:
        _ignored.add(signal.SIGINT)
        signal.signal(signal.SIGINT, _nothing)
    try:
        with _handled(signal.default_int_handler, [signal.SIGTERM, signal.SIGHUP]):
            yield
    finally:
        if ignored:
            _ignored.discard(signal.SIGINT)
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def keeping() -> Iterator[list[int]]:
    """Let signals wait until the end of the block; then the first one is sent again.

    Yields
    ------
    list of int
        The signals received so far. Code that has handled them clears the list; then nothing is sent again.
    """
    global _keeper  # noqa: PLW0603 - signals belong to the process
    if _keeper is not None or not _in_main_thread():
        yield _keeper.came if _keeper is not None and _in_main_thread() else []
        return
    keeper = _keeper = _Keeper()
    try:
        with _handled(keeper, SIGNALS):
            yield keeper.came
    finally:
        _keeper = None
    if keeper.came:
        signal.raise_signal(keeper.came[0])


@contextmanager
def interruptible() -> Iterator[None]:
    """Within `keeping`, let signals raise KeyboardInterrupt: code that catches it can still save finished results.

    Only the first of several signals raises it, so that this code is not interrupted again. A signal that comes after
    `PATIENCE`, while the block still runs, raises it again.
    """
    keeper = _keeper if _in_main_thread() else None
    if keeper is None:
        yield
        return
    if keeper.came:
        raise KeyboardInterrupt
    keeper.may_raise = True
    try:
        yield
    finally:
        keeper.may_raise = False


@contextmanager
def ending_within(seconds: float, late: Exception) -> Iterator[None]:
    """Stop compiled code that still runs in this thread when the time is over.

    Parameters
    ----------
    seconds : float
        Wall time of the whole block.
    late : Exception
        Is raised then.
    """
    before = _limit.set(_Limit(time.monotonic() + seconds, late))
    try:
        yield
    finally:
        _limit.reset(before)


def run_stoppable(call: Callable[[], None], stop: Callable[[], None]) -> None:
    """Run compiled code so that a signal can end it, and so that it ends in time (`ending_within`).

    Python handles signals only between its instructions, and a call of compiled code is one instruction. So the main
    thread lets another one make the call, and waits. Another thread than the main one makes the call itself, which
    `calls_stopped` ends.

    Parameters
    ----------
    call : callable
        Must not hold Python's lock while it runs.
    stop : callable
        Makes `call` end soon, without a result.

    Raises
    ------
    Stopped
        If `calls_stopped` ended it.
    """
    limit = _limit.get()
    if limit is None:
        _run_stoppable(call, stop)
        return
    limit.check()
    late = False

    def end() -> None:
        nonlocal late
        late = True
        stop()

    watching, key = watch(), object()
    watching.add(key, limit.end, end)
    try:
        _run_stoppable(call, stop)
    finally:
        watching.remove(key)
    if late:
        raise limit.late


def _run_stoppable(call: Callable[[], None], stop: Callable[[], None]) -> None:
    if not _in_main_thread():
        _run_in_thread(call, stop)
        return
    hand(KERNEL).do(call, stop)


@contextmanager
def calls_stopped() -> Iterator[None]:
    """Stop what `run_stoppable` runs in other threads, and whatever these threads run next, until the block ends."""
    _stopping.set()

    def stop_all() -> None:
        for stop in list(_stops.values()):
            stop()

    watching, key = watch(), object()
    watching.add(key, time.monotonic(), stop_all)
    try:
        yield
    finally:
        watching.remove(key)
        _stopping.clear()


def _run_in_thread(call: Callable[[], None], stop: Callable[[], None]) -> None:
    """Run compiled code in this thread, so that `calls_stopped` can end it."""
    asked = threading.Event()  # `_stopping` may be over before this call has noticed

    def ask() -> None:
        asked.set()
        stop()

    _stops[threading.get_ident()] = ask
    try:
        if not _stopping.is_set():
            call()
    finally:
        del _stops[threading.get_ident()]
    if asked.is_set() or _stopping.is_set():
        raise Stopped


def check_not_stopped() -> None:
    """Raise `Stopped` if `calls_stopped` stops this thread: for calls that are too short to be stopped themselves.

    It also raises what `ending_within` raises, if the time is over.
    """
    if limit := _limit.get():
        limit.check()
    if _stopping.is_set() and not _in_main_thread():
        raise Stopped


@contextmanager
def _handled(handler: Any, numbers: Any) -> Iterator[None]:
    """Install a signal handler for a block; ignored signals stay ignored."""
    before: dict[int, Any] = {}
    try:
        if _in_main_thread():
            for number in numbers:
                now = signal.getsignal(number)
                if now not in (signal.SIG_IGN, None):
                    before[number] = now
                    # the programs that it starts also ignore what is ignored
                    signal.signal(number, signal.SIG_IGN if number in _ignored else handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
