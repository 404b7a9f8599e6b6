"""The main job: cost at equal spike-time accuracy, for every model, method, detection, regime and criterion."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from joblib import Parallel, delayed

from ...flops.toolchain import find_compiler
from ...harness.engines.brian2_operations import executed
from ...harness.kernels.kernels import Compiled, Kernels, kernels_of
from ...harness.measuring.as_built import AsBuilt
from ...harness.measuring.kept import kept_builds, kept_measurement, kept_run, kept_step_and_spike
from ...harness.measuring.measure import Measurement
from ...harness.measuring.timing import Job, Timing, many_neurons, measure, one_neuron
from ...harness.stimuli import common_divisor
from ...models.catalogue import get_model
from ...models.definition.domain import check_domain
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError, attempt
from ...models.ground.interruption import interruptible
from ...models.methods import METHODS, with_steps_alike
from ...models.step import make_step
from ..features.shown.demo_runs import run_demo
from ..features.shown.demos import demos_of
from ..features.shown.search import not_tried, search
from ..regimes.regime import Regime, RegimeKey
from ..search.criterion import REFERENCE_MARGIN, Criterion
from ..search.stability import stability
from ..search.status import Status
from ..search.sweep import TimeSteps, Tolerances
from ..search.tolerance import Coarsest, ErrorCurve, coarsest_setting, descend, own_settings
from .ahead import LOOKED_AT, computed_ahead
from .recording import Share, Trace, record, record_reference
from .study import Case, Curve, Point, Study
from .suite import Suite
from .winners import map_criteria, may_win
from .witness import contradiction

#: Finds the coarsest setting of a curve for a criterion.
Finder = Callable[[Criterion], Coarsest]
#: If no tolerance is in ms: a reference is not in doubt if some kernel is nearer to it than this, in ms.
NEAR = 0.1
#: More threads than this are refused.
MOST_JOBS = 1024
#: More model time than this, over all stimuli, is refused, in ms. References take about 0.1 ms of computing per ms of
#: model time: this would be months.
MOST_MS = 1e11


@dataclass(frozen=True)
class Progress:
    """Callbacks: a phase begins with a number of pieces of work; one piece is done; there is a message to show."""

    begin: Callable[[str, int], None] = lambda _phase, _pieces: None
    done: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda _line: None


def run_suite(suite: Suite, jobs: int = 2, progress: Progress | None = None) -> Study:
    """Run a suite.

    The kernels run in `jobs` threads (compiled code does not hold Python's lock). Timing runs without other threads.
    After an interruption, the finished part is returned, marked as interrupted. An exception of one model, method or
    case becomes the reason of its row and does not end the run.

    Raises
    ------
    UserError
        If a model's equations have no value, there is no C compiler, no model reaches any of the rates, or the suite
        or the number of threads is too large.
    """
    check_jobs(jobs)
    check_length(suite)
    find_compiler()
    progress = progress or Progress()
    study = Study(suite)
    try:
        with interruptible():
            _run(study, jobs, progress)
    except KeyboardInterrupt:
        if not study.curves:
            raise
        study.interrupted = True
        study.cases = study.cases or [case for curve in study.curves for case in _cases(curve, suite)]
    return study


def check_jobs(jobs: int) -> None:
    """Refuse a number of threads that is too small or too large.

    Raises
    ------
    UserError
    """
    if jobs < 1:
        raise UserError(f"--jobs {jobs}: give 1 or more")
    if jobs > MOST_JOBS:
        raise UserError(
            f"--jobs {jobs}: give at most {MOST_JOBS}; this machine has {os.cpu_count()} cores, and more "
            "threads are of no use"
        )


def check_length(suite: Suite) -> None:
    """Refuse a suite whose references alone would take months.

    Raises
    ------
    UserError
    """
    regimes = len(suite.models) * len(suite.stimuli) * (len(suite.rates) + len(suite.rheobases))
    asked = regimes * suite.trials * sum(suite.horizons)
    if asked > MOST_MS:
        horizons = ", ".join(f"{each / 1000:g}" for each in suite.horizons)
        raise UserError(
            f"the suite asks for {asked / 1000:.2g} s of model time ({regimes} x {suite.trials} stimuli "
            f"over {horizons} s), and more than "
            f"{MOST_MS / 1000:.0g} s are not run; give shorter horizons, or fewer trials"
        )


def _run(study: Study, jobs: int, progress: Progress) -> None:
    suite = study.suite
    models = [get_model(model) for model in suite.models]
    for model in models:
        check_domain(model)
    with computed_ahead(suite, models, jobs) as wait_for_second:
        _compare(study, models, jobs, progress, wait_for_second)


def _compare(
    study: Study, models: Sequence[NeuronModel], jobs: int, progress: Progress, wait_for_second: Callable[[], None]
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
        raise UserError(f"nothing to compare: {study.regimes[0].reason}")
    # regimes without stimuli first: a regime of the same kind that has stimuli then replaces them
    kinds = {
        (regime.model, regime.stimulus): regime for regime in sorted(study.regimes, key=lambda each: bool(each.trials))
    }
    progress.begin("compiling kernels", len(kinds))
    kernels = {}
    for key, regime in kinds.items():
        kernels[key] = _compiled(regime, suite)
        progress.done()
    work = [
        (regime, method, detection)
        for regime in study.regimes
        for method in suite.methods
        for detection in suite.detections
    ]
    progress.begin("sweeping dt", len(work))
    run = Parallel(n_jobs=jobs, backend="threading", return_as="generator")
    finders: dict[int, Finder] = {}
    for curve, find in run(delayed(_curve)(*item, kernels[item[0].model, item[0].stimulus], suite) for item in work):
        study.curves.append(curve)
        finders[id(curve)] = find
        progress.done()
    contradicted = _contradictions(study, kernels, progress)
    study.cases = [
        case for curve in study.curves for case in _cases(curve, suite, contradicted.get(_regime_of(curve), ""))
    ]
    if suite.witnessed:
        _fill_map(study, finders, contradicted, jobs, progress)
    if not (suite.witnessed and any(curve.points for curve in study.curves)):
        return
    _record(study, kernels, jobs, progress)
    wait_for_second()  # kernels are timed while nothing else runs
    _time(study, kernels, progress)
    pairs = [
        (model, method)
        for model in models
        for method in suite.methods
        if method in with_steps_alike() and (method, suite.detections[0]) in kernels[model, suite.stimuli[0]].compiled
    ]
    progress.begin("counting on the processor", len(pairs))
    for model, method in pairs:
        way = method, suite.detections[0]
        study.measurements[model.label, *way] = _measured(model, *way)
        progress.done()
    _count_spikes(study, kernels, kinds, progress)
    if suite.thorough:
        _look_closer(study, [pair for pair in pairs if pair[1] in LOOKED_AT], progress)
    if suite.features:
        _look_for_features(study, models, progress)


def _compiled(regime: Regime, suite: Suite) -> Kernels:
    """Compile a model's kernels; one by one if compiling them together fails."""
    compiled = partial(kernels_of, regime.driven, varying=regime.varying, alone=suite.witnessed)
    try:
        return compiled(suite.pairs)
    except Exception:
        found = Kernels()
        for pair in suite.pairs:
            one = attempt(partial(compiled, [pair]))
            if isinstance(one, NoValue):
                found.reasons[pair] = one
            else:
                found.compiled |= one.compiled
                found.reasons |= one.reasons
        return found


def _measured(model: NeuronModel, method: str, detection: str) -> Measurement | NoValue:
    return attempt(partial(kept_measurement, model, method, detection))


def _count_spikes(
    study: Study,
    kernels: Mapping[tuple[NeuronModel, str], Kernels],
    kinds: Mapping[tuple[NeuronModel, str], Regime],
    progress: Progress,
) -> None:
    work = [
        (model, stimulus, regime.drive, way)
        for (model, stimulus), regime in kinds.items()
        for way in kernels[model, stimulus].compiled
    ]
    progress.begin("counting steps and spikes on the processor", len(work))
    measured = {way for way, each in study.measurements.items() if isinstance(each, Measurement)}
    for model, stimulus, drive, way in work:
        kernel = kernels[model, stimulus].compiled[way].alone
        key = model.label, *way, stimulus
        value = drive.value if drive else 0.0
        if not METHODS[way[0]].steps_alike:
            study.whole_runs[key] = attempt(partial(kept_run, kernel, value))
        else:
            found = attempt(partial(kept_step_and_spike, kernel, value))
            study.steps_and_spikes[key] = found
            if isinstance(found, NoValue) and key[:3] not in measured:
                measured.add(key[:3])
                study.quiet_steps[key[:3]] = _measured(model, *way)
        progress.done()


def _look_closer(study: Study, pairs: Sequence[tuple[NeuronModel, str]], progress: Progress) -> None:
    progress.begin("counting other builds and Brian2's code", 2 * len(pairs))
    keys = [(model.label, method) for model, method in pairs]
    for key, (model, method) in zip(keys, pairs, strict=True):
        study.builds[key] = attempt(partial(_builds, model, method))
        progress.done()
    study.brian2 |= zip(keys, executed(pairs, progress.done), strict=True)


def _builds(model: NeuronModel, method: str) -> list[AsBuilt]:
    return kept_builds(make_step(model, method))


def _look_for_features(study: Study, models: Sequence[NeuronModel], progress: Progress) -> None:
    own = demos_of(models)
    progress.begin("looking for features", len(models) + len(own))
    for model in models:
        found = attempt(partial(search, model))
        study.features.append((model, not_tried(found.reason) if isinstance(found, NoValue) else found))
        progress.done()
    for demo in own:
        ran = attempt(partial(run_demo, demo))
        if isinstance(ran, NoValue):
            study.failures.append(f"demo {demo.letter}: {ran}")
        else:
            study.demos.append(ran)
        progress.done()


def _curve(regime: Regime, method: str, detection: str, kernels: Kernels, suite: Suite) -> tuple[Curve, Finder]:
    """Sweep; return the curve, and a function that finds the coarsest setting for a further criterion."""
    key = method, detection
    compiled = kernels.compiled.get(key)

    def without_points(status: Status, reason: str) -> tuple[Curve, Finder]:
        return Curve(regime, *key, compiled.count if compiled else None, (), {}, {}, reason, status), _none

    if compiled is None:
        if left_out := suite.why_left_out(*key):
            return without_points(Status.LEFT_OUT, left_out)
        why = kernels.reasons[key]
        return without_points(Status.FAILED if why.failed else Status.NOT_APPLICABLE, why.reason)
    if regime.reason:
        return without_points(Status.FAILED if regime.failed else Status.RATE_NOT_REACHABLE, regime.reason)
    found = attempt(partial(_swept, regime, method, detection, compiled, suite))
    return without_points(Status.FAILED, found.reason) if isinstance(found, NoValue) else found


def _swept(regime: Regime, method: str, detection: str, compiled: Compiled, suite: Suite) -> tuple[Curve, Finder]:
    curve = ErrorCurve(compiled.lanes, regime.trials, suite.all_measures)
    finest = (suite.finest_varying if regime.varying else suite.finest) * max(regime.horizon / 1000, 1)
    unit = common_divisor(trial.stimulus.unit for trial in regime.trials)
    sweep = TimeSteps(unit, suite.coarsest, finest, suite.per_decade) if compiled.knob == "dt" else Tolerances()
    run = descend(curve, sweep, suite.all_criteria)
    find = partial(coarsest_setting, curve, sweep, run)
    # the strictest first: its finer runs are then known to the other criteria
    found = {criterion: find(criterion) for criterion in sorted(suite.all_criteria, key=lambda each: each.tolerance)}
    answers = {criterion: found[criterion] for criterion in suite.all_criteria}
    own = {criterion: own_settings(curve, criterion) for criterion in suite.all_criteria}
    points = tuple(Point(setting, curve(setting)) for setting in run)
    limit = stability(curve, sweep, run) if isinstance(sweep, TimeSteps) else None
    return Curve(regime, method, detection, compiled.count, points, answers, own, "", stability=limit), find


def _none(_criterion: Criterion) -> Coarsest:
    raise AssertionError("a curve that was not swept has no setting")


def _regime_of(curve: Curve) -> tuple[str, RegimeKey]:
    return curve.regime.model.label, curve.regime.key


def _together(curves: Sequence[Curve]) -> dict[tuple[str, RegimeKey], list[Curve]]:
    """Return the curves of each model in each regime."""
    found: dict[tuple[str, RegimeKey], list[Curve]] = {}
    for curve in curves:
        found.setdefault(_regime_of(curve), []).append(curve)
    return found


def _contradictions(
    study: Study, kernels: Mapping[tuple[NeuronModel, str], Kernels], progress: Progress
) -> dict[tuple[str, RegimeKey], str]:
    """Return how kernels contradict references, by model and regime, for those where they do."""
    allowed = min((each.tolerance for each in study.suite.all_criteria if each.unit == "ms"), default=NEAR)
    found = {}
    for key, curves in _together(study.curves).items():
        regime = curves[0].regime
        said = str(attempt(partial(contradiction, curves, kernels[regime.model, regime.stimulus].compiled, allowed)))
        if said:
            found[key] = said
            study.failures.append(f"{regime.model.label} at {regime.level}, {regime.stimulus}: {said}")
            progress.say(study.failures[-1])
    return found


def _fill_map(
    study: Study, finders: Mapping[int, Finder], contradicted: Container[object], jobs: int, progress: Progress
) -> None:
    """Verify the cases that may be the cheapest of a model, for the winner map's tolerances that the suite has not."""
    criteria = map_criteria(study.suite.all_criteria)
    together = {key: curves for key, curves in _together(study.curves).items() if key not in contradicted}

    def fill(curves: Sequence[Curve], criterion: Criterion) -> list[Case]:
        def case_of(curve: Curve) -> Case:
            return _judged(curve, criterion, finders[id(curve)](criterion))

        if curves[0].regime.reference_error_in(criterion.unit) > criterion.least_error:
            return []
        found = attempt(partial(may_win, [curve for curve in curves if curve.points], criterion, case_of))
        return [] if isinstance(found, NoValue) else found

    # one model in one regime is one piece of work: its criteria share their runs
    progress.begin("looking between the tolerances", len(together))
    study.map_cases = []
    run = Parallel(n_jobs=jobs, backend="threading", return_as="generator")
    for cases in run(
        delayed(lambda curves: [case for each in criteria for case in fill(curves, each)])(curves)
        for curves in together.values()
    ):
        study.map_cases += cases
        progress.done()


def _cases(curve: Curve, suite: Suite, contradicted: str = "") -> list[Case]:
    return [_case(curve, criterion, contradicted) for criterion in suite.all_criteria]


def _case(curve: Curve, criterion: Criterion, contradicted: str) -> Case:
    if contradicted and curve.points:
        return Case(curve, criterion, Status.REFERENCE_CONTRADICTED, contradicted)
    found = attempt(partial(_answered, curve, criterion))
    return Case(curve, criterion, Status.FAILED, found.reason) if isinstance(found, NoValue) else found


def _answered(curve: Curve, criterion: Criterion) -> Case:
    if curve.status is not None:
        return Case(curve, criterion, curve.status, curve.reason)
    error = curve.regime.reference_error_in(criterion.unit)
    if error > criterion.least_error:
        return Case(
            curve,
            criterion,
            Status.REFERENCE_TOO_COARSE,
            f"its error of {error:.1g} {criterion.unit} is not {REFERENCE_MARGIN} times below the tolerance",
        )
    return _judged(curve, criterion, curve.answers[criterion])


def _judged(curve: Curve, criterion: Criterion, found: Coarsest) -> Case:
    if found.setting is None:
        return Case(curve, criterion, found.status, found.reason)
    return Case(curve, criterion, found.status, "", found)


def _record(study: Study, kernels: Mapping[tuple[NeuronModel, str], Kernels], jobs: int, progress: Progress) -> None:
    cases = [case for case in study.cases if case.coarsest]
    regimes = [regime for regime in study.regimes if regime.trials]
    share = Share.of(len(cases) + len(regimes))
    progress.begin("recording spikes and voltages", len(cases) + len(regimes))
    for regime in regimes:
        kept = attempt(partial(record_reference, regime.trials[0], share))
        if isinstance(kept, NoValue):
            study.failures.append(f"reference of {regime.model.label} at {regime.level}, not recorded: {kept}")
        else:
            study.recorded_references.append((regime, kept))
        progress.done()

    def recorded(case: Case) -> Trace:
        curve = case.curve
        compiled = kernels[curve.regime.model, curve.regime.stimulus].compiled[curve.method, curve.detection]
        return record(compiled.lanes, curve.regime.trials[0], case.setting, curve.by_dt, share)

    run = Parallel(n_jobs=jobs, backend="threading", return_as="generator")
    for case, found in zip(cases, run(delayed(attempt)(partial(recorded, case)) for case in cases), strict=True):
        if isinstance(found, NoValue):
            study.failures.append(f"{_named(case)}, not recorded: {found}")
        else:
            case.recording = found
        progress.done()


def _time(study: Study, kernels: Mapping[tuple[NeuronModel, str], Kernels], progress: Progress) -> None:
    # the time per step does not depend on the kind of stimulus: one kind is enough
    first = study.suite.stimuli[0], study.suite.horizons[0]
    timed: list[tuple[Case, str]] = []
    """Cases, and the name of the timing."""
    jobs = []
    for case in study.cases:
        regime = case.curve.regime
        if not case.coarsest or (regime.stimulus, regime.horizon) != first:
            continue
        compiled = kernels[regime.model, regime.stimulus].compiled[case.curve.method, case.curve.detection]
        stimulus = regime.trials[0].stimulus
        jobs.append(one_neuron(compiled.alone, stimulus, case.setting, case.curve.by_dt))
        timed.append((case, "one_neuron"))
        if _in_lanes(case, study.suite):
            jobs.append(many_neurons(compiled.lanes, stimulus, case.setting))
            timed.append((case, "many_neurons"))
    progress.begin("timing", len(jobs) * (study.suite.repeats + 1))
    timings: Sequence[Timing | None]
    together = attempt(partial(measure, jobs, study.suite.repeats, progress.done))
    if isinstance(together, NoValue):
        # interleaved jobs fail together; run one after the other, only those fail that cannot be timed
        timings = [_timed_alone(study, case, job) for (case, _), job in zip(timed, jobs, strict=True)]
    else:
        timings = together
    for (case, which), timing in zip(timed, timings, strict=True):
        setattr(case, which, timing)


def _timed_alone(study: Study, case: Case, job: Job) -> Timing | None:
    found = attempt(partial(measure, [job], study.suite.repeats))
    if isinstance(found, NoValue):
        study.failures.append(f"{_named(case)}, not timed: {found}")
        return None
    return found[0]


def _named(case: Case) -> str:
    curve = case.curve
    return f"{curve.regime.model.label} at {curve.regime.level}, {curve.method} with {curve.detection}"


def _in_lanes(case: Case, suite: Suite) -> bool:
    return suite.time_lanes and METHODS[case.curve.method].template.in_lanes
