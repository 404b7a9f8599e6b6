"""Expressions: the form in which equations, integration methods and spike detections are written.

An expression is a tree of `Const`, `Var` and `Op`, exactly as it was written: nothing is expanded, reordered or
evaluated when it is built. (A computer algebra system would distribute ``36*(v + 77)`` and turn ``a - b`` into
``a + (-1)*b``; then neither the operators that the author wrote nor those that run could be counted.)
`simplify` turns it into the code that runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .functions import CALLS, FORMS, READ_AS, ROWS

Number = int | float | Fraction

#: Operations on integers, in number formats that are not floating point, and what weighs as much if it has no weight.
INTEGER_KINDS = {"int_add": "add", "int_mul": "mul", "int_compare": "compare", "shift": "add"}
#: Every kind of operation, in the order in which counts are shown.
#: ``round`` is a rounding to a whole number, up or down.
#: ``sign`` is a change of sign or an absolute value: it changes one bit and is not arithmetic.
#: ``random`` is a random number, drawn for an input of a step.
KINDS = (*("add", "sub", "mul", "div", "sqrt", *CALLS, "round", "compare", "select", "sign", "random"), *INTEGER_KINDS)


class Expr:
    """Base class of all expressions; Python's operators build larger expressions."""

    __slots__ = ()

    def __add__(self, other: Expr | Number) -> Op:
        return _binary("add", self, other)

    def __radd__(self, other: Number) -> Op:
        return _binary("add", other, self)

    def __sub__(self, other: Expr | Number) -> Op:
        return _binary("sub", self, other)

    def __rsub__(self, other: Number) -> Op:
        return _binary("sub", other, self)

    def __mul__(self, other: Expr | Number) -> Op:
        return _binary("mul", self, other)

    def __rmul__(self, other: Number) -> Op:
        return _binary("mul", other, self)

    def __truediv__(self, other: Expr | Number) -> Op:
        return _binary("div", self, other)

    def __rtruediv__(self, other: Number) -> Op:
        return _binary("div", other, self)

    def __neg__(self) -> Op:
        return Op("neg", (self,))


@dataclass(frozen=True, eq=False, slots=True)
class Const(Expr):
    """A number, stored exactly."""

    value: Fraction
    unit: bool = False
    """True for a unit such as ms: it belongs to the notation and is not an operation of the model."""
    name: str = ""
    """What the user wrote for the number: the name of a constant or a unit; empty if it was the number."""


@dataclass(frozen=True, eq=False, slots=True)
class Var(Expr):
    """A name: a state variable, a parameter, the input, dt, or an assigned intermediate."""

    name: str


