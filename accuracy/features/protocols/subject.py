"""A model for the protocols: its rheobase, its pace (a time scale), and how to run it with many stimuli."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np

from ....flops.toolchain import SIMD
from ....harness.kernels.kernel import Failure, Kernel, Outcome, compile_kernels
from ....harness.kernels.kernels import run_together
from ....harness.stimuli import Shape, Stimulus
from ....models.algebra.expression import evaluate
from ....models.definition.domain import check_domain
from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.definition.parts.tables import ARRAYS
from ....models.ground.errors import UserError
from ....models.step import make_step
from ...references import closed_form, taylor
from ...references.flow.precision import Precision
from ...references.spikes.endless import EndlessSpikesError
from ...regimes.drives import constant_drive, firing_rate, rate_once_it_fires, rheobase, silencing
from .recorded import Array, Recording

#: Longest time step in ms of the runs that search for a feature, with RK4 and crossings located within the step.
SEARCH_STEP = Fraction(1, 50)
#: Time in ms over which a model must keep firing at its rheobase.
HORIZON = Fraction(3000)
#: Number of ticks per pace; protocols measure time in ticks.
TICKS = 48
#: Pulses are tried up to this many times the rheobase.
STRONGEST = 2.0**12
#: Name of the failure of a model that spikes without end.
RUNAWAY = "runaway"
#: Failures of kernels that may be spikes without end.
_RUNAWAY = (Failure.ENDLESS, Failure.TOO_FAST, Failure.TOO_MANY)


class Subject:
    """A model that starts at rest, and the units in which protocols are written.

    Attributes
    ----------
    model : NeuronModel
        With its resting state as its initial state.
    held : float
        The input that protocols use as no input, in the internal unit of the input: 0; for a model that fires without
        input, twice the weakest inhibition that silences it.
    drive : float
        The rheobase: the weakest constant input above `held` at which it keeps firing.
    tick : Fraction
        Time unit in ms; `TICKS` ticks are the pace. The pace is the mean interval between spikes at twice the rheobase,
        or the period of the oscillation with which the model comes to rest, if that is longer.

    Raises
    ------
    UserError
        If the equations have no value, no constant input makes it fire, or none silences it.
    """

    def __init__(self, model: NeuronModel) -> None:
        check_domain(model)
        self.held = 2 * silencing(model, float(HORIZON)) if _fires_alone(model) else 0.0
        self.model = at_rest(model, self.held)
        self.drive = rheobase(self.model, float(HORIZON), self.held)
        rates = (
            rate_once_it_fires(self.model, self.held + factor * self.drive, float(HORIZON))
            for factor in (2, 1.5, 1.2, 1.05, 1)
        )
        rate = next(rate for rate in rates if rate)
        pace = max(1000 / rate, ringing(self.model, self.held))
        # a whole number of ticks fills the horizon
        self.tick = HORIZON / max(round(HORIZON * TICKS / Fraction(pace)), 1)

    @cached_property
    def dt(self) -> Fraction:
        """Time step in ms of `run`."""
        return self.tick / math.ceil(self.tick / SEARCH_STEP)

    def stimulus(self, *pieces: tuple[int, float]) -> Stimulus:
        """Return an input made of (ticks, rheobase fraction) pieces; `ramps` makes inputs with ramps."""
        return self.ramps(*((ticks, value, value) for ticks, value in pieces))

    def constant(self, height: float) -> Stimulus:
        """Return a constant input over `HORIZON`, as a rheobase fraction."""
        return Stimulus([HORIZON], [self.held + height * self.drive], self.model.input_dimension)

    def lead(self, base: float) -> list[tuple[int, float, float]]:
        """Return the pieces that take the input slowly to a base, a rheobase fraction, and hold it there."""
        return [(8 * TICKS, 0, base), (2 * TICKS, base, base)] if base else [(TICKS, 0, 0)]

    def ramps(self, *pieces: tuple[int, float, float]) -> Stimulus:
        """Return an input made of (ticks, first, last) pieces, as rheobase fractions."""
        durations = [ticks * self.tick for ticks, *_ in pieces]
        shapes = [
            Shape(self.held + first * self.drive, slope=(last - first) * self.drive / float(duration))
            for duration, (_, first, last) in zip(durations, pieces, strict=True)
        ]
        return Stimulus(durations, shapes, self.model.input_dimension)

    def pulses(self, *ticks: int, base: float = 0.0) -> Iterator[tuple[int, float]]:
        """Return lengths, and the height above a base of the weakest pulse that causes a spike, if any does.

        Heights and base are rheobase fractions.
        """
        for length in ticks:
            height = self._pulse(length, base)
            if math.isfinite(height):
                yield length, height

    @cache  # noqa: B019 - a subject lives as long as its search
    def _pulse(self, ticks: int, base: float) -> float:
        """Return the weakest pulse that causes a spike; infinite if none up to `STRONGEST` does, or the base does."""
        lead = self.ramps(*self.lead(base))
        before = self._kernel(lead.varies).run([lead], self.dt)[0]
        if before.spike_times.size or before.failure:
            return math.inf
        there = _starting(self.model, before.state)
        low, high = 2.0**-6, STRONGEST
        for _ in range(4):
            heights: list[float] = np.geomspace(low, high, 48).tolist()
            stimuli = [self.stimulus((ticks, base + height), (TICKS, base)) for height in heights]
            outcomes = self._kernel(False).run(stimuli, self.dt, [there])
            spiked = [outcome.spike_times.size > 0 and not outcome.failure for outcome in outcomes]
            if not any(spiked):
                return math.inf
            first = spiked.index(True)
            if first == 0:
                return heights[0]
            low, high = heights[first - 1], heights[first]
        return high

    def run(self, stimuli: Sequence[Stimulus], voltage: bool = False) -> list[Recording]:
        """Run one neuron per stimulus side by side, with the accuracy that a search needs."""
        cuts = [cut(stimulus, self.tick / 2, self.dt) if voltage else stimulus for stimulus in stimuli]
        kernel = self._kernel(any(stimulus.varies for stimulus in stimuli))
        outcomes = run_together(kernel, cuts, self.dt)
        return [recorded(self.model, *each, voltage) for each in zip(stimuli, cuts, outcomes, strict=True)]

    def solve(self, stimulus: Stimulus, voltage: bool = False) -> Recording:
        """Return the recording of the reference solution."""
        return solved(self.model, stimulus, float(self.tick) / 2 if voltage else 0.0)

    @cache  # noqa: B019 - as above
    def _kernel(self, varying: bool) -> Kernel:
        return compile_kernels([make_step(self.model, "rk4", "hermite", varying=varying)], SIMD)[0]


def at_rest(model: NeuronModel, held: float = 0.0) -> NeuronModel:
    """Return the model with the state that it reaches after `HORIZON` with a constant input (default 0).

    Raises
    ------
    UserError
        If it still spikes then.
    """
    found = taylor.solve(model, constant_drive(model, held, float(HORIZON)))
    if found.times.size and found.times[-1] > float(HORIZON) / 2:
        raise UserError(
            f"it fires without any drive, {found.times.size} times in {float(HORIZON):g} ms", about=model.label
        )
    return _starting(model, found.samples[-1])


def ringing(model: NeuronModel, held: float) -> float:
    """Return the period in ms of the slowest oscillation with which a model comes to rest, 0 if there is none.

    The equations are linearized at the model's initial state with the constant input `held`. An oscillation that is
    damped by more than half within a quarter of a period does not count.
    """
    system = model.system
    values = {**model.parameter_values, model.input: held}
    rest = np.array(list(model.initial_values.values()))

    def slopes(state: Array) -> Array:
        known: dict[str, Any] = {**values, **dict(zip(system.state, state, strict=True))}
        for name, value in system.subexpressions.items():
            known[name] = evaluate(value, known, ARRAYS)
        return np.array([float(evaluate(value, known, ARRAYS)) for value in system.derivatives.values()])

    steps = np.diag(1e-6 * np.maximum(np.abs(rest), 1e-3))
    jacobian = np.array([(slopes(rest + step) - slopes(rest - step)) / (2 * step.sum()) for step in steps]).T
    speeds = [
        abs(root.imag)
        for root in np.linalg.eigvals(jacobian)
        if root.imag and math.exp(root.real * math.pi / (2 * abs(root.imag))) > 1 / 2
    ]
    return 2 * math.pi / min(speeds) if speeds else 0.0


def _fires_alone(model: NeuronModel) -> bool:
    return firing_rate(model, 0.0, float(HORIZON)) > 0


def _starting(model: NeuronModel, state: Array) -> NeuronModel:
    dimensions = model.system.dimensions
    return model.replace(
        initial={
            name: units.quantity(float(value), dimensions[name])
            for name, value in zip(model.system.state, state, strict=True)
        }
    )


def recorded(model: NeuronModel, stimulus: Stimulus, pieces: Stimulus, outcome: Outcome, voltage: bool) -> Recording:
    """Return a kernel's outcome as a recording, with the voltage at the ends of `pieces` if requested."""
    failure = runaway(outcome.spike_times) if outcome.failure in _RUNAWAY else outcome.failure
    if not voltage:
        return Recording(stimulus, outcome.spike_times, failure=failure)
    times = np.cumsum([float(duration) for duration in pieces.durations])
    state = dict(zip(model.system.state, outcome.samples.T, strict=True))
    level = evaluate(model.system.threshold.level, {**model.parameter_values, **state}, ARRAYS)
    return Recording(stimulus, outcome.spike_times, times, state[model.system.threshold.variable], level, failure)


