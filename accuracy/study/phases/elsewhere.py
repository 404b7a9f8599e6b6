"""Sweep on workers: threads of this process, other processes, or a cluster.

Other processes compute runs, and this one decides from them, with the same code as if it had computed them itself. So
results do not depend on where runs were computed, and only this process writes to the store. What is in the store is
decided here at once, without a worker.
"""

from __future__ import annotations

import hashlib
import pickle
import platform
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from ....harness.executors import Answered, Workers, completed
from ....harness.executors.base import Work
from ....harness.kernels.kernel import Kernel
from ....harness.kernels.kernels import Compiled, Kernels
from ....harness.store import Store
from ....models.definition.neuron import NeuronModel
from ....models.detection import DETECTIONS
from ....models.ground.errors import NoValue, UserError, attempt
from ....models.methods import METHODS
from ...measures import MEASURES
from ...regimes.regime import Regime
from ...search.kept_runs import KeptRuns, NotKeptError, Runs, source_of, version
from ..study import Case, Curve
from ..suite import Suite
from .sweeping import Finder, compiled_for, filled, kept_for, not_swept, searched, swept_curve, without_points

#: A regime, a method and a detection.
Setting = tuple[Regime, str, str]
#: Kernels by model and kind of stimulus.
AllKernels = Mapping[tuple[NeuronModel, str], Kernels]


class Computed(NamedTuple):
    """Runs that another process computed."""

    identity: str
    """What identifies the result on its processor; empty if it is not kept."""
    about: Mapping[str, Any]
    runs: Mapping[Fraction, Runs]
    """Those that were not known."""


@dataclass(frozen=True)
class _CurveTask:
    """The runs of a curve that are known, and how the others are computed."""

    regime: Regime
    method: str
    detection: str
    suite: Suite
    known: Mapping[Fraction, Runs]
    alike: str
    """The digest of what computes them: another process must have the same."""
    items: tuple[object, ...]
    """Unpickling them registers what packages define that only the first process has imported."""

    def search(self) -> tuple[Curve, Finder]:
        """Do what the first process does with the runs, so that the runs are computed that it needs."""
        compiled = _kernels_for(self.regime, self.suite).compiled[self.method, self.detection]
        if meaning(compiled.lanes) != self.alike:
            raise UserError(
                f"the worker on {platform.node()} has another version of spikecost, numpy or the C library; install "
                "the same as where the run was started"
            )
        kept = kept_for(self.regime, compiled, self.suite, Store(None))
        kept.take(self.known, "", {})
        return searched(self.regime, self.method, self.detection, compiled, self.suite, kept=kept)

    def computed(self, finder: Finder) -> Computed:
        """Return what was computed."""
        runs = {setting: each for setting, each in finder.errors.runs.items() if setting not in self.known}
        return Computed(finder.kept.identity, finder.kept.about, runs)


@dataclass(frozen=True)
class SweepTask(_CurveTask):
    """The sweep of a curve."""

    def __call__(self) -> Computed:
        """Compute the runs that it needs."""
        _, finder = self.search()
        return self.computed(finder)


@dataclass(frozen=True)
class FillTask:
    """The further criteria of all curves of a model in a regime."""

    curves: tuple[_CurveTask, ...]

    def __call__(self) -> list[Computed]:
        """Compute the runs that they need."""
        found = [each.search() for each in self.curves]
        finders = {id(curve): finder for curve, finder in found}
        filled([curve for curve, _ in found], finders, self.curves[0].suite)
        return [task.computed(finder) for task, (_, finder) in zip(self.curves, found, strict=True)]


_compiling = threading.Lock()
_kernels: dict[tuple[object, ...], Kernels] = {}


def _kernels_for(regime: Regime, suite: Suite) -> Kernels:
    """Return the kernels of a model; they are compiled once, or taken from the cache of this machine."""
    key = regime.driven.definition, regime.varying, suite.pairs
    with _compiling:
        if key not in _kernels:
            _kernels[key] = compiled_for(regime, replace(suite, witnessed=False))
        return _kernels[key]


def meaning(kernel: Kernel) -> str:
    """Return a digest of what computes runs, apart from processor and compiler."""
    return hashlib.sha256(f"{version()}\0{source_of(kernel)}".encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True)
class _Packed:
    """A pickled task."""

    content: bytes

    def __call__(self) -> Any:
        """Do it."""
        return pickle.loads(self.content)()  # noqa: S301 - from the process that started this one