@dataclass(frozen=True, eq=False, slots=True)
class Table(Expr):
    """Numbers to look up; the operation ``entry`` takes one of them."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Op(Expr):
    """An operation on other expressions.

    `kind` is one of add, sub, mul, div, pow, neg, less, at_most, and, or, not, select, cell, entry, sinc, or a name in
    `ROWS`.
    ``exprel(x)`` is ``(exp(x) - 1)/x``, 1 at zero; ``less(a, b)`` is ``a < b`` and ``at_most(a, b)`` ``a <= b``;
    ``and``, ``or`` and ``not`` join conditions, and both operands are evaluated;
    ``select(condition, a, b)`` is `a` if the condition holds and `b` otherwise; both are evaluated.
    ``cell(x, n)`` is the integer part of `x`, but at least 0 and at most n - 1; ``entry(table, cell)`` is the number at
    that place in a table; ``sinc(x)`` is ``sin(x)/x``, 1 at zero, in references only.
    """

    kind: str
    args: tuple[Expr, ...]
    exchanged: bool = False
    """Whether a comparison was written with its operands exchanged: ``b > a`` for ``less(a, b)``."""


def _binary(kind: str, a: Expr | Number, b: Expr | Number) -> Op:
    for operand in (a, b):
        if not isinstance(operand, (Expr, int, float, Fraction)):
            return NotImplemented  # a vector of expressions handles it
    return Op(kind, (expr(a), expr(b)))


def expr(value: Expr | Number) -> Expr:
    """Return `value` as an expression; a float means the decimal number as which it is printed."""
    if isinstance(value, Expr):
        return value
    return Const(Fraction(repr(value)) if isinstance(value, float) else Fraction(value))


def exp(x: Expr) -> Op:
    """Exponential."""
    return Op("exp", (x,))


def exprel(x: Expr) -> Op:
    """``(exp(x) - 1)/x``, 1 at zero."""
    return Op("exprel", (x,))


def hyperbolic(kind: str, x: Expr) -> Op:
    """Return the hyperbolic function ``tanh``, ``cosh`` or ``sinh`` in the form that runs: with one exponential.

    Correct up to rounding for values of order one; near zero, only the absolute error of tanh and sinh is small.
    """
    if kind == "tanh":
        return 1 - 2 / (exp(2 * x) + 1)
    power = exp(x)
    return (power + 1 / power if kind == "cosh" else power - 1 / power) / 2


def operation(kind: str, *operands: Expr | Number) -> Op:
    """Write an operation of any kind."""
    return Op(kind, tuple(map(expr, operands)))


def read_as(kind: str, *operands: Expr) -> Expr:
    """Write a function of `READ_AS`, such as ``int``, as the operations that stand for it."""
    form = READ_AS[kind].form
    assert form is not None
    found: Expr = form(*operands, operation)
    return found


def in_forms(root: Expr) -> Expr:
    """Return an expression in which each of `FORMS`, such as ``sign(x)``, is written as the operations that run."""

    def written_out(_node: Expr, made: Expr) -> Expr:
        form = ROWS[made.kind].form if isinstance(made, Op) and made.kind in FORMS else None
        return made if form is None or not isinstance(made, Op) else form(*made.args, operation)

    if not any(isinstance(node, Op) and node.kind in FORMS for node in nodes(root)):
        return root
    return rebuild(root, change=written_out)[0]


def select(condition: Expr, yes: Expr | Number, no: Expr | Number) -> Op:
    """Choose between two evaluated values."""
    return Op("select", (condition, expr(yes), expr(no)))


def less(a: Expr | Number, b: Expr | Number) -> Op:
    """Compare: ``a < b``."""
    return Op("less", (expr(a), expr(b)))


def at_most(a: Expr | Number, b: Expr | Number) -> Op:
    """Compare: ``a <= b``."""
    return Op("at_most", (expr(a), expr(b)))


def nodes(*roots: Expr) -> Iterator[Expr]:
    """Yield every node reachable from `roots` once, operands before operations."""
    seen: set[int] = set()
    stack: list[Expr | tuple[Expr]] = [*reversed(roots)]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):  # an operation whose operands are done
            yield node[0]
        elif id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, Op):
                stack.append((node,))
                stack += node.args[::-1]
            else:
                yield node


@lru_cache(maxsize=4096)
def _in_order(root: Expr) -> tuple[Expr, ...]:
    """Return the nodes of an expression that is evaluated again and again."""
    return tuple(nodes(root))


def rebuild(*roots: Expr, change: Callable[[Expr, Expr], Expr]) -> list[Expr]:
    """Rebuild expressions from their leaves; shared parts stay shared.

    Parameters
    ----------
    roots : Expr
    change : callable
        Called once per node, operands before operations, with the old node and with the same operation on the new
        operands (both are the same for a leaf); returns the replacement.
    """
    done: dict[int, Expr] = {}
    for node in nodes(*roots):
        made = (
            Op(node.kind, tuple(done[id(arg)] for arg in node.args), node.exchanged) if isinstance(node, Op) else node
        )
        done[id(node)] = change(node, made)
    return [done[id(root)] for root in roots]


def names(*roots: Expr) -> set[str]:
    """Return the variables that occur in `roots`."""
    return {node.name for node in nodes(*roots) if isinstance(node, Var)}


def evaluate(
    root: Expr,
    values: Mapping[str, Any],
    algebra: Mapping[str, Callable[..., Any]],
    number: Callable[[Fraction], Any] = float,
) -> Any:
    """Evaluate an expression in any algebra: floats, arrays, or another library's symbols.

    Parameters
    ----------
    root : Expr
    values : mapping
        The value of each variable.
    algebra : mapping
        A function for every kind of `Op` that occurs.
    number : callable
        Makes a number of the algebra from an exact fraction.
    """
    done: dict[int, Any] = {}
    for node in _in_order(root):
        if isinstance(node, Const):
            done[id(node)] = number(node.value)
        elif isinstance(node, Var):
            done[id(node)] = values[node.name]
        elif isinstance(node, Table):
            done[id(node)] = node.values
        elif isinstance(node, Op):
            done[id(node)] = algebra[node.kind](*(done[id(arg)] for arg in node.args))
    return done[id(root)]


def _cell(x: float, count: float) -> int:
    # NaN and values that do not fit into 32 bits select the first cell, as the conversion of x86-64 does
    whole = int(x) if -(2.0**31) < x < 2.0**31 else 0
    return min(max(whole, 0), int(count) - 1)


def _pow(a: Any, b: Any) -> Any:
    power = a**b
    if isinstance(power, complex):
        raise ValueError(f"{a:g} has no real power {b:g}")
    return power


#: Evaluation with Python floats.
FLOATS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": _pow,
    "neg": lambda a: -a,
    **{name: row.number for name, row in ROWS.items()},
    "less": lambda a, b: a < b,
    "at_most": lambda a, b: a <= b,
    # for truth values, numbers 0 and 1, and arrays of them
    "and": lambda a, b: a * b,
    "or": lambda a, b: 1 - (1 - a) * (1 - b),
    "not": lambda a: 1 - a,
    "select": lambda condition, a, b: a if condition else b,
    "cell": _cell,
    "entry": lambda values, cell: values[cell],
    "sinc": lambda x: math.sin(x) / x if x else 1.0,
}

#: Operations on what is true or false.
LOGICAL = ("and", "or", "not")
#: Operations whose result is true or false.
TESTS = ("less", "at_most", *LOGICAL)

_OPERATORS = {name: f" {row.operator} " for name, row in ROWS.items() if row.operator}
_SYMBOLS = {
    "add": " + ",
    "sub": " - ",
    "mul": "*",
    "div": "/",
    "pow": "**",
    "less": " < ",
    "at_most": " <= ",
    # as users write them (`words`)
    "more": " > ",
    "at_least": " >= ",
    "equal": " == ",
    "unequal": " != ",
    **_OPERATORS,
}
_BINDING = {
    **dict.fromkeys(("less", "at_most", "more", "at_least", "equal", "unequal"), 0),
    "add": 1,
    "sub": 1,
    "mul": 2,
    "div": 2,
    "neg": 3,
    "pow": 4,
    **dict.fromkeys(_OPERATORS, 2),
}


def text(node: Expr) -> str:
    """Write an expression with the operations as which it runs: the same text for the same operations.

    For messages, `words` writes it as users would.
    """
    if isinstance(node, Const):
        return _decimal(node.value)
    if isinstance(node, (Var, Table)):
        return node.name
    assert isinstance(node, Op)
    if node.kind == "entry":
        return f"{text(node.args[0])}[{text(node.args[1])}]"
    if node.kind in LOGICAL:
        return _logical(node)
    if node.kind == "if":
        return f"({text(node.args[0])} if {text(node.args[1])} else {text(node.args[2])})"
    if node.kind not in _BINDING:
        return f"{node.kind}({', '.join(text(arg) for arg in node.args)})"
    binding = _BINDING[node.kind]
    if node.kind == "neg":
        return f"-{_bracketed(node.args[0], binding)}"
    left, right = node.args
    # a - (b + c) and a/(b*c) need brackets on the right; in a + (b - c) they keep the order of evaluation
    return f"{_bracketed(left, binding)}{_SYMBOLS[node.kind]}{_bracketed(right, binding + 1)}"


def _logical(node: Op) -> str:
    args = [f"({text(arg)})" if isinstance(arg, Op) and arg.kind in LOGICAL else text(arg) for arg in node.args]
    return f"not {args[0]}" if node.kind == "not" else f" {node.kind} ".join(args)


def _bracketed(node: Expr, binding: int) -> str:
    inner = text(node)
    own = _BINDING.get(node.kind, 9) if isinstance(node, Op) else 9
    negative = isinstance(node, Const) and node.value < 0
    return f"({inner})" if own < binding or negative else inner


def _decimal(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(float(value))
