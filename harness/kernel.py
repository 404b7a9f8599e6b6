"""Compiled kernels: load them, run them."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..flops.counters import Argument, CFunction, Records
from ..flops.toolchain import SCALAR, Build, compile_library, has_vector_exp, load_library
from ..models import units
from ..models.errors import UserError
from ..models.expression import FLOATS, evaluate
from ..models.neuron import NeuronModel
from ..models.step import Step
from .c_source import MAX_SPIKES_A_STEP, STOP, c_source, function_name
from .interruption import run_stoppable
from .stimuli import Stimulus, steps_of

Array = NDArray[np.float64]

#: Neurons with one input a piece all run at once; inputs that vary are sampled, and run in groups of such a size.
MANY, MOST_INPUT_BYTES = 1_000_000, 100e6
#: A call of more steps of a neuron than this can be interrupted, which takes a thread for it.
LONG = 100_000
#: More steps than this in one call are refused: at a ns each, the least that one takes, they are twenty minutes.
MOST_STEPS = 10**12
#: A neuron that spikes more often than this, a ms, is reported as failed, here and in references.
MAX_SPIKES_PER_MS = 2
#: Failures: the state leaves the finite numbers; the reset leaves the threshold passed; the neuron fires faster than
#: spikes are kept for, or than a step has room for.
DIVERGED = "diverged"
#: The bit that a kernel sets in `spikes.stuck` where a spike comes of a state that is not finite.
NOT_FINITE = 2
ENDLESS = "spikes without end"
TOO_FAST = f"more than {MAX_SPIKES_PER_MS} spikes per ms"
TOO_MANY = f"more than {MAX_SPIKES_A_STEP} spikes in one step"


#: ``struct spikes`` of the kernels: counters, and the addresses of a neuron's arrays.
_SPIKES = np.dtype([("capacity", np.int64), ("count", np.int64), ("stuck", np.int64), ("step", np.uintp),
                    ("at", np.uintp)])


@dataclass(frozen=True)
class Outcome:
    """What one neuron did."""

    spike_times: Array
    """In ms; with grid detection the end of the step."""
    state: Array
    """Final state, in the order of the model's state variables."""
    failure: str
    """`DIVERGED`, `ENDLESS`, `TOO_FAST`, `TOO_MANY`, or empty."""
    samples: Array = field(default_factory=lambda: np.empty((0, 0)))
    """State at the end of every piece of the stimulus: an array (pieces, state variables)."""


@dataclass(frozen=True)
class Kernel:
    """A Step, compiled."""

    step: Step
    build: Build
    library: Path
    _function: ctypes._CFuncPtr  # type: ignore[name-defined]  # the type of loaded functions has no public name

    def run(self, stimuli: Sequence[Stimulus], dt: Fraction, models: Sequence[NeuronModel] | None = None
            ) -> list[Outcome]:
        """Run one neuron a stimulus.

        Parameters
        ----------
        stimuli : sequence of Stimulus
            With the same pieces; the values may differ.
        dt : Fraction
            In ms; divides every piece.
        models : sequence of NeuronModel, optional
            Parameters and initial state of each neuron; the Step's model by default.

        Raises
        ------
        UserError
            If dt does not divide a piece, a stimulus has the wrong unit, or varies although the Step's input does not.
        """
        found = []
        size = _group_size(self.step, stimuli[0], dt)
        for first in range(0, len(stimuli), size):
            several = models[first : first + size] if models and len(models) == len(stimuli) else models
            arguments = _Arguments(self.step, stimuli[first : first + size], dt, several)
            if arguments.work > LONG:
                run_stoppable(partial(self._call, arguments), arguments.stop)
            else:
                self._call(arguments)
            found += arguments.outcomes()
        return found

    def seconds(self, stimuli: Sequence[Stimulus], dt: Fraction) -> float:
        """Run and return the wall time of the compiled code alone, in s."""
        arguments = _Arguments(self.step, stimuli, dt, None)
        start = time.perf_counter()
        self._call(arguments)
        return time.perf_counter() - start

    def workload(self, stimuli: Sequence[Stimulus], dt: Fraction, models: Sequence[NeuronModel] | None = None
                 ) -> CFunction:
        """Return what `run` calls, for a counter to run."""
        return CFunction(self.library, function_name(self.step), _Arguments(self.step, stimuli, dt, models).as_workload)

    def _call(self, arguments: _Arguments) -> None:
        self._function(*arguments.in_c)


