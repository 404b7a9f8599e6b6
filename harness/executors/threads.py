"""Threads of this process: compiled code does not hold Python's lock."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from ...models.ground.interruption import calls_stopped
from ...models.ground.threads import Pool
from .base import EXECUTORS, Executor, Work, Workers


class _Threads(Workers):
    here = True

    def __init__(self, jobs: int) -> None:
        self._pool = Pool(jobs, "spikecost")
        self._slots = {"this process": jobs}

    def slots(self) -> Mapping[str, int]:
        return self._slots

    def submit(self, worker: str, work: Work) -> Future[Any]:  # noqa: ARG002 - there is only one
        return self._pool.submit(work)

    def close(self, stop: bool) -> None:
        if not stop:
            self._pool.shutdown(wait=True)
            return
        with calls_stopped():
            self._pool.shutdown(wait=True, cancel_futures=True)


class Threads(Executor):
    """Threads of this process."""

    name = "threads"

    def start(self, jobs: int, address: str) -> Workers:  # noqa: ARG002 - see `Executor`
        """Start `jobs` threads."""
        return _Threads(jobs)


THREADS = EXECUTORS.register(Threads())