def solved(
    model: NeuronModel, stimulus: Stimulus, every: float = 0.0, precision: Precision = taylor.FIRST
) -> Recording:
    """Return the reference solution as a recording, with the voltage about every `every` ms if that is not 0."""
    solve = closed_form.solve if closed_form.applies(model, stimulus) else taylor.solve
    pieces = cut(stimulus, Fraction(every).limit_denominator(10**6)) if every else stimulus
    try:
        solution = solve(model, pieces, precision)
    except EndlessSpikesError as endless:
        return Recording(stimulus, endless.times, failure=f"{runaway(endless.times)}; there {_state(endless.state)}")
    except UserError as error:
        return Recording(stimulus, np.empty(0), failure=str(error))
    outcome = Outcome(solution.times.astype(float), np.empty(0), Failure.NONE, solution.samples.astype(float))
    return recorded(model, stimulus, pieces, outcome, bool(every))


def runaway(spikes: Array) -> str:
    """Return a text: spikes come faster and faster, until the computation is stopped."""
    intervals = np.diff(spikes)
    return (
        f"{RUNAWAY}: {spikes.size} spikes by {spikes[-1]:.5g} ms, intervals {intervals[0]:.3g} ms at first, then "
        f"{intervals[intervals.size // 2]:.3g}, finally {intervals[-1]:.2g}"
    )


def _state(state: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in state.items())


def cut(stimulus: Stimulus, longest: Fraction, dt: Fraction | None = None) -> Stimulus:
    """Return the same stimulus in pieces of at most about `longest` ms; the state is sampled at the end of each piece.

    The lengths are multiples of `dt`, if it is given and the stimulus's own lengths are multiples of it.
    """
    durations: list[Fraction] = []
    shapes: list[Shape] = []
    for duration, shape in zip(stimulus.durations, stimulus.shapes, strict=True):
        length = dt * max(math.floor(longest / dt), 1) if dt else duration / math.ceil(duration / longest)
        start = Fraction(0)
        while start < duration:
            durations.append(min(length, duration - start))
            shapes.append(shape.from_(float(start)))
            start += length
    return replace(stimulus, durations=tuple(durations), shapes=tuple(shapes))
