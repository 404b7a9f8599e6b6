"""Random expressions: the compiler makes exactly the operations that `lower` lists."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from spikecost.flops import count_block
from spikecost.flops.counters import COUNTERS, CFunction
from spikecost.flops.toolchain import SCALAR, compile_library
from spikecost.harness.kernels.c_source import c_block, c_functions, c_prelude
from spikecost.models.algebra.draft import Draft
from spikecost.models.algebra.expression import Const, Expr, Op, Var, exp, less, nodes, select
from spikecost.models.algebra.functions import CALLS, ROWS
from spikecost.models.algebra.simplify import Block, lower
from spikecost.models.ground.errors import UserError
from spikecost.models.number_formats import NUMBER_FORMATS, NumberFormat

from ...archetypes import DEEP

INPUTS = ("p", "q", "r", "s")
NUMBERS = (-4, -2, -1, Fraction(-1, 2), Fraction(-1, 10), 0, Fraction(1, 10), Fraction(1, 2), 1, 2, 3, Fraction(81, 2))
FUNCTIONS = 1000 if DEEP else 120


def _expression(chance: random.Random, depth: int, known: list[Expr]) -> Expr:
    if depth == 0 or chance.random() < 0.1:
        return Var(chance.choice(INPUTS)) if chance.random() < 0.65 else Const(Fraction(chance.choice(NUMBERS)))
    if known and chance.random() < 0.15:
        return chance.choice(known)
    kind = chance.choices(
        ["add", "sub", "mul", "div", "neg", "abs", "square", "exp", "pow", "exprel", "select", "call", "step"],
        [6, 6, 6, 2, 2, 3, 2, 1, 1, 1, 1, 1, 1],
    )[0]
    a = _expression(chance, depth - 1, known)
    if kind == "neg":
        made: Expr = -a
    elif kind == "abs":
        made = Op("abs", (a,))
    elif kind == "square":
        made = a * a
    elif kind == "exp":
        made = exp(a)
    elif kind == "step":
        row = ROWS[chance.choice(["floor", "ceil", "sign", "clip", "mod", "floordiv"])]
        others = [_expression(chance, depth - 1, known) for _ in range(1, row.arguments)]
        made = Op(row.name, (a, *others))
    elif kind == "call":
        made = Op(chance.choice(CALLS[2:]), (a,))
    elif kind == "exprel":
        made = 1 / Op("exprel", (a,))
    elif kind == "pow":
        made = Op("pow", (a, Const(Fraction(chance.choice([2, 3, 4])))))
    else:
        b = _expression(chance, depth - 1, known)
        made = select(less(Var("p"), a * b), a + 1, b) if kind == "select" else Op(kind, (a, b))
    known.append(made)
    return made


def _block(seed: int) -> Block:
    chance = random.Random(seed)
    known: list[Expr] = []
    while True:
        try:
            outputs = {f"y{i}": _expression(chance, 4, known) for i in range(3)}
            once, body = lower(Draft(frozenset(INPUTS)), outputs)
            assert not once.assignments  # a number is not an operation
            return body
        except (UserError, OverflowError):  # a division by zero, a number too large
            known.clear()


@pytest.fixture(scope="module", params=["double", "single"])
def number(request: pytest.FixtureRequest) -> NumberFormat:
    return NUMBER_FORMATS[request.param]


@pytest.fixture(scope="module")
def blocks(number: NumberFormat) -> list[Block]:
    """The same expressions in each format, without the few whose constants the format refuses (`why_not`)."""
    made = [_block(seed) for seed in range(FUNCTIONS)]
    found = [block for block in made if _has_only_normal_numbers(block, number)]
    assert len(found) == FUNCTIONS if number.name == "double" else FUNCTIONS * 0.95 < len(found) <= FUNCTIONS
    return found


def _has_only_normal_numbers(block: Block, number: NumberFormat) -> bool:
    known = np.finfo(number.dtype)
    constants = [node for each in block.assignments for node in nodes(each.value) if isinstance(node, Const)]
    return all(float(known.tiny) <= abs(node.value) <= float(known.max) for node in constants if node.value)


@pytest.fixture(scope="module")
def functions(blocks: list[Block], number: NumberFormat) -> list[CFunction]:
    source = c_prelude(SCALAR, number) + c_functions(blocks, SCALAR, number, vector=False)
    for i, block in enumerate(blocks):
        source += f"void f{i}(const {number.c_type} *x, {number.c_type} *y)\n{{\n"
        source += "".join(f"    const {number.c_type} {name}_ = x[{j}];\n" for j, name in enumerate(INPUTS))
        source += c_block(block, 4, number=number)
        source += "".join(f"    y[{j}] = y{j}_;\n" for j in range(3)) + "}\n"
    library = compile_library(source, SCALAR)
    given, found = np.array([0.3, -0.7, 1.1, 0.9], number.dtype), np.zeros(3, number.dtype)
    return [CFunction(library, f"f{i}", (given, found)) for i in range(len(blocks))]


def test_random_expressions_cost_what_is_counted(
    blocks: list[Block], functions: list[CFunction], number: NumberFormat
) -> None:
    wrong = {}
    for i, (block, function) in enumerate(zip(blocks, functions, strict=True)):
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(function)
        counted = count_block(block).present
        if counts.own.by_kind != counted:
            wrong[i] = (counted, counts.own.by_kind, c_block(block, 0, number=number))
        assert counts.own.single == (counts.own.by_kind if number.name == "single" else {})
    assert not wrong
