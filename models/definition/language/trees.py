"""What a text of a model contains once it is read: trees of numbers, names, operations and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeGuard

#: Variables of Brian2 that are true or false.
_TRUTHS = ("not_refractory",)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, exactly as written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A name."""

    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """A change of sign."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation on two operands: add, sub, mul, div, floordiv, mod or pow."""

    kind: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """``left sign right``; `sign` is one of ``< <= > >= == !=``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """``left and right``, or ``left or right``; `kind` is one of these words."""

    kind: str
    left: Test
    right: Test


@dataclass(frozen=True, slots=True)
class Not:
    """``not operand``."""

    operand: Test


@dataclass(frozen=True, slots=True)
class Truth:
    """``True`` or ``False``."""

    holds: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """``int(condition)``: 1 where the condition holds, 0 elsewhere (Brian2's form of a switch)."""

    condition: Test


Node = Number | Name | Negative | Binary | Call | Switch
#: What is true or false; a name is one of `_TRUTHS`.
Test = Condition | Junction | Not | Truth | Name


def is_test(node: Node | Test) -> TypeGuard[Test]:
    """Whether what was read is true or false, and not a number."""
    return isinstance(node, Condition | Junction | Not | Truth) or (isinstance(node, Name) and node.name in _TRUTHS)


def comparisons(test: Test) -> Iterator[Condition]:
    """Yield the comparisons of a condition, from left to right."""
    if isinstance(test, Condition):
        yield test
    elif isinstance(test, Junction):
        yield from comparisons(test.left)
        yield from comparisons(test.right)
    elif isinstance(test, Not):
        yield from comparisons(test.operand)


def written(node: Node | Test, binding: int = -3) -> str:
    """Write a tree as a person would."""
    if isinstance(node, Number):
        return str(node.value) if node.value.denominator == 1 else repr(float(node.value))
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Call):
        return f"{node.function}({', '.join(written(argument) for argument in node.arguments)})"
    if isinstance(node, Switch):
        return f"int({written(node.condition, -3)})"
    if isinstance(node, Truth):
        return str(node.holds)
    if isinstance(node, Condition):
        said, own = f"{written(node.left, 1)} {node.sign} {written(node.right, 1)}", 0
    elif isinstance(node, Not):
        said, own = f"not {written(node.operand, -1)}", -1
    elif isinstance(node, Junction):
        own = -2 if node.kind == "and" else -3
        said = f"{written(node.left, own)} {node.kind} {written(node.right, own + 1)}"
    elif isinstance(node, Negative):
        said, own = f"-{written(node.operand, 3)}", 3
    else:
        own = {"add": 1, "sub": 1, "pow": 4}.get(node.kind, 2)
        sign = {"add": " + ", "sub": " - ", "mul": "*", "div": "/", "floordiv": " // ", "mod": " % ", "pow": "**"}[
            node.kind
        ]
        left, right = (5, 4) if node.kind == "pow" else (own, own + 1)
        said = f"{written(node.left, left)}{sign}{written(node.right, right)}"
    return f"({said})" if own < binding else said
