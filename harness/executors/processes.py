"""Other processes on this machine, each of which does one piece of work at a time.

Each is a new Python, so that nothing that a thread holds is copied, and a script that calls spikecost needs no
``if __name__ == "__main__"``. Work and results go through pipes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from itertools import count
from typing import Any

from ...models.ground.threads import Pool
from . import worker as _worker
from .base import EXECUTORS, Executor, Work, WorkerLost, Workers

#: It imports from where this process imports.
_PROGRAM = f"import sys; sys.path[:] = sys.argv[1:]; from {_worker.__name__} import main; main()"


class _Process:
    """One worker."""

    def __init__(self) -> None:
        # a session of its own: Ctrl-C is for the first process, which then ends this one with the compilers it started
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, *map(str, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def number(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def do(self, work: bytes) -> Any:
        """Do a piece of work, and wait for its result."""
        given, answer = self._process.stdin, self._process.stdout
        assert given is not None
        assert answer is not None
        try:
            _worker.write(given, work)
            return pickle.loads(_worker.read(answer))  # noqa: S301 - from the process above
        except (OSError, EOFError):
            raise WorkerLost(self._how()) from None

    def _how(self) -> str:
        status = self._process.wait()
        if status >= 0:
            return f"it ended with status {status}"
        hint = "; the system does this if there is not enough memory" if status == -signal.SIGKILL else ""
        return f"it was ended by {signal.Signals(-status).name}{hint}"

    def end(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


class _Processes(Workers):
    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._numbers = count(1)
        self._processes: dict[str, _Process] = {}
        self._threads = Pool(jobs, "spikecost worker")

    def slots(self) -> Mapping[str, int]:
        for name, process in list(self._processes.items()):
            if not process.lives:
                process.end()
                del self._processes[name]
        while len(self._processes) < self._jobs:
            process = _Process()
            self._processes[f"{next(self._numbers)} (process {process.number})"] = process
        return dict.fromkeys(self._processes, 1)

    def submit(self, worker: str, work: Work) -> Future[Any]:
        return self._threads.submit(partial(self._processes[worker].do, pickle.dumps(work)))

    def close(self, stop: bool) -> None:
        while self._processes:  # each only once: its number may soon be that of another process
            self._processes.popitem()[1].end()
        self._threads.shutdown(wait=True, cancel_futures=stop)


class Processes(Executor):
    """Processes on this machine."""

    name = "processes"

    def start(self, jobs: int, address: str) -> Workers:  # noqa: ARG002 - see `Executor`
        """Start `jobs` processes when there is work for them."""
        return _Processes(jobs)


PROCESSES = EXECUTORS.register(Processes())
