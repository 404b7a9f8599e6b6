"""One piece of work in a process of its own, while this process does something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ...models.ground.errors import NoThreadError, NoValue
from .base import WorkerLost
from .processes import PROCESSES

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begin a piece of work in another process; what is yielded waits for it, and returns its result.

    If there is no other process, or it is lost or fails, the work is done here then, and raises what it raises.

    Parameters
    ----------
    work : callable
        It and its result can be pickled.
    """
    try:
        workers = PROCESSES.start(1, "")
    except NoThreadError:
        yield work
        return
    waits = True
    try:
        try:
            (worker,) = workers.slots()
        except OSError:
            yield work
            return
        future = workers.submit(worker, work)

        def finished() -> T:
            nonlocal waits
            try:
                found = future.result()
            except WorkerLost:
                found = NoValue("its process was lost")
            waits = False
            return work() if isinstance(found, NoValue) else found

        yield finished
    finally:
        workers.close(waits)
