"""Do independent pieces of work in several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from ....models.ground.interruption import calls_stopped

Result = TypeVar("Result")


@contextmanager
def in_threads(jobs: int, work: Iterable[Callable[[], Result]]) -> Iterator[Iterator[Result]]:
    """Do pieces of work in threads (compiled code does not hold Python's lock).

    If the block ends early, such as by Ctrl-C, pieces that have not begun are left out, and kernels that run are
    stopped.

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
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="spikecost")
    try:
        futures = [pool.submit(piece) for piece in work]
        yield (future.result() for future in futures)
    except BaseException:
        with calls_stopped():
            pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)
