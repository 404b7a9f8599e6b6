"""A second process that computes what a long run will need later, while the first is busy with one thing at a time.

References, features and the operations of other builds and of Brian2's code are kept on disk. The second process
computes them, the last model and the last regime first; the first process then finds them there, or computes what is
missing. So nothing is decided here: without this process, a run gives the same results later.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ...flops.counters import auto
from ...harness.engines.brian2_operations import executed
from ...harness.measuring.kept import kept_builds
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import attempt
from ...models.ground.threads import started
from ...models.methods import with_steps_alike
from ...models.step import make_step, why_not
from ..features.shown.demo_runs import run_demo
from ..features.shown.demos import demos_of
from ..features.shown.search import search
from ..regimes.regime import Regime
from .phases.measuring import LOOKED_AT, count_all
from .phases.progress import Progress
from .phases.sweeping import compiled_for, one_of_each_kind
from .study import Study
from .suite import Suite


@dataclass(frozen=True)
class Second:
    """The second process, if one was started."""

    process: subprocess.Popen[bytes] | None = None

    @property
    def works(self) -> bool:
        """Whether it has not ended."""
        return self.process is not None and self.process.poll() is None

    def wait(self) -> None:
        """Wait until it has ended."""
        if self.process is not None:
            self.process.wait()


@contextmanager
def computed_ahead(suite: Suite, models: Sequence[NeuronModel], jobs: int) -> Iterator[Second]:
    """Let a second process work while the block runs, if there is enough to do and more than one job is allowed.

    Yields
    ------
    Second
        At the end of the block, it is stopped if it still works.
    """
    given = _pickled(replace(suite, models=tuple(models))) if jobs > 1 and (suite.thorough or suite.features) else b""
    if not given:
        yield Second()
        return
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    pipe = process.stdin
    assert pipe is not None
    try:
        with contextlib.suppress(OSError):  # it has ended already
            pipe.write(given)
            pipe.flush()
        yield Second(process)
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # with the compilers that it has started
        process.wait()
        with contextlib.suppress(OSError):
            pipe.close()


def _pickled(suite: Suite) -> bytes:
    """Return a suite for another process; nothing if it has parts that only this process knows."""
    try:
        return pickle.dumps(suite)
    except Exception:  # a convention of the user's may be of any class
        return b""


def pieces_of_work(suite: Suite) -> Iterator[Callable[[], Any]]:
    """Yield what the second process computes, in this order."""
    models: list[Any] = list(reversed(suite.models))
    found: list[Regime] = []
    for model in models:  # from the last regime to the first, so that the two processes meet in the middle
        for find in reversed(list(suite.finding_regimes(model))):
            yield partial(_find, find, found)
    if suite.thorough:
        alike = with_steps_alike()
        methods = [method for method in suite.methods if method in LOOKED_AT and method in alike]
        first = suite.detections[0]
        ways = [(model, method) for model in models for method in methods if not why_not(model, method, first)]
        yield partial(executed, ways)
        for way in ways:
            yield partial(_count_builds, *way)
    if suite.features:
        for demo in demos_of(models):
            yield partial(run_demo, demo)
        for model in models:
            yield partial(search, model)
    if suite.witnessed:
        yield partial(_count, suite, models, found)
    for regime in found:
        yield partial(getattr, regime, "certified")


def _find(find: Callable[[], Regime], found: list[Regime]) -> None:
    found.insert(0, find())  # in the order of the first process


def _count(suite: Suite, models: Sequence[NeuronModel], found: Sequence[Regime]) -> None:
    """Count what is then on disk; a counter of the hardware counts nothing that is kept."""
    if auto.best(exact=False) is None:
        kinds = one_of_each_kind(found)
        kernels = {key: compiled_for(regime, suite) for key, regime in kinds.items()}
        count_all(Study(suite), models, kernels, kinds, Progress())


def _count_builds(model: NeuronModel, method: str) -> None:
    kept_builds(make_step(model, method))


def _work() -> None:
    """Do the work that the first process wrote to the standard input; end if the first process ends."""
    suite = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process above
    started(threading.Thread(target=_end_with_the_first, daemon=True).start)
    for piece in pieces_of_work(suite):
        attempt(piece)  # the first process meets the same error, and reports it


def _end_with_the_first() -> None:
    while os.read(sys.stdin.fileno(), 1):  # a buffered file would be locked when this process ends
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _work()
