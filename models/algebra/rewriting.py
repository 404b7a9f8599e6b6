"""The complete list of rewritings that `simplify` applies to expressions.

Each rewriting keeps the value (up to the rounding of a folded constant) and is one that an optimizing compiler also
makes in IEEE arithmetic (``x + (-65)`` is a subtraction, ``2*x`` is ``x + x``, only one of ``5*x`` and ``-5*x`` is
computed). So the count made here is the count of what runs. Nothing is reassociated or distributed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..ground.errors import UserError
from .expression import FLOATS, Const, Expr, Op, Table, Var, hyperbolic, in_forms, nodes
from .functions import CALLS, FORMS, ROWS
from .words import words

#: Below this |x| the singular quotients x/(exp(x) - 1) and (exp(x) - 1)/x are replaced by two terms of their series.
#: This node itself is in the lowered expressions, so that a number format that needs another number can replace it.
SERIES_BELOW = Const(Fraction(1, 10**6))

#: Functions that run as one operation, without rules of their own.
_CALLED = frozenset(row.name for row in ROWS.values() if row.kind in ("round", *CALLS))

_COMMUTATIVE = {"add", "mul"}


@dataclass(frozen=True)
class _Lowered:
    """An expression that was lowered, and what this depended on."""

    root: Expr
    """It is kept, so that no other expression gets its id."""
    read: Mapping[str, Expr | None]
    """The values of its variables."""
    asked: frozenset[tuple[str, Fraction, int]]
    """What was looked for among the opposites, and not found."""
    found: Expr


class Graph:
    """Simplified expressions; equal expressions are the same object."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Expr] = {}
        self._opposites: set[tuple[str, Fraction, int]] = set()
        self._asked: set[tuple[str, Fraction, int]] = set()
        self._lowered: dict[int, _Lowered] = {}

    def learn_opposites(self, roots: Iterable[Expr]) -> bool:
        """Record pairs ``c*x`` and ``-c*x`` (or ``c/x`` and ``-c/x``); return whether there were new pairs.

        If the expressions are lowered again, the second is the first with its sign changed, and is not computed.
        """
        found = {factor for factor in map(_factor, nodes(*roots)) if factor is not None}
        new = {(kind, value, x) for kind, value, x in found if value < 0 and (kind, -value, x) in found}
        new -= self._opposites
        self._opposites |= new
        return bool(new)

    def lower(self, root: Expr, values: Mapping[str, Expr]) -> Expr:
        """Rewrite an expression; `values` are the rewritten expressions for its variables."""
        kept = self._lowered.get(id(root))
        if kept is not None and self._holds(kept, values):
            return kept.found
        self._asked.clear()
        order = list(nodes(root))
        if any(isinstance(node, Op) and node.kind in FORMS for node in order):
            order = list(nodes(in_forms(root)))
        found = self._rewritten(order, values)
        read = {node.name: values.get(node.name) for node in order if isinstance(node, Var)}
        self._lowered[id(root)] = _Lowered(root, read, frozenset(self._asked), found)
        return found

    def _holds(self, kept: _Lowered, values: Mapping[str, Expr]) -> bool:
        """Whether an expression would be rewritten as it was before."""
        same = all(values.get(name) is value for name, value in kept.read.items())
        return same and kept.asked.isdisjoint(self._opposites)

    def _rewritten(self, order: Sequence[Expr], values: Mapping[str, Expr]) -> Expr:
        """Rewrite an expression, given as its nodes, operands before operations."""
        # where a quotient is rounded to a whole number, the last digit matters: 49/49 is 1, 49*(1/49) is less
        exact = {id(part) for node in order if _kind(node) in ("floor", "ceil") for part in nodes(node)}
        done: dict[int, Expr] = {}
        for node in order:
            if isinstance(node, Const):
                done[id(node)] = self.number(node.value)
            elif isinstance(node, Var):
                done[id(node)] = values.get(node.name) or self._same(("var", node.name), Var(node.name))
            elif isinstance(node, Table):
                done[id(node)] = self._same(("table", node.values), node)
            elif isinstance(node, Op) and node.kind == "div" and _kind(node.args[1]) == "exprel":
                singular = done[id(_arg(node.args[1]))]
                done[id(node)] = self._mul(done[id(node.args[0])], self._reciprocal_exprel(singular))
            elif isinstance(node, Op) and node.kind == "div" and id(node) in exact:
                done[id(node)] = self._exact_quotient(*(done[id(arg)] for arg in node.args))
            elif isinstance(node, Op) and node.kind in _CALLED:
                done[id(node)] = self._function(node.kind, done[id(node.args[0])])
            elif isinstance(node, Op):
                done[id(node)] = getattr(self, f"_{node.kind}")(*(done[id(arg)] for arg in node.args))
        return done[id(order[-1])]

    def number(self, value: Fraction | int) -> Expr:
        """Return the only node of a number."""
        value = Fraction(value)
        try:
            float(value)
        except OverflowError:
            raise UserError(
                "a number computed from the constants of the equations is too large, above 1e308; "
                "give smaller constants"
            ) from None
        return self._same(("number", value), Const(value))

    def _same(self, key: tuple[object, ...], node: Expr) -> Expr:
        return self._known.setdefault(key, node)

    def _is_opposite(self, kind: str, a: Const, b: Expr) -> bool:
        """Whether the same operation with the opposite number is used, too."""
        key = kind, a.value, id(b)
        found = key in self._opposites
        if not found:
            self._asked.add(key)
        return found

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
        if _is(a, 1) and isinstance(b, Op) and _is_switch(b):
            condition, yes, no = b.args
            return self._select(condition, no, yes)
        if isinstance(b, Const):
            return self._add(a, self.number(-b.value))
        if _is(a, 0):
            return self._neg(b)
        if _kind(b) == "neg":
            return self._add(a, _arg(b))
        if a is b:
            return self.number(0)
        if _is_negative(b):
            return self._add(a, self._neg(b))
        return self._op("sub", a, b)

    def _neg(self, a: Expr) -> Expr:
        if isinstance(a, Const):
            return self.number(-a.value)
        if _kind(a) == "neg":
            return _arg(a)
        if isinstance(a, Op) and a.kind == "sub":
            return self._sub(a.args[1], a.args[0])
        if isinstance(a, Op) and a.kind in ("mul", "div"):
            product = self._mul if a.kind == "mul" else self._div
            left, right = a.args
            if _is_negative(left):
                return product(self._neg(left), right)
            if _is_negative(right):
                return product(left, self._neg(right))
            if isinstance(left, Const):
                return product(self._neg(left), right)
        return self._op("neg", a)

    def _mul(self, a: Expr, b: Expr) -> Expr:
        # int(v > vh) times x is x or 0
        for switch, x in ((a, b), (b, a)):
            if isinstance(switch, Op) and _is_switch(switch):
                condition, yes, no = switch.args
                return self._select(condition, self._mul(yes, x), self._mul(no, x))
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
        if self._is_opposite("mul", a, b):
            return self._op("neg", self._mul(self.number(-a.value), b))
        return self._op("mul", a, b)

    def _div(self, a: Expr, b: Expr) -> Expr:
        if isinstance(b, Const):
            if b.value == 0:
                raise UserError(f"'{words(Op('div', (a, b)))}' in the equations divides by zero; change it")
            return self._mul(self.number(1 / b.value), a)
        if _is(a, 0):
            return a
        if _kind(a) == "neg":
            return self._neg(self._div(_arg(a), b))
        if _kind(b) == "neg":
            return self._neg(self._div(a, _arg(b)))
        if isinstance(a, Const) and self._is_opposite("div", a, b):
            return self._op("neg", self._op("div", self.number(-a.value), b))
        return self._op("div", a, b)

    def _exact_quotient(self, a: Expr, b: Expr) -> Expr:
        power_of_two = isinstance(b, Const) and b.value and abs(math.frexp(float(b.value))[0]) == 0.5
        if power_of_two or not isinstance(b, Const) or isinstance(a, Const) or b.value == 0:
            return self._div(a, b)
        return self._op("div", a, b)

    def _pow(self, a: Expr, b: Expr) -> Expr:
        if not isinstance(b, Const):
            return self._op("pow", a, b)
        power = b.value
        if power == Fraction(1, 2):
            return self._sqrt(a)
        if power.denominator != 1 or abs(power) > 64:
            return self._op("pow", a, b) if not isinstance(a, Const) else self._constant_power(a, b)
        if power < 0:
            return self._div(self.number(1), self._pow(a, self.number(-power)))
        if power == 0:
            return self.number(1)
        # the square of a square: n**4 takes two multiplications, m**3 two
        half = self._pow(a, self.number(power // 2)) if power > 1 else None
        square = a if half is None else self._mul(half, half)
        return self._mul(square, a) if half is not None and power % 2 else square

    def _constant_power(self, a: Const, b: Const) -> Expr:
        try:
            return self.number(Fraction(FLOATS["pow"](float(a.value), float(b.value))))
        except (ArithmeticError, ValueError) as error:
            raise UserError(
                f"'{words(Op('pow', (a, b)))}' in the equations is not a number: {error.args[-1]}; change it"
            ) from None

    def _sqrt(self, a: Expr) -> Expr:
        return self._function("sqrt", a)

    def _abs(self, a: Expr) -> Expr:
        if _kind(a) == "neg":
            return self._abs(_arg(a))
        if _never_negative(a):
            return a
        return self.number(abs(a.value)) if isinstance(a, Const) else self._op("abs", a)

    def _function(self, kind: str, a: Expr, exact: Callable[[Fraction], float | Fraction] | None = None) -> Expr:
        if kind in ("floor", "ceil") and _kind(a) in ("floor", "ceil"):
            return a  # it is whole
        if not isinstance(a, Const):
            return self._op(kind, a)
        try:
            return self.number(Fraction((exact or FLOATS[kind])(a.value)))
        except (OverflowError, ValueError) as error:  # exp of a large number, the square root of a negative one
            raise UserError(f"'{words(Op(kind, (a,)))}' in the equations is not a number: {error}; change it") from None

    def _less(self, a: Expr, b: Expr) -> Expr:
        return self._compare("less", a, b)

    def _at_most(self, a: Expr, b: Expr) -> Expr:
        return self._compare("at_most", a, b)

    def _compare(self, kind: str, a: Expr, b: Expr) -> Expr:
        if "neg" in (_kind(a), _kind(b)) and all(isinstance(x, Const) or _kind(x) == "neg" for x in (a, b)):
            a, b = self._neg(b), self._neg(a)
        return self._op(kind, a, b)

    def _and(self, a: Expr, b: Expr) -> Expr:
        for one, other in ((a, b), (b, a)):
            if (truth := _truth(one)) is not None:
                return other if truth else self.number(0)
        return a if a is b else self._op("and", a, b)

    def _or(self, a: Expr, b: Expr) -> Expr:
        for one, other in ((a, b), (b, a)):
            if (truth := _truth(one)) is not None:
                return self.number(1) if truth else other
        return a if a is b else self._op("or", a, b)

    def _not(self, a: Expr) -> Expr:
        if (truth := _truth(a)) is not None:
            return self.number(0 if truth else 1)
        return _arg(a) if _kind(a) == "not" else self._op("not", a)

    def _select(self, condition: Expr, yes: Expr, no: Expr) -> Expr:
        if (truth := _truth(condition)) is not None:
            return yes if truth else no
        if _kind(condition) == "not":
            return self._select(_arg(condition), no, yes)
        return yes if yes is no else self._op("select", condition, yes, no)

    def _tanh(self, x: Expr) -> Expr:
        return self._hyperbolic("tanh", x)

    def _cosh(self, x: Expr) -> Expr:
        return self._hyperbolic("cosh", x)

    def _sinh(self, x: Expr) -> Expr:
        return self._hyperbolic("sinh", x)

    def _hyperbolic(self, kind: str, x: Expr) -> Expr:
        return self.lower(hyperbolic(kind, Var("x")), {"x": x})

    def _exprel(self, x: Expr) -> Expr:
        # (exp(x) - 1)/x, and 1 + x/2 near zero
        if isinstance(x, Const):
            return self._function("exprel", x, _exprel)
        series = self._add(self.number(1), self._mul(self.number(Fraction(1, 2)), x))
        quotient = self._div(self._add(self._function("exp", x), self.number(-1)), x)
        return self._near_zero(x, series, quotient)

    def _reciprocal_exprel(self, x: Expr) -> Expr:
        # x/(exp(x) - 1), and 1 - x/2 near zero: one division less than 1/exprel(x)
        if isinstance(x, Const):
            return self._div(self.number(1), self._exprel(x))
        series = self._sub(self.number(1), self._mul(self.number(Fraction(1, 2)), x))
        quotient = self._op("div", x, self._add(self._function("exp", x), self.number(-1)))
        return self._near_zero(x, series, quotient)

    def _cell(self, position: Expr, count: Expr) -> Expr:
        if isinstance(position, Const) and isinstance(count, Const):
            return self.number(FLOATS["cell"](position.value, count.value))
        return self._op("cell", position, count)

    def _entry(self, table: Expr, cell: Expr) -> Expr:
        if isinstance(table, Table) and isinstance(cell, Const):
            return self.number(Fraction(table.values[int(cell.value)]))
        return self._op("entry", table, cell)

    def _near_zero(self, x: Expr, series: Expr, quotient: Expr) -> Expr:
        return self._select(self._less(self._abs(x), SERIES_BELOW), series, quotient)


def _truth(test: Expr) -> bool | None:
    """Return whether a condition always holds, or never; None if that is not known."""
    if isinstance(test, Const):
        return test.value != 0
    if not isinstance(test, Op) or test.kind not in ("less", "at_most"):
        return None
    inclusive, (a, b) = test.kind == "at_most", test.args
    if a is b:
        return inclusive
    if isinstance(a, Const) and isinstance(b, Const):
        return a.value < b.value or (inclusive and a.value == b.value)
    if not inclusive and _is(b, 0) and _never_negative(a):
        return False
    return None


def _is(node: Expr, value: int) -> bool:
    return isinstance(node, Const) and node.value == value


def _exprel(x: Fraction) -> Fraction:
    return Fraction(math.expm1(x)) / x if x else Fraction(1)


def _is_negative(node: Expr) -> bool:
    """Whether a product or quotient contains a negative number; an addition or subtraction can then take its sign."""
    if isinstance(node, Const):
        return node.value < 0
    return isinstance(node, Op) and node.kind in ("mul", "div") and any(_is_negative(arg) for arg in node.args)


def _factor(node: Expr) -> tuple[str, Fraction, int] | None:
    """Return the kind, the number and the other operand of a product with, or a quotient of, a number."""
    if not isinstance(node, Op) or node.kind not in ("add", "mul", "div"):
        return None
    left, right = node.args
    if node.kind == "add":
        return ("mul", Fraction(2), id(left)) if left is right else None
    return (node.kind, left.value, id(right)) if isinstance(left, Const) else None


def _never_negative(node: Expr) -> bool:
    if isinstance(node, Const):
        return node.value >= 0
    if not isinstance(node, Op):
        return False
    if node.kind in ("abs", "exp", "sqrt"):
        return True
    if node.kind == "mul" and node.args[0] is node.args[1]:
        return True
    return node.kind in ("add", "mul", "div") and all(_never_negative(arg) for arg in node.args)


def _is_switch(node: Op) -> bool:
    """Whether a node is 1 if a condition holds and 0 otherwise, or the reverse."""
    return node.kind == "select" and (
        (_is(node.args[1], 1) and _is(node.args[2], 0)) or (_is(node.args[1], 0) and _is(node.args[2], 1))
    )


def _kind(node: Expr) -> str | None:
    return node.kind if isinstance(node, Op) else None


def _arg(node: Expr) -> Expr:
    assert isinstance(node, Op)
    return node.args[0]
