"""The program of a worker process: do the work that comes on standard input, and write the results.

It ends when its standard input ends, also in the middle of its work, together with the compilers that it has started.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import threading
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import IO, Any

from ...models.ground.errors import attempt
from ...models.ground.threads import started

_SIZE = struct.Struct("<Q")


def write(pipe: IO[bytes], content: bytes) -> None:
    """Write bytes with their number before them."""
    pipe.write(_SIZE.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def read(pipe: IO[bytes]) -> bytes:
    """Read what `write` wrote.

    Raises
    ------
    EOFError
        If the pipe ends before.
    """
    (size,) = _SIZE.unpack(_exactly(pipe, _SIZE.size))
    return _exactly(pipe, size)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content


def perform(work: bytes) -> Any:
    """Do a pickled piece of work, in whatever process; return its result, or a `NoValue` that says why it has none."""
    return attempt(partial(_loaded, work))


_importing = threading.Lock()


def _loaded(work: bytes) -> Any:
    _import_brian2()
    return pickle.loads(work)()  # noqa: S301 - from the process that started this one


def _import_brian2() -> None:
    """Import Brian2, also in another thread than the main one, in which workers of a cluster work.

    Brian2 handles Ctrl-C in its own way from then on, which Python allows only the main thread to ask for.
    """
    if threading.current_thread() is threading.main_thread():
        return
    with _importing:
        if "brian2" in sys.modules:
            return
        handled = signal.signal
        signal.signal = lambda number, _handler: signal.getsignal(number)  # type: ignore[assignment]
        try:
            import_module("brian2")
        finally:
            signal.signal = handled


def main() -> None:
    """Work until the standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not get between the results
    coming: SimpleQueue[bytes] = SimpleQueue()
    try:
        started(threading.Thread(target=_take, args=(coming,), daemon=True).start)
    except MemoryError as error:
        sys.exit(f"spikecost: a worker ends: {error}")
    while True:
        write(answers, pickle.dumps(perform(coming.get())))


def _take(coming: SimpleQueue[bytes]) -> None:
    try:
        while True:
            coming.put(read(sys.stdin.buffer))
    except EOFError:
        os.killpg(0, signal.SIGKILL)
