"""Sweep the settings of every method, and find the largest one for every criterion."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from ....flops.toolchain import cpu_model, find_compiler
from ....harness.kernels.kernels import Compiled, Kernels, kernels_of
from ....harness.stimuli import common_divisor
from ....harness.store import Store
from ....models.definition.neuron import NeuronModel
from ....models.ground.bounded import TASK_TIMEOUT, task_patience
from ....models.ground.errors import NoValue, UserError, attempt
from ....models.ground.interruption import ending_within
from ....models.methods import DOUBLE
from ...regimes.regime import Regime, RegimeKey
from ...search.criterion import Criterion
from ...search.kept_runs import KeptRuns
from ...search.stability import stability
from ...search.status import Status
from ...search.sweep import TimeSteps, Tolerances
from ...search.tolerance import Coarsest, ErrorCurve, coarsest_setting, descend, down_to_the_floor, own_settings
from ..study import Case, Curve, Point, Study, ours_in
from ..suite import Suite
from ..winners import map_criteria, may_win, middle_criteria
from ..witness import contradiction
from .progress import Progress

#: How many other operations take as long as an exponential, roughly.
EXPENSIVE = 20
#: If no tolerance is in ms: a reference is not in doubt if some kernel is nearer to it than this, in ms.
NEAR = 0.1


@dataclass(frozen=True)
class Finder:
    """Finds the coarsest setting of a curve for a further criterion."""

    errors: ErrorCurve
    sweep: TimeSteps | Tolerances
    settings: tuple[Fraction, ...]
    """Those of the sweep that were run."""
    kept: KeptRuns

    def __call__(self, criterion: Criterion) -> Coarsest:
        """Find it, and keep the runs that this needs."""
        with self.kept.writing(), _in_time():
            return coarsest_setting(self.errors, self.sweep, self.settings, criterion)


def one_of_each_kind(regimes: Iterable[Regime]) -> dict[tuple[NeuronModel, str], Regime]:
    """Return a regime of each model and kind of stimulus, with stimuli if one has any: they share kernels."""
    # regimes without stimuli first: a regime of the same kind that has stimuli then replaces them
    return {(regime.model, regime.stimulus): regime for regime in sorted(regimes, key=lambda each: bool(each.trials))}


def compiled_for(regime: Regime, suite: Suite, precision: str = DOUBLE) -> Kernels:
    """Compile a model's kernels; one by one if compiling them together fails."""
    compiled = partial(kernels_of, regime.driven, varying=regime.varying, alone=suite.witnessed, precision=precision)
    together = attempt(partial(compiled, suite.pairs))
    if isinstance(together, NoValue):
        one_by_one = Kernels(precision=precision)
        for pair in suite.pairs:
            one = attempt(partial(compiled, [pair]))
            if isinstance(one, NoValue):
                one_by_one.reasons[pair] = one
            else:
                one_by_one.compiled |= one.compiled
                one_by_one.reasons |= one.reasons
        return one_by_one
    return together


def guessed_cost(regime: Regime, method: str, detection: str, kernels: Kernels) -> float:
    """Return about how expensive the sweep of a curve is: the operations of all blocks; 0 if nothing is run."""
    compiled = kernels.compiled.get((method, detection))
    if compiled is None or regime.reason:
        return 0.0
    return sum(sum(each.values()) + EXPENSIVE * each["exp"] for each in compiled.count.by_block.values())


def shares_runs(regime: Regime, method: str, detection: str, kernels: Kernels) -> Hashable:
    """Return a key that is the same for curves that share runs (`SharedRuns`)."""
    compiled = kernels.compiled.get((method, detection))
    together = compiled.lanes.together if compiled else None
    return regime.model.label, regime.key, method, together.name if together else detection


def swept_curve(
    regime: Regime, method: str, detection: str, kernels: Kernels, suite: Suite, *, store: Store
) -> tuple[Curve, Finder | None]:
    """Sweep; return the curve, and what finds the coarsest setting for a further criterion, if there are points.

    Runs that are in the store are not computed again, and those that are computed are kept there.
    """
    found = not_swept(regime, method, detection, kernels, suite)
    if found is not None:
        return found, None
    compiled = kernels.compiled[method, detection]
    return swept_or_failed(
        regime, method, detection, compiled, suite, kept=lambda: kept_for(regime, compiled, suite, store)
    )


