"""Expressions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from spikecost.models.algebra.expression import (
    FLOATS,
    Const,
    Op,
    Var,
    at_most,
    evaluate,
    exp,
    expr,
    less,
    names,
    nodes,
    rebuild,
    select,
    text,
)

x, y, z = Var("x"), Var("y"), Var("z")


def test_operators_build_the_tree_as_it_was_written():
    tree = 36 * (x + 77) - y / 2
    assert tree.kind == "sub"
    product, quotient = tree.args
    assert (product.kind, product.args[0].value, product.args[1].kind) == ("mul", 36, "add")
    assert (quotient.kind, quotient.args[0], quotient.args[1].value) == ("div", y, 2)
    assert text(tree) == "36*(x + 77) - y/2"  # not expanded to 36*x + 2772


def test_nothing_is_evaluated_when_it_is_built():
    tree = expr(1) + expr(2)
    assert (tree.kind, [arg.value for arg in tree.args]) == ("add", [1, 2])


def test_a_float_stands_for_the_decimal_that_it_prints_as():
    assert expr(0.1).value == Fraction(1, 10)
    assert expr(3).value == 3
    assert expr(Fraction(1, 3)).value == Fraction(1, 3)
    assert expr(x) is x


@pytest.mark.parametrize("operation", [lambda: x + "1", lambda: "1" * x, lambda: x - None, lambda: [1] / x])
def test_what_is_no_number_is_refused(operation):
    with pytest.raises(TypeError):
        operation()


def test_nodes_come_once_operands_first():
    shared = x * y
    root = shared + exp(shared)
    order = list(nodes(root, shared))
    assert len(order) == len({id(node) for node in order}) == 5  # x, y, their product, its exponential, the sum
    place = {id(node): i for i, node in enumerate(order)}
    for node in order:
        for arg in node.args if isinstance(node, Op) else ():
            assert place[id(arg)] < place[id(node)]
    assert order[-1] is root


def test_names():
    assert names(x + 2 * y, -z) == {"x", "y", "z"}
    assert names(expr(1)) == set()


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (x + y, 5.0),
        (x - y, -1.0),
        (3 * x, 6.0),
        (x / y, 2 / 3),
        (1 - x, -1.0),
        (1 / x, 0.5),
        (-x, -2.0),
        (Op("pow", (x, y)), 8.0),
        (Op("abs", (x - y,)), 1.0),
        (Op("sqrt", (x,)), math.sqrt(2)),
        (exp(x), math.exp(2)),
        (Op("exprel", (x,)), (math.exp(2) - 1) / 2),
        (Op("exprel", (x - 2,)), 1.0),
        (less(x, y), True),
        (less(x, x), False),
        (at_most(x, x), True),
        (at_most(y, x), False),
        (select(less(x, y), 10, 20), 10.0),
        (select(less(y, x), 10, 20), 20.0),
    ],
)
def test_evaluate_with_floats(tree, value):
    assert evaluate(tree, {"x": 2.0, "y": 3.0}, FLOATS) == pytest.approx(value, rel=1e-15)


def test_evaluate_with_exact_numbers():
    tree = (x + 0.1) / 3
    exact = evaluate(tree, {"x": Fraction(1, 5)}, FLOATS, number=lambda value: value)
    assert exact == Fraction(1, 10)


def test_evaluate_with_arrays():
    algebra = {**FLOATS, "exp": np.exp}
    values = np.array([0.0, 1.0, 2.0])
    assert np.array_equal(evaluate(exp(-x) * 2, {"x": values}, algebra), 2 * np.exp(-values))


def test_evaluate_computes_a_shared_node_once():
    calls = []
    algebra = {**FLOATS, "exp": lambda value: calls.append(value) or math.exp(value)}
    shared = exp(x)
    evaluate(shared * shared + shared, {"x": 1.0}, algebra)
    assert calls == [1.0]


def test_evaluate_an_unknown_name():
    with pytest.raises(KeyError, match="y"):
        evaluate(x + y, {"x": 1.0}, FLOATS)


@pytest.mark.parametrize(
    ("tree", "written"),
    [
        (x - (y - z), "x - (y - z)"),
        (x - y - z, "x - y - z"),
        (x + (y + z), "x + (y + z)"),
        (x / (y * z), "x/(y*z)"),
        (x / y / z, "x/y/z"),
        ((x + y) * z, "(x + y)*z"),
        (-(x + y), "-(x + y)"),
        (-x * y, "-x*y"),
        (Op("pow", (x + y, expr(2))), "(x + y)**2"),
        (Op("pow", (-x, expr(2))), "(-x)**2"),
        (x + expr(-65), "x + (-65)"),
        (exp(-x / 18), "exp(-x/18)"),
        (select(less(x, 0), y, 0.1), "select(x < 0, y, 0.1)"),
        (at_most(x, y + 1), "x <= y + 1"),
        (Const(Fraction(1, 3)) * x, "0.3333333333333333*x"),
    ],
)
def test_text(tree, written):
    assert text(tree) == written


def test_text_means_the_same_to_python():
    tree = x - (y - z) / (x * -y) - exp(-(x + y) / 18) * (x - 0.25)
    values = {"x": 1.3, "y": 0.7, "z": -2.1}
    assert eval(text(tree), {"exp": math.exp}, values) == evaluate(tree, values, FLOATS)


def test_what_expressions_share_they_share_again_when_they_are_rebuilt():
    shared = x + y
    seen = []

    def change(node, made):
        seen.append(node)
        return z if node is y else made

    first, second = rebuild(shared * 2, shared - x, change=change)
    assert (text(first), text(second)) == ("(x + z)*2", "x + z - x")
    assert first.args[0] is second.args[0]
    assert text(shared) == "x + y"  # the old one is as it was
    assert len({id(node) for node in seen}) == len(seen) == len(list(nodes(shared * 2, shared - x)))
