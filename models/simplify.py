"""From a program as it was written to the assignments that run.

Equal expressions are computed once; numbers are folded exactly and rounded once, at the end; what depends only on
dt and on parameters is set apart, to be done once a run. The rewritings are the ones below and no others: each
keeps the value (up to the rounding of a folded constant) and mirrors what an optimizing compiler does to IEEE
arithmetic anyway (``x + (-65)`` is a subtraction, ``2*x`` is ``x + x``), so that the count taken here is the count
that runs. Nothing is reassociated or distributed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .expression import Const, Expr, Op, Var, nodes
from .program import Program

#: Below this |x| the singular quotients x/(exp(x) - 1) and (exp(x) - 1)/x are replaced by two terms of their series.
SERIES_BELOW = Fraction(1, 10**6)

_COMMUTATIVE = {"add", "mul"}


@dataclass(frozen=True)
class Assign:
    """``target = value``; the operations are those of the tree `value`."""

    target: str
    value: Expr


@dataclass(frozen=True)
class Block:
    """Straight-line code."""

    assignments: tuple[Assign, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Names assigned, in order."""
        return tuple(assign.target for assign in self.assignments)


def lower(program: Program, outputs: Mapping[str, Expr], fixed: frozenset[str] = frozenset()) -> tuple[Block, Block]:
    """Make the assignments that compute `outputs`.

    Parameters
    ----------
    program : Program
    outputs : mapping
        Target name to expression over the program's names.
    fixed : frozenset of str
        Inputs that do not change during a run.

    Returns
    -------
    once : Block
        What depends on `fixed` alone.
    body : Block
        The rest; ends with the outputs.
    """
    graph = _Graph()
    values: dict[str, Expr] = {}
    hints: dict[int, str] = {}
    for name, value in program.assignments.items():
        node = graph.lower(value, values)
        values[name] = node
        hints.setdefault(id(node), name)
    roots = {target: graph.lower(value, values) for target, value in outputs.items()}
    return _Emission(program.inputs | set(outputs), hints, fixed).emit(roots)


class _Emission:
    """Names for the nodes that are used more than once, and their order."""

    def __init__(self, taken: Iterable[str], hints: Mapping[int, str], fixed: frozenset[str]) -> None:
        self._taken = set(taken)
        self._hints = hints
        self._fixed = fixed

    def emit(self, roots: Mapping[str, Expr]) -> tuple[Block, Block]:
        order = list(nodes(*roots.values()))
        uses: dict[int, int] = {}
        for node in order:
            for arg in node.args if isinstance(node, Op) else ():
                uses[id(arg)] = uses.get(id(arg), 0) + 1
        for root in roots.values():
            uses[id(root)] = uses.get(id(root), 0) + 1
        fixed = self._fixed_nodes(order)
        used_by_varying = {
            id(arg) for node in order if isinstance(node, Op) and id(node) not in fixed for arg in node.args
        } | {id(root) for root in roots.values()}
        own_name = {id(root): target for target, root in reversed(list(roots.items())) if isinstance(root, Op)}
        written: dict[int, Expr] = {}
        once: list[Assign] = []
        body: list[Assign] = []
        for node in order:
            if not isinstance(node, Op):
                written[id(node)] = node
                continue
            value = Op(node.kind, tuple(written[id(arg)] for arg in node.args))
            is_fixed = id(node) in fixed
            if is_fixed and (uses[id(node)] > 1 or id(node) in used_by_varying):
                name = self._unique(None if id(node) in own_name else self._hints.get(id(node)), "fixed")
                once.append(Assign(name, value))
            elif uses[id(node)] > 1 or id(node) in own_name:
                name = own_name.get(id(node)) or self._unique(self._hints.get(id(node)), "x")
                body.append(Assign(name, value))
            else:
                written[id(node)] = value
                continue
            written[id(node)] = Var(name)
        assigned = {assign.target for assign in body}
        body.extend(Assign(target, written[id(root)]) for target, root in roots.items() if target not in assigned)
        return Block(tuple(once)), Block(tuple(body))

    def _fixed_nodes(self, order: Iterable[Expr]) -> set[int]:
        found: set[int] = set()
        for node in order:
            if isinstance(node, Const) or (isinstance(node, Var) and node.name in self._fixed) or (
                    isinstance(node, Op) and all(id(arg) in found for arg in node.args)):
                found.add(id(node))
        return found

    def _unique(self, hint: str | None, other: str) -> str:
        name, number = hint or f"{other}1", 1
        while name in self._taken:
            number += 1
            name = f"{hint}_{number}" if hint else f"{other}{number}"
        self._taken.add(name)
        return name


