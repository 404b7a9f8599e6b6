"""The cost of a model's step, counted and measured, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from ...flops.counters import CFunction, Counter, Retired, auto, get_counter
from ...flops.counters.base import COUNTED_KINDS
from ...flops.counters.hardware.base import HardwareCounter, HardwareCounts
from ...flops.counters.selftest import why_not_trusted
from ...flops.operations import Operations, count_step
from ...flops.toolchain import SCALAR
from ...models.algebra.expression import INTEGER_KINDS
from ...models.algebra.functions import CALLS
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.ground.html import table_html
from ...models.methods import DOUBLE
from ...models.number_formats import NUMBER_FORMATS
from ...models.step import make_step
from ..kernels.kernel import Kernel, compile_kernels
from ..stimuli import Stimulus

#: Time step in ms; the counts do not depend on it.
DT = Fraction(1, 64)
#: Repetitions of the run under a counter that is not exact, each from the initial state: interrupts then matter less.
REPETITIONS = 200


@dataclass(frozen=True)
class Witness:
    """What one counter measured in a run."""

    counter: str
    exact: bool
    repetitions: int
    """Number of repetitions of the run; all numbers are sums over the repetitions."""
    operations: Mapping[str, int]
    """By kind: the kernel's own operations, with each call of the mathematics library as one; everything, as ``flop``,
    if the counter does not separate images."""
    libm: Mapping[str, int] | None
    """By kind, within the mathematics library; None if the counter does not separate images."""
    single: Mapping[str, int]
    """Those of `operations` on 32-bit numbers, by kind; empty if the counter does not separate them."""
    flops: int
    """Floating-point operations in `operations`; of fixed point, those on integers."""
    expected: int | None
    """The expected value of `flops`; None if it includes unknown operations of the mathematics library."""
    ratio: float | None
    """`flops` divided by `expected`."""
    instructions: int | None
    cycles: int | None
    events: Mapping[str, int]
    """Hardware events in the block; empty for other counters."""
    leaves_out: tuple[str, ...]
    """Kinds that this counter does not count; `expected` does not include them."""
    not_documented: tuple[str, ...]
    """Kinds for which the documentation does not say whether they are counted; `expected` does not include them."""
    provenance: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and numbers."""
        return {**asdict(self), "leaves_out": list(self.leaves_out), "not_documented": list(self.not_documented)}


