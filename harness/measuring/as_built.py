"""What the compiler does to a Step in builds for speed: operations per neuron and step, compared with the count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ...flops.counters import get_counter
from ...flops.operations import count_step
from ...flops.toolchain import BUILDS, Build
from ...models.algebra.expression import Const, Expr, Op, Var, nodes
from ...models.step import Step
from ..kernels.c_source import LANES
from ..kernels.kernel import compile_kernels
from ..stimuli import Stimulus

#: Difference in steps between two runs; the cost per step is the difference of their costs.
_STEPS = 4
_DT = Fraction(1, 64)


@dataclass(frozen=True)
class AsBuilt:
    """A build of a Step, measured over steps without a spike."""

    build: Build
    own: Mapping[str, float]
    """Operations per neuron and step by kind, in the kernel's own code; a fused multiply-add is one ``fma``."""
    libm: Mapping[str, float]
    """The same in the mathematics library."""
    once: Mapping[str, float]
    """Operations per neuron that a run (one piece of stimulus) adds to its steps."""
    instructions: float
    """Instructions of the kernel's own code per neuron and step."""
    changes: tuple[str, ...]
    """Differences from the count, by kind, in words; empty if counted equals retired."""


def as_built(step: Step, counter: str = "stepped", builds: Iterable[Build] = tuple(BUILDS.values())) -> list[AsBuilt]:
    """Measure builds of a Step, by default all known builds.

    Raises
    ------
    UserError
        If the counter cannot count here.
    """
    return [_measure(step, build, counter) for build in builds]


def _measure(step: Step, build: Build, counter: str) -> AsBuilt:
    kernel = compile_kernels([step], build)[0]
    neurons = LANES if build.lanes else 1
    dimension = step.model.input_dimension
    counts = []
    for steps in (1, 1 + _STEPS):
        stimulus = Stimulus((_DT * steps,), (0.0,), dimension)
        with get_counter(counter).measure() as measured:
            measured.call(kernel.workload([stimulus] * neurons, _DT))
        assert measured.libm is not None
        counts.append((measured.own, measured.libm))
    (own, libm), (own_more, libm_more) = counts
    own_step = _per(own_more.by_kind, own.by_kind, _STEPS * neurons)
    once = _per(own.by_kind, {kind: n * neurons for kind, n in own_step.items()}, neurons)
    return AsBuilt(
        build=build,
        own=own_step,
        libm=_per(libm_more.by_kind, libm.by_kind, _STEPS * neurons),
        once=once,
        instructions=((own_more.instructions or 0) - (own.instructions or 0)) / _STEPS / neurons,
        changes=explain(step, build, own_step, once),
    )


def _per(more: Mapping[str, float], less: Mapping[str, float], parts: int) -> dict[str, float]:
    differences = {kind: (more.get(kind, 0) - less.get(kind, 0)) / parts for kind in {**more, **less}}
    return {kind: n for kind, n in differences.items() if n}


def explain(step: Step, build: Build, own: Mapping[str, float], once: Mapping[str, float]) -> tuple[str, ...]:
    """Describe in words what a build changed.

    Parameters
    ----------
    step : Step
    build : Build
    own, once : mapping
        Operations per neuron and step, and those that a run adds, as measured.

    Returns
    -------
    tuple of str
        One line per change. A line that begins with ``not explained`` has a difference that no rule explains.
    """
    counted, counted_once = count_step(step).as_run, count_step(step).as_run_once
    left = {kind: own.get(kind, 0) - counted[kind] for kind in counted}
    outside = {kind: once.get(kind, 0) - counted_once[kind] for kind in counted}
    outside["add"] += outside.pop("sub") + once.get("fma", 0)
    outside["mul"] += once.get("fma", 0)
    fused = own.get("fma", 0)
    swapped = min(abs(left["add"]), abs(left["sub"])) if left["add"] * left["sub"] < 0 else 0
    left["mul"] += fused
    left["add"] += left.pop("sub") + fused
    lines = []

    def explained(n: float, words: str, **back: int) -> None:
        if n > 0:
            lines.append(f"{n:g} {words}")
            for kind, sign in back.items():
                left[kind] += sign * n

    explained(fused, "multiplications are fused with an addition or subtraction")
    if fused:
        explained(
            min(-left["add"], left["mul"], _doublings(step)),
            "sums x + x are a fused multiplication by two",
            add=1,
            mul=-1,
        )
        explained(-left["sign"], "changes of sign are part of a fused operation", sign=1)
    else:
        explained(swapped, "subtractions of a number are additions of its negative")
    for kind, name in (("add", "additions and subtractions"), ("mul", "multiplications"), ("div", "divisions")):
        explained(
            min(-left[kind], outside[kind]),
            f"{name} are done once per piece of the stimulus: they depend only on the input and the parameters",
            **{kind: 1},
        )
    explained(min(left["mul"], counted["select"]), "factors of a select are multiplied into both of its sides", mul=-1)
    if fused:
        explained(min(left["mul"], _repeated_products(step)), "products in several sums are fused into each", mul=-1)
    explained(
        min(-left["select"], left["sign"], _selects_of_zero(step)),
        "selects with a zero on one side are a bitwise AND with the condition",
        select=1,
        sign=-1,
    )
    merged = min(-left["select"], _repeated_conditions(step))
    if merged > 0:
        added, multiplied = max(left["add"], 0), max(left["mul"], 0)
        explained(
            merged,
            "selects are merged with another select of the same condition; operations around them are "
            f"done for both sides: {added:g} more additions or subtractions and {multiplied:g} more "
            "multiplications",
            select=1,
        )
        left["add"] -= added
        left["mul"] -= multiplied
    explained(
        min(left["compare"], counted["select"]), "comparisons are made again for selects by their result", compare=-1
    )
    rest = ", ".join(f"{n:+g} {kind}" for kind, n in left.items() if n)
    if rest:
        rearranged = "-ffast-math" in build.flags
        lines.append(f"rearranged, as -ffast-math allows: {rest}" if rearranged else f"not explained: {rest}")
    return tuple(lines)


def _doublings(step: Step) -> int:
    sums = (node for assign in step.blocks["advance"].assignments for node in nodes(assign.value))
    return sum(isinstance(node, Op) and node.kind == "add" and _same(*node.args) for node in sums)


def _repeated_products(step: Step) -> int:
    """Count the sums, after the first, in which each product is a term."""
    products = {
        assign.target
        for assign in step.blocks["advance"].assignments
        if isinstance(assign.value, Op) and assign.value.kind == "mul"
    }
    sums = [
        node
        for assign in step.blocks["advance"].assignments
        for node in nodes(assign.value)
        if isinstance(node, Op) and node.kind in ("add", "sub")
    ]
    terms = [term.name for node in sums for term in node.args if isinstance(term, Var) and term.name in products]
    return len(terms) - len(set(terms))


def _selects(step: Step) -> list[Op]:
    return [
        node
        for assign in step.blocks["advance"].assignments
        for node in nodes(assign.value)
        if isinstance(node, Op) and node.kind == "select"
    ]


def _selects_of_zero(step: Step) -> int:
    return sum(any(isinstance(side, Const) and not side.value for side in node.args[1:]) for node in _selects(step))


def _repeated_conditions(step: Step) -> int:
    """Count the selects, after the first, by each condition."""
    conditions = [node.args[0] for node in _selects(step)]
    names = [condition.name for condition in conditions if isinstance(condition, Var)]
    return len(names) - len(set(names))


def _same(a: Expr, b: Expr) -> bool:
    return a is b or (isinstance(a, Var) and isinstance(b, Var) and a.name == b.name)