class _Graph:
    """Simplified expressions, equal ones being the same object."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Expr] = {}

    def lower(self, root: Expr, values: Mapping[str, Expr]) -> Expr:
        done: dict[int, Expr] = {}
        for node in nodes(root):
            if isinstance(node, Const):
                done[id(node)] = self.number(node.value)
            elif isinstance(node, Var):
                done[id(node)] = values.get(node.name) or self._same(("var", node.name), Var(node.name))
            elif isinstance(node, Op) and node.kind == "div" and _kind(node.args[1]) == "exprel":
                singular = done[id(_arg(node.args[1]))]
                done[id(node)] = self._mul(done[id(node.args[0])], self._reciprocal_exprel(singular))
            elif isinstance(node, Op):
                done[id(node)] = getattr(self, f"_{node.kind}")(*(done[id(arg)] for arg in node.args))
        return done[id(root)]

    def number(self, value: Fraction | int) -> Expr:
        value = Fraction(value)
        return self._same(("number", value), Const(value))

    def _same(self, key: tuple[object, ...], node: Expr) -> Expr:
        return self._known.setdefault(key, node)

    def _op(self, kind: str, *args: Expr) -> Expr:
        ids = [id(arg) for arg in args]
        return self._same((kind, *(sorted(ids) if kind in _COMMUTATIVE else ids)), Op(kind, args))

    def _add(self, a: Expr, b: Expr) -> Expr:
        if isinstance(a, Const) and isinstance(b, Const):
            return self.number(a.value + b.value)
        if _is(a, 0):
            return b
        if _is(b, 0):
            return a
        if _kind(b) == "neg":
            return self._op("sub", a, _arg(b))
        if _kind(a) == "neg":
            return self._op("sub", b, _arg(a))
        if isinstance(a, Const):
            a, b = b, a
        if isinstance(b, Const) and b.value < 0:
            return self._op("sub", a, self.number(-b.value))
        return self._op("add", a, b)

    def _sub(self, a: Expr, b: Expr) -> Expr:
        if isinstance(b, Const):
            return self._add(a, self.number(-b.value))
        if _is(a, 0):
            return self._neg(b)
        if _kind(b) == "neg":
            return self._add(a, _arg(b))
        if a is b:
            return self.number(0)
        if isinstance(b, Op) and b.kind == "mul" and isinstance(b.args[0], Const) and b.args[0].value < 0:
            return self._add(a, self._neg(b))
        return self._op("sub", a, b)

    def _neg(self, a: Expr) -> Expr:
        if isinstance(a, Const):
            return self.number(-a.value)
        if _kind(a) == "neg":
            return _arg(a)
        if isinstance(a, Op) and a.kind == "sub":
            return self._op("sub", a.args[1], a.args[0])
        if isinstance(a, Op) and a.kind in ("mul", "div"):
            for i, arg in enumerate(a.args):
                if isinstance(arg, Const):
                    args = list(a.args)
                    args[i] = self.number(-arg.value)
                    return self._op(a.kind, *args)
        return self._op("neg", a)

    def _mul(self, a: Expr, b: Expr) -> Expr:
        if isinstance(b, Const) and not isinstance(a, Const):
            a, b = b, a
        if not isinstance(a, Const):
            if _kind(a) == "neg":
                return self._neg(self._mul(_arg(a), b))
            if _kind(b) == "neg":
                return self._neg(self._mul(a, _arg(b)))
            return self._op("mul", a, b)
        if isinstance(b, Const):
            return self.number(a.value * b.value)
        if a.value in (0, 1, -1, 2):
            return {0: a, 1: b, -1: self._neg(b), 2: self._add(b, b)}[int(a.value)]
        if _kind(b) == "neg":
            return self._mul(self.number(-a.value), _arg(b))
        if isinstance(b, Op) and b.kind == "mul" and isinstance(b.args[0], Const):
            return self._mul(self.number(a.value * b.args[0].value), b.args[1])
        return self._op("mul", a, b)

    def _div(self, a: Expr, b: Expr) -> Expr:
        if isinstance(b, Const):
            if b.value == 0:
                raise ZeroDivisionError("division by a constant zero")
            return self._mul(self.number(1 / b.value), a)
        if _is(a, 0):
            return a
        if _kind(a) == "neg":
            return self._neg(self._div(_arg(a), b))
        if _kind(b) == "neg":
            return self._neg(self._div(a, _arg(b)))
        return self._op("div", a, b)

    def _pow(self, a: Expr, b: Expr) -> Expr:
        if not isinstance(b, Const):
            return self._op("pow", a, b)
        power = b.value
        if power == Fraction(1, 2):
            return self._sqrt(a)
        if power.denominator != 1 or abs(power) > 64:
            return self._op("pow", a, b)
        if power < 0:
            return self._div(self.number(1), self._pow(a, self.number(-power)))
        if power == 0:
            return self.number(1)
        # the square of a square: n**4 takes two multiplications, m**3 two
        half = self._pow(a, self.number(power // 2)) if power > 1 else None
        square = a if half is None else self._mul(half, half)
        return self._mul(square, a) if half is not None and power % 2 else square

    def _exp(self, a: Expr) -> Expr:
        return self.number(Fraction(math.exp(a.value))) if isinstance(a, Const) else self._op("exp", a)

    def _sqrt(self, a: Expr) -> Expr:
        return self.number(Fraction(math.sqrt(a.value))) if isinstance(a, Const) else self._op("sqrt", a)

    def _abs(self, a: Expr) -> Expr:
        return self.number(abs(a.value)) if isinstance(a, Const) else self._op("abs", a)

    def _less(self, a: Expr, b: Expr) -> Expr:
        return self._op("less", a, b)

    def _at_most(self, a: Expr, b: Expr) -> Expr:
        return self._op("at_most", a, b)

    def _select(self, condition: Expr, yes: Expr, no: Expr) -> Expr:
        return yes if yes is no else self._op("select", condition, yes, no)

    def _exprel(self, x: Expr) -> Expr:
        # (exp(x) - 1)/x, and 1 + x/2 near zero
        series = self._add(self.number(1), self._mul(self.number(Fraction(1, 2)), x))
        quotient = self._op("div", self._add(self._exp(x), self.number(-1)), x)
        return self._near_zero(x, series, quotient)

    def _reciprocal_exprel(self, x: Expr) -> Expr:
        # x/(exp(x) - 1), and 1 - x/2 near zero: one division less than 1/exprel(x)
        series = self._sub(self.number(1), self._mul(self.number(Fraction(1, 2)), x))
        quotient = self._op("div", x, self._add(self._exp(x), self.number(-1)))
        return self._near_zero(x, series, quotient)

    def _near_zero(self, x: Expr, series: Expr, quotient: Expr) -> Expr:
        return self._select(self._less(self._abs(x), self.number(SERIES_BELOW)), series, quotient)


def _is(node: Expr, value: int) -> bool:
    return isinstance(node, Const) and node.value == value


def _kind(node: Expr) -> str | None:
    return node.kind if isinstance(node, Op) else None


def _arg(node: Expr) -> Expr:
    assert isinstance(node, Op)
    return node.args[0]
