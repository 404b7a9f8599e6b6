"""Work in a second process, while this process does something else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from ...models.ground.errors import NoThreadError, NoValue
from .base import WorkerLost, Workers
from .processes import PROCESSES

T = TypeVar("T")


def _import(module: str) -> None:
    import_module(module)


class SecondProcess:
    """A second process, which does one piece of work after the other.

    If there is none, or it is lost or fails, the work is done here when its result is asked for.
    """

    def __init__(self, workers: Workers | None) -> None:
        self._workers = workers
        self._begun: list[Future[Any]] = []

    def prepare(self, module: str) -> None:
        """Begin to import what later work needs."""
        self.begin(partial(_import, module))

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin a piece of work; what is returned waits for it, and returns its result or raises what it raises.

        Parameters
        ----------
        work : callable
            It and its result can be pickled.
        """
        if self._workers is None:
            return work
        try:
            (worker,) = self._workers.slots()
        except OSError:
            return work
        future = self._workers.submit(worker, work)
        self._begun.append(future)

        def finished() -> T:
            try:
                found = future.result()
            except WorkerLost:
                return work()
            return work() if isinstance(found, NoValue) else found

        return finished

    @property
    def works(self) -> bool:
        """Whether it has begun something that has not ended."""
        return not all(future.done() for future in self._begun)


#: Without a second process, each piece of work is done when its result is asked for.
HERE = SecondProcess(None)


@contextmanager
def second_process(*, worth_it: bool) -> Iterator[SecondProcess]:
    """Start a second process, if it is worth it and there is a second core; it ends with the block."""
    if not worth_it or (os.cpu_count() or 1) < 2:
        yield HERE
        return
    try:
        workers = PROCESSES.start(1, "")
    except NoThreadError:
        yield HERE
        return
    second = SecondProcess(workers)
    try:
        yield second
    finally:
        workers.close(second.works)
