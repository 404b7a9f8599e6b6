"""Kernels of adaptive methods: load them, run them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..flops.counters import Argument, CFunction, Records
from ..flops.toolchain import SCALAR, Build, compile_library
from ..models.adaptive import AdaptiveStep, restarts
from ..models.errors import UserError
from ..models.methods import ADAPTIVE
from ..models.neuron import NeuronModel
from .adaptive_source import FAILURES, PIECE, TOO_MANY_SPIKES, adaptive_function_name, adaptive_source, tallied
from .c_source import MAX_SPIKES_A_STEP, STOP
from .interruption import run_stoppable
from .kernel import (
    DIVERGED,
    ENDLESS,
    LONG,
    MAX_SPIKES_PER_MS,
    TOO_FAST,
    Array,
    Outcome,
    check_size,
    check_stimuli,
    refractory_steps,
    reset_is_above,
)
from .stimuli import Stimulus, steps_of

#: A run whose error control takes more steps than this a ms of model time, rejected ones among them, is given up;
MAX_STEPS_PER_MS = 10_000
#: so is one that divides its fixed steps into more parts than this on average.
MAX_PARTS_A_STEP = 100
_MARGIN = 10_000
#: Which word of a neuron's record of spikes says why it ended.
_STUCK = 2
#: About so many steps of an error control, if nothing else is known, are a ms.
_STEPS_PER_MS = 10


@dataclass(frozen=True)
class AdaptiveOutcome(Outcome):
    """What one neuron did, and what it took; a `failure` may be ``step too small`` or ``steps without end``, too."""

    tallies: Mapping[str, int] = field(default_factory=dict)
    """How often each block ran; steps that were ``accepted``, and of how many the method made smaller ones
    (``rejected`` by its error, or ``divided`` because the series did not end)."""
    samples: Array = field(default_factory=lambda: np.empty((0, 0)))
    """State at the end of each piece of the stimulus; shape (pieces, state variables)."""


@dataclass(frozen=True)
class AdaptiveKernel:
    """An adaptive step, compiled; one neuron after the other."""

    step: AdaptiveStep
    library: Path

    @property
    def build(self) -> Build:
        """How it was compiled: there is only the scalar build."""
        return SCALAR

    def run(self, stimuli: Sequence[Stimulus], setting: Fraction | float, models: Sequence[NeuronModel] | None = None
            ) -> list[AdaptiveOutcome]:
        """Run one neuron a stimulus.

        Parameters
        ----------
        stimuli : sequence of Stimulus
            With the same pieces; the values may differ.
        setting : Fraction or float
            The method's knob: dt in ms, which divides every piece, or the relative tolerance.
        models : sequence of NeuronModel, optional
            Parameters and initial state of each neuron; the step's model by default.

        Raises
        ------
        UserError
            If the setting is none, or a stimulus has the wrong unit.
        """
        arguments = _Arguments(self.step, stimuli, setting, models)
        workload = self._workload(arguments)
        if arguments.work > LONG:
            run_stoppable(workload.call, partial(arguments.stop, workload))
        else:
            workload.call()
        return arguments.outcomes(workload)

    def seconds(self, stimuli: Sequence[Stimulus], setting: Fraction | float) -> float:
        """Run and return the wall time of the compiled code alone, in s."""
        workload = self._workload(_Arguments(self.step, stimuli, setting, None))
        workload.address  # noqa: B018 - loads the library
        start = time.perf_counter()
        workload.call()
        return time.perf_counter() - start

    def workload(self, stimuli: Sequence[Stimulus], setting: Fraction | float,
                 models: Sequence[NeuronModel] | None = None) -> CFunction:
        """Return what `run` calls, for a counter to run."""
        return self._workload(_Arguments(self.step, stimuli, setting, models))

    def _workload(self, arguments: _Arguments) -> CFunction:
        return CFunction(self.library, adaptive_function_name(self.step), arguments.in_c)


def compile_adaptive(steps: Iterable[AdaptiveStep]) -> list[AdaptiveKernel]:
    """Compile many adaptive steps in one go.

    Raises
    ------
    UserError
        If there is no compiler.
    """
    steps = list(steps)
    path = compile_library(adaptive_source(steps), SCALAR)
    return [AdaptiveKernel(step, path) for step in steps]


def _pieces(stimuli: Sequence[Stimulus]) -> Array:
    """Return the stimuli as the kernel reads them: an array (pieces, neurons, `PIECE`)."""
    found = np.zeros((len(stimuli[0].shapes), len(stimuli), PIECE))
    for lane, stimulus in enumerate(stimuli):
        found[:, lane, :-1] = [shape.numbers for shape in stimulus.shapes]
        found[:, lane, -1].view(np.int64)[:] = [bool(shape.terms) for shape in stimulus.shapes]
    return found


class _Arguments:
    """The arrays that a kernel reads and writes."""

    def __init__(self, step: AdaptiveStep, stimuli: Sequence[Stimulus], setting: Fraction | float,
                 models: Sequence[NeuronModel] | None) -> None:
        model, lanes, knob = step.model, len(stimuli), ADAPTIVE[step.method].knob
        check_stimuli(model, stimuli, step.varying)
        if not 0 < setting < np.inf:
            raise UserError(f"{knob} = {float(setting):g} of {step.method} is not positive")
        durations, horizon = stimuli[0].durations, stimuli[0].horizon
        steps = horizon / Fraction(setting) if knob == "dt" else _STEPS_PER_MS * horizon
        check_size(stimuli, steps, len(step.state))
        self.work = lanes * steps
        """About how many steps all neurons take."""
        if knob == "dt":
            pieces: Array | NDArray[np.int64] = np.array(steps_of(stimuli[0], Fraction(setting)), dtype=np.int64)
            most_steps = MAX_PARTS_A_STEP * int(pieces.sum())
        else:
            pieces = np.array(durations, dtype=float)
            most_steps = int(MAX_STEPS_PER_MS * stimuli[0].horizon)
        neurons = [model] if models is None else list(models)
        copies = lanes // len(neurons)
        self._step, self._knob, self._setting, self._neurons = step, knob, float(setting), neurons
        self._starts = np.array([0, *stimuli[0].ends[:-1]], dtype=float)
        self._state = np.array([list(n.initial_values.values()) for n in neurons] * copies).T.copy()
        self._samples = np.full((len(durations), lanes, len(step.state)), np.nan)
        self._tallies = np.zeros((lanes, len(tallied(step))), dtype=np.int64)
        capacity = int(MAX_SPIKES_PER_MS * float(stimuli[0].horizon)) + MAX_SPIKES_A_STEP
        self._spike_place = np.full((lanes, capacity), -1, dtype=np.int64)
        self._spike_at = np.full((lanes, capacity), np.nan)
        self.in_c: tuple[Argument, ...] = (
            lanes, len(durations), pieces, _pieces(stimuli),
            self._setting, float(refractory_steps(model, self._setting, restarts(step))) if knob == "dt" else 0.0,
            np.array([list(n.parameter_values.values()) for n in neurons] * copies).T.copy(),
            self._state, self._samples, most_steps + _MARGIN, self._tallies,
            Records(tuple((capacity, 0, 0, self._spike_place[i], self._spike_at[i]) for i in range(lanes))),
        )

    def stop(self, workload: CFunction) -> None:
        """End the call that has these arguments."""
        workload.records(len(self.in_c) - 1)[:, _STUCK] = STOP

    def outcomes(self, workload: CFunction) -> list[AdaptiveOutcome]:
        """Return what the neurons did, after the call."""
        rows = workload.records(len(self.in_c) - 1)
        return [self._outcome(lane, int(row[1]), int(row[_STUCK])) for lane, row in enumerate(rows)]

    def _outcome(self, lane: int, count: int, stuck: int) -> AdaptiveOutcome:
        count = min(count, self._spike_at.shape[1])
        place, at = self._spike_place[lane, :count], self._spike_at[lane, :count]
        state = self._state[:, lane].copy()
        failure = FAILURES.get(stuck, "")
        if stuck == TOO_MANY_SPIKES:
            failure = ENDLESS if reset_is_above(self._neurons[lane % len(self._neurons)], state) else TOO_FAST
        if not failure and not np.isfinite(state).all():
            failure = DIVERGED
        return AdaptiveOutcome(
            # counted steps, or ms since the piece began: no time is added up over the run
            spike_times=(place + at) * self._setting if self._knob == "dt" else self._starts[place] + at,
            state=state, failure=failure, samples=self._samples[:, lane].copy(),
            tallies=dict(zip(tallied(self._step), self._tallies[lane].tolist(), strict=True)),
        )
