"""Hand out work to workers, whatever kind they are, and to others if a worker is lost.

A worker that does several pieces of work at the same time may be lost because of any of them. So work that has lost its
worker once is done again alone on a worker: if that worker is lost, too, it is this work that ends its workers. It is
given up, and the rest goes on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from ...models.ground.errors import NoValue, UserError
from .base import Work, WorkerLost, Workers

#: Workers that were lost or are new are noticed after this many seconds.
LOOK = 0.2
#: How long to wait if there is no worker at all, in s: a batch system may start them later.
PATIENCE = 600.0

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Answered:
    """A piece of work that turned out to be done already, with its result."""

    result: Any


@dataclass(frozen=True)
class _Running:
    place: int
    worker: str


class _Dispatch:
    def __init__(self, workers: Workers, say: Callable[[str], None]) -> None:
        self._workers, self._say = workers, say
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._running: dict[Future[Any], _Running] = {}
        self._work: dict[int, Work] = {}
        self._again: deque[int] = deque()
        """Work that has lost a worker."""
        self._alone: set[str] = set()
        """Workers that do such work, and nothing else."""
        self._seen = time.monotonic()

    def results(self, pieces: Iterable[Work | Answered]) -> Iterator[tuple[int, Any]]:
        coming = enumerate(pieces)
        more = True
        while more or self._again or self._running:
            slots = self._workers.slots()
            for lost in [each for each, on in self._running.items() if on.worker not in slots and not each.done()]:
                lost.cancel()
                yield from self._lost(self._running.pop(lost), "it is not there any more")
            if self._again or more:
                self._look(slots)
            for worker, free in self._free(slots):
                for _ in range(free):
                    if self._again and free == slots[worker]:  # nothing else runs there
                        self._alone.add(worker)
                        self._submit(self._again.popleft(), worker)
                        break
                    place, piece = next(coming, (-1, None))
                    while isinstance(piece, Answered):
                        yield place, piece.result
                        place, piece = next(coming, (-1, None))
                    if piece is None:
                        more = False
                        break
                    self._work[place] = piece
                    self._submit(place, worker)
            yield from self._finished()

    def _free(self, slots: Any) -> list[tuple[str, int]]:
        busy = [on.worker for on in self._running.values()]
        return [
            (worker, size - busy.count(worker))
            for worker, size in slots.items()
            if worker not in self._alone and busy.count(worker) < size
        ]

    def _look(self, slots: Any) -> None:
        """Refuse to wait forever for workers."""
        now = time.monotonic()
        if slots:
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise UserError(
                f"there has been no worker for {PATIENCE:g} s; start workers, and run again: finished results are in "
                "the store"
            )

    def _submit(self, place: int, worker: str) -> None:
        future = self._workers.submit(worker, self._work[place])
        self._running[future] = _Running(place, worker)
        future.add_done_callback(self._ended.put)

    def _finished(self) -> Iterator[tuple[int, Any]]:
        """Yield what has ended, after waiting for it for a moment."""
        wait = bool(self._running) or bool(self._again)
        with suppress(Empty):
            future = self._ended.get(timeout=LOOK if wait else 0.001)
            while True:
                on = self._running.pop(future, None)
                if on is not None:  # else its worker was lost, and it is being done again
                    yield from self._result(future, on)
                future = self._ended.get_nowait()

    def _result(self, future: Future[Any], on: _Running) -> Iterator[tuple[int, Any]]:
        try:
            result = future.result()
        except WorkerLost as error:
            yield from self._lost(on, str(error))
            return
        self._alone.discard(on.worker)
        del self._work[on.place]
        yield on.place, result

    def _lost(self, on: _Running, how: str) -> Iterator[tuple[int, Any]]:
        if on.worker in self._alone:
            self._alone.discard(on.worker)
            del self._work[on.place]
            yield on.place, NoValue(f"it ended two workers, the second while alone on it ({how})", failed=True)
            return
        self._say(f"the worker {on.worker} is lost ({how}): what it was doing is done again")
        self._again.append(on.place)


def completed(
    workers: Workers, pieces: Iterable[Work | Answered], say: Callable[[str], None] = lambda _line: None
) -> Iterator[tuple[int, Any]]:
    """Let workers do pieces of work; yield the place of each and its result, as soon as it is there.

    Work that has ended two workers has a `NoValue` as its result. An exception of the work is raised.

    Parameters
    ----------
    workers : Workers
    pieces : iterable of callable or Answered
        Each is taken when a worker is free for it.
    say : callable, optional
        Is told about lost workers.

    Raises
    ------
    UserError
        If there are no workers any more.
    """
    return _Dispatch(workers, say).results(pieces)
