"""The drives at which models fire at a given rate, found with the reference solution; kept on disk."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache, partial
from statistics import fmean

import numpy as np
from brian2 import ms

from ...flops.toolchain import SIMD
from ...harness.kernels.kernel import compile_kernels
from ...harness.kernels.kernels import run_together
from ...harness.stimuli import Stimulus, common_divisor, constant
from ...models.definition.domain import check_domain
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError
from ...models.step import make_step
from ..references import closed_form, noisy, taylor
from ..references.cache import recall
from . import firing
from .drive import (
    DIGITS,
    SMALLEST,
    Drive,
    NeverSpikes,
    UnreachableRate,
    adjust_drive,
    find_drive,
    find_mean_drive,
    find_rheobase,
    is_mean_rate,
)

#: Requested rates are multiplied by this factor, so that an interspike interval is not a multiple of any time step of a
#: sweep: at a multiple, the errors of grid detection cancel, and a coarse step looks right.
INCOMMENSURATE = 1 / 1.00618034
#: Each of the steps below is this many times finer than the one before.
FINER = 4
#: Longest time steps in ms of the runs that count spikes to find a mean rate. The finer ones are for strong drives:
#: where an equation is stiff, a coarse step gives spikes that the model has not.
SEARCH_STEPS = tuple(Fraction(1, 20 * FINER**k) for k in range(3))
#: If the end of a horizon is silent, the run is repeated over this many horizons, and over at least this many ms.
WINDOWS, LEAST_WINDOW = 4, 1000.0
#: Searches for other rates of a model begin with the same drives; so many of the latest trains are remembered.
MOST_TRAINS = 1024
#: A drive is changed slowly in this many equal steps.
STAIRS = 50
#: Two runs have the same rate if their numbers of spikes differ by at most this many, or their rates by at most this
#: fraction.
SAME_SPIKES, SAME_RATES = 2, 0.2
#: The distance of a drive from another is multiplied by this factor, at most this many times, until their rates are
#: close enough. (A factor of 0.5 could give the same drive for two trials: `regime` places drives by the golden ratio.)
CLOSER, TIMES_CLOSER = 0.7, 12


def constant_drive(model: NeuronModel, value: float, horizon: float) -> Stimulus:
    """Return a constant stimulus from a drive in internal units, over `horizon` ms."""
    return constant(units.quantity(value, model.input_dimension), horizon * ms)


def drive_for(model: NeuronModel, rate: float, horizon: float) -> Drive:
    """Find the constant drive at which a model fires at a rate, with the reference solution.

    Parameters
    ----------
    model : NeuronModel
    rate : float
        In Hz; the drive is found for this rate times `INCOMMENSURATE`.
    horizon : float
        In ms.

    Raises
    ------
    UnreachableRate
        If no drive gives the rate.
    """
    wanted = rate * INCOMMENSURATE
    if model.refractory_ms and wanted * model.refractory_ms > 1000:
        raise UnreachableRate(
            f"it cannot fire at {wanted:.4g} Hz: its refractory time of "
            f"{model.refractory_ms:g} ms allows {1000 / model.refractory_ms:.4g} Hz; "
            "ask for a lower rate, or shorten it",
            about=model.label,
        )
    own = 0.0 if model.drive is None else float(units.internal(model.drive))

    def compute() -> tuple[float, float, str] | NoValue:
        failures: list[str] = []
        try:
            drive = find_drive(
                lambda value: firing_rate(model, value, horizon, failures),
                wanted,
                model.label,
                math.copysign(_first(model), own),
                1000 / horizon,
            )
        except NeverSpikes as error:
            return NoValue(_why_silent(model, error, failures))
        except UnreachableRate as error:
            return NoValue(f"{error.said}; each drive was held for {horizon / 1000:g} s")
        return drive.value, drive.rate, other_rates(model, drive.value, horizon)

    found = recall("drive", model, (wanted, horizon), compute)
    if isinstance(found, NoValue):
        raise UnreachableRate(found.reason, about=model.label)
    return Drive(*found)


def rheobase(model: NeuronModel, horizon: float, held: float = 0.0) -> float:
    """Find the weakest constant drive under which a model keeps firing, with the reference solution.

    Parameters
    ----------
    model : NeuronModel
    horizon : float
        In ms.
    held : float
        A drive that is always present, in the internal unit of the input; the rheobase is what must be added to it.

    Raises
    ------
    UnreachableRate
        If the model fires without an added drive, or never fires.
    """
    failures: list[str] = []
    try:
        return float(
            recall(
                "rheobase",
                model,
                (horizon, held),
                lambda: find_rheobase(
                    lambda value: firing_rate(model, held + value, horizon, failures), model.label, _first(model)
                ),
            )
        )
    except NeverSpikes as error:
        raise UnreachableRate(_why_silent(model, error, failures), about=model.label) from None


def _why_silent(model: NeuronModel, error: NeverSpikes, failures: list[str]) -> str:
    """Return why it does not keep firing under any drive: the first failed run, or else its threshold."""
    return (
        failures[0]
        if failures
        else (
            f"{error.said}: {model.threshold} is not reached; lower the threshold, or see how "
            f"{model.input} enters the equations"
        )
    )


def silencing(model: NeuronModel, horizon: float) -> float:
    """Find the weakest inhibition under which a model that fires without any drive does not keep firing.

    Returns
    -------
    float
        The drive, negative, in the internal unit of the input.

    Raises
    ------
    UnreachableRate
        If no inhibition silences the model.
    """

    def silent(inhibition: float) -> float:
        failures: list[str] = []
        return float(not firing_rate(model, -inhibition, horizon, failures) and not failures)

    def compute() -> float:
        try:
            return find_rheobase(silent, model.label, _first(model))
        except UnreachableRate:
            raise UnreachableRate(
                "it fires without any drive, and no inhibition silences it", about=model.label
            ) from None

    return -float(recall("silencing", model, horizon, compute))


def firing_rate(model: NeuronModel, drive: float, horizon: float, failures: list[str] | None = None) -> float:
    """Return the firing rate in Hz under a constant drive; 0 if the model does not keep firing.

    The rate differs by less than one spike from the number of spikes per second of the horizon, but is not rounded to
    whole spikes: see `firing`. If the end of the horizon is silent, a longer run shows whether this is a pause between
    bursts. A model that diverges under the drive counts as silent; the reason is added to `failures`.
    """
    try:
        times, within = _train(model, drive, horizon)
    except UserError as error:
        if failures is not None:
            failures.append(error.without(model.label))
        return 0.0
    return firing.rate_of(times, within, horizon) if times.size else 0.0


def rate_once_it_fires(model: NeuronModel, drive: float, horizon: float) -> float:
    """Return the rate in Hz after the first spike, however late that is; 0 if the model does not keep firing."""
    try:
        times, _ = _train(model, drive, horizon)
    except UserError:
        return 0.0
    return firing.over_periods(times) if times.size else 0.0


@lru_cache(MOST_TRAINS)
def _train(model: NeuronModel, drive: float, horizon: float) -> tuple[firing.Array, int]:
    """Return spike times in ms (none if the model does not keep firing), and how many are within the horizon."""
    none = np.empty(0), 0
    times = _spikes(model, constant_drive(model, drive, horizon))
    if firing.fires_steadily(times, horizon):
        return times, times.size
    if not times.size and horizon >= LEAST_WINDOW:
        return none
    window = max(WINDOWS * horizon, LEAST_WINDOW)
    longer = _spikes(model, constant_drive(model, drive, window))
    return (longer, times.size) if firing.keeps_firing(longer, window) else none


def _spikes(model: NeuronModel, stimulus: Stimulus) -> firing.Array:
    check_domain(model)
    solve = closed_form.solve if closed_form.applies(model, stimulus) else taylor.solve
    return np.asarray(solve(model, stimulus, taylor.FIRST).times, dtype=float)


def other_rates(model: NeuronModel, drive: float, horizon: float) -> str:
    """Return a sentence on the rates of a model under one constant drive, if they depend on how the drive is reached.

    The drive is switched on at the model's initial state, raised slowly from zero, or lowered slowly from twice its
    value. Spikes are counted after the drive has been constant for some time.

    Returns
    -------
    str
        Empty if the rates are the same.
    """
    hold = max(horizon, LEAST_WINDOW)
    dimension = model.input_dimension
    stair = Fraction(2 * hold) / STAIRS
    found: dict[str, tuple[int, float]] = {}
    for way, first in (("switched on", 1), ("raised slowly from 0", 0), ("lowered slowly from twice that", 2)):
        levels = [drive * (first + (1 - first) * i / STAIRS) for i in range(STAIRS)] if first != 1 else []
        stimulus = Stimulus([*(stair for _ in levels), Fraction(2 * hold)], [*levels, drive], dimension)
        try:
            times = _spikes(model, stimulus)
        except UserError:
            continue  # it has no solution at a level on the way, which says nothing about the drive itself
        late = times[times > float(stimulus.horizon) - hold]
        fires = late.size >= 2 and firing.keeps_firing(late, float(stimulus.horizon))
        found[way] = late.size if fires else 0, firing.over_periods(late) if fires else 0.0
    counts, rates = zip(*found.values(), strict=True) if found else ((0,), (0.0,))
    if max(counts) - min(counts) <= SAME_SPIKES or max(rates) - min(rates) <= SAME_RATES * max(rates):
        return ""
    said = ", ".join(f"{rate:.4g} Hz if it is {way}" for way, (_, rate) in found.items())
    return (
        f"{model.label} has several rates under a constant drive of {drive:g}: {said}; its spikes were counted "
        f"over the last {hold / 1000:g} s of {2 * hold / 1000:g} s at that drive"
    )


def drive_near(model: NeuronModel, near: Drive, away: float, horizon: float) -> float:
    """Find a constant drive near a known drive, with a rate that differs by a small fraction.

    If no drive has exactly this rate (such as for a neuron that bursts, where a burst gains or loses a whole spike),
    the drive differs by at most this fraction, and the rate by at most this fraction plus one spike per horizon.

    Parameters
    ----------
    model : NeuronModel
    near : Drive
    away : float
        The fraction; negative for a lower rate.
    horizon : float
        In ms.

    Raises
    ------
    UnreachableRate
        If no such drive is found.
    """
    wanted = near.rate * (1 + away)

    def rate(value: float) -> float:
        return firing_rate(model, value, horizon)

    def compute() -> float | NoValue:
        times = _spikes(model, constant_drive(model, near.value, horizon))
        why = ""
        if firing.fires_steadily(times, horizon) and firing.period(times) == 1:
            try:
                return adjust_drive(rate, wanted, near).value
            except UnreachableRate as error:
                why = error.without(model.label)
        for part in range(TIMES_CLOSER):
            value = float(f"{near.value * (1 + away * CLOSER**part):.{DIGITS}g}")
            if abs(rate(value) - near.rate) <= abs(away) * near.rate + 1000 / horizon:
                return value
        return NoValue(
            why
            or f"no drive near {near.value:g} ({near.rate:.4g} Hz) fires at {wanted:.4g} Hz within one spike "
            f"in {horizon:g} ms"
        )

    found = recall("drive near", model, (near, away, horizon), compute)
    if isinstance(found, NoValue):
        raise UnreachableRate(found.reason, about=model.label)
    return float(found)


def _first(model: NeuronModel) -> float:
    """Return a drive to begin a search with: far below the drive under which the model is known to spike."""
    own = 0.0 if model.drive is None else abs(float(units.internal(model.drive)))
    return own / 64 if own else SMALLEST


def mean_drive(
    model: NeuronModel,
    request: object,
    around: Callable[[float], list[Stimulus]],
    driven: NeuronModel,
    rate: float,
    *,
    longest: Fraction = SEARCH_STEPS[0],
) -> float:
    """Find the mean drive of stimuli under which a model fires at a mean rate (spikes divided by time).

    The search counts the spikes of RK4, or of the method that gives the references of a model with noise, with spikes
    located within the step. The rate that the regime states is that of the references. If the search ends without a
    drive, it is repeated with finer steps until the highest rate that it met no longer depends on the step.

    Parameters
    ----------
    model : NeuronModel
    request : object
        Everything else that the result depends on: part of its key in the cache.
    around : callable
        From a drive to the stimuli around it.
    driven : NeuronModel
        The model that the stimuli drive: `model`, or a model derived from it.
    rate : float
        In Hz.
    longest : Fraction
        Longest time step in ms.

    Raises
    ------
    UnreachableRate
        If no drive gives this rate.
    """
    failures: list[str] = []
    step = noisy.fine_step(driven, True) if driven.system.random else make_step(driven, "rk4", "hermite", varying=True)
    kernel = compile_kernels([step], SIMD)[0]
    held = [driven.sampling_ms] if driven.system.sampled else []

    def fires(drive: float, longest: Fraction) -> float:
        stimuli = around(drive)
        unit = common_divisor([*(each.unit for each in stimuli), *held])
        outcomes = run_together(kernel, stimuli, unit / math.ceil(unit / longest))
        failed = next((each.failure for each in outcomes if each.failure), "")
        if failed:  # the spikes of a failed run do not give a rate
            failures.append(f"under a mean drive of {drive:g}: {failed}")
            return 0.0
        return 1000 * fmean(len(each.spike_times) for each in outcomes) / float(stimuli[0].horizon)

    def searched(longest: Fraction) -> float | NoValue | None:
        """Return the drive, or why there is none; None if the highest rate depends on the step."""
        rates = cache(partial(fires, longest=longest))
        met: list[float] = []

        def rate_at(drive: float) -> float:
            met.append(drive)
            return rates(drive)

        try:
            return find_mean_drive(rate_at, rate, model.label, _first(model)).value
        except NeverSpikes as error:
            return NoValue(_why_silent(model, error, failures))
        except UnreachableRate as error:
            fastest = max(met, key=rates)
            sure = is_mean_rate(fires(fastest, longest / FINER), rates(fastest))
            return NoValue(error.said) if sure else None

    def compute() -> float | NoValue:
        answers = map(searched, (each for each in SEARCH_STEPS if each <= longest))
        return next(
            (each for each in answers if each is not None),
            NoValue(
                f"no drive found at which it fires at {rate:.4g} Hz on average: how often it fires under strong drives "
                f"depends on the time step, down to {float(SEARCH_STEPS[-1]):g} ms"
            ),
        )

    found = recall("mean drive", model, (request, rate, longest), compute)
    if isinstance(found, NoValue):
        raise UnreachableRate(found.reason, about=model.label)
    return float(found)
