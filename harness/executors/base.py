"""What an executor is: it starts workers, and gives work to one of them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from ...models.ground.errors import UserError, check_text
from ...models.ground.registry import Registry

#: The variable that names a cluster, so that every command uses it.
CLUSTER = "SPIKECOST_CLUSTER"
#: A piece of work. For workers in other processes, it and its result can be pickled.
Work = Callable[[], Any]


class WorkerLost(Exception):
    """A worker ended before its work was done; the message says how."""


class Workers(ABC):
    """Workers that have been started, or found."""

    here: bool = False
    """Whether they are threads of this process, which share its memory."""

    @abstractmethod
    def slots(self) -> Mapping[str, int]:
        """Return the workers that live now, by name, and how many pieces of work each can do at the same time.

        0 for a worker that gets no new work, but may finish what it does.

        Raises
        ------
        UserError
            If there will be no workers any more.
        """

    @abstractmethod
    def submit(self, worker: str, work: Work) -> Future[Any]:
        """Let a worker do a piece of work. The future raises `WorkerLost` if the worker ends before."""

    @abstractmethod
    def close(self, stop: bool) -> None:
        """Release the workers.

        Parameters
        ----------
        stop : bool
            Whether they still work, and the work is of no use any more.
        """


class Executor(ABC):
    """A place where work is done."""

    name: str
    elsewhere: bool = False
    """Whether workers are found at an address."""

    @abstractmethod
    def start(self, jobs: int, address: str) -> Workers:
        """Start or find workers.

        Parameters
        ----------
        jobs : int
            How many pieces of work are done at the same time; a cluster knows this itself.
        address : str
            Of the cluster; empty for kinds that need none.

        Raises
        ------
        UserError
            If there are none.
        """


EXECUTORS: Registry[Executor] = Registry("executor", "spikecost.executors")


def chosen(executor: str | None = None, cluster: str | None = None) -> tuple[Executor, str]:
    """Return the executor that a user asks for, and the address of the cluster, empty if it needs none.

    Parameters
    ----------
    executor : str, optional
        By default ``dask`` if there is the address of a cluster, and else ``threads``.
    cluster : str, optional
        The address, by default that in SPIKECOST_CLUSTER.

    Raises
    ------
    UserError
        If the executor is not known, or the address is missing or not needed.
    """
    check_text(cluster, "cluster", "tcp://host:8786", optional=True)
    address = cluster or os.environ.get(CLUSTER, "")
    found = EXECUTORS[executor or ("dask" if address else "threads")]
    if found.elsewhere and not address:
        raise UserError(
            f"executor {found.name}: give the address of the cluster, such as --cluster tcp://host:8786, or set "
            f"{CLUSTER}"
        )
    if cluster and not found.elsewhere:
        raise UserError(f"executor {found.name} needs no cluster, but {cluster} is given; leave out one of them")
    return found, address if found.elsewhere else ""
