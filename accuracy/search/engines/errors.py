"""How far another simulator is off, which time step it needs, and what that costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from ....flops.toolchain import SCALAR, SIMD
from ....harness.engines import Engine
from ....harness.kernels.kernel import Kernel, compile_kernels
from ....harness.measuring.timing import many_neurons, measure
from ....harness.simulate import BEST
from ....harness.stimuli import Stimulus
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import NoValue, UserError, attempt
from ....models.step import make_step, why_not
from ...measures.spike_trains import SpikeTimeError, SpikeTrain, spike_time_error
from ...references.reference import reference
from ..criterion import Criterion, Run
from ..sweep import ROUND
from .runs import REPEATS, FirstRuns, Simulation

#: Our own method in comparisons with simulators.
OURS = "rk4"
#: The longest and the shortest time step that are tried, in ms.
LONGEST, SHORTEST = Fraction(1), Fraction(1, 5000)


@dataclass(frozen=True)
class EngineErrors:
    """A simulator on a model, with one of its schemes."""

    method: str
    version: str
    text: str
    """The model as the simulator read it."""
    dt: Fraction
    """The time step of `at_dt`, in ms: the simulator's default, or a given one."""
    at_dt: SpikeTimeError | NoValue
    """Or why the simulator fails with this time step."""
    needed: Mapping[float, Fraction | None]
    """For each tolerance in ms: the longest of the time steps tried with which it holds, as with every shorter one."""
    fails: NoValue | None
    """Why the simulator fails with the shortest time step: then nothing is known of what is needed."""
    shortest: Fraction
    """The shortest time step tried, in ms."""
    build_seconds: float
    nanoseconds: float | NoValue | None
    """Wall time per neuron and ms of model time with `dt`, of many neurons, in ns; None if it is not timed."""
    nanoseconds_needed: float | NoValue | None
    """The same with the time step that the middle one of the tolerances needs; None if there is none."""


def round_steps(stimulus: Stimulus, shortest: Fraction = SHORTEST) -> list[Fraction]:
    """Return round time steps that divide a stimulus, from long to short, in ms."""
    scales = (Fraction(10) ** power for power in range(0, -7, -1))
    steps = (digits * scale for scale in scales for digits in ROUND)
    return [dt for dt in steps if shortest <= dt <= LONGEST and (stimulus.unit / dt).denominator == 1]


def engine_errors(
    model: NeuronModel,
    engine: Engine,
    stimulus: Stimulus,
    tolerances: Sequence[float],
    *,
    method: str = "",
    dt: Fraction | None = None,
    shortest: Fraction = SHORTEST,
    neurons: int = 0,
) -> EngineErrors:
    """Compare the spikes of a simulator with the reference solution.

    Parameters
    ----------
    model : NeuronModel
    engine : Engine
    stimulus : Stimulus
    tolerances : sequence of float
        Largest spike-time errors allowed, in ms.
    method : str
        A scheme of the engine, by default the one that it takes itself.
    dt : Fraction, optional
        In ms; by default that of the engine.
    shortest : Fraction
        The shortest time step to try, in ms.
    neurons : int
        Number of neurons of the simulation that is timed; 0 if none is.

    Raises
    ------
    UserError
        If the engine cannot run the model, fails, or the reference is not certain enough for a tolerance.
    """
    if reason := engine.why_not(model, method, stimulus):
        raise UserError(reason)
    method = method or engine.method_of(model)
    dt = engine.default_dt if dt is None else dt
    criteria = _criteria(tolerances)
    found = _certain(engine.judged_as(model, method, stimulus), stimulus, criteria)
    dts = round_steps(stimulus, shortest)
    simulation = Simulation(engine, model, method, stimulus)
    first = simulation.first_runs(dt, dts)
    at, run = first.at_default, first.run
    return _judged(
        found,
        criteria,
        _trains(simulation, dts, first),
        (dt, at if isinstance(at, NoValue) else _train(at.times, stimulus)),
        (lambda each: statistics.median(simulation.nanoseconds(each, neurons))) if neurons else None,
        method=method,
        version=run.version,
        text=run.text,
        build_seconds=run.build_seconds,
    )


