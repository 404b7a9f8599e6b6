"""The main job: cost at equal spike-time accuracy, for every model, method, detection, regime and criterion."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

from ...flops.toolchain import find_compiler
from ...harness.executors import Workers, chosen
from ...harness.store import Store, open_store
from ...models.definition.domain import check_domain
from ...models.definition.neuron import NeuronModel
from ...models.ground.bounded import task_patience
from ...models.ground.errors import NoValue, UserError, whole_number
from ...models.ground.interruption import interruptible
from ...models.reading.by_name import get_model
from .ahead import Second, computed_ahead
from .kept_study import keep_study
from .phases import measuring, peers
from .phases.elsewhere import AllKernels, Sweeping
from .phases.executing import closing
from .phases.progress import Progress, spread
from .phases.sweeping import (
    Finder,
    cases_of,
    compiled_for,
    contradictions,
    guessed_cost,
    one_of_each_kind,
    regime_of,
    shares_runs,
    to_fill,
)
from .study import OURS, Case, Curve, Study, ours_in
from .suite import Suite

#: More threads than this are refused.
MOST_JOBS = 1024
#: More model time than this, over all stimuli, is refused, in ms. References take about 0.1 ms of computing per ms of
#: model time: this would be months.
MOST_MS = 1e11


def run_suite(
    suite: Suite,
    jobs: int = 2,
    progress: Progress | None = None,
    store: str | Path | None = None,
    *,
    executor: str | None = None,
    cluster: str | None = None,
) -> Study:
    """Run a suite.

    The sweep runs in `jobs` threads (compiled code does not hold Python's lock), or in other processes, or on a
    cluster; the results do not depend on it. Timing runs without other threads.
    After an interruption, the finished part is returned, marked as interrupted. An exception of one model, method or
    case becomes the reason of its row and does not end the run.

    Runs of the sweep are kept in the store, and taken from there if they were computed before, by whatever suite or
    command. Timing is always repeated.

    Parameters
    ----------
    suite : Suite
    jobs : int
        Number of threads, or of processes.
    progress : Progress, optional
    store : str or Path, optional
        File of the store, by default `store_path`; ``"off"`` for none.
    executor : str, optional
        ``threads``, ``processes`` or ``dask``; see `chosen` for the default.
    cluster : str, optional
        Address of a Dask scheduler, by default SPIKECOST_CLUSTER.

    Raises
    ------
    UserError
        If a model's equations have no value, there is no C compiler, no model reaches any of the rates, the suite
        or the number of threads is too large, or the store is a file of another kind.
    """
    check_jobs(jobs)
    check_length(suite)
    task_patience()  # a limit that is no number is refused before anything is computed
    find_compiler()
    kind, address = chosen(executor, cluster)
    progress = progress or Progress()
    study = Study(suite)
    try:
        with open_store(store) as kept, interruptible():
            study.store = str(kept.path) if kept.is_open else ""
            begun = time.time()
            try:
                _run(study, jobs, progress, kept, lambda: kind.start(jobs, address))
            except KeyboardInterrupt:
                study.interrupted = True
                raise
            finally:
                keep_study(kept, study, begun)
    except KeyboardInterrupt:
        if not any(curve.points for curve in study.curves):  # the others have only a reason why they have none
            raise
        study.interrupted = True
        study.cases = study.cases or [case for curve in study.curves for case in cases_of(curve, suite)]
        judged = {id(case.curve) for case in study.other_cases}
        study.other_cases += [
            case
            for curve in study.other_curves
            if id(curve) not in judged
            for case in (peers.cases_of(curve, suite) if curve.peer else cases_of(curve, suite))
        ]
    return study


def check_jobs(jobs: int) -> None:
    """Refuse a number of threads that is too small or too large.

    Raises
    ------
    UserError
    """
    if whole_number(jobs, "jobs", "a whole number of threads, such as 2") < 1:
        raise UserError(f"jobs = {jobs}: give 1 or more")
    if jobs > MOST_JOBS:
        raise UserError(
            f"jobs = {jobs}: give at most {MOST_JOBS}; this machine has {os.cpu_count()} cores, and more "
            "threads are of no use"
        )


def check_length(suite: Suite) -> None:
    """Refuse a suite whose references alone would take months.

    Raises
    ------
    UserError
    """
    regimes = len(suite.models) * sum(len(suite.rates_for(each)) + len(suite.rheobases) for each in suite.stimuli)
    asked = regimes * suite.trials * sum(suite.horizons)
    if asked > MOST_MS:
        horizons = ", ".join(f"{each / 1000:g}" for each in suite.horizons)
        raise UserError(
            f"the suite asks for {asked / 1000:.2g} s of model time ({regimes} x {suite.trials} stimuli "
            f"over {horizons} s), and more than "
            f"{MOST_MS / 1000:.0g} s are not run; give shorter horizons, or fewer trials"
        )


def _run(study: Study, jobs: int, progress: Progress, store: Store, start: Callable[[], Workers]) -> None:
    suite = study.suite
    models = [get_model(model) for model in suite.models]
    for model in models:
        check_domain(model)
    with closing(start()) as workers, computed_ahead(suite, models, jobs) as second:
        _compare(study, models, jobs, progress, second=second, store=store, workers=workers)


def _compare(
    study: Study,
    models: Sequence[NeuronModel],
    jobs: int,
    progress: Progress,
    *,
    second: Second,
    store: Store,
    workers: Workers,
) -> None:
    suite = study.suite
    progress.begin("finding drives and references", sum(map(suite.number_of_regimes, models)))
    for model in models:
        for regime in suite.regimes(model):
            study.regimes.append(regime)
            progress.done()
            if regime.said:
                progress.say(regime.said)
    if not any(regime.trials for regime in study.regimes):
        first = study.regimes[0]
        raise UserError(f"nothing to compare: {first.model.label}: {first.reason}")
    kinds = one_of_each_kind(study.regimes)
    progress.begin("compiling kernels", len(kinds))
    kernels = {}
    for key, regime in kinds.items():
        kernels[key] = compiled_for(regime, suite)
        progress.done()
    finders = _sweep(study, study.curves, kernels, progress, store=store, workers=workers)
    if study.reused:
        progress.say(study.reused)
    contradicted = contradictions(study, kernels, progress)
    study.cases = [
        case for curve in study.curves for case in cases_of(curve, suite, contradicted.get(regime_of(curve), ""))
    ]
    if suite.witnessed:
        sweeping = Sweeping(workers, suite, store, progress.say)
        _fill_map(study, sweeping, kernels, finders, contradicted, progress=progress)
    del finders  # they hold most runs: those of the settings that are in no table
    formats = {OURS: kernels}
    for precision in suite.precisions[1:]:
        progress.begin(f"compiling kernels, {precision}", len(kinds))
        found = {}
        for key, regime in kinds.items():
            found[key] = compiled_for(regime, suite, precision)
            progress.done()
        formats[ours_in(precision)] = found
        _sweep(study, study.other_curves, found, progress, store=store, workers=workers, said=f", {precision}")
    study.other_cases = [
        case for curve in study.other_curves for case in cases_of(curve, suite, contradicted.get(regime_of(curve), ""))
    ]
    workers.close(stop=False)
    if suite.engines:
        peers.compare_all(study, jobs, progress)
    if not (suite.witnessed and any(curve.points for curve in study.curves)):
        peers.time_all(study, progress)
        return
    measuring.record_all(study, kernels, jobs, progress, store)
    measuring.count_all(study, models, kernels, kinds, progress)
    if suite.features:
        measuring.look_for_features(study, models, progress)
    if second.works:
        progress.begin("waiting for the second process", 1)
        second.wait()
        progress.done()
    if suite.thorough:
        measuring.look_closer(study, models, kernels, progress)
    # last, while nothing else runs
    measuring.time_all(study, formats, progress)
    peers.time_all(study, progress)


def _sweep(
    study: Study,
    curves: list[Curve],
    kernels: AllKernels,
    progress: Progress,
    *,
    store: Store,
    workers: Workers,
    said: str = "",
) -> dict[int, Finder]:
    """Sweep every regime, method and detection with some kernels, and add the curves to a list.

    Returns
    -------
    dict
        What finds further settings, by the id of the curve.
    """
    suite = study.suite
    work = [
        (regime, method, detection)
        for regime in study.regimes
        for method in suite.methods
        for detection in suite.detections
    ]
    progress.begin(f"sweeping dt{said}", len(work))
    # expensive and cheap curves in turn, so that the first ones tell how long all will take
    own = [kernels[regime.model, regime.stimulus] for regime, *_ in work]
    order = spread(
        [guessed_cost(*item, each) for item, each in zip(work, own, strict=True)],
        [shares_runs(*item, each) for item, each in zip(work, own, strict=True)],
    )
    sweeping = Sweeping(workers, suite, store, progress.say)
    finders: dict[int, Finder] = {}
    swept: dict[int, Curve] = {}
    try:
        for i, curve, find in sweeping.sweep(work, order, kernels):
            swept[i] = curve
            if find is not None:
                finders[id(curve)] = find
            progress.done()
    finally:  # also the finished ones of an interrupted run
        curves += [swept[i] for i in sorted(swept)]
    return finders


def _fill_map(
    study: Study,
    sweeping: Sweeping,
    kernels: AllKernels,
    finders: Mapping[int, Finder],
    contradicted: Container[object],
    *,
    progress: Progress,
) -> None:
    together = to_fill(study, contradicted)
    progress.begin("looking between the tolerances", len(together))
    found: dict[int, list[Case]] = {}
    try:
        for i, filled in sweeping.fill(together, finders, kernels):
            if isinstance(filled, NoValue):
                model, key = regime_of(together[i][0])
                study.failures.append(f"{model} at {key.level}, between the tolerances: {filled}")
            else:
                found[i] = filled
            progress.done()
    finally:
        study.map_cases = [case for i in sorted(found) for case in found[i]]
