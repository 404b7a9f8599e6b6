"""The coarsest setting that is accurate enough, stimulus by stimulus."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..harness.adaptive import AdaptiveKernel, AdaptiveOutcome
from ..harness.kernel import Kernel, Outcome
from ..harness.kernels import run_together
from ..harness.stimuli import Stimulus
from ..harness.sweep import TimeSteps, Tolerances
from ..models.neuron import NeuronModel
from .criterion import Criterion, Run
from .measures import MEASURES
from .reference import Reference
from .spike_trains import SpikeTrain, spike_time_error
from .voltage import between_spikes, voltage_error

#: A sweep goes no finer once this many steps in a row hold the strictest tolerance `CALM_MARGIN` times over.
CALM, CALM_MARGIN = 4, 10.0


@dataclass(frozen=True)
class Trial:
    """One stimulus and what is right for it."""

    model: NeuronModel
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


    @cached_property
    def between(self) -> NDArray[np.bool_]:
        """The samples of the voltage that are compared."""
        return between_spikes(self.reference, self.model, self.stimulus)


class ErrorCurve:
    """The errors of a kernel as a function of its setting, for several stimuli; each is run once at each setting.

    Parameters
    ----------
    kernel : Kernel or AdaptiveKernel
    trials : sequence of Trial
    measures : iterable of str
        Measures to take beside the spike-time errors.
    """

    def __init__(self, kernel: Kernel | AdaptiveKernel, trials: Sequence[Trial], measures: Iterable[str] = ()) -> None:
        self._kernel = kernel
        self._trials = trials
        self._measures = tuple(measures)
        self._runs: dict[Fraction, dict[int, Run]] = {}

    def __call__(self, setting: Fraction, which: Iterable[int] | None = None) -> dict[int, Run]:
        """Run at a setting, or recall; return a run a trial, of the trials `which` if they are given."""
        wanted = range(len(self._trials)) if which is None else tuple(which)
        runs = self._runs.setdefault(setting, {})
        new = [i for i in wanted if i not in runs]
        if new:
            outcomes = run_together(self._kernel, [self._trials[i].stimulus for i in new], setting)
            for i, outcome in zip(new, outcomes, strict=True):
                runs[i] = self._judge(self._trials[i], outcome)
        return {i: runs[i] for i in wanted}

    def _judge(self, trial: Trial, outcome: Outcome) -> Run:
        times, reference = outcome.spike_times, trial.compared
        tallies = outcome.tallies if isinstance(outcome, AdaptiveOutcome) else {}
        if outcome.failure:
            return Run(None, outcome.failure, {}, len(times), tallies)
        train = SpikeTrain(times[times <= reference.stop], reference.stop)
        values = {name: MEASURES[name](train, reference) for name in self._measures}
        voltage = voltage_error(outcome, trial.reference, trial.model, trial.between).rms
        return Run(spike_time_error(train, reference), "", values, len(times), tallies, voltage)


def descend(curve: ErrorCurve, sweep: TimeSteps | Tolerances, criteria: Iterable[Criterion]) -> tuple[Fraction, ...]:
    """Run a sweep from coarse to fine; return the settings that were run.

    It ends before the finest one where `CALM` settings in a row hold all criteria `CALM_MARGIN` times over for every
    stimulus: what follows would only be finer.
    """
    wanted = tuple(criteria)
    calm = 0
    for n, setting in enumerate(sweep.settings, 1):
        runs = curve(setting).values()
        calm = calm + 1 if all(each.holds(run, CALM_MARGIN) for each in wanted for run in runs) else 0
        if calm == CALM:
            return sweep.settings[:n]
    return sweep.settings


@dataclass
class Coarsest:
    """How coarse the setting may be for one stimulus: the largest dt, or the loosest tolerance of an error control."""

    status: str = "not reached"
    """``reached``; ``at least`` (the coarsest setting of the sweep holds); or ``not reached``."""
    setting: Fraction | None = None
    """dt in ms or tolerance; None if not reached."""
    run: Run | None = None
    """The run at this setting."""
    fails_at: Fraction | None = None
    """The next coarser setting that was run and fails."""
    holds_again_at: Fraction | None = None
    """The coarsest setting of the sweep that holds although a finer one fails; None if there is none."""
    reason: str = ""
    """For ``not reached``: what happened at the finest setting."""


@dataclass
class _Bracket:
    answer: Coarsest
    trial: int
    open: bool


def coarsest_settings(curve: ErrorCurve, sweep: TimeSteps | Tolerances, run: Sequence[Fraction], criterion: Criterion
                      ) -> list[Coarsest]:
    """Find for each stimulus the coarsest setting at which, and at every finer one of the sweep, a criterion holds.

    Parameters
    ----------
    curve : ErrorCurve
    sweep : TimeSteps or Tolerances
    run : sequence of Fraction
        Its settings that were run, from coarse to fine.
    criterion : Criterion
    """
    answers = [_scan(curve, sweep, run, criterion, i) for i in curve(run[-1])]
    brackets = [_Bracket(answer, i, answer.status == "reached") for i, answer in enumerate(answers)]
    while any(bracket.open for bracket in brackets):
        together: dict[Fraction, list[_Bracket]] = {}
        for bracket in brackets:
            middle = _middle(bracket.answer, sweep) if bracket.open else None
            bracket.open = middle is not None
            if middle is not None:  # stimuli whose brackets are the same run together
                together.setdefault(middle, []).append(bracket)
        for setting, several in together.items():
            runs = curve(setting, [bracket.trial for bracket in several])
            for bracket in several:
                found = runs[bracket.trial]
                if criterion.holds(found):
                    bracket.answer.setting, bracket.answer.run = setting, found
                else:
                    bracket.answer.fails_at = setting
    return answers


def _scan(curve: ErrorCurve, sweep: TimeSteps | Tolerances, run: Sequence[Fraction], criterion: Criterion, trial: int
          ) -> Coarsest:
    answer = Coarsest("at least")
    for setting in reversed(run):
        found = curve(setting)[trial]
        holds = criterion.holds(found)
        if answer.fails_at is not None:
            if holds:
                answer.holds_again_at = setting
        elif holds:
            answer.setting, answer.run = setting, found
        else:
            answer.fails_at = setting
            answer.status = "reached" if answer.setting is not None else "not reached"
    if answer.setting is None:
        answer.reason = f"{describe(curve(run[-1])[trial], criterion)} at {sweep.describe(run[-1])}"
    return answer


def _middle(answer: Coarsest, sweep: TimeSteps | Tolerances) -> Fraction | None:
    assert answer.setting is not None
    assert answer.fails_at is not None
    wide = answer.fails_at / answer.setting > sweep.bracket
    return sweep.between(answer.setting, answer.fails_at) if wide else None


def describe(run: Run, criterion: Criterion) -> str:
    """Say in a few words what a run gave."""
    if run.error is None:
        return run.failure
    if run.error.missing or run.error.extra:
        return f"{run.error.missing} spikes missing, {run.error.extra} too many"
    value = run.value(criterion.measure)
    if math.isnan(value):
        return f"{criterion.measure} has no value"
    return f"{criterion.measure} {criterion.with_unit(value)}"