def own_errors(
    model: NeuronModel,
    stimulus: Stimulus,
    tolerances: Sequence[float],
    dt: Fraction,
    *,
    shortest: Fraction = SHORTEST,
    neurons: int = 0,
) -> EngineErrors:
    """Return the same for our kernels: `OURS`, with the most accurate detection that the model allows.

    Raises
    ------
    UserError
        If the method cannot be used, or fails with `dt`.
    """
    detection = next(each for each in (*BEST, "grid") if not why_not(model, OURS, each))
    criteria = _criteria(tolerances)
    found = _certain(model, stimulus, criteria)
    step = make_step(model, OURS, detection)
    started = time.perf_counter()
    one, lanes = (compile_kernels([step], build)[0] for build in (SCALAR, SIMD))
    seconds = time.perf_counter() - started
    at = one.run([stimulus], dt)[0]
    if at.failure:
        raise UserError(f"{OURS} fails at dt = {float(dt):g} ms")

    def timed(each: Fraction) -> float:
        return measure([many_neurons(lanes, stimulus, each)], REPEATS)[0].median

    return _judged(
        found,
        criteria,
        _trains_of_kernel(one, stimulus, round_steps(stimulus, shortest)),
        (dt, _train(at.spike_times, stimulus)),
        timed if neurons else None,
        method=f"{OURS} {detection}",
        build_seconds=seconds,
    )


def _criteria(tolerances: Sequence[float]) -> list[Criterion]:
    return [Criterion("maximum", tolerance) for tolerance in tolerances]


def _certain(model: NeuronModel, stimulus: Stimulus, criteria: Sequence[Criterion]) -> SpikeTrain:
    """Return the spikes of the reference solution.

    Raises
    ------
    UserError
        If it is not certain enough for every criterion.
    """
    found = reference(model, stimulus)
    if criteria and found.error > min(each.least_error() for each in criteria):
        raise UserError(
            f"the reference of {model.label} is certain to {found.error:.2g} ms only; take a larger tolerance"
        )
    return found.train


def _judged(
    expected: SpikeTrain,
    criteria: Sequence[Criterion],
    tried: Iterable[tuple[Fraction, SpikeTrain | NoValue]],
    at: tuple[Fraction, SpikeTrain | NoValue],
    timed: Callable[[Fraction], float] | None,
    *,
    method: str,
    build_seconds: float,
    version: str = "",
    text: str = "",
) -> EngineErrors:
    """Compare spikes with the right ones: those of the time steps tried, from short to long, and of the default one.

    What is longer than a time step that fails does not matter.
    """
    dt, train = at
    trains: dict[Fraction, SpikeTrain] = {}
    fails = None
    for each, found in tried:
        if isinstance(found, NoValue):
            fails = None if trains else NoValue(f"at dt = {float(each):g} ms: {found.reason}")
            break
        trains[each] = found
    needed = _needed(criteria, {each: spike_time_error(found, expected) for each, found in trains.items()})
    middle = [*needed.values(), None][len(needed) // 2]
    costs = [
        train
        if isinstance(train, NoValue) and each == dt
        else None
        if timed is None or each is None
        else attempt(partial(timed, each))
        for each in (dt, middle)
    ]
    return EngineErrors(
        method,
        version,
        text,
        dt,
        train if isinstance(train, NoValue) else spike_time_error(train, expected),
        needed,
        fails,
        min(trains, default=dt),
        build_seconds,
        *costs,
    )


def _needed(criteria: Sequence[Criterion], errors: Mapping[Fraction, SpikeTimeError]) -> dict[float, Fraction | None]:
    """Return for each tolerance the longest time step with which it holds, as with every shorter one."""
    found: dict[float, Fraction | None] = {}
    for criterion in criteria:
        held = takewhile(lambda dt: criterion.holds(Run(errors[dt], "", {}, 0)), sorted(errors))  # noqa: B023 - used now
        found[criterion.tolerance] = max(held, default=None)
    return found


def _train(times: NDArray[np.float64], stimulus: Stimulus) -> SpikeTrain:
    stop = float(stimulus.horizon)
    return SpikeTrain(times[times <= stop], stop)


def _trains_of_kernel(
    kernel: Kernel, stimulus: Stimulus, dts: Sequence[Fraction]
) -> Iterator[tuple[Fraction, SpikeTrain | NoValue]]:
    """Yield the spikes of a kernel for each time step, from short to long."""
    for dt in sorted(dts):
        outcome = kernel.run([stimulus], dt)[0]
        yield dt, NoValue(str(outcome.failure)) if outcome.failure else _train(outcome.spike_times, stimulus)


def _trains(
    simulation: Simulation, dts: Sequence[Fraction], first: FirstRuns
) -> Iterator[tuple[Fraction, SpikeTrain | NoValue]]:
    """Yield the spikes for each time step, from short to long.

    If the engine has a method of ours, our kernel computes them, after it gave the spikes of the engine at one step.
    """
    stimulus = simulation.stimulus
    kernel = simulation.same_kernel(first.dt, first.run.times)
    if kernel is not None:
        yield from _trains_of_kernel(kernel, stimulus, dts)
        return
    for dt, run in reversed([*zip(dts, simulation.attempts(dts), strict=True)]):
        yield dt, run if isinstance(run, NoValue) else _train(run.times, stimulus)
