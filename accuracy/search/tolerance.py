"""The coarsest setting that is accurate enough for every stimulus."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from ...harness.kernels.kernel import Kernel
from ..measures.spike_trains import Array
from .criterion import Criterion, Run, RunColumns
from .judging import Trial
from .kept_runs import KeptRuns
from .shared_runs import SharedRuns
from .status import Status
from .sweep import TimeSteps, Tolerances

#: The largest dt is `SPARE` settings of the ladder below the setting that the scaled errors allow. The scaled errors
#: lower it at most to this fraction of the largest setting below which all hold.
SPARE, LEAST = 1, 0.7
#: See `_highest`.
TAIL = 10
#: A sweep ends once at this many settings in a row all errors are `CALM_MARGIN` times below their tolerance.
CALM, CALM_MARGIN = 4, 10.0


class ErrorCurve:
    """The errors of a kernel as a function of its setting, for several stimuli; each setting is run only once.

    Parameters
    ----------
    kernel : Kernel
    trials : sequence of Trial
    measures : iterable of str
        Measures to take in addition to the spike-time errors.
    kept : KeptRuns, optional
        The same runs in the store.
    """

    def __init__(
        self, kernel: Kernel, trials: Sequence[Trial], measures: Iterable[str] = (), kept: KeptRuns | None = None
    ) -> None:
        self._kernel = kernel
        self._shared = SharedRuns.of(kernel, trials, tuple(measures))
        self._kept = kept
        self._runs: dict[Fraction, tuple[Run, ...]] = {}
        self._asked: set[Fraction] = set()
        self._times_over: dict[Criterion, dict[Fraction, Array]] = {}

    @property
    def runs(self) -> Mapping[Fraction, tuple[Run, ...]]:
        """The runs that were made, by setting: all that were computed, and of those in the store some."""
        return self._runs

    def __call__(self, setting: Fraction) -> tuple[Run, ...]:
        """Return the runs at a setting, one per trial; they are computed once and kept."""
        self._asked.add(setting)
        if (found := self._runs.get(setting)) is None:
            found = self._kept.recall(setting) if self._kept else None
            found = self._runs[setting] = self._computed(setting) if found is None else found
        return found

    def _computed(self, setting: Fraction) -> tuple[Run, ...]:
        runs = self._shared(self._kernel, setting)
        if self._kept:
            self._kept.add(setting, runs)
        return runs

    def times_over(self, setting: Fraction, criterion: Criterion) -> Array:
        """Return the tolerance over the error at a setting (`Criterion.times_over`), for every trial."""
        self._asked.add(setting)
        known = self._times_over.get(criterion)
        if known is None:
            known = self._times_over[criterion] = self._kept.times_over(criterion) if self._kept else {}
        if (found := known.get(setting)) is None:
            found = known[setting] = criterion.times_over(RunColumns.of(self(setting), criterion.measure))
        return found

    def holds(self, setting: Fraction, criterion: Criterion) -> bool:
        """Whether a criterion holds at a setting for every trial."""
        return bool(self.times_over(setting, criterion).min() >= 1)

    @property
    def settings(self) -> tuple[Fraction, ...]:
        """The settings that were run, from coarse to fine."""
        return tuple(sorted(self._asked, key=float, reverse=True))


class _Part(ErrorCurve):
    """The part of a curve down to a setting: finer ones are not known to it."""

    def __init__(self, whole: ErrorCurve, settings: Iterable[Fraction]) -> None:
        self._whole, self._kept = whole, None
        self._times_over = {}
        self._runs = {setting: whole(setting) for setting in settings}
        self._asked = set(self._runs)

    def _computed(self, setting: Fraction) -> tuple[Run, ...]:
        return self._whole(setting)


def down_to_the_floor(
    curve: ErrorCurve, settings: Sequence[Fraction], criterion: Criterion
) -> tuple[ErrorCurve, Sequence[Fraction]]:
    """Return the part of a sweep down to the setting with the smallest error, where rounding errors take over.

    In a coarse number format, errors shrink with dt only down to a floor, and grow again with the number of steps. Only
    down to the floor must a criterion hold at every finer setting.

    Parameters
    ----------
    curve : ErrorCurve
    settings : sequence of Fraction
        Those that were run, from coarse to fine.
    criterion : Criterion
        Says what an error is.
    """
    times_over = [curve.times_over(setting, criterion).min() for setting in settings]
    if not any(times_over):
        return curve, settings
    part = settings[: times_over.index(max(times_over)) + 1]
    return _Part(curve, part), part


def descend(curve: ErrorCurve, sweep: TimeSteps | Tolerances, criteria: Iterable[Criterion]) -> tuple[Fraction, ...]:
    """Run a sweep from coarse to fine; return the settings that were run.

    It ends early once, at `CALM` settings in a row, all errors of all stimuli are `CALM_MARGIN` times below their
    tolerance; then only some finer ones are run (`always` of the sweep). Without criteria, it does not end early.
    """
    wanted = tuple(criteria)
    calm = 0
    for n, setting in enumerate(sweep.settings, 1):
        least = min((curve.times_over(setting, each).min() for each in wanted), default=0)
        calm = calm + 1 if least >= CALM_MARGIN else 0
        if calm == CALM:
            return (*sweep.settings[:n], *(each for each in sweep.always if each < setting))
    return sweep.settings


@dataclass(frozen=True)
class Own:
    """The coarsest setting that a single trial would allow, and its run there."""

    setting: Fraction
    run: Run


@dataclass(frozen=True)
class Coarsest:
    """How coarse the setting may be: the largest dt, or the loosest tolerance of an error control."""

    status: Status
    """`Status.REACHED`, `Status.AT_LEAST` or `Status.NOT_REACHED`."""
    setting: Fraction | None = None
    """dt in ms or tolerance; None if not reached."""
    runs: tuple[Run, ...] = ()
    """The runs at this setting, one per trial."""
    fails_at: Fraction | None = None
    """The next coarser setting that was run and fails."""
    holds_again_at: Fraction | None = None
    """The coarsest setting that was run and holds, although a finer one fails; None if there is none."""
    rounded: Fraction | None = None
    """The largest time step up to `setting` that is a round number and holds; None if there is none, or no setting."""
    rounded_runs: tuple[Run, ...] = ()
    """The runs at the rounded time step."""
    checked: int = 0
    """Number of settings between this one and half of it that were run; all hold."""
    reason: str = ""
    """For ``not reached``: what happened at the finest setting."""


def coarsest_setting(
    curve: ErrorCurve, sweep: TimeSteps | Tolerances, run: Sequence[Fraction], criterion: Criterion
) -> Coarsest:
    """Find the coarsest setting at which, and at every finer one that was run, a criterion holds for every trial.

    The search starts at the coarsest setting of the sweep below which all hold. It goes down the ladder of the sweep
    until all settings between one setting and half of it hold. That alone would leave gaps, because the error need not
    shrink with dt: with spikes on the grid, it is a sawtooth; if the crossing is located, it has narrow peaks where an
    interval between spikes is a multiple of dt. So the errors of all trials in this octave are scaled up to the
    setting, with the order at which they grow, and the largest error that is likely there must also be within the
    tolerance (`_highest`). The answer is `SPARE` settings below this one.

    Parameters
    ----------
    curve : ErrorCurve
    sweep : TimeSteps or Tolerances
    run : sequence of Fraction
        The settings of the sweep that were run, from coarse to fine.
    criterion : Criterion
    """

    def all_hold(setting: Fraction) -> bool:
        return curve.holds(setting, criterion)

    finer = len(list(takewhile(all_hold, reversed(run))))
    if not finer:
        return _not_reached(curve, sweep, criterion, run[-1])
    fails_at = run[-finer - 1] if finer < len(run) else None
    # settings that hold, from coarse to fine without a gap (the first is the candidate); logarithms of their errors
    held: deque[Fraction] = deque()
    errors: deque[NDArray[np.float64]] = deque()
    first, spare = Fraction(0), 0
    for setting in sorted({*run, *sweep.ladder}, key=float, reverse=True):
        if setting > run[0] or (fails_at is not None and setting >= fails_at):
            continue
        if not all_hold(setting):
            if setting < run[-1]:
                return _not_reached(curve, sweep, criterion, setting)
            held.clear()
            errors.clear()
            fails_at = setting
            continue
        first = first if held else setting
        held.append(setting)
        with np.errstate(divide="ignore"):
            errors.append(-np.log(curve.times_over(setting, criterion)))
        while fails_at is not None and held[0] >= 2 * setting and held[0] > LEAST * first:
            if not criterion.grows or _highest(sweep, held, errors) <= 1:
                break
            held.popleft()
            errors.popleft()
        spare = SPARE if fails_at is not None else 0
        if len(held) > spare and held[spare] >= 2 * setting:
            # finer settings that were run for other criteria must hold, too
            below = next((each for each in curve.settings if each < setting and not all_hold(each)), None)
            if below is None:
                break
            held.clear()
            errors.clear()
            fails_at = below
    else:
        return Coarsest(
            Status.NOT_REACHED,
            fails_at=fails_at,
            holds_again_at=_holds_again(curve, criterion, fails_at),
            reason=f"it holds at {sweep.describe(run[-1])}, but not by the margin that is needed to be "
            "sure of every smaller one",
        )
    found = held[spare]
    rounded = next((each for each in sweep.rounded(found) if all_hold(each)), None)
    return Coarsest(
        Status.AT_LEAST if found == run[0] else Status.REACHED,
        found,
        curve(found),
        fails_at,
        _holds_again(curve, criterion, fails_at),
        rounded,
        curve(rounded) if rounded else (),
        sum(found / 2 <= each < found for each in held),
    )


def _highest(sweep: TimeSteps | Tolerances, held: Iterable[Fraction], errors: Iterable[NDArray[np.float64]]) -> float:
    """Estimate the largest error at the first of some settings, over the tolerance, from the errors at all of them.

    `errors` are the logarithms of all trials' errors over the tolerance, one array per setting.

    All errors are scaled to the first setting. The estimate is the largest scaled error plus its distance from the k-th
    largest, where k is a twentieth of their number, from 3 to `TAIL`. This adds little if many errors are close to a
    bound, as on the grid, and more if large errors are rare. Robson and Whitlock 1964, Biometrika 51, estimate the end
    of a distribution in this way, with the second largest value.
    """
    settings = np.array([float(each) for each in held])
    coarser = np.log(settings[0] / settings)
    together = np.array(errors)
    typical = np.median(together, axis=1)
    known = np.isfinite(typical)
    order = -np.polyfit(coarser[known], typical[known], 1)[0] if known.sum() > 2 else 0.0
    scaled = np.sort(np.exp(together + np.clip(order, *sweep.orders) * coarser[:, None]), axis=None)
    return float(2 * scaled[-1] - scaled[-min(max(scaled.size // 20, 3), TAIL, scaled.size)])


def _not_reached(curve: ErrorCurve, sweep: TimeSteps | Tolerances, criterion: Criterion, setting: Fraction) -> Coarsest:
    runs = curve(setting)
    failed = [run for run in runs if not criterion.holds(run)]
    return Coarsest(
        Status.NOT_REACHED,
        fails_at=setting,
        holds_again_at=_holds_again(curve, criterion, setting),
        reason=f"by {len(failed)} of {len(runs)} stimuli: {describe(failed[0], criterion)} at "
        f"{sweep.describe(setting)}",
    )


def _holds_again(curve: ErrorCurve, criterion: Criterion, fails_at: Fraction | None) -> Fraction | None:
    return next(
        (
            setting
            for setting in curve.settings
            if fails_at is not None and setting > fails_at and curve.holds(setting, criterion)
        ),
        None,
    )


def own_settings(curve: ErrorCurve, criterion: Criterion) -> list[Own | None]:
    """Return each trial's own coarsest setting at which, and at every finer one that was run, a criterion holds.

    None if the finest setting does not hold. These settings show how much the trials differ. Only settings that were
    run for all trials together are considered.
    """
    fine_to_coarse = curve.settings[::-1]
    held = np.array([curve.times_over(setting, criterion) for setting in fine_to_coarse]) >= 1
    found: list[Own | None] = []
    for trial, settings in enumerate(np.logical_and.accumulate(held).sum(axis=0).tolist()):
        coarsest = fine_to_coarse[settings - 1]
        found.append(Own(coarsest, curve(coarsest)[trial]) if settings else None)
    return found


def describe(run: Run, criterion: Criterion) -> str:
    """Describe the result of a run in a few words."""
    if run.error is None:
        return run.failure
    if run.error.missing or run.error.extra:
        return f"{run.error.missing} spikes missing, {run.error.extra} too many"
    value = run.value(criterion.measure)
    if math.isnan(value):
        return f"{criterion.measure} has no value"
    return f"{criterion.measure} {criterion.with_unit(value)}"