def compile_kernels(steps: Iterable[Step], build: Build = SCALAR) -> list[Kernel]:
    """Compile many Steps in one go.

    Raises
    ------
    UserError
        If there is no compiler, it fails, or other users can write to the cache.
    """
    steps = list(steps)
    path = compile_library(c_source(steps, build, has_vector_exp()), build)
    library = load_library(path)
    kernels = []
    for step in steps:
        function = getattr(library, function_name(step))
        function.restype = None
        kernels.append(Kernel(step, build, path, function))
    return kernels


class _Arguments:
    """The arrays that a kernel reads and writes."""

    def __init__(self, step: Step, stimuli: Sequence[Stimulus], dt: Fraction,
                 models: Sequence[NeuronModel] | None) -> None:
        model, lanes = step.model, len(stimuli)
        check_stimuli(model, stimuli, step.varying)
        check_size(stimuli, stimuli[0].horizon / dt if dt > 0 else 0, len(step.state), 24 if step.varying else 0)
        neurons = [model] if models is None else list(models)
        copies = lanes // len(neurons)
        self._neurons = neurons
        self._dt = float(dt)
        steps = steps_of(stimuli[0], dt)
        self.work = sum(steps) * lanes
        """Steps of all neurons."""
        self._steps = np.array(steps, dtype=np.int64)
        self._inputs = _sampled(stimuli, steps, self._dt) if step.varying else np.array(
            [stimulus.values for stimulus in stimuli]).T.copy()
        self._parameters = np.array([list(n.parameter_values.values()) for n in neurons] * copies).T.copy()
        self._state = np.array([list(n.initial_values.values()) for n in neurons] * copies).T.copy()
        self._samples = np.full((len(steps), *self._state.shape), np.nan)
        capacity = int(MAX_SPIKES_PER_MS * float(stimuli[0].horizon)) + MAX_SPIKES_A_STEP
        # written to now, so that a timed run does not wait for pages
        self._spike_step = np.full((lanes, capacity), -1, dtype=np.int64)
        self._spike_at = np.full((lanes, capacity), np.nan)
        self._spikes = np.zeros(lanes, dtype=_SPIKES)
        self._spikes["capacity"] = capacity
        for name, buffer in (("step", self._spike_step), ("at", self._spike_at)):
            self._spikes[name] = buffer.ctypes.data + buffer.strides[0] * np.arange(lanes)
        self.in_c = (
            ctypes.c_long(lanes), ctypes.c_long(len(steps)), _pointer(self._steps), _pointer(self._inputs),
            ctypes.c_double(self._dt), _pointer(self._parameters), _pointer(self._state),
            ctypes.c_double(_refractory_steps(step, self._dt)), _pointer(self._spikes), _pointer(self._samples),
        )

    def stop(self) -> None:
        """End the call that has these arguments."""
        self._spikes["stuck"] = STOP

    @property
    def as_workload(self) -> tuple[Argument, ...]:
        capacity = self._spike_at.shape[1]
        spikes = Records(tuple((capacity, 0, 0, self._spike_step[i], self._spike_at[i])
                               for i in range(len(self._spike_at))))
        return (len(self._spike_at), len(self._steps), self._steps, self._inputs, self._dt, self._parameters,
                self._state, float(self.in_c[7].value), spikes, self._samples)

    def outcomes(self) -> list[Outcome]:
        rows = zip(self._spikes["count"].tolist(), self._spikes["stuck"].tolist(), strict=True)
        return [self._outcome(lane, spikes, stuck) for lane, (spikes, stuck) in enumerate(rows)]

    def _outcome(self, lane: int, spikes: int, stuck: int) -> Outcome:
        capacity = self._spike_step.shape[1]
        count = min(spikes, capacity)
        state = self._state[:, lane].copy()
        failure = ""
        if stuck & NOT_FINITE or not np.isfinite(state).all():
            failure = DIVERGED
        elif stuck or spikes > capacity:
            endless = reset_is_above(self._neurons[lane % len(self._neurons)], state)
            failure = ENDLESS if endless else TOO_MANY if stuck else TOO_FAST
        times = (self._spike_step[lane, :count] + self._spike_at[lane, :count]) * self._dt
        return Outcome(times, state, failure, self._samples[:, :, lane].copy())


def reset_is_above(model: NeuronModel, state: Array) -> bool:
    """Whether a reset at the threshold does not lead below it, so that spikes follow each other at once.

    The other variables are those of `state`.
    """
    test = model.system.threshold
    values = {**model.parameter_values, **dict(zip(model.system.state, state.tolist(), strict=True))}
    try:
        values[test.variable] = evaluate(test.level, values, FLOATS)
        for name, value in model.system.reset:
            values[name] = evaluate(value, values, FLOATS)
        return not values[test.variable] < evaluate(test.level, values, FLOATS)
    except (ArithmeticError, ValueError):
        return False


