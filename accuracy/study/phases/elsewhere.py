"""Sweep on workers: threads of this process, other processes, or a cluster.

Other processes compute runs, and this one decides from them, with the same code as if it had computed them itself. So
results do not depend on where runs were computed, and only this process writes to the store. What is in the store is
decided here at once, without a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from ....harness.executors import Answered, Workers, completed
from ....harness.executors.base import Work
from ....harness.kernels.kernels import Compiled, Kernels
from ....harness.store import Store
from ....models.definition.neuron import NeuronModel
from ....models.detection import DETECTIONS
from ....models.ground.errors import NoValue, UserError, attempt
from ....models.methods import METHODS
from ....models.number_formats import NUMBER_FORMATS
from ...measures import MEASURES
from ...regimes.regime import Regime
from ...search.kept_runs import KeptRuns, from_known
from ...search.runs_as_bytes import Runs
from ..study import Case, Curve
from ..suite import Suite
from .sweeping import Finder, filled, kept_for, not_swept, searched, swept_curve, swept_or_failed, without_points
from .tasks import Computed, CurveTask, FillTask, Packed, SweepTask, meaning, packed

#: A regime, a method and a detection.
Setting = tuple[Regime, str, str]
#: Kernels by model and kind of stimulus.
AllKernels = Mapping[tuple[NeuronModel, str], Kernels]


class Sweeping:
    """A sweep on workers.

    Parameters
    ----------
    workers : Workers
    suite : Suite
    store : Store
    say : callable
        Called with each message for the user.

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
            *(NUMBER_FORMATS[name] for name in suite.precisions),
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
                kept = attempt(partial(kept_for, work[i][0], compiled, self._suite, self._store))
                if isinstance(kept, NoValue):
                    yield Answered((without_points(*work[i], compiled, reason=kept.reason), None))
                    continue
                known = self._from_known(work[i], compiled, kept)
                task = known or packed(SweepTask, *self._task(work[i], compiled, kept.known))
                if isinstance(task, Packed):
                    waiting[i] = kept
                    yield task
                else:
                    yield Answered(known or here(i))

        for place, found in completed(self._workers, pieces(), self._say):
            i = order[place]
            if i in waiting:
                compiled = self._of(work[i], kernels).compiled[work[i][1:]]
                yield i, *self._decided(work[i], compiled, waiting.pop(i), found)
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
                known = from_known([finders[id(curve)].kept for curve in swept], partial(here, curves))
                if known is not None:
                    yield Answered(known)
                    continue
                task = packed(FillTask, tuple(self._task_of(curve, finders, kernels) for curve in swept))
                if isinstance(task, Packed):
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
        return *setting, compiled.count.step.precision, suite, dict(known), meaning(compiled.lanes), self._items

    def _task_of(self, curve: Curve, finders: Mapping[int, Finder], kernels: AllKernels) -> CurveTask:
        setting = curve.regime, curve.method, curve.detection
        compiled = self._of(setting, kernels).compiled[setting[1:]]
        finder = finders[id(curve)]
        # the store may know more settings than the curve needed
        return CurveTask(*self._task(setting, compiled, {**finder.kept.known, **finder.errors.runs}))

    def _from_known(self, setting: Setting, compiled: Compiled, kept: KeptRuns) -> tuple[Curve, Finder] | None:
        """Return the curve if all its runs are known, else None."""
        if kept.is_new:
            return None
        found = from_known([kept], lambda: attempt(partial(searched, *setting, compiled, self._suite, kept=kept)))
        return None if isinstance(found, NoValue) else found

    def _decided(
        self, setting: Setting, compiled: Compiled, kept: KeptRuns, found: Computed | NoValue
    ) -> tuple[Curve, Finder | None]:
        """Return the curve that computed runs give."""
        if isinstance(found, NoValue):
            return without_points(*setting, compiled, reason=found.reason), None
        self._take(kept, found)
        return swept_or_failed(*setting, compiled, self._suite, kept=lambda: kept)

    def _take(self, kept: KeptRuns, found: Computed) -> None:
        kept.take(found.runs, found.identity, found.about)
        other = {f"{found.about[name]}" for name in ("processor", "compiler") if found.about[name] != kept.about[name]}
        if other and other - self._others:
            self._others |= other
            self._say(
                f"workers have another processor or compiler ({', '.join(sorted(other))}): the last digits of errors "
                "may depend on which worker computed them"
            )
