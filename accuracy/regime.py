"""Regimes: stimuli under which each model fires at the same rate, and their references."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import ms

from ..harness.drive import Drive, UnreachableRate, adjust_drive, find_drive, find_rheobase
from ..harness.stimuli import Stimulus, constant
from ..models import units
from ..models.errors import UserError
from ..models.neuron import NeuronModel
from . import closed_form, taylor
from .cache import recall
from .reference import Reference, reference
from .spike_trains import SpikeTrain
from .tolerance import Trial

#: The rates that are asked for are lowered by this factor, so that an interspike interval is no multiple of any time
#: step of a sweep: at a multiple, the errors of grid detection cancel and a coarse step looks right.
INCOMMENSURATE = 1 / 1.00618034
#: Constant drives of one regime fire at rates within this fraction of the one asked for.
SPREAD = 0.02
#: A stimulus of one piece is cut into so many, at whose ends the voltage is looked at. Time steps divide a piece, so
#: that more of them would leave less choice of dt.
PIECES = 8
#: Fractional part of the golden ratio: its multiples fill an interval evenly, whatever their number.
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Regime:
    """A model that is driven to a firing rate by several stimuli of one kind."""

    model: NeuronModel
    stimulus: str
    """Kind of stimulus."""
    level: str
    """What was asked for: ``100 Hz`` or ``1.5 x rheobase``."""
    horizon: float
    """In ms."""
    drive: Drive | None = None
    """The mean drive and the rate that it gives; None if there is none."""
    trials: tuple[Trial, ...] = ()
    reason: str = ""
    """Why there are no trials; empty if there are."""

    @cached_property
    def reference_error(self) -> float:
        """Largest stated error of the references in ms."""
        return max((trial.reference.error for trial in self.trials), default=0.0)

    @cached_property
    def certified(self) -> float:
        """Largest difference in ms of the first stimulus's reference from a solution in 80-bit arithmetic.

        By Taylor series whatever the reference is computed by; infinite if the two have different numbers of spikes.
        """
        return certify(self.trials[0]) if self.trials else math.nan

    @property
    def key(self) -> tuple[str, str, float]:
        """What regimes of different models have in common."""
        return self.stimulus, self.level, self.horizon


def at_rate(model: NeuronModel, stimulus: str, rate: float, horizon: float, trials: int) -> Regime:
    """Drive a model to a firing rate.

    The drives of constant stimuli are found by root finding on the reference, each for its own rate within `SPREAD`.

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
    """
    asked = Regime(model, stimulus, f"{rate:g} Hz", horizon)
    return _driven(asked, trials, lambda: drive_for(model, rate, horizon))


def at_rheobase(model: NeuronModel, stimulus: str, multiple: float, horizon: float, trials: int) -> Regime:
    """Drive a model with a multiple of its rheobase, the weakest constant drive under which it keeps firing."""

    def drive() -> Drive:
        value = multiple * rheobase(model, horizon)
        return Drive(value, firing_rate(model, value, horizon))

    return _driven(Regime(model, stimulus, f"{multiple:g} x rheobase", horizon), trials, drive)


def _driven(asked: Regime, trials: int, find: Callable[[], Drive]) -> Regime:
    model, horizon = asked.model, asked.horizon
    try:
        drive = find()
        drives = [drive.value, *(_spread(model, drive, k, horizon) for k in range(1, trials))]
        stimuli = [constant_drive(model, value, horizon).divided(horizon / PIECES * ms) for value in drives]
        found = tuple(Trial(model, each, kept_reference(model, each)) for each in stimuli)
    except UserError as error:
        return replace(asked, reason=str(error))
    return replace(asked, drive=drive, trials=found)


def _spread(model: NeuronModel, drive: Drive, k: int, horizon: float) -> float:
    """Return the k-th of the drives around one."""
    wanted = drive.rate * (1 + SPREAD * (2 * ((0.5 + k * GOLDEN) % 1) - 1))
    found = recall("drive near", model, (drive, wanted, horizon), lambda: adjust_drive(
        lambda value: firing_rate(model, value, horizon), wanted, drive).value)
    return float(found)


def kept_reference(model: NeuronModel, stimulus: Stimulus) -> Reference:
    """Return the reference, from disk if it was computed before."""

    def compute() -> dict[str, Any]:
        found = reference(model, stimulus)
        return {"times": found.train.times.tolist(), "error": found.error, "method": found.method,
                "samples": found.samples.tolist(), "samples_error": found.samples_error.tolist()}

    kept = recall("reference", model, stimulus, compute)
    return Reference(SpikeTrain(np.array(kept["times"]), float(stimulus.horizon)), kept["error"], kept["method"],
                     np.array(kept["samples"]), np.array(kept["samples_error"]))


def certify(trial: Trial) -> float:
    """Return the largest difference in ms of a reference from a Taylor series in 80-bit arithmetic."""

    def compute() -> float:
        times = taylor.solve(trial.model, trial.stimulus, taylor.EXTENDED).times
        known = trial.reference.train.times
        if times.size != known.size:
            return math.inf
        return float(np.abs(times - known).max()) if times.size else 0.0

    return float(recall("80-bit", trial.model, trial.stimulus, compute))


def constant_drive(model: NeuronModel, value: float, horizon: float) -> Stimulus:
    """Return a constant stimulus from a drive in internal units, over `horizon` ms."""
    return constant(units.quantity(value, model.system.dimensions[model.input]), horizon * ms)


def drive_for(model: NeuronModel, rate: float, horizon: float) -> Drive:
    """Find the constant drive at which a model fires at a rate, on the reference solution.

    Parameters
    ----------
    model : NeuronModel
    rate : float
        In Hz; what is aimed at is this times `INCOMMENSURATE`.
    horizon : float
        In ms.

    Raises
    ------
    UnreachableRate
        If no drive does.
    """
    wanted = rate * INCOMMENSURATE

    def compute() -> tuple[float, float] | str:
        try:
            drive = find_drive(lambda value: firing_rate(model, value, horizon), wanted, model.label)
        except UnreachableRate as error:
            return str(error)
        return drive.value, drive.rate

    found = recall("drive", model, (wanted, horizon), compute)
    if isinstance(found, str):
        raise UnreachableRate(found)
    return Drive(*found)


def rheobase(model: NeuronModel, horizon: float) -> float:
    """Find the weakest constant drive under which a model keeps firing, on the reference solution.

    Raises
    ------
    UnreachableRate
        If it fires without any drive, or never.
    """
    return float(recall("rheobase", model, horizon, lambda: find_rheobase(
        lambda value: firing_rate(model, value, horizon), model.label)))


def firing_rate(model: NeuronModel, drive: float, horizon: float) -> float:
    """Return the mean firing rate in Hz under a constant drive; 0 if the model does not keep firing.

    The rate is that of the intervals between spikes, so that the time to the first one does not matter. A model
    that diverges under the drive counts as silent.
    """
    solve = closed_form.solve if closed_form.applies(model) else taylor.solve
    try:
        times = solve(model, constant_drive(model, drive, horizon), taylor.FIRST).times
    except UserError:
        return 0.0
    if times.size < 2:
        return 0.0
    interval = float(times[-1] - times[0]) / (times.size - 1)
    if horizon - float(times[-1]) > 2 * interval:
        return 0.0
    return float(1000 / interval)