@dataclass(frozen=True)
class Measurement:
    """Operations counted from the Step, and measured by counters."""

    model: str
    method: str
    detection: str
    build: str
    precision: str
    steps: int
    """Number of steps of the run, all without a spike."""
    per_step: Mapping[str, int]
    """Operations per step, by kind, from the Step."""
    once: Mapping[str, int]
    """Operations executed once per run, from the Step."""
    analytic: Mapping[str, int]
    """Operations of the run: `once` plus `steps` times `per_step`."""
    witnesses: tuple[Witness, ...]
    why_not: Mapping[str, str]
    """Why each of the other counters does not count here; empty if a counter was named."""

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and numbers."""
        return {**asdict(self), "witnesses": [witness.to_json() for witness in self.witnesses]}

    def _repr_html_(self) -> str:
        found = {
            "counted from the Step": self.analytic,
            **{witness.counter: witness.operations for witness in self.witnesses},
            **{
                f"{witness.counter}, in the mathematics library": witness.libm
                for witness in self.witnesses
                if witness.libm
            },
        }
        kinds = [kind for kind in COUNTED_KINDS if any(kind in operations for operations in found.values())]
        title = f"{self.model}, {self.method}, {self.detection} detection: {self.steps} steps without a spike"
        return table_html(
            title,
            ["", *kinds, "measured over counted"],
            (
                [name, *(operations.get(kind, 0) for kind in kinds), self._ratio(name)]
                for name, operations in found.items()
            ),
        )

    def _ratio(self, counter: str) -> str:
        return next((f"{each.ratio:.6g}" for each in self.witnesses if each.counter == counter and each.ratio), "")


def measure(
    model: str | NeuronModel,
    method: str,
    detection: str = "grid",
    counter: str | Counter = "auto",
    steps: int = 1000,
    *,
    precision: str = DOUBLE,
) -> Measurement:
    """Run steps without a spike under a counter.

    The neuron starts from its initial state and gets no input. If it spikes, the run ends before the spike.

    Parameters
    ----------
    model : str or NeuronModel
    method : str
    detection : str
    counter : str or Counter
        ``auto`` takes the best exact counter and the best hardware counter of those that count here.
    steps : int
        Largest number of steps.
    precision : str
        The number format.

    Raises
    ------
    UserError
        If a name is not known, the method does not apply, the named counter cannot count here, or the model spikes
        or diverges in its first step.
    """
    if steps < 1:
        raise UserError(f"steps = {steps}: give at least 1")
    step = make_step(model, method, detection, precision=precision)
    count = count_step(step)
    per_step = count.as_run
    witnesses = _counters(counter, precision)
    kernel = compile_kernels([step], SCALAR)[0]
    run = _CountedRun(kernel, _quiet_steps(kernel, steps))
    analytic = {kind: count.as_run_once[kind] + run.steps * n for kind, n in per_step.items()}
    return Measurement(
        model=step.model.label,
        method=method,
        detection=detection,
        build=kernel.build.name,
        precision=precision,
        steps=run.steps,
        per_step=per_step.present,
        once=count.as_run_once.present,
        analytic=Operations(analytic).present,
        witnesses=tuple(_witness(witness, run, analytic) for witness in witnesses),
        why_not=auto.reasons() if _is_auto(counter) else {},
    )


@dataclass(frozen=True)
class _CountedRun:
    kernel: Kernel
    steps: int

    def workload(self) -> CFunction:
        """Return the run, from the initial state."""
        return self.kernel.workload([_no_input(self.kernel, self.steps)], DT)


def _counters(counter: str | Counter, precision: str) -> list[Counter]:
    if _is_auto(counter):
        of_events = auto.best(exact=False) if precision == DOUBLE else None
        return [found for found in (auto.best(exact=True), of_events) if found is not None]
    counter = get_counter(counter)
    if not counter.exact and precision != DOUBLE:
        raise UserError(
            f"the counter '{counter.name}' reads events of double precision; for {precision} precision take 'auto' or "
            "a counter that reads machine code, such as 'callgrind'"
        )
    if reason := why_not_trusted(counter):
        raise UserError(f"the counter '{counter.name}' cannot count here: {reason}; 'auto' takes the best that can")
    return [counter]


def _is_auto(counter: str | Counter) -> bool:
    return counter in ("auto", auto.AUTO)


def _quiet_steps(kernel: Kernel, steps: int) -> int:
    outcome = kernel.run([_no_input(kernel, steps)], DT)[0]
    if len(outcome.spike_times):
        # with a detection within the step, the spike is inside a step, not at its end
        steps = -(-Fraction(float(outcome.spike_times[0])) // DT) - 1
        outcome = kernel.run([_no_input(kernel, steps)], DT)[0] if steps else outcome
    name = kernel.step.model.label
    if not steps:
        raise UserError(f"{name} spikes in its first step without input: there is no step without a spike to measure")
    if outcome.failure:
        raise UserError(
            f"{name} with {kernel.step.method} {outcome.failure} without input within {steps} steps of "
            f"{float(DT):g} ms; give fewer steps or another method"
        )
    return steps


def _no_input(kernel: Kernel, steps: int) -> Stimulus:
    model = kernel.step.model
    return Stimulus((steps * DT,), (0.0,), model.input_dimension)


def _witness(counter: Counter, run: _CountedRun, analytic: Mapping[str, int]) -> Witness:
    repetitions = 1 if counter.exact else REPETITIONS
    with counter.measure() as counts:
        for workload in [run.workload() for _ in range(repetitions)]:
            counts.call(workload)
    if NUMBER_FORMATS[run.kernel.step.precision].kinds:
        return _of_integers(counter, counts.own, analytic)
    formula = counter.formula if isinstance(counter, HardwareCounter) else None
    leaves_out = formula.leaves_out if formula else frozenset()
    not_documented = formula.not_documented if formula else frozenset()
    counted = {kind: n for kind, n in analytic.items() if kind not in leaves_out | not_documented}
    if counter.tells_images:
        expected: int | None = _flops(counted)
    else:
        expected = _with_libm(counted, run, leaves_out | not_documented)
    flops = counts.own.flops()
    if expected is not None:
        expected *= repetitions
    return Witness(
        counter=counter.name,
        exact=counter.exact,
        repetitions=repetitions,
        operations=counts.own.by_kind,
        libm=None if counts.libm is None else counts.libm.by_kind,
        single={kind: n for kind, n in counts.own.single.items() if n},
        flops=flops,
        expected=expected,
        ratio=flops / expected if expected else None,
        instructions=counts.own.instructions,
        cycles=counts.own.cycles,
        events=counts.events if isinstance(counts, HardwareCounts) else {},
        leaves_out=tuple(sorted(leaves_out)),
        not_documented=tuple(sorted(not_documented)),
        provenance=counter.provenance(),
    )


def _of_integers(counter: Counter, own: Retired, analytic: Mapping[str, int]) -> Witness:
    """Return what an exact counter saw of fixed point: kinds that are not its operations are left out."""
    kinds = [kind for kind in INTEGER_KINDS if analytic[kind] or own.whole.get(kind)]
    found = {kind: own.whole.get(kind, 0) for kind in kinds}
    expected = sum(analytic[kind] for kind in kinds)
    return Witness(
        counter=counter.name,
        exact=counter.exact,
        repetitions=1,
        operations=found,
        libm=None,
        single={},
        flops=sum(found.values()),
        expected=expected,
        ratio=sum(found.values()) / expected if expected else None,
        instructions=own.instructions,
        cycles=own.cycles,
        events={},
        leaves_out=tuple(sorted(kind for kind in analytic if kind not in INTEGER_KINDS and analytic[kind])),
        not_documented=(),
        provenance=counter.provenance(),
    )


def _with_libm(counted: Mapping[str, int], run: _CountedRun, leaves_out: frozenset[str]) -> int | None:
    """Return the operations of a run, including those of the mathematics library, which an exact counter provides."""
    own = _flops({kind: n for kind, n in counted.items() if kind not in CALLS})
    if not any(counted.get(kind) for kind in CALLS):
        return own
    exact = auto.best(exact=True)
    if exact is None:
        return None
    with exact.measure() as counts:
        counts.call(run.workload())
    if counts.libm is None:
        return None
    return own + _flops({kind: n for kind, n in counts.libm.by_kind.items() if kind not in leaves_out})


def _flops(operations: Mapping[str, int]) -> int:
    return Retired({(kind, 1): n for kind, n in operations.items()}).flops()
