"""The cost of a step and of a spike on the processor: exact, separate, with the mathematics library's operations."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ...flops.counters import Counter, Retired, auto
from ...flops.operations import count_step
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.methods import METHODS
from ..kernels.kernel import Kernel
from ..stimuli import Stimulus

#: Time steps in ms; the first at which the model spikes and stays finite is used. Counts do not depend on dt.
STEPS = (Fraction(1, 64), Fraction(1, 256), Fraction(1, 1024))
#: Longest wait for a spike, in ms.
LONGEST = 1000
#: Number of steps of the counted run; the spike is in its last step.
STEPS_COUNTED = 3
#: For a whole run: the tolerance if the method has one as its setting, and the length in ms of a run without a spike.
TOLERANCE, QUIET = Fraction(1, 10_000), 20


@dataclass(frozen=True)
class StepAndSpike:
    """The cost of a step and of a spike of one kernel: operations by kind, each library call counted as one."""

    counter: str
    step: Mapping[str, int]
    """Operations retired in a step without a spike."""
    spike: Mapping[str, int]
    """Operations that a spike adds to its step, as in `Count.as_run_spike`."""
    step_in_libm: Mapping[str, int]
    """Operations in the mathematics library, in the same step."""
    spike_in_libm: Mapping[str, int]
    counted_step: Mapping[str, int]
    """From the Step, without random numbers, which a kernel gets as inputs."""
    counted_spike: Mapping[str, int]

    @property
    def parts(self) -> dict[str, tuple[Mapping[str, float], Mapping[str, int]]]:
        """Counted and retired operations, by part."""
        return {"step": (self.counted_step, self.step), "spike": (self.counted_spike, self.spike)}


def count_step_and_spike(kernel: Kernel, drive: float) -> StepAndSpike:
    """Count the operations of a step, and those that a spike adds to its step.

    The kernel starts shortly before its first spike and runs one, two and three steps; the spike is in the third.

    Parameters
    ----------
    kernel : Kernel
        A kernel that runs one neuron after the other.
    drive : float
        A constant input at which it spikes, in internal units.

    Raises
    ------
    UserError
        If no exact counter works here, the model does not spike, or it does so in its first steps.
    """
    counter = _counter()
    dt, state = _before_a_spike(kernel, drive)
    model = _from(kernel, state)
    own: list[Tally[str]] = []
    libm: list[Tally[str]] = []
    for steps in range(1, STEPS_COUNTED + 1):
        with counter.measure() as counts:
            counts.call(kernel.workload([_constant(kernel, drive, steps * dt)], dt, [model]))
        own.append(Tally(counts.own.by_kind))
        libm.append(Tally((counts.libm or Retired()).by_kind))
    (step, spike), (step_in_libm, spike_in_libm) = (_apart(*found) for found in (own, libm))
    count = count_step(kernel.step)
    counted_step, counted_spike = (_by_the_kernel(each) for each in (count.as_run, count.as_run_spike))
    return StepAndSpike(counter.name, step, spike, step_in_libm, spike_in_libm, counted_step, counted_spike)


def _by_the_kernel(operations: Mapping[str, int]) -> dict[str, int]:
    """Return the operations without random numbers, which a kernel gets as inputs."""
    return _present({kind: n for kind, n in operations.items() if kind != "random"})


@dataclass(frozen=True)
class WholeRun:
    """A run of a kernel: operations by kind, each call of the mathematics library counted as one."""

    counter: str
    counted: Mapping[str, float]
    """Operations of each block times how often it ran."""
    retired: Mapping[str, int]
    """Operations retired by the processor."""

    @property
    def parts(self) -> dict[str, tuple[Mapping[str, float], Mapping[str, int]]]:
        """The same as in `StepAndSpike`: a run has one part."""
        return {"run": (self.counted, self.retired)}


def count_run(kernel: Kernel, drive: float) -> WholeRun:
    """Count a run until after its first spike, or for `QUIET` ms if there is none.

    Use it for methods with steps of different cost; for other methods `count_step_and_spike` gives more detail.

    Parameters
    ----------
    kernel : Kernel
    drive : float
        A constant input, in internal units.

    Raises
    ------
    UserError
        If no exact counter works here, or the run fails.
    """
    counter = _counter()
    step = kernel.step
    setting = STEPS[0] if METHODS[step.method].knob == "dt" else TOLERANCE
    first = kernel.run([_constant(kernel, drive, LONGEST)], setting)[0].spike_times
    stimulus = _constant(kernel, drive, int(first[0]) + 2 if len(first) else QUIET)
    outcome = kernel.run([stimulus], setting)[0]
    if outcome.failure:
        raise UserError(f"{step.model.label} with {step.method} {outcome.failure} under a constant input of {drive:g}")
    with counter.measure() as counts:
        counts.call(kernel.workload([stimulus], setting))
    counted = {kind: n for kind, n in count_step(step).of(outcome.tallies).items() if n}
    return WholeRun(counter.name, counted, counts.own.by_kind)


def _counter() -> Counter:
    counter = auto.best(exact=True)
    if counter is None or not counter.tells_images:
        raise UserError(
            "no exact counter that separates the kernel from the mathematics library works here; see spikecost doctor"
        )
    return counter


def _apart(one: Tally[str], two: Tally[str], three: Tally[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the operations retired in the second step, and the additional ones in the third step."""
    step = {kind: two[kind] - one[kind] for kind in two}
    spike = {kind: three[kind] - two[kind] - step.get(kind, 0) for kind in three}
    return _present(step), _present(spike)


def _present(operations: Mapping[str, int]) -> dict[str, int]:
    return {kind: n for kind, n in operations.items() if n}


def _before_a_spike(kernel: Kernel, drive: float) -> tuple[Fraction, dict[str, float]]:
    """Return dt, and a state from which the spike is in the third step."""
    label = kernel.step.model.label
    for dt in STEPS:
        outcome = kernel.run([_constant(kernel, drive, LONGEST)], dt)[0]
        if not outcome.failure and len(outcome.spike_times):
            for before in _states(kernel, drive, dt, int(outcome.spike_times[0] / float(dt))):
                return dt, before
    raise UserError(
        f"{label} with {kernel.step.method} has no first spike, after some steps, under a constant input of {drive:g}"
    )


def _states(kernel: Kernel, drive: float, dt: Fraction, spike: int) -> Iterator[dict[str, float]]:
    """Yield states near step `spike` from which two steps have no spike and the third step has one."""
    for steps in range(max(spike - STEPS_COUNTED, 1), spike + 1):
        before = kernel.run([_constant(kernel, drive, steps * dt)], dt)[0]
        state = dict(zip(kernel.step.state, map(float, before.state), strict=True))
        model = _from(kernel, state)
        spikes = [
            len(kernel.run([_constant(kernel, drive, n * dt)], dt, [model])[0].spike_times)
            for n in (STEPS_COUNTED - 1, STEPS_COUNTED)
        ]
        if not len(before.spike_times) and spikes == [0, 1]:
            yield state


def _from(kernel: Kernel, state: Mapping[str, float]) -> NeuronModel:
    """Return the model with another initial state."""
    model = kernel.step.model
    return model.replace(
        initial={name: units.quantity(value, model.system.dimensions[name]) for name, value in state.items()}
    )


def _constant(kernel: Kernel, drive: float, length: Fraction | int) -> Stimulus:
    model = kernel.step.model
    return Stimulus((Fraction(length),), (drive,), model.input_dimension)
