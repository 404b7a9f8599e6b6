"""Do independent pieces of work, and close the workers when they are done, or when the run is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ....harness.executors import Workers
from ....harness.executors.threads import THREADS

Result = TypeVar("Result")


@contextmanager
def closing(workers: Workers) -> Iterator[Workers]:
    """Close workers at the end of a block.

    If the block ends early, such as by Ctrl-C, pieces that have not begun are left out, and kernels that run are
    stopped.
    """
    try:
        yield workers
    except BaseException:
        workers.close(stop=True)
        raise
    workers.close(stop=False)


@contextmanager
def in_threads(jobs: int, work: Iterable[Callable[[], Result]]) -> Iterator[Iterator[Result]]:
    """Do pieces of work in threads (compiled code does not hold Python's lock).

    Parameters
    ----------
    jobs : int
        Number of threads.
    work : iterable of callable

    Yields
    ------
    iterator
        The results, in the order of the work, each as soon as it and those before it are there.
    """
    with closing(THREADS.start(jobs, "")) as threads:
        futures = [threads.submit("", piece) for piece in work]
        yield (future.result() for future in futures)
