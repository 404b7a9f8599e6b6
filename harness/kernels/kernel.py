"""Compiled kernels of any method: load and run them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from ...flops.counters import CFunction
from ...flops.toolchain import SCALAR, Build, compile_library, has_vector_exp, load_library
from ...models.definition.neuron import NeuronModel
from ...models.ground.interruption import check_not_stopped, run_stoppable
from ...models.methods import METHODS
from ...models.step import Step
from ..stimuli import Stimulus
from .arguments import (
    DIVERGED,
    ENDLESS,
    MAX_SPIKES_PER_MS,
    TOO_FAST,
    TOO_MANY,
    Arguments,
    Array,
    Outcome,
    bytes_a_step,
    check_models,
    number_of_steps,
)
from .c_source import c_source, function_name, in_parts

__all__ = [
    "DIVERGED",
    "ENDLESS",
    "MAX_SPIKES_PER_MS",
    "TOO_FAST",
    "TOO_MANY",
    "Array",
    "Kernel",
    "Outcome",
    "compile_kernels",
]

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

    def run(
        self, stimuli: Sequence[Stimulus], setting: Fraction | float, models: Sequence[NeuronModel] | None = None
    ) -> list[Outcome]:
        """Run one neuron per stimulus.

        Parameters
        ----------
        stimuli : sequence of Stimulus
            They must have the same pieces; the values may differ.
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
        found = []
        check_models(stimuli, models)
        dealt = None if models is None else list(models) * (len(stimuli) // len(models))
        size = _group_size(self.step, stimuli[0], setting)
        for first in range(0, len(stimuli), size):
            several = slice(first, first + size)
            arguments = Arguments(self.step, stimuli[several], setting, dealt and dealt[several])
            if arguments.work > LONG:
                run_stoppable(partial(self._call, arguments), arguments.stop)
            else:
                check_not_stopped()
                self._call(arguments)
            found += arguments.outcomes()
        return found

    def seconds(self, stimuli: Sequence[Stimulus], setting: Fraction | float) -> float:
        """Run, and return the wall time of only the compiled code, in s."""
        arguments = Arguments(self.step, stimuli, setting, None)
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
        arguments = Arguments(self.step, stimuli, setting, models)
        return CFunction(self.library, function_name(self.step), arguments.as_workload)

    def _call(self, arguments: Arguments) -> None:
        for call in arguments.calls():
            self._function(*call)


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
    kernels = []
    for step in steps:
        function = getattr(library, function_name(step))
        function.restype = None
        kernels.append(Kernel(step, build, path, function))
    return kernels


def _group_size(step: Step, stimulus: Stimulus, setting: Fraction | float) -> int:
    """Return how many neurons run at once: all of them, if their inputs fit into `MOST_INPUT_BYTES`."""
    steps = number_of_steps(stimulus, setting, METHODS[step.method])
    needed = bytes_a_step(step, stimulus, steps) * float(steps)
    most = MOST_TOGETHER if in_parts(step) else MANY
    return min(max(int(MOST_INPUT_BYTES / needed), 1), most) if needed else most
