"""Regimes: stimuli under which each model fires at the same rate, and their references."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from brian2 import ms

from ...harness.stimuli import STIMULI, Kind, Stimulus
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, attempt
from ..measures.spike_trains import SpikeTrain
from ..references import taylor
from ..references.cache import recall
from ..references.noisy import AmbiguousPath
from ..references.reference import Reference, Solver, reference
from ..search.criterion import REFERENCE_MARGIN
from ..search.judging import Trial
from ..search.voltage import stated_error
from .drive import Drive, UnreachableRate, is_mean_rate
from .drives import SEARCH_STEPS, constant_drive, drive_for, drive_near, firing_rate, mean_drive, rheobase

#: The kind of stimulus for which a drive is found for each trial.
CONSTANT = "constant"
#: The level of a model without input.
AS_IT_STANDS = "as it stands"
#: The rates of the constant drives of one regime are within this fraction of the requested rate.
SPREAD = 0.02
#: A stimulus of one piece is cut into this many pieces; the voltage is compared at their ends. Time steps divide a
#: piece, so more pieces would leave fewer possible values of dt.
PIECES = 8
#: Fractional part of the golden ratio: its multiples, modulo 1, fill an interval evenly, whatever their number.
GOLDEN = (5**0.5 - 1) / 2


#: See `Regime.reference_margin`: no reference of a model with noise is known to many digits.
NOISE_MARGIN = 10
#: The largest number of paths of noise that are replaced by others, per stimulus.
MOST_LEFT_OUT = 2


class RegimeKey(NamedTuple):
    """What regimes of different models have in common."""

    stimulus: str
    """Kind of stimulus."""
    horizon: float
    """In ms."""
    level: str
    """The requested rate or drive: ``100 Hz`` or ``1.5 x rheobase``; ``as it stands`` for a model without input."""


@dataclass(frozen=True)
class Regime:
    """A model that is driven to a firing rate by several stimuli of one kind."""

    model: NeuronModel
    stimulus: str
    """Kind of stimulus."""
    level: str
    """The requested rate or drive: ``100 Hz`` or ``1.5 x rheobase``."""
    horizon: float
    """In ms."""
    drive: Drive | None = None
    """The mean drive and the rate that it gives; None if no drive was found."""
    trials: tuple[Trial, ...] = ()
    reason: str = ""
    """Why there are no trials; empty if there are."""
    failed: bool = False
    """Whether the reason is a failure of the program, not a property of the model."""

    @property
    def said(self) -> str:
        """A message to show before anything runs: why there are no trials, or that the drive gives several rates."""
        if self.reason:
            return f"{self.model.label} is not compared at {self.level}, {self.stimulus}: {self.reason}"
        return f"at {self.level}: {self.drive.note}" if self.drive and self.drive.note else ""

    @cached_property
    def driven(self) -> NeuronModel:
        """The model that is run: `model`, or, if the stimulus is a conductance, a model derived from it."""
        return self.trials[0].model if self.trials else self.model

    @property
    def varying(self) -> bool:
        """Whether the input changes within pieces of the stimulus."""
        return any(trial.stimulus.varies for trial in self.trials)

    @cached_property
    def reference_error(self) -> float:
        """Largest stated error of the references in ms."""
        return max((trial.reference.error for trial in self.trials), default=0.0)

    def reference_error_in(self, unit: str) -> float:
        """Return the largest stated error of the references in a measure's unit.

        ``ms``: the error of spike times. ``ms/s``: three times this error divided by the horizon, the steepest line
        that errors of either sign can give. ``mV``: the error of the voltage at the compared samples. 0 for measures
        without a unit and for counts of spikes: their tolerances are much coarser than the error of a reference.
        """
        if unit == "mV":
            found = [stated_error(trial.reference, trial.model, trial.between) for trial in self.trials]
            return max((error for error in found if not math.isnan(error)), default=0.0)
        return self.reference_error * {"ms": 1.0, "ms/s": 3000 / self.horizon}.get(unit, 0.0)

    @cached_property
    def certified(self) -> float:
        """Largest difference in ms of the first stimulus's reference from a solution in 80-bit arithmetic.

        The solution is a Taylor series, whatever method gave the reference; infinite if the numbers of spikes differ.
        """
        return certify(self.trials[0]) if self.trials else math.nan

    @property
    def reference_margin(self) -> int:
        """A tolerance is only tested if the stated error of the references is this many times smaller."""
        return NOISE_MARGIN if self.model.system.noise else REFERENCE_MARGIN

    @property
    def key(self) -> RegimeKey:
        """What regimes of different models have in common."""
        return RegimeKey(self.stimulus, self.horizon, self.level)


def at_rate(model: NeuronModel, stimulus: str, rate: float, horizon: float, trials: int, *, seed: int = 0) -> Regime:
    """Drive a model to a firing rate.

    The drives of constant stimuli are found by root finding on the reference solution, each for its own rate within
    `SPREAD`. Stimuli of other kinds share one mean drive, which gives the mean rate within `MEAN_RATE_TOLERANCE`: the
    search counts the spikes of kernels, and is repeated with finer steps if the references have another rate.

    Parameters
    ----------
    model : NeuronModel
    stimulus : str
        Kind of stimulus.
    rate : float
        In Hz.
    horizon : float
        In ms.
    trials : int
        Number of stimuli.
    seed : int
        Seed of the first stimulus that has random numbers.
    """
    asked = Regime(model, stimulus, f"{rate:g} Hz", horizon)
    if stimulus == CONSTANT and not model.system.random:
        return _around_rates(asked, trials, lambda: drive_for(model, rate, horizon))
    around = partial(stimuli_around, STIMULI[stimulus], model, horizon=horizon, trials=trials, seed=seed)
    request = stimulus, trials, horizon, *([seed] if seed else [])

    def find(longest: Fraction) -> float:
        return mean_drive(model, request, around, STIMULI[stimulus].driven(model), rate, longest=longest)

    return _around_drive(asked, trials, seed, [partial(find, each) for each in SEARCH_STEPS], rate)


def at_rheobase(
    model: NeuronModel, stimulus: str, multiple: float, horizon: float, trials: int, *, seed: int = 0
) -> Regime:
    """Drive a model with a multiple of its rheobase, the weakest constant drive under which it keeps firing."""
    asked = Regime(model, stimulus, f"{multiple:g} x rheobase", horizon)
    if model.system.random:
        return replace(asked, reason="it has random inputs, so that it spikes now and then at any drive")

    def drive() -> Drive:
        value = multiple * rheobase(model, horizon)
        return Drive(value, firing_rate(model, value, horizon))

    if stimulus == CONSTANT:
        return _around_rates(asked, trials, drive)
    return _around_drive(asked, trials, seed, [lambda: drive().value])


def as_it_stands(model: NeuronModel, stimulus: str, horizon: float, trials: int, *, seed: int = 0) -> Regime:
    """Let a model without input run as it stands.

    The only stimulus is a duration, so that there is one trial, or one for each path of a model with noise.
    """
    asked = Regime(model, stimulus, AS_IT_STANDS, horizon)
    if stimulus != CONSTANT:
        return replace(asked, reason="it has no input that a stimulus of this kind could drive")
    if model.system.random:
        return _around_drive(asked, trials, seed, [lambda: 0.0])
    return _around_rates(asked, 1, lambda: Drive(0.0, firing_rate(model, 0.0, horizon)))


def _around_rates(asked: Regime, trials: int, find: Callable[[], Drive]) -> Regime:
    model, horizon = asked.model, asked.horizon

    def around() -> Regime:
        drive = find()
        drives = [drive.value, *(drive_near(model, drive, SPREAD * _place(k), horizon) for k in range(1, trials))]
        stimuli = [constant_drive(model, value, horizon).divided(horizon / PIECES * ms) for value in drives]
        return _with_spikes(asked, drive, tuple(Trial(model, each, kept_reference(model, each)) for each in stimuli))

    return _or_reason(asked, around)


def _around_drive(
    asked: Regime, trials: int, seed: int, finding: Sequence[Callable[[], float]], wanted: float | None = None
) -> Regime:
    """Return a regime around the first drive found under which the references have the wanted rate, if there is one.

    Random inputs are exempt: paths of the noise may be replaced by others, with other spikes.
    """
    model, kind = asked.model, STIMULI[asked.stimulus]

    def around() -> Regime:
        driven = kind.driven(model)
        for find in finding:
            value = find()
            stimuli = stimuli_around(kind, model, value, asked.horizon, trials, seed=seed)
            found, left_out = _with_references(driven, stimuli)
            rate = 1000 * fmean(trial.spikes for trial in found) / asked.horizon
            if wanted is None or driven.system.random or is_mean_rate(rate, wanted):
                note = (
                    f"{left_out} paths of the noise were left out: they touch the threshold, so that not even the "
                    "number of spikes is certain"
                )
                return _with_spikes(asked, Drive(value, rate, note if left_out else ""), found)
        raise UnreachableRate(
            f"no drive found at which it fires at {wanted:.4g} Hz on average: under {value:.6g}, where a kernel does, "
            f"the references fire at {rate:.4g} Hz",
            about=model.label,
        )

    return _or_reason(asked, around)


def _or_reason(asked: Regime, make: Callable[[], Regime]) -> Regime:
    """Return a regime; any error of the model becomes the reason why it has no trials."""
    found = attempt(make, asked.model.label)
    return replace(asked, reason=found.reason, failed=found.failed) if isinstance(found, NoValue) else found


def _with_references(model: NeuronModel, stimuli: list[Stimulus]) -> tuple[tuple[Trial, ...], int]:
    """Return the trials, and how many paths of the noise were replaced by others since they have no sure reference.

    Raises
    ------
    UserError
        If there is no reference, or if there is none for most paths.
    """
    found: list[Trial] = []
    waiting, left_out = list(stimuli), 0
    while waiting:
        stimulus = waiting.pop(0)
        try:
            found.append(Trial(model, stimulus, kept_reference(model, stimulus)))
        except AmbiguousPath:
            left_out += 1
            if left_out > MOST_LEFT_OUT * len(stimuli):
                raise
            waiting.append(stimulus.with_noise(stimulus.noise + len(stimuli)))
    return tuple(found), left_out


def _with_spikes(asked: Regime, drive: Drive, found: tuple[Trial, ...]) -> Regime:
    if any(trial.spikes for trial in found):
        return replace(asked, drive=drive, trials=found)
    longer = f"at {drive.rate:.4g} Hz take {1000 / drive.rate:.4g} ms or more" if drive.rate else "take a longer one"
    return replace(
        asked,
        reason=f"it has no spike within the horizon of {asked.horizon:g} ms, so "
        f"that there is nothing to compare; {longer}",
    )


def stimuli_around(
    kind: Kind, model: NeuronModel, drive: float, horizon: float, trials: int, *, seed: int = 0
) -> list[Stimulus]:
    """Return stimuli of a kind around a drive: each with the next seed, or, without seeds, with drives within `SPREAD`.

    Random inputs of the model have the same seeds; `seed` is the first.
    """
    found = _around(kind, model, drive, horizon, trials, seed=seed)
    return [each.with_noise(of) for of, each in enumerate(found, seed)] if model.system.random else found


def _around(kind: Kind, model: NeuronModel, drive: float, horizon: float, trials: int, *, seed: int) -> list[Stimulus]:
    if kind.seeded:
        return [kind.around(drive, model, horizon, of) for of in range(seed, seed + trials)]
    found = [kind.around(drive * (1 + SPREAD * _place(k) * bool(k)), model, horizon) for k in range(trials)]
    # the voltage is compared at the ends of pieces
    return [each.divided(each.unit / PIECES * ms) if len(each.durations) < PIECES else each for each in found]


def _place(k: int) -> float:
    """Return the k-th number of a sequence that fills the interval from -1 to 1 evenly."""
    return 2 * ((0.5 + k * GOLDEN) % 1) - 1


def kept_reference(model: NeuronModel, stimulus: Stimulus) -> Reference:
    """Return the reference, from disk if it was computed before."""

    def compute() -> dict[str, Any]:
        found = reference(model, stimulus)
        return {
            "times": found.train.times.tolist(),
            "error": found.error,
            "method": found.method,
            "samples": found.samples.tolist(),
            "samples_error": found.samples_error.tolist(),
        }

    kept = recall("reference", model, stimulus, compute, shared=True)
    return Reference(
        SpikeTrain(np.array(kept["times"]), float(stimulus.horizon)),
        kept["error"],
        Solver(kept["method"]),
        np.array(kept["samples"]),
        np.array(kept["samples_error"]),
    )


def certify(trial: Trial) -> float:
    """Return the largest difference in ms of a reference from a Taylor series in 80-bit arithmetic.

    It is nan for a model with random inputs, which has no such series.
    """
    if trial.model.system.random:
        return math.nan

    def compute() -> float:
        times = taylor.solve(trial.model, trial.stimulus, taylor.EXTENDED).times
        known = trial.reference.train.times
        if times.size != known.size:
            return math.inf
        return float(np.abs(times - known).max()) if times.size else 0.0

    return float(recall("80-bit", trial.model, trial.stimulus, compute, shared=True))
