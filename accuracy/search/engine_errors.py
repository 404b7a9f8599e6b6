"""How far another simulator is off, which time step it needs, and what that costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import takewhile

import numpy as np

from ...flops.toolchain import SCALAR, SIMD
from ...harness.engines import Engine, EngineRun
from ...harness.kernels.kernel import compile_kernels
from ...harness.measuring.timing import many_neurons, measure
from ...harness.simulate import BEST
from ...harness.stimuli import Stimulus, shorten
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoValue, UserError, attempt
from ...models.step import make_step, why_not
from ..measures.spike_trains import SpikeTimeError, SpikeTrain, spike_time_error
from ..references.reference import Reference, reference
from .criterion import Criterion, Run
from .sweep import ROUND

#: Our own method in comparisons with simulators.
OURS = "rk4"
#: The longest and the shortest time step that are tried, in ms.
LONGEST, SHORTEST = Fraction(1), Fraction(1, 5000)
#: A simulation is timed as the difference of two, with so many steps: what it costs to start is left out.
STEPS = (200, 2200)
#: The number of times that it is timed.
REPEATS = 3


@dataclass(frozen=True)
class EngineErrors:
    """A simulator on a model, with one of its schemes."""

    method: str
    version: str
    text: str
    """The model as the simulator read it."""
    dt: Fraction
    """The time step of `at_dt`, in ms: the simulator's default, or a given one."""
    at_dt: SpikeTimeError
    needed: Mapping[float, Fraction | None]
    """For each tolerance in ms: the longest of the time steps tried with which it holds, as with every shorter one."""
    shortest: Fraction
    """The shortest time step tried, in ms."""
    build_seconds: float
    nanoseconds: float | NoValue = field(default_factory=lambda: NoValue("not timed"))
    """Wall time per neuron and ms of model time with `dt`, of many neurons, in ns."""
    nanoseconds_needed: float | NoValue = field(default_factory=lambda: NoValue("not timed"))
    """The same with the time step that the middle one of the tolerances needs."""


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
    found = reference(engine.judged_as(model, method, stimulus), stimulus)
    criteria = [Criterion("maximum", tolerance) for tolerance in tolerances]
    if criteria and found.error > min(each.least_error() for each in criteria):
        raise UserError(
            f"the reference of {model.label} is certain to {found.error:.2g} ms only; take a larger tolerance"
        )
    first = engine.run(model, method, dt, stimulus)
    tried = round_steps(stimulus, shortest)
    trains = _trains(model, engine, method, stimulus, dts=tried, known=(dt, first))
    needed = _needed(criteria, {step: spike_time_error(train, found.train) for step, train in trains.items()})
    middle = _middle(needed)
    timed = partial(_nanoseconds, model, engine, method, stimulus, neurons=neurons)
    return EngineErrors(
        method,
        first.version,
        first.text,
        dt,
        spike_time_error(_train(first, found), found.train),
        needed,
        min(trains, default=dt),
        first.build_seconds,
        attempt(partial(timed, dt)) if neurons else NoValue("not timed"),
        NoValue("not timed") if not neurons or middle is None else attempt(partial(timed, middle)),
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
    found = reference(model, stimulus)
    step = make_step(model, OURS, detection)
    started = time.perf_counter()
    one, lanes = (compile_kernels([step], build)[0] for build in (SCALAR, SIMD))
    seconds = time.perf_counter() - started
    errors = {}
    for each in {*round_steps(stimulus, shortest), dt}:
        outcome = one.run([stimulus], each)[0]
        if not outcome.failure:
            errors[each] = spike_time_error(SpikeTrain(outcome.spike_times, found.train.stop), found.train)
    if dt not in errors:
        raise UserError(f"{OURS} fails at dt = {float(dt):g} ms")
    needed = _needed([Criterion("maximum", tolerance) for tolerance in tolerances], errors)

    def timed(each: Fraction) -> float:
        return measure([many_neurons(lanes, stimulus, each)], REPEATS)[0].median

    middle = _middle(needed)
    return EngineErrors(
        f"{OURS} {detection}",
        "",
        "",
        dt,
        errors[dt],
        needed,
        min(errors),
        seconds,
        attempt(partial(timed, dt)) if neurons else NoValue("not timed"),
        NoValue("not timed") if not neurons or middle is None else attempt(partial(timed, middle)),
    )


def _needed(criteria: Sequence[Criterion], errors: Mapping[Fraction, SpikeTimeError]) -> dict[float, Fraction | None]:
    """Return for each tolerance the longest time step with which it holds, as with every shorter one."""
    found: dict[float, Fraction | None] = {}
    for criterion in criteria:
        held = takewhile(lambda dt: criterion.holds(Run(errors[dt], "", {}, 0)), sorted(errors))  # noqa: B023 - used now
        found[criterion.tolerance] = max(held, default=None)
    return found


def _middle(needed: Mapping[float, Fraction | None]) -> Fraction | None:
    return [*needed.values(), None][len(needed) // 2]


def _train(run: EngineRun, found: Reference) -> SpikeTrain:
    stop = found.train.stop
    return SpikeTrain(run.times[run.times <= stop], stop)


def _trains(
    model: NeuronModel,
    engine: Engine,
    method: str,
    stimulus: Stimulus,
    *,
    dts: Sequence[Fraction],
    known: tuple[Fraction, EngineRun],
) -> dict[Fraction, SpikeTrain]:
    """Return the spikes for each time step that does not fail.

    If the engine has a method of ours, our kernel computes them, after it gave the spikes of the engine at one step.
    """
    stop, (at, run) = float(stimulus.horizon), known
    ours = engine.schemes[method].ours
    if ours and engine.labels.detection:
        kernel = compile_kernels([make_step(model, ours, engine.labels.detection)])[0]
        outcome = kernel.run([stimulus], at)[0]
        same = len(outcome.spike_times) == len(run.times)
        if same and np.allclose(outcome.spike_times, run.times, rtol=0, atol=float(at) / 1000):
            outcomes = {dt: kernel.run([stimulus], dt)[0] for dt in dts}
            return {dt: SpikeTrain(each.spike_times, stop) for dt, each in outcomes.items() if not each.failure}
    try:
        runs = dict(zip(dts, engine.runs(model, method, dts, stimulus), strict=True))
    except UserError:  # a long step may crash a simulator, or make it refuse to go on
        runs = {}
        for dt in reversed(dts):
            one = attempt(partial(engine.run, model, method, dt, stimulus))
            if isinstance(one, NoValue):
                break
            runs[dt] = one
    return {dt: SpikeTrain(each.times[each.times <= stop], stop) for dt, each in runs.items()}


def _nanoseconds(
    model: NeuronModel, engine: Engine, method: str, stimulus: Stimulus, dt: Fraction, *, neurons: int
) -> float:
    """Return the wall time per neuron and ms of model time, from the difference of two lengths."""
    shapes, seconds = stimulus.shapes[:1], []
    for steps in STEPS:
        part = shorten(Stimulus([dt * steps], shapes, stimulus.dimension), dt, steps)
        runs = engine.runs(model, method, [dt] * REPEATS, part, neurons)
        seconds.append(statistics.median(run.seconds for run in runs))
    if seconds[1] <= seconds[0]:
        raise UserError("the clock does not resolve it")
    return 1e9 * (seconds[1] - seconds[0]) / float(dt * (STEPS[1] - STEPS[0])) / neurons