def swept_or_failed(
    regime: Regime, method: str, detection: str, compiled: Compiled, suite: Suite, *, kept: Callable[[], KeptRuns]
) -> tuple[Curve, Finder | None]:
    """Sweep a curve that can be swept; an error becomes the reason why it has no points."""
    swept = attempt(lambda: searched(regime, method, detection, compiled, suite, kept=kept()))
    if isinstance(swept, NoValue):
        return without_points(regime, method, detection, compiled, reason=swept.reason), None
    return swept


def not_swept(regime: Regime, method: str, detection: str, kernels: Kernels, suite: Suite) -> Curve | None:
    """Return the curve without points if there is nothing to sweep; None if there is."""
    key, engine = (method, detection), ours_in(kernels.precision)
    compiled = kernels.compiled.get(key)
    if compiled is None:
        if left_out := suite.why_left_out(*key):
            return without_points(regime, *key, None, reason=left_out, status=Status.LEFT_OUT, engine=engine)
        why = kernels.reasons[key]
        status = Status.FAILED if why.failed else Status.NOT_APPLICABLE
        return without_points(regime, *key, None, reason=why.reason, status=status, engine=engine)
    if regime.reason:
        status = Status.FAILED if regime.failed else Status.RATE_NOT_REACHABLE
        return without_points(regime, *key, compiled, reason=regime.reason, status=status)
    return None


def without_points(
    regime: Regime,
    method: str,
    detection: str,
    compiled: Compiled | None,
    *,
    reason: str,
    status: Status = Status.FAILED,
    engine: str = "",
) -> Curve:
    """Return a curve without points, and why it has none; `engine` is needed if there is no kernel."""
    count = compiled.count if compiled else None
    engine = ours_in(count.step.precision) if count else engine
    return Curve(regime, method, detection, count, (), {}, {}, reason, status, engine=engine)


def kept_for(regime: Regime, compiled: Compiled, suite: Suite, store: Store) -> KeptRuns:
    """Return the runs of a curve that are in the store."""
    step = compiled.lanes.step
    about = {
        "model": regime.model.label,
        **regime.key._asdict(),
        "method": step.method,
        "detection": step.detection,
        "precision": step.precision,
        "trials": len(regime.trials),
        "processor": cpu_model(),
        "compiler": find_compiler().version,
    }
    return KeptRuns(store, compiled.lanes, regime.trials, suite.all_measures, about)


def searched(
    regime: Regime, method: str, detection: str, compiled: Compiled, suite: Suite, *, kept: KeptRuns
) -> tuple[Curve, Finder]:
    """Sweep a curve that can be swept."""
    with kept.writing(), _in_time():
        return _searched(regime, method, detection, compiled, suite, kept=kept)


def _in_time() -> AbstractContextManager[None]:
    """Bound the wall time of one task."""
    seconds = task_patience()
    return ending_within(
        seconds,
        UserError(
            f"it did not end within {seconds:g} s and was stopped ({TASK_TIMEOUT} sets this limit in seconds); another "
            "run goes on from what it computed"
        ),
    )


def _searched(
    regime: Regime, method: str, detection: str, compiled: Compiled, suite: Suite, *, kept: KeptRuns
) -> tuple[Curve, Finder]:
    curve = ErrorCurve(compiled.lanes, regime.trials, suite.all_measures, kept)
    system = regime.driven.system
    finest = (suite.finest_varying if regime.varying or system.random else suite.finest) * max(regime.horizon / 1000, 1)
    held = [regime.driven.sampling_ms] if system.sampled else []
    unit = common_divisor([*(trial.stimulus.unit for trial in regime.trials), *held])
    sweep = TimeSteps(unit, suite.coarsest, finest, suite.per_decade) if compiled.knob == "dt" else Tolerances()
    precision = compiled.count.step.precision
    # errors of a coarser number format stop shrinking somewhere: that is looked for down to the finest setting
    settings = descend(curve, sweep, suite.all_criteria if precision == DOUBLE else ())

    def find(criterion: Criterion) -> Coarsest:
        judged = (curve, settings) if precision == DOUBLE else down_to_the_floor(curve, settings, criterion)
        return coarsest_setting(judged[0], sweep, judged[1], criterion)

    # the strictest first: its finer runs are then known to the other criteria
    coarsest = {criterion: find(criterion) for criterion in sorted(suite.all_criteria, key=lambda each: each.tolerance)}
    answers = {criterion: coarsest[criterion] for criterion in suite.all_criteria}
    own = {criterion: own_settings(curve, criterion) for criterion in suite.all_criteria}
    points = tuple(Point(setting, curve(setting)) for setting in settings)
    limit = stability(curve, sweep, settings) if isinstance(sweep, TimeSteps) else None
    stored = not kept.computed
    made = Curve(
        regime,
        method,
        detection,
        compiled.count,
        points,
        answers,
        own,
        "",
        None,
        limit,
        stored,
        ours_in(precision),
        identity=kept.identity,
    )
    return made, Finder(curve, sweep, settings, kept)


