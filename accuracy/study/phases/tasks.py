"""Tasks of a sweep for other processes: they compute runs, and decide nothing.

A task is pickled with everything that its runs are computed from. The other process needs this package and a C
compiler, in the versions of the first process.
"""

from __future__ import annotations

import hashlib
import pickle
import platform
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from ....harness.kernels.kernel import Kernel
from ....harness.kernels.kernels import Compiled, Kernels
from ....harness.store import Store
from ....models.ground.errors import NoValue, UserError, attempt
from ...regimes.regime import Regime
from ...search.kept_runs import source_of, version
from ...search.runs_as_bytes import Runs
from ..study import Curve
from ..suite import Suite
from .sweeping import Finder, compiled_for, filled, kept_for, searched


class Computed(NamedTuple):
    """Runs that another process computed."""

    identity: str
    """What identifies the result on its processor; empty if it is not kept."""
    about: Mapping[str, Any]
    runs: Mapping[Fraction, Runs]
    """Those that were not known."""


@dataclass(frozen=True)
class CurveTask:
    """The runs of a curve that are known, and how the others are computed."""

    regime: Regime
    method: str
    detection: str
    precision: str
    suite: Suite
    known: Mapping[Fraction, Runs]
    alike: str
    """The digest of what computes them: another process must have the same."""
    items: tuple[object, ...]
    """Unpickling them registers what packages define that only the first process has imported."""

    def search(self) -> tuple[Curve, Finder]:
        """Do what the first process does with the runs, so that the runs are computed that it needs."""
        compiled = self._compiled()
        kept = kept_for(self.regime, compiled, self.suite, Store(None))
        kept.take(self.known, "", {})
        return searched(self.regime, self.method, self.detection, compiled, self.suite, kept=kept)

    def _compiled(self) -> Compiled:
        kernels = _kernels_for(self.regime, self.suite, self.precision)
        compiled = kernels.compiled.get((self.method, self.detection))
        if compiled is None:  # the first process has it
            reason = kernels.reasons[self.method, self.detection]
            raise UserError(f"no kernel on the worker {platform.node()}: {reason}")
        if meaning(compiled.lanes) != self.alike:
            raise UserError(
                f"the worker on {platform.node()} has another version of spikecost, numpy or the C library; install "
                "the same as where the run was started"
            )
        return compiled

    def computed(self, finder: Finder) -> Computed:
        """Return what was computed."""
        runs = {setting: each for setting, each in finder.errors.runs.items() if setting not in self.known}
        return Computed(finder.kept.identity, finder.kept.about, runs)


@dataclass(frozen=True)
class SweepTask(CurveTask):
    """The sweep of a curve."""

    def __call__(self) -> Computed:
        """Compute the runs that it needs."""
        _, finder = self.search()
        return self.computed(finder)


@dataclass(frozen=True)
class FillTask:
    """The further criteria of all curves of a model in a regime."""

    curves: tuple[CurveTask, ...]

    def __call__(self) -> list[Computed]:
        """Compute the runs that they need."""
        found = [each.search() for each in self.curves]
        finders = {id(curve): finder for curve, finder in found}
        filled([curve for curve, _ in found], finders, self.curves[0].suite)
        return [task.computed(finder) for task, (_, finder) in zip(self.curves, found, strict=True)]


_compiling = threading.Lock()
_kernels: dict[tuple[object, ...], Kernels] = {}


def _kernels_for(regime: Regime, suite: Suite, precision: str) -> Kernels:
    """Return the kernels of a model; they are compiled once, or taken from the cache of this machine."""
    key = regime.driven.definition, regime.varying, suite.pairs, precision
    with _compiling:
        if key not in _kernels:
            _kernels[key] = compiled_for(regime, replace(suite, witnessed=False), precision)
        return _kernels[key]


def meaning(kernel: Kernel) -> str:
    """Return a digest of what computes runs, apart from processor and compiler."""
    return hashlib.sha256(f"{version()}\0{source_of(kernel)}".encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Packed:
    """A pickled task."""

    content: bytes

    def __call__(self) -> Any:
        """Do it."""
        return pickle.loads(self.content)()  # noqa: S301 - from the process that started this one


def packed(task: Callable[..., Any], *parts: Any) -> Packed | NoValue:
    """Return a task for another process; a NoValue if it has parts that only this process can know."""
    return attempt(lambda: Packed(pickle.dumps(task(*parts))))