def _group_size(step: Step, stimulus: Stimulus, dt: Fraction) -> int:
    """Return how many neurons run at once: as many as there are, if their inputs fit into `MOST_INPUT_BYTES`."""
    if not step.varying:
        return max(MANY, 1)
    return max(int(MOST_INPUT_BYTES / (3 * 8 * stimulus.horizon / dt)), 1)


def _sampled(stimuli: Sequence[Stimulus], steps: Sequence[int], dt: float) -> Array:
    """Return the inputs at the start, the middle and the end of each step: an array (steps, 3, neurons).

    A stimulus that jumps has the value before the jump at the end of a step and that after it at the start of the next.
    """
    first = np.concatenate([[0], np.cumsum(steps[:-1])])
    piece = np.repeat(np.arange(len(steps)), steps)
    at = np.arange(sum(steps)) - first[piece]
    inputs = np.empty((len(at), 3, len(stimuli)))
    # many neurons may share a few stimuli
    places: dict[int, list[int]] = {}
    for lane, stimulus in enumerate(stimuli):
        places.setdefault(id(stimulus), []).append(lane)
    for lanes in places.values():
        for node, within in enumerate((0.0, 0.5, 1.0)):
            inputs[:, node, lanes] = stimuli[lanes[0]].within(piece, (at + within) * dt)[:, None]
    return inputs


def check_stimuli(model: NeuronModel, stimuli: Sequence[Stimulus], varying: bool) -> None:
    """Refuse stimuli that do not fit a model, its step (whose input may be `varying` within it), or each other.

    Raises
    ------
    UserError
        If a stimulus has not the unit of the model's input, varies where that is not foreseen, or their pieces differ.
    """
    for stimulus in stimuli:
        if stimulus.varies and not varying:
            raise UserError(f"the stimulus varies in time, but this step of {model.label} takes its input as constant; "
                            "make it with varying=True")
        if stimulus.dimension is not model.system.dimensions[model.input]:
            raise UserError(
                f"the stimulus is in {units.unit_name(stimulus.dimension)}, but the input '{model.input}' of "
                f"{model.label} is in {units.unit_name(model.system.dimensions[model.input])}"
            )
        if stimulus.whole_durations != stimuli[0].whole_durations:
            raise UserError("stimuli that run together need the same pieces")


def check_size(stimuli: Sequence[Stimulus], steps: Fraction | float, state: int, bytes_a_step: int = 0) -> None:
    """Refuse a call that takes more steps or memory than there can be, before anything is allocated.

    Parameters
    ----------
    stimuli : sequence of Stimulus
    steps : number
        Of one neuron.
    state : int
        Number of state variables.
    bytes_a_step : int
        Kept for each step of a neuron.

    Raises
    ------
    UserError
        If it does.
    """
    lanes, horizon = len(stimuli), stimuli[0].horizon
    asked = f"{lanes} x {float(horizon):.3g} ms" if lanes > 1 else f"{float(horizon):.3g} ms"
    if steps * lanes > MOST_STEPS:
        raise UserError(f"{asked} take {float(steps * lanes):.2g} time steps, and more than {MOST_STEPS:.0g} are not "
                        "run at once; give a larger dt, or a shorter stimulus")
    spikes = MAX_SPIKES_PER_MS * horizon + MAX_SPIKES_A_STEP
    needed = lanes * (16 * spikes + 8 * state * len(stimuli[0].shapes) + bytes_a_step * steps)
    if needed > memory():
        raise UserError(f"{asked} need {float(needed) / 1e9:.2g} GB of memory, and there are {memory() / 1e9:.2g} GB; "
                        "give a shorter stimulus, or a larger dt if it varies")


@cache
def memory() -> float:
    """Return the memory in bytes that this process may use: the machine's, or what its control group allows."""
    found = float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        found = min(found, float(Path("/sys/fs/cgroup/memory.max").read_text()))
    return found


def _refractory_steps(step: Step, dt: float) -> float:
    return refractory_steps(step.model, dt, step.restarts)


def refractory_steps(model: NeuronModel, dt: float, restarts: bool) -> float:
    """Return how many steps of dt (ms) a model is refractory; a whole number of them unless a step restarts."""
    steps = model.refractory_ms / dt
    if restarts or not steps:
        return steps
    # Brian2 counts from the start of the step in which the spike is found, and rounds down (with a margin of dt/1000)
    return max(math.floor(steps + 1e-3) - 1, 0)


def _pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
