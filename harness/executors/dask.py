"""A Dask cluster that exists already; its workers need only this package.

Each piece of work is given to a named worker, so that it is known whose work was lost with a worker, and whether it ran
alone. Dask's own retries do not tell this.
"""

from __future__ import annotations

import contextlib
import pickle
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from ...models.ground.errors import UserError, reason_of
from .base import EXECUTORS, Executor, Work, WorkerLost, Workers
from .worker import perform

#: How long to wait for the scheduler, in s.
PATIENCE = 20


class _Dask(Workers):
    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._given: dict[Future[Any], Any] = {}
        self._lock = threading.Lock()

    def slots(self) -> Mapping[str, int]:
        # kept by the client from the scheduler's messages; -1: all workers, not only the first
        if self._client.status != "running":
            raise UserError(
                f"the connection to the cluster {self._address} is lost; run again: finished results are in the store"
            )
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return {name: worker["nthreads"] for name, worker in found.items() if worker.get("status") == "running"}

    def submit(self, worker: str, work: Work) -> Future[Any]:
        asked: Future[Any] = Future()
        given = self._client.submit(
            perform, pickle.dumps(work), pure=False, retries=0, workers=[worker], allow_other_workers=False
        )
        with self._lock:
            self._given[asked] = given
        given.add_done_callback(lambda done: self._answer(asked, done))
        asked.add_done_callback(lambda done: self._forget(given) if done.cancelled() else None)
        return asked

    def _forget(self, given: Any) -> None:
        """Cancel work that waits for a worker that is lost."""
        with contextlib.suppress(Exception):  # the connection may be lost as well
            self._client.cancel([given])

    def _answer(self, asked: Future[Any], done: Any) -> None:
        with self._lock:
            self._given.pop(asked, None)
        if not asked.set_running_or_notify_cancel():
            return
        try:
            asked.set_result(done.result(timeout=PATIENCE))
        except Exception as error:
            asked.set_exception(WorkerLost(reason_of(error)))

    def close(self, stop: bool) -> None:
        with self._lock:
            left = list(self._given.values())
        with contextlib.suppress(Exception):
            if stop and left:
                self._client.cancel(left)
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)


class Dask(Executor):
    """A Dask cluster."""

    name = "dask"
    elsewhere = True

    def start(self, jobs: int, address: str) -> Workers:  # noqa: ARG002 - the cluster knows its size
        """Connect to the scheduler at an address.

        Raises
        ------
        UserError
            If Dask is not installed, or no scheduler answers.
        """
        try:
            from distributed import Client  # noqa: PLC0415 - an extra of the installation
        except ImportError as error:
            raise UserError(f"the cluster {address} needs Dask: pip install 'spikecost[cluster]'") from error
        connect: Any = Client  # it has no types
        try:
            client = connect(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(
                f"no Dask scheduler answers at {address} ({reason_of(error)}); give the address that it prints when it "
                "starts, such as tcp://host:8786"
            ) from error
        return _Dask(client, address)


EXECUTORS.register(Dask())
