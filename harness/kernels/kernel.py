"""Compiled kernels of any method: load and run them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from ...flops.counters import CFunction
from ...flops.toolchain import SCALAR, Build, compile_library, has_vector_exp, load_library
from ...models.definition.neuron import NeuronModel
from ...models.ground.interruption import check_not_stopped, run_stoppable
from ...models.methods import METHODS
from ...models.step import Step
from ..stimuli import Stimulus
from .arguments import Arguments, number_of_steps
from .c_source import alike, c_source, function_name, in_parts, name_together
from .outcome import MAX_SPIKES_PER_MS, Array, Failure, Outcome
from .refused import bytes_per_step, check_models

__all__ = ["MAX_SPIKES_PER_MS", "Array", "Failure", "Kernel", "Outcome", "compile_kernels"]

#: Neurons with one input value per piece all run at once. If spikes arrive, they run in groups with at most this size
#: of input.
MANY, MOST_INPUT_BYTES = 1_000_000, 100e6
#: Neurons with an input for each step run at most in groups of this size, so that inputs are made for many steps at
#: once.
MOST_TOGETHER = 1024
#: A call with more steps per neuron than this can be interrupted; it runs in a separate thread.
LONG = 100_000


@dataclass(frozen=True)
class Kernel:
    """A Step, compiled."""

    step: Step
    build: Build
    library: Path
    _function: ctypes._CFuncPtr  # type: ignore[name-defined]  # the type of loaded functions has no public name
    together: Together | None = None
    """The Steps that one kernel runs together with this one (`alike`), and that kernel; None if there are none."""

    def run(
        self, stimuli: Sequence[Stimulus], setting: Fraction | float, models: Sequence[NeuronModel] | None = None
    ) -> list[Outcome]:
        """Run one neuron per stimulus.

        Parameters
        ----------
        stimuli : sequence of Stimulus
            They must have the same length, and the same pieces if the input does not vary in the Step; the values
            may differ.
        setting : Fraction or float
            The setting of the method: dt in ms, which must divide every piece, or the relative tolerance.
        models : sequence of NeuronModel, optional
            Parameters and initial state of each neuron, by default those of the Step's model. If there are fewer models
            than stimuli, they are used in turn.

        Raises
        ------
        UserError
            If dt does not divide a piece, the setting is not positive, a stimulus has the wrong unit or varies although
            the Step's input does not, or the models do not divide the stimuli.
        """
        return self._run(self._function, stimuli, setting, models, ())[0]

    def run_together(self, stimuli: Sequence[Stimulus], setting: Fraction | float) -> dict[str, list[Outcome]]:
        """Run one neuron per stimulus once, for all Steps of `together`; return the same outcomes as `run`'s of each.

        By the name of the detection; only the own one if there are no others.
        """
        if self.together is None:
            return {self.step.detection: self.run(stimuli, setting)}
        steps = self.together.steps
        found = self._run(self.together.function, stimuli, setting, None, steps)
        return {step.detection: outcomes for step, outcomes in zip(steps, found, strict=True)}

    def _run(
        self,
        function: Any,
        stimuli: Sequence[Stimulus],
        setting: Fraction | float,
        models: Sequence[NeuronModel] | None,
        together: Sequence[Step],
    ) -> list[list[Outcome]]:
        """Return the outcomes of each Step that runs together, or of the own one."""
        found: list[list[Outcome]] = [[] for _ in together or (self.step,)]
        check_models(stimuli, models)
        dealt = None if models is None else list(models) * (len(stimuli) // len(models))
        size = _group_size(self.step, stimuli[0], setting)
        for first in range(0, len(stimuli), size):
            several = slice(first, first + size)
            arguments = Arguments(
                self.step, stimuli[several], setting, dealt and dealt[several], together, in_lanes=self.build.lanes
            )
            if arguments.work > LONG:
                run_stoppable(partial(arguments.run, function), arguments.stop)
            else:
                check_not_stopped()
                arguments.run(function)
            outcomes = arguments.outcomes()
            count = len(outcomes) // len(found)
            for i, own in enumerate(found):
                own.extend(outcomes[i * count : (i + 1) * count])
        return found

    def seconds(self, stimuli: Sequence[Stimulus], setting: Fraction | float) -> float:
        """Run, and return the wall time of only the compiled code, in s."""
        arguments = Arguments(self.step, stimuli, setting, None, in_lanes=self.build.lanes, timed=True)
        seconds = 0.0
        for call in arguments.calls():
            start = time.perf_counter()
            self._function(*call)
            seconds += time.perf_counter() - start
        return seconds

    def workload(
        self, stimuli: Sequence[Stimulus], setting: Fraction | float, models: Sequence[NeuronModel] | None = None
    ) -> CFunction:
        """Return the call that `run` makes, so that a counter can run it."""
        arguments = Arguments(self.step, stimuli, setting, models, in_lanes=self.build.lanes)
        return CFunction(self.library, function_name(self.step), arguments.as_workload)


@dataclass(frozen=True)
class Together:
    """A compiled function that runs several Steps at once."""

    steps: tuple[Step, ...]
    name: str
    function: ctypes._CFuncPtr  # type: ignore[name-defined]


def compile_kernels(steps: Iterable[Step], build: Build = SCALAR) -> list[Kernel]:
    """Compile many Steps at once.

    Parameters
    ----------
    steps : iterable of Step
    build : Build
        Steps that cannot run neurons in lanes are always compiled to run one neuron after the other.

    Raises
    ------
    UserError
        If there is no compiler, the compiler fails, or other users can write to the cache.
    """
    steps = list(steps)
    found: dict[int, Kernel] = {}
    kinds = [(METHODS[step.method].template.in_lanes, step.precision) for step in steps]
    for kind in dict.fromkeys(kinds):
        places = [i for i, each in enumerate(kinds) if each == kind]
        together = _compiled([steps[i] for i in places], build if kind[0] else SCALAR)
        found |= zip(places, together, strict=True)
    return [found[i] for i in range(len(steps))]


def _compiled(steps: Sequence[Step], build: Build) -> list[Kernel]:
    path = compile_library(c_source(steps, build, has_vector_exp()), build)
    library = load_library(path)

    def function(name: str) -> Any:
        loaded = getattr(library, name)
        loaded.restype = None
        return loaded

    groups = alike(steps) if build.lanes else []
    known = [Together(tuple(group), name_together(group), function(name_together(group))) for group in groups]
    together = {id(step): each for each in known for step in each.steps}
    return [Kernel(step, build, path, function(function_name(step)), together.get(id(step))) for step in steps]


def _group_size(step: Step, stimulus: Stimulus, setting: Fraction | float) -> int:
    """Return how many neurons run at once: all of them, if their inputs fit into `MOST_INPUT_BYTES`."""
    steps = number_of_steps(stimulus, setting, METHODS[step.method])
    needed = bytes_per_step(step, stimulus, steps) * float(steps)
    most = MOST_TOGETHER if in_parts(step) else MANY
    return min(max(int(MOST_INPUT_BYTES / needed), 1), most) if needed else most
