"""A Ray cluster that exists already; its workers need only this package.

Ray's Dask scheduler and its joblib backend hide which worker does what. Here each worker is an actor that does one
piece of work at a time, so that it is known whose work was lost with it.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from importlib import import_module
from itertools import count
from typing import Any

from ...models.ground.errors import UserError, reason_of
from .base import EXECUTORS, Executor, Work, WorkerLost, Workers
from .worker import perform


class _Actor:
    """A worker, in its own process."""

    def do(self, work: bytes) -> bytes:
        """Do a pickled piece of work; return its pickled result."""
        return pickle.dumps(perform(work))


class _Ray(Workers):
    def __init__(self, library: Any, address: str, ours: bool) -> None:
        self._ray, self._address, self._ours = library, address, ours
        self._numbers = count(1)
        self._actors: dict[str, Any] = {}
        self._lost: list[Any] = []
        self._lock = threading.Lock()

    def slots(self) -> Mapping[str, int]:
        try:
            wanted = int(self._ray.cluster_resources().get("CPU", 0))
        except Exception as error:
            raise UserError(
                f"the connection to the cluster {self._address} is lost; run again: finished results are in the store"
            ) from error
        with self._lock:
            lost, self._lost = self._lost, []
        for actor in lost:  # if it lives, another one would wait for its processor; callbacks of Ray may not end it
            with contextlib.suppress(Exception):
                self._ray.kill(actor)
        with self._lock:
            while len(self._actors) < wanted:
                made = self._ray.remote(num_cpus=1, max_restarts=0)(_Actor).remote()
                self._actors[f"{next(self._numbers)} (Ray actor)"] = made
            return dict.fromkeys(self._actors, 1)

    def submit(self, worker: str, work: Work) -> Future[Any]:
        asked: Future[Any] = Future()
        asked.set_running_or_notify_cancel()
        actor = self._actors.get(worker)
        if actor is None:  # its last work has just ended with it
            asked.set_exception(WorkerLost("the actor is gone"))
            return asked
        given = actor.do.remote(pickle.dumps(work)).future()
        given.add_done_callback(lambda done: self._answer(worker, asked, done))
        return asked

    def _answer(self, worker: str, asked: Future[Any], done: Future[bytes]) -> None:
        try:
            asked.set_result(pickle.loads(done.result()))  # noqa: S301 - from a worker of the user's own cluster
        except Exception as error:
            with self._lock:
                if worker in self._actors:
                    self._lost.append(self._actors.pop(worker))
            # Ray's messages are long, and give advice on Ray
            asked.set_exception(WorkerLost(f"Ray says: {type(error).__name__}"))

    def close(self, stop: bool) -> None:  # noqa: ARG002 - an actor that works is ended as well
        with self._lock:
            actors, self._actors = list(self._actors.values()), {}
        for actor in actors:
            with contextlib.suppress(Exception):
                self._ray.kill(actor)
        if self._ours:
            with contextlib.suppress(Exception):
                self._ray.shutdown()


class Ray(Executor):
    """A Ray cluster."""

    name = "ray"
    elsewhere = True

    def start(self, jobs: int, address: str) -> Workers:  # noqa: ARG002 - the cluster knows its size
        """Connect to the cluster at an address, such as ``auto`` or ``ray://host:10001``.

        Raises
        ------
        UserError
            If Ray is not installed, or no cluster answers.
        """
        try:
            library: Any = import_module("ray")
        except ImportError as error:
            raise UserError(f"the cluster {address} needs Ray: pip install 'spikecost[ray]'") from error
        ours = not library.is_initialized()
        if ours:
            main = threading.current_thread() is threading.main_thread()
            handled = signal.getsignal(signal.SIGTERM)
            try:
                library.init(address=address, log_to_driver=False, logging_level="ERROR")
            except Exception as error:
                raise UserError(
                    f"no Ray cluster answers at {address} ({reason_of(error).splitlines()[0]}); start one by "
                    "ray start --head, and give auto or its address"
                ) from error
            finally:
                if main and handled is not None:
                    signal.signal(signal.SIGTERM, handled)  # Ray's own ends the process without keeping anything
        return _Ray(library, address, ours)


EXECUTORS.register(Ray())
