"""The kernels of a model for many methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ...flops.operations import Count, count_step
from ...flops.toolchain import SCALAR, SIMD
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import NoThreadError, NoValue
from ...models.ground.threads import Pool
from ...models.methods import DOUBLE, METHODS
from ...models.step import Step, make_step, why_not
from ..stimuli import Stimulus
from .c_source import pieces_may_differ
from .kernel import Kernel, Outcome, compile_kernels


@dataclass(frozen=True)
class Compiled:
    """The kernels of a model for one method and detection."""

    lanes: Kernel
    """Runs neurons in parallel, if the method can."""
    alone: Kernel
    """Runs neurons one after the other."""
    count: Count

    @property
    def knob(self) -> str:
        """The setting of the method: ``dt`` or ``tolerance``."""
        return METHODS[self.count.step.method].knob


@dataclass
class Kernels:
    """The kernels of a model."""

    compiled: dict[tuple[str, str], Compiled] = field(default_factory=dict)
    """Kernels by method and detection."""
    reasons: dict[tuple[str, str], NoValue] = field(default_factory=dict)
    """The reason for each method and detection that has no kernel."""
    precision: str = DOUBLE
    """Their number format."""


def kernels_of(
    model: NeuronModel, pairs: Iterable[tuple[str, str]], varying: bool, alone: bool = True, *, precision: str = DOUBLE
) -> Kernels:
    """Compile the kernels of a model for every method and detection that can be used with it.

    Parameters
    ----------
    model : NeuronModel
    pairs : iterable of (str, str)
        Method and detection.
    varying : bool
        Whether the input changes within a step.
    alone : bool
        Whether to also compile kernels that run one neuron after the other; otherwise the parallel kernels are used for
        this.
    precision : str
        Their number format.

    Raises
    ------
    UserError
        If there is no compiler.
    """
    found = Kernels(precision=precision)
    steps = []
    for key in pairs:
        refused = why_not(model, *key, varying=varying, precision=precision)
        if refused:
            found.reasons[key] = NoValue(refused)
        else:
            steps.append(make_step(model, *key, varying=varying, precision=precision))
    scalar, together = _both(steps) if alone else (compile_kernels(steps, SIMD),) * 2
    for lanes, one in zip(together, scalar, strict=True):
        step = lanes.step
        found.compiled[step.method, step.detection] = Compiled(lanes, one, count_step(step))
    return found


def _both(steps: Sequence[Step]) -> tuple[list[Kernel], list[Kernel]]:
    """Compile scalar and SIMD kernels at once, since a compiler is another process; return both."""
    try:
        threads = Pool(1, "spikecost compiler")
    except NoThreadError:
        return compile_kernels(steps, SCALAR), compile_kernels(steps, SIMD)
    with threads:
        scalar = threads.submit(compile_kernels, steps, SCALAR)
        together = compile_kernels(steps, SIMD)
        return scalar.result(), together


def run_together(kernel: Kernel, stimuli: Sequence[Stimulus], setting: Fraction) -> list[Outcome]:
    """Run one neuron per stimulus; those whose stimuli have the same pieces, or the same length, run in parallel.

    Parameters
    ----------
    kernel : Kernel
    stimuli : sequence of Stimulus
    setting : Fraction
        dt in ms, which must divide every piece, or the tolerance.
    """
    found: dict[int, Outcome] = {}
    for group in _groups(kernel, stimuli):
        found |= zip(group, kernel.run([stimuli[i] for i in group], setting), strict=True)
    return [found[i] for i in range(len(stimuli))]


def run_all_together(kernel: Kernel, stimuli: Sequence[Stimulus], setting: Fraction) -> dict[str, list[Outcome]]:
    """Return the same as `run_together` for every kernel that runs together with this one, by detection."""
    found: dict[str, dict[int, Outcome]] = {}
    for group in _groups(kernel, stimuli):
        for detection, outcomes in kernel.run_together([stimuli[i] for i in group], setting).items():
            found.setdefault(detection, {}).update(zip(group, outcomes, strict=True))
    return {detection: [each[i] for i in range(len(stimuli))] for detection, each in found.items()}


def _groups(kernel: Kernel, stimuli: Sequence[Stimulus]) -> list[list[int]]:
    """Return the places of stimuli that one call can run."""
    differ = pieces_may_differ(kernel.step)
    groups: dict[Any, list[int]] = {}
    for i, stimulus in enumerate(stimuli):
        groups.setdefault(stimulus.horizon if differ else stimulus.whole_durations, []).append(i)
    return list(groups.values())
