"""The drives at which models fire at a rate, on the reference solution; kept on disk."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from statistics import fmean

from brian2 import ms

from ..flops.toolchain import SIMD
from ..harness.drive import (
    SMALLEST,
    Drive,
    NeverSpikes,
    UnreachableRate,
    adjust_drive,
    find_drive,
    find_mean_drive,
    find_rheobase,
)
from ..harness.kernel import compile_kernels
from ..harness.kernels import run_together
from ..harness.stimuli import Stimulus, common_divisor, constant
from ..models import units
from ..models.errors import UserError
from ..models.neuron import NeuronModel
from ..models.step import make_step
from . import closed_form, taylor
from .cache import recall

#: The rates that are asked for are lowered by this factor, so that an interspike interval is no multiple of any time
#: step of a sweep: at a multiple, the errors of grid detection cancel and a coarse step looks right.
INCOMMENSURATE = 1 / 1.00618034
#: Longest time step in ms of the runs that count spikes to find a mean rate.
SEARCH_STEP = Fraction(1, 20)


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
        failures: list[str] = []
        try:
            drive = find_drive(lambda value: firing_rate(model, value, horizon, failures), wanted, model.label,
                               _first(model))
        except NeverSpikes as error:
            return _why_silent(model, error, failures)
        except UnreachableRate as error:
            return str(error)
        return drive.value, drive.rate

    found = recall("drive", model, (wanted, horizon), compute)
    if isinstance(found, str):
        raise UnreachableRate(found)
    return Drive(*found)


def rheobase(model: NeuronModel, horizon: float, held: float = 0.0) -> float:
    """Find the weakest constant drive under which a model keeps firing, on the reference solution.

    Parameters
    ----------
    model : NeuronModel
    horizon : float
        In ms.
    held : float
        Drive from which the one that is found is counted, in the internal unit of the input.

    Raises
    ------
    UnreachableRate
        If it fires without any, or never.
    """
    failures: list[str] = []
    try:
        return float(recall("rheobase", model, (horizon, held), lambda: find_rheobase(
            lambda value: firing_rate(model, held + value, horizon, failures), model.label, _first(model))))
    except NeverSpikes as error:
        raise UnreachableRate(_why_silent(model, error, failures)) from None


def _why_silent(model: NeuronModel, error: NeverSpikes, failures: list[str]) -> str:
    """Say why a model does not keep firing under any drive: what went wrong in its runs, else its threshold."""
    return failures[0] if failures else (f"{error}: {model.threshold} is not reached; lower the threshold, or see how "
                                         f"{model.input} enters the equations")


def silencing(model: NeuronModel, horizon: float) -> float:
    """Find the weakest inhibition under which a model that fires without any drive does not keep firing.

    Returns
    -------
    float
        The drive, negative, in the internal unit of the input.

    Raises
    ------
    UnreachableRate
        If no inhibition does.
    """

    def silent(inhibition: float) -> float:
        failures: list[str] = []
        return float(not firing_rate(model, -inhibition, horizon, failures) and not failures)

    def compute() -> float:
        try:
            return find_rheobase(silent, model.label, _first(model))
        except UnreachableRate:
            raise UnreachableRate(f"{model.label} fires without any drive, and no inhibition silences it") from None

    return -float(recall("silencing", model, horizon, compute))


def firing_rate(model: NeuronModel, drive: float, horizon: float, failures: list[str] | None = None) -> float:
    """Return the mean firing rate in Hz under a constant drive; 0 if the model does not keep firing.

    The rate is that of the intervals between spikes, so that the time to the first one does not matter. A model
    that diverges under the drive counts as silent; why is added to `failures`.
    """
    stimulus = constant_drive(model, drive, horizon)
    solve = closed_form.solve if closed_form.applies(model, stimulus) else taylor.solve
    try:
        times = solve(model, stimulus, taylor.FIRST).times
    except UserError as error:
        if failures is not None:
            failures.append(str(error))
        return 0.0
    if times.size < 2:
        return 0.0
    interval = float(times[-1] - times[0]) / (times.size - 1)
    if horizon - float(times[-1]) > 2 * interval:
        return 0.0
    return float(1000 / interval)


def drive_near(model: NeuronModel, near: Drive, rate: float, horizon: float) -> float:
    """Find the constant drive of a rate (Hz) near that of a drive which is known.

    Raises
    ------
    UnreachableRate
        If there is none close by.
    """
    found = recall("drive near", model, (near, rate, horizon), lambda: adjust_drive(
        lambda value: firing_rate(model, value, horizon), rate, near).value)
    return float(found)


def _first(model: NeuronModel) -> float:
    """Return a drive to begin a search with: far below that under which the model is known to spike."""
    own = 0.0 if model.drive is None else abs(float(units.internal(model.drive)))
    return own / 64 if own else SMALLEST


def mean_drive(model: NeuronModel, request: object, around: Callable[[float], list[Stimulus]], driven: NeuronModel,
               rate: float) -> float:
    """Find the drive around which stimuli make a model fire at a mean rate, spikes over time.

    The search counts the spikes of RK4 with steps of at most `SEARCH_STEP`, located within the step; the regime then
    states the rate of the references.

    Parameters
    ----------
    model : NeuronModel
    request : object
        All else that the result depends on, to keep it by.
    around : callable
        From a drive to the stimuli around it.
    driven : NeuronModel
        What they drive: the model, or one made of it.
    rate : float
        In Hz.

    Raises
    ------
    UnreachableRate
        If no drive makes that rate.
    """
    kernel = compile_kernels([make_step(driven, "rk4", "hermite", varying=True)], SIMD)[0]

    def fires(drive: float) -> float:
        stimuli = around(drive)
        unit = common_divisor(each.unit for each in stimuli)
        outcomes = run_together(kernel, stimuli, unit / math.ceil(unit / SEARCH_STEP))
        return 1000 * fmean(len(each.spike_times) for each in outcomes) / float(stimuli[0].horizon)

    def compute() -> float | str:
        try:
            return find_mean_drive(fires, rate, model.label, _first(model)).value
        except UnreachableRate as error:
            return str(error)

    found = recall("mean drive", model, (request, rate), compute)
    if isinstance(found, str):
        raise UnreachableRate(found)
    return float(found)
