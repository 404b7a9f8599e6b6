"""Operation counts of a Step, by kind.

There are two counts, and every result says which of them it is:

- **as run**: the operations of the Step, which the kernel executes;
- **as written**: every operator of the published equations once. An integer power counts as repeated multiplication,
  ``int(a > b)`` as its comparison, a hyperbolic function as the exponential and the operations that define it, ``sign``
  and ``clip`` as two comparisons, ``x % y`` as ``x - y*floor(x/y)``, ``x // y`` as ``floor(x/y)``. dt and
  fractions of dt are constants, a multiplication by a dt of one is dropped, units count nothing, the threshold's
  comparison is included. This is how the 2004 paper counts. Rates from tables count as the lookup.

In both, a random number is one operation of the kind ``random``. The noise ``xi`` needs one per source and step;
``randn()`` and ``rand()`` need one per sampling step of the model, whatever the time step: it is counted per ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from ..models.algebra.expression import KINDS, LOGICAL, Const, Expr, Op, Var, names
from ..models.algebra.functions import ROWS
from ..models.algebra.simplify import Block
from ..models.definition.language import units
from ..models.definition.neuron import NeuronModel
from ..models.ground.errors import UserError
from ..models.ground.html import table_html
from ..models.methods import DOUBLE, METHODS, with_steps_alike
from ..models.methods.kinds.noise import EVERY_STEP, HELD
from ..models.number_formats import NUMBER_FORMATS
from ..models.step import Step, make_step
from .contraction import fused
from .conventions import Convention, get_convention

_KIND = {
    **{kind: kind for kind in KINDS},
    **{name: row.kind for name, row in ROWS.items() if row.kind},
    "less": "compare",
    "at_most": "compare",
    "neg": "sign",
}
#: Operations of a table lookup (conversion to an integer, comparisons of integers, a load), and of truth values.
_INTEGER = {"cell", "entry", *LOGICAL}


class Operations(Mapping[str, int]):
    """Numbers of operations by kind; the kinds are those of `spikecost.models.algebra.expression.KINDS`."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        given = counts or {}
        self._counts = {kind: given.get(kind, 0) for kind in KINDS}

    def __getitem__(self, kind: str) -> int:
        return self._counts[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __add__(self, other: Operations) -> Operations:
        return Operations({kind: self[kind] + other[kind] for kind in KINDS})

    def __repr__(self) -> str:
        return f"Operations({self.present})"

    @property
    def present(self) -> dict[str, int]:
        """The kinds that occur."""
        return {kind: n for kind, n in self._counts.items() if n}


def in_words(precision: str) -> str:
    """Return a number format for a title; empty for double precision."""
    return "" if precision == DOUBLE else f", {precision} precision"


@dataclass(frozen=True, repr=False)
class Count:
    """The operations of a time step."""

    step: Step
    by_block: Mapping[str, Operations]
    """One execution of each, by the name under which runs tally it: a block, or a part of several blocks."""

    def of(self, tallies: Mapping[str, float], fused: bool = False) -> dict[str, float]:
        """Return the operations of a run by kind: for each part, how often it ran times its operations, summed.

        Parameters
        ----------
        tallies : mapping
            How often each part ran. Other entries (steps accepted, steps rejected) cost nothing.
        fused : bool
            Whether multiplications and additions of a step without a spike are fused if a compiler fuses them.
        """
        total: dict[str, float] = dict.fromkeys(KINDS, 0)
        for name, operations in self._present.items():
            times = tallies.get(name, 0)
            for kind, n in (self.as_fused if fused and name == "step" else operations).items():
                total[kind] = total.get(kind, 0) + times * n
        return total

    @cached_property
    def _present(self) -> dict[str, dict[str, int]]:
        """The kinds that occur in each part."""
        return {name: operations.present for name, operations in self.by_block.items()}

    @property
    def as_run(self) -> Operations:
        """A step without a spike."""
        return self._part("step")

    @property
    def as_run_spike(self) -> Operations:
        """Operations that a spike adds to its step, including the rest of the step.

        The rest is integrated again or spent refractory. (If refractoriness ends within the same step: the block
        ``spike`` and `as_run_refractory_end`.)
        """
        return self._part("spike")

    @property
    def as_run_once(self) -> Operations:
        """Executed once per run."""
        return self._part("once per run")

    @property
    def as_run_refractory(self) -> Operations:
        """A step spent refractory."""
        return self._part("refractory step")

    @property
    def as_run_refractory_end(self) -> Operations:
        """A step within which refractoriness ends; empty if it ends at the end of a step (on the grid)."""
        self._alike()
        blocks = self.step.blocks
        if not blocks["resume"].assignments:
            return Operations()
        return _sum(blocks[name] for name in ("check", "resume", "once", "advance"))

    @property
    def as_run_arrivals(self) -> dict[str, Operations]:
        """What a spike that arrives adds, by the input of the model.

        Its statements; where it cuts the step, also the test of the threshold and the integration of another piece.
        """
        cuts = ("cut", "cut once", "piece", "jump") if self.step.cuts else ()
        more = sum((self.by_block[name] for name in cuts if name in self.by_block), Operations())
        return {name: self.by_block[f"arrival {name}"] + more for name in self.step.model.arrivals}

    def _part(self, name: str) -> Operations:
        self._alike()
        return self.by_block[name]

    def _alike(self) -> None:
        if not METHODS[self.step.method].steps_alike:
            raise UserError(
                f"the steps of {self.step.method} do not all cost the same, so a single step has no count; "
                f"use one of {', '.join(with_steps_alike())}, or run a suite, which counts whole runs"
            )

    def as_written(self, dt: Any = None) -> Operations:
        """Count a step without a spike as written, at a time step dt (a quantity; only 1 ms makes a difference)."""
        self._alike()
        return self._written_at_1_ms if dt is not None and units.in_ms(dt, "dt") == 1 else self._written_at_any_dt

    @cached_property
    def _written_at_1_ms(self) -> Operations:
        return self._as_written(Fraction(1))

    @cached_property
    def _written_at_any_dt(self) -> Operations:
        return self._as_written(None)

    def _as_written(self, dt_ms: Fraction | None) -> Operations:
        total = Operations()
        for assign in self.step.written:
            total += Operations(_tally(_written(assign.value, dt_ms)))
        return total + drawn(self.step.model, "step")

    def __repr__(self) -> str:
        operations = self.by_block.get("step")
        per_step = ", ".join(f"{n} {kind}" for kind, n in operations.present.items()) if operations else ""
        return f"<Count {self._title}: {f'{per_step} per step' if per_step else ', '.join(self.by_block)}>"

    def _repr_html_(self) -> str:
        parts = dict(self.by_block)
        if METHODS[self.step.method].steps_alike:
            parts = {
                "step": self.as_run,
                "spike adds": self.as_run_spike,
                **{f"arrival ({name}) adds": each for name, each in self.as_run_arrivals.items()},
                "refractory step": self.as_run_refractory,
                "once per run": self.as_run_once,
                "step, as written": self.as_written(),
            }
        kinds = [kind for kind in KINDS if any(part[kind] for part in parts.values())]
        title = f"{self._title}: operations"
        rows = ([name, *(part[kind] for kind in kinds)] for name, part in parts.items())
        return table_html(title, ["", *kinds], rows)

    @property
    def _title(self) -> str:
        step = self.step
        return f"{step.model.label}, {step.method}, {step.detection} detection{in_words(step.precision)}"

    @cached_property
    def as_fused(self) -> dict[str, int]:
        """A step without a spike, by kind, with multiplications and additions fused where a compiler fuses them."""
        if NUMBER_FORMATS[self.step.precision].kinds:  # integers are not fused
            return self.as_run.present
        return fused(self.step.blocks["advance"], self.as_run)

    def flops_per_step(self, convention: str | Convention = "unit", dt: Any = None) -> float:
        """Return the cost of a step without a spike under a convention."""
        convention = get_convention(convention)
        return convention.weigh(self.weighed_by(convention, dt), self.step.precision)

    def weighed_by(self, convention: Convention, dt: Any = None) -> Mapping[str, int]:
        """Return the count of a step without a spike to which a convention applies its weights."""
        if convention.counts == "as written":
            return self.as_written(dt)
        return self.as_fused if convention.counts == "as fused" else self.as_run

    def flops_per_ms(self, dt: Any, convention: str | Convention = "unit") -> float:
        """Return the cost of 1 ms of model time without a spike.

        Raises
        ------
        UserError
            If dt is not a positive time.
        """
        held = get_convention(convention).weigh(self.by_block.get(HELD, {}), self.step.precision)
        held /= float(self.step.model.sampling_ms)
        return self.flops_per_step(convention, dt) / float(units.in_ms(dt, "dt")) + held


def count(model: str | NeuronModel, method: str, detection: str = "grid", *, precision: str = DOUBLE) -> Count:
    """Count the operations of a model's time step.

    Parameters
    ----------
    model : str or NeuronModel
    method : str
        A registered method, such as ``rk4``.
    detection : str
        A registered detection, such as ``grid``.
    precision : str
        A registered number format: ``double``, ``single``, or ``s16.15`` for fixed point, whose operations are those
        of integers.

    Raises
    ------
    UserError
        If a name is not known, or the method or the precision does not apply to the model.
    """
    return count_step(make_step(model, method, detection, precision=precision))


def count_step(step: Step) -> Count:
    """Count the operations of a Step."""
    parts = METHODS[step.method].parts(step)
    kinds = NUMBER_FORMATS[step.precision].kinds
    return Count(
        step,
        {
            part: _as_kinds(_sum(step.blocks[name] for name in names), kinds) + drawn(step.model, part)
            for part, names in parts.items()
        },
    )


def _as_kinds(operations: Operations, kinds: Mapping[str, tuple[str, ...]]) -> Operations:
    """Return operations of a Step as the operations that a number format makes of them."""
    if not kinds:
        return operations
    found: dict[str, int] = {}
    for kind, n in operations.items():
        for each in kinds.get(kind, (kind,)):
            found[each] = found.get(each, 0) + n
    return Operations(found)


def drawn(model: NeuronModel, part: str) -> Operations:
    """Return the random numbers that a part of the step needs; the kernel gets them as inputs.

    Every step needs one for each source of noise, also while the neuron is refractory.
    """
    system = model.system
    sources = system.noise if part in EVERY_STEP else system.sampled if part == HELD else ()
    return Operations({"random": len(sources)})


def _sum(blocks: Iterable[Block]) -> Operations:
    return sum(map(count_block, blocks), Operations())


def count_block(block: Block) -> Operations:
    """Count the operations of straight-line code."""
    return Operations(_tally(kind for assign in block.assignments for kind in _run(assign.value)))


def _run(node: Expr) -> Iterator[str]:
    if isinstance(node, Op):
        if node.kind not in _INTEGER:
            yield _KIND[node.kind]
        for arg in node.args:
            yield from _run(arg)


def _written(node: Expr, dt: Fraction | None) -> Iterator[str]:
    if not isinstance(node, Op) or _is_unit(node) or (names(node) == {"dt"}):
        return  # dt/2 and dt/6 are constants of the run, and ms is only a unit
    dropped = node.kind in ("mul", "div") and any(_is_unit(arg) or (dt == 1 and _is_dt(arg)) for arg in node.args)
    if dropped or (node.kind == "neg" and isinstance(node.args[0], (Const, Var))):
        pass
    elif node.kind == "pow" and (power := _integer(node.args[1])):
        yield from ["mul"] * (abs(power) - 1)
        if power < 0:
            yield "div"
        yield from _written(node.args[0], dt)
        return
    elif node.kind in ROWS and ROWS[node.kind].written:
        yield from ROWS[node.kind].written
    elif _is_comparison(node):
        pass
    elif node.kind not in _INTEGER:
        yield _KIND[node.kind]
    for arg in node.args:
        yield from _written(arg, dt)


def _is_comparison(node: Op) -> bool:
    """Whether a node is ``int(a > b)``, which counts as the comparison alone."""
    return node.kind == "select" and all(isinstance(arg, Const) for arg in node.args[1:])


def _integer(node: Expr) -> int:
    """Return a constant integer, which may be written with a sign; 0 if the node is not one."""
    if isinstance(node, Op) and node.kind == "neg":
        return -_integer(node.args[0])
    return int(node.value) if isinstance(node, Const) and node.value.denominator == 1 else 0


def _is_dt(node: Expr) -> bool:
    return isinstance(node, Var) and node.name == "dt"


def _is_unit(node: Expr) -> bool:
    if isinstance(node, Op):
        if node.kind == "pow":
            return _is_unit(node.args[0])
        return node.kind in ("mul", "div") and all(_is_unit(arg) for arg in node.args)
    return isinstance(node, Const) and node.unit


def _tally(kinds: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return counts