def regime_of(curve: Curve) -> tuple[str, RegimeKey]:
    """Return the model and the regime of a curve."""
    return curve.regime.model.label, curve.regime.key


def _together(curves: Sequence[Curve]) -> dict[tuple[str, RegimeKey], list[Curve]]:
    """Return the curves of each model in each regime."""
    together: dict[tuple[str, RegimeKey], list[Curve]] = {}
    for curve in curves:
        together.setdefault(regime_of(curve), []).append(curve)
    return together


def contradictions(
    study: Study, kernels: Mapping[tuple[NeuronModel, str], Kernels], progress: Progress
) -> dict[tuple[str, RegimeKey], str]:
    """Return how kernels contradict references, by model and regime, for those where they do."""
    allowed = min((each.tolerance for each in study.suite.all_criteria if each.unit == "ms"), default=NEAR)
    by_regime = {}
    for key, curves in _together(study.curves).items():
        regime = curves[0].regime
        said = str(attempt(partial(contradiction, curves, kernels[regime.model, regime.stimulus].compiled, allowed)))
        if said:
            by_regime[key] = said
            study.failures.append(f"{regime.model.label} at {regime.level}, {regime.stimulus}: {said}")
            progress.say(study.failures[-1])
    return by_regime


def to_fill(study: Study, contradicted: Container[object]) -> list[list[Curve]]:
    """Return the curves of each model in each regime whose reference is not in doubt."""
    return [curves for key, curves in _together(study.curves).items() if key not in contradicted]


def filled(curves: Sequence[Curve], finders: Mapping[int, Finder], suite: Suite) -> list[Case]:
    """Verify the cases that may be the cheapest of a model, for the winner map's tolerances that the suite has not.

    For the tolerances in the middle between two of the suite, the cheapest with spikes on the grid is among them, too.

    Parameters
    ----------
    curves : sequence of Curve
        Those of one model in one regime: its criteria share their runs.
    finders : mapping
        By the id of the curve.
    suite : Suite
    """
    regime = curves[0].regime
    middle = middle_criteria(suite.all_criteria)
    swept = [curve for curve in curves if curve.points]
    found: list[Case] = []
    for criterion in map_criteria(suite.all_criteria):
        if regime.reference_error_in(criterion.unit) > criterion.least_error(regime.reference_margin):
            continue
        known: dict[int, Case] = {}

        def case_of(curve: Curve, criterion: Criterion = criterion, known: dict[int, Case] = known) -> Case:
            if id(curve) not in known:
                known[id(curve)] = _judged(curve, criterion, finders[id(curve)](criterion))
            return known[id(curve)]

        views = [swept]
        if criterion in middle:
            views.append([curve for curve in swept if curve.detection == "grid"])
        failed, *_ = [isinstance(attempt(partial(may_win, view, criterion, case_of)), NoValue) for view in views]
        found += [] if failed else known.values()
    return found


def cases_of(curve: Curve, suite: Suite, contradicted: str = "") -> list[Case]:
    """Return one case per criterion; `contradicted` says how kernels contradict the reference."""
    return [_case(curve, criterion, contradicted) for criterion in suite.all_criteria]


def _case(curve: Curve, criterion: Criterion, contradicted: str) -> Case:
    if contradicted and curve.points:
        return Case(curve, criterion, Status.REFERENCE_CONTRADICTED, contradicted)
    case = attempt(partial(_answered, curve, criterion))
    return Case(curve, criterion, Status.FAILED, case.reason) if isinstance(case, NoValue) else case


def _answered(curve: Curve, criterion: Criterion) -> Case:
    if curve.status is not None:
        return Case(curve, criterion, curve.status, curve.reason)
    error, margin = curve.regime.reference_error_in(criterion.unit), curve.regime.reference_margin
    if error > criterion.least_error(margin):
        return Case(
            curve,
            criterion,
            Status.REFERENCE_TOO_COARSE,
            f"its error of {error:.1g} {criterion.unit} is not {margin} times below the tolerance",
        )
    return _judged(curve, criterion, curve.answers[criterion])


def _judged(curve: Curve, criterion: Criterion, coarsest: Coarsest) -> Case:
    if coarsest.setting is None:
        return Case(curve, criterion, coarsest.status, coarsest.reason)
    return Case(curve, criterion, coarsest.status, "", coarsest)
