"""The largest time step that is accurate enough, stimulus by stimulus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..harness.kernel import Kernel
from ..harness.stimuli import Stimulus
from ..harness.sweep import between
from .criterion import Criterion, Run
from .measures import MEASURES
from .reference import Reference
from .spike_trains import Array, SpikeTrain, spike_time_error

#: The largest time step is bisected until the next coarser one known to fail is within this factor.
BRACKET = 1.02
#: A sweep goes no finer once this many steps in a row hold the strictest tolerance `CALM_MARGIN` times over.
CALM, CALM_MARGIN = 4, 10.0


@dataclass(frozen=True)
class Trial:
    """One stimulus and what is right for it."""

    stimulus: Stimulus
    reference: Reference

    @property
    def spikes(self) -> int:
        """Spikes of the reference."""
        return len(self.reference.train)

    @cached_property
    def compared(self) -> SpikeTrain:
        """The part that runs are compared with: until midway between the last two spikes, so that none is at its edge.

        (The whole train if it has less than two.)
        """
        train = self.reference.train
        return train.until(float(train.times[-2:].mean())) if len(train) > 1 else train


class ErrorCurve:
    """The errors of a kernel as a function of dt, for several stimuli; each is run once at each dt.

    Parameters
    ----------
    kernel : Kernel
    trials : sequence of Trial
        Their stimuli have the same pieces, and so run together.
    measures : iterable of str
        Measures to take beside the spike-time errors.
    """

    def __init__(self, kernel: Kernel, trials: Sequence[Trial], measures: Iterable[str] = ()) -> None:
        self._kernel = kernel
        self._trials = trials
        self._measures = tuple(measures)
        self._runs: dict[Fraction, dict[int, Run]] = {}

    def __call__(self, dt: Fraction, which: Iterable[int] | None = None) -> dict[int, Run]:
        """Run at dt, or recall; return a run a trial, of the trials `which` if they are given."""
        wanted = range(len(self._trials)) if which is None else tuple(which)
        runs = self._runs.setdefault(dt, {})
        new = [i for i in wanted if i not in runs]
        if new:
            outcomes = self._kernel.run([self._trials[i].stimulus for i in new], dt)
            for i, outcome in zip(new, outcomes, strict=True):
                runs[i] = self._judge(self._trials[i].compared, outcome.spike_times, outcome.failure)
        return {i: runs[i] for i in wanted}

    @property
    def unit(self) -> Fraction:
        """Every dt divides this, in ms."""
        return self._trials[0].stimulus.unit

    def _judge(self, reference: SpikeTrain, times: Array, failure: str) -> Run:
        if failure:
            return Run(None, failure, {}, len(times))
        train = SpikeTrain(times[times <= reference.stop], reference.stop)
        values = {name: MEASURES[name](train, reference) for name in self._measures}
        return Run(spike_time_error(train, reference), "", values, len(times))


def descend(curve: ErrorCurve, sweep: Sequence[Fraction], criteria: Iterable[Criterion]) -> tuple[Fraction, ...]:
    """Run a sweep from coarse to fine; return the time steps that were run.

    It ends before the finest one where `CALM` steps in a row hold all criteria `CALM_MARGIN` times over for every
    stimulus: what follows would only be finer.
    """
    wanted = tuple(criteria)
    calm = 0
    for n, dt in enumerate(sweep, 1):
        runs = curve(dt).values()
        calm = calm + 1 if all(each.holds(run, CALM_MARGIN) for each in wanted for run in runs) else 0
        if calm == CALM:
            return tuple(sweep[:n])
    return tuple(sweep)


@dataclass
class LargestStep:
    """How large dt may be for one stimulus."""

    status: str = "not reached"
    """``reached``; ``at least`` (the coarsest dt of the sweep holds); or ``not reached``."""
    dt: Fraction | None = None
    """The largest dt in ms; None if not reached."""
    run: Run | None = None
    """The run at the largest dt."""
    fails_at: Fraction | None = None
    """The next coarser dt that was run and fails, in ms."""
    holds_again_at: Fraction | None = None
    """The coarsest dt of the sweep that holds although a finer one fails; None if there is none."""
    reason: str = ""
    """For ``not reached``: what happened at the finest dt."""


@dataclass
class _Bracket:
    answer: LargestStep
    trial: int
    open: bool


def largest_steps(curve: ErrorCurve, sweep: Sequence[Fraction], criterion: Criterion) -> list[LargestStep]:
    """Find for each stimulus the largest dt at which, and at every smaller one of the sweep, a criterion holds.

    Parameters
    ----------
    curve : ErrorCurve
    sweep : sequence of Fraction
        Time steps in ms that were run, from coarse to fine.
    criterion : Criterion
    """
    trials = curve(sweep[-1])
    answers = [_scan(curve, sweep, criterion, i) for i in trials]
    brackets = [_Bracket(answer, i, answer.status == "reached") for i, answer in enumerate(answers)]
    while any(bracket.open for bracket in brackets):
        together: dict[Fraction, list[_Bracket]] = {}
        for bracket in brackets:
            middle = _middle(bracket.answer, curve.unit) if bracket.open else None
            bracket.open = middle is not None
            if middle is not None:  # stimuli whose brackets are the same run together
                together.setdefault(middle, []).append(bracket)
        for dt, several in together.items():
            runs = curve(dt, [bracket.trial for bracket in several])
            for bracket in several:
                run = runs[bracket.trial]
                if criterion.holds(run):
                    bracket.answer.dt, bracket.answer.run = dt, run
                else:
                    bracket.answer.fails_at = dt
    return answers


def _scan(curve: ErrorCurve, sweep: Sequence[Fraction], criterion: Criterion, trial: int) -> LargestStep:
    answer = LargestStep("at least")
    for dt in reversed(sweep):
        run = curve(dt)[trial]
        holds = criterion.holds(run)
        if answer.fails_at is not None:
            if holds:
                answer.holds_again_at = dt
        elif holds:
            answer.dt, answer.run = dt, run
        else:
            answer.fails_at = dt
            answer.status = "reached" if answer.dt is not None else "not reached"
    if answer.dt is None:
        answer.reason = describe(curve(sweep[-1])[trial], sweep[-1], criterion)
    return answer


def _middle(answer: LargestStep, unit: Fraction) -> Fraction | None:
    assert answer.dt is not None
    assert answer.fails_at is not None
    return between(answer.dt, answer.fails_at, unit) if answer.fails_at / answer.dt > BRACKET else None


def describe(run: Run, dt: Fraction, criterion: Criterion) -> str:
    """Say in a few words what a run gave."""
    at = f"at dt = {float(dt):.3g} ms"
    if run.error is None:
        return f"{run.failure} {at}"
    if run.error.missing or run.error.extra:
        return f"{run.error.missing} spikes missing, {run.error.extra} too many {at}"
    return f"{criterion.measure} {criterion.with_unit(run.value(criterion.measure))} {at}"