class Sweeping:
    """A sweep on workers.

    Parameters
    ----------
    workers : Workers
    suite : Suite
    store : Store
    say : callable
        Is told what a user should know.

    Raises
    ------
    UserError
        If workers are other processes, and the suite has methods or measures that only this process can know.
    """

    def __init__(self, workers: Workers, suite: Suite, store: Store, say: Callable[[str], None]) -> None:
        self._workers, self._suite, self._store, self._say = workers, suite, store, say
        self._others: set[str] = set()
        self._items: tuple[Any, ...] = (
            *(METHODS[name] for name in suite.methods),
            *(DETECTIONS[name] for name in suite.detections),
            *(MEASURES[name] for name in suite.all_measures),
        )
        for item in () if workers.here else self._items:
            if type(item).__module__ == "__main__":
                raise UserError(
                    f"{item.name} is defined in the script that runs, so that other processes do not know it; define "
                    "it in a module that the script imports, or use --executor threads"
                )

    def sweep(
        self, work: Sequence[Setting], order: Sequence[int], kernels: AllKernels
    ) -> Iterator[tuple[int, Curve, Finder | None]]:
        """Sweep; yield each place in `work` with its curve, and what finds further settings if there are points.

        Parameters
        ----------
        work : sequence of Setting
        order : sequence of int
            In which order they are begun.
        kernels : mapping
        """

        def here(i: int) -> tuple[Curve, Finder | None]:
            return swept_curve(*work[i], self._of(work[i], kernels), self._suite, store=self._store)

        if self._workers.here:
            for place, swept in completed(self._workers, [partial(here, i) for i in order]):
                yield order[place], *swept
            return
        waiting: dict[int, KeptRuns] = {}

        def pieces() -> Iterator[Work | Answered]:
            for i in order:
                of_model = self._of(work[i], kernels)
                none = not_swept(*work[i], of_model, self._suite)
                if none is not None:
                    yield Answered((none, None))
                    continue
                compiled = of_model.compiled[work[i][1:]]
                kept = kept_for(work[i][0], compiled, self._suite, self._store)
                known = self._from_known(work[i], compiled, kept)
                task = known or self._packed(SweepTask, *self._task(work[i], compiled, kept.known))
                if isinstance(task, _Packed):
                    waiting[i] = kept
                    yield task
                else:
                    yield Answered(known or here(i))

        for place, found in completed(self._workers, pieces(), self._say):
            i = order[place]
            if i in waiting:
                yield i, *self._decided(work[i], self._of(work[i], kernels), waiting.pop(i), found)
            else:
                yield i, *found

    def fill(
        self, together: Sequence[Sequence[Curve]], finders: Mapping[int, Finder], kernels: AllKernels
    ) -> Iterator[tuple[int, list[Case] | NoValue]]:
        """Verify further cases of the curves of each model in each regime (`filled`); yield each place and its cases.

        Parameters
        ----------
        together : sequence of sequence of Curve
        finders : mapping
            By the id of the curve.
        kernels : mapping
        """

        def here(curves: Sequence[Curve]) -> list[Case]:
            return filled(curves, finders, self._suite)

        if self._workers.here:
            yield from completed(self._workers, [partial(here, curves) for curves in together])
            return
        sent: set[int] = set()

        def pieces() -> Iterator[Work | Answered]:
            for i, curves in enumerate(together):
                swept = [curve for curve in curves if curve.points]
                with ExitStack() as only_known, suppress(NotKeptError):
                    for curve in swept:
                        only_known.enter_context(finders[id(curve)].kept.only_known())
                    yield Answered(here(curves))
                    continue
                task = self._packed(FillTask, tuple(self._task_of(curve, finders, kernels) for curve in swept))
                if isinstance(task, _Packed):
                    sent.add(i)
                    yield task
                else:
                    yield Answered(here(curves))

        for i, found in completed(self._workers, pieces(), self._say):
            if i not in sent or isinstance(found, NoValue):
                yield i, found
                continue
            for curve, computed in zip([each for each in together[i] if each.points], found, strict=True):
                self._take(finders[id(curve)].kept, computed)
            yield i, here(together[i])

    @staticmethod
    def _of(setting: Setting, kernels: AllKernels) -> Kernels:
        return kernels[setting[0].model, setting[0].stimulus]

    def _task(self, setting: Setting, compiled: Compiled, known: Mapping[Fraction, Runs]) -> tuple[Any, ...]:
        regime = setting[0]
        suite = replace(self._suite, models=(regime.model,), conventions=())
        return *setting, suite, dict(known), meaning(compiled.lanes), self._items

    def _task_of(self, curve: Curve, finders: Mapping[int, Finder], kernels: AllKernels) -> _CurveTask:
        setting = curve.regime, curve.method, curve.detection
        compiled = self._of(setting, kernels).compiled[setting[1:]]
        return _CurveTask(*self._task(setting, compiled, finders[id(curve)].errors.runs))

    @staticmethod
    def _packed(task: Callable[..., Work], *parts: Any) -> _Packed | NoValue:
        """Return a task for another process; a NoValue if it has parts that only this process can know."""
        return attempt(lambda: _Packed(pickle.dumps(task(*parts))))

    def _from_known(self, setting: Setting, compiled: Compiled, kept: KeptRuns) -> tuple[Curve, Finder] | None:
        """Return the curve if all its runs are known, else None."""
        if not kept.known:
            return None
        with suppress(NotKeptError), kept.only_known():
            found = attempt(partial(searched, *setting, compiled, self._suite, kept=kept))
            return None if isinstance(found, NoValue) else found
        return None

    def _decided(
        self, setting: Setting, of_model: Kernels, kept: KeptRuns, found: Computed | NoValue
    ) -> tuple[Curve, Finder | None]:
        """Return the curve that computed runs give."""
        compiled = of_model.compiled[setting[1:]]
        if isinstance(found, NoValue):
            return without_points(*setting, compiled, reason=found.reason), None
        self._take(kept, found)
        swept = attempt(partial(searched, *setting, compiled, self._suite, kept=kept))
        if isinstance(swept, NoValue):
            return without_points(*setting, compiled, reason=swept.reason), None
        return swept

    def _take(self, kept: KeptRuns, found: Computed) -> None:
        kept.take(found.runs, found.identity, found.about)
        other = {f"{found.about[name]}" for name in ("processor", "compiler") if found.about[name] != kept.about[name]}
        if other and other - self._others:
            self._others |= other
            self._say(
                f"workers have another processor or compiler ({', '.join(sorted(other))}): the last digits of errors "
                "may depend on which worker computed them"
            )
