"""The coefficients of Dormand and Prince's pair satisfy the order conditions exactly.

A Runge-Kutta method has order p if ``sum(b_i Phi_i(t)) = 1/gamma(t)`` for every rooted tree t of up to p nodes
(Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, theorem II.2.13). The error of an adaptive run
depends on its tolerance and is only roughly predictable; this test checks the order directly.
A tree is the sorted tuple of the subtrees at its root.
"""

from fractions import Fraction
from functools import cache
from math import prod

import pytest

from spikecost.models.methods.dormand_prince import ERROR, EXTENSION, NODES, STAGES

WEIGHTS = (*STAGES[-1], Fraction(0))


@cache
def trees(nodes):
    """Return all rooted trees with n nodes."""
    return sorted(forests(nodes - 1, nodes - 1))


@cache
def forests(nodes, largest):
    """Return all multisets of trees with n nodes in total, each tree with at most `largest` nodes."""
    if not nodes:
        return {()}
    return {
        tuple(sorted((*rest, tree)))
        for size in range(1, min(nodes, largest) + 1)
        for tree in trees(size)
        for rest in forests(nodes - size, size)
    }


def size(tree):
    return 1 + sum(map(size, tree))


def gamma(tree):
    return size(tree) * prod(map(gamma, tree))


def phi(tree):
    """Return Phi_i for each stage i."""
    below = [
        [sum((a * b for a, b in zip(row, phi(part), strict=False)), Fraction(0)) for row in ((), *STAGES)]
        for part in tree
    ]
    return [prod((values[i] for values in below), start=Fraction(1)) for i in range(len(NODES))]


def defects(weights, order, theta=Fraction(1)):
    """Return by how much the weights violate the conditions of an order, at a fraction of the step."""
    return [
        sum(b * value for b, value in zip(weights, phi(tree), strict=True)) - theta**order / gamma(tree)
        for tree in trees(order)
    ]


def dense(theta):
    """Return the weights of the continuous extension: a cubic through both ends, and the term that gives order 4."""
    ends = [Fraction(int(i == place)) for place in (0, len(NODES) - 1) for i in range(len(NODES))]
    first, last = ends[: len(NODES)], ends[len(NODES) :]
    return [
        theta * b
        + theta * (theta - 1) * ((1 - 2 * theta) * b + (theta - 1) * f + theta * g)
        + theta**2 * (1 - theta) ** 2 * d
        for b, f, g, d in zip(WEIGHTS, first, last, EXTENSION, strict=True)
    ]


def test_trees_are_all_there():
    assert [len(trees(n)) for n in range(1, 7)] == [1, 1, 2, 4, 9, 20]  # OEIS A000081


def test_nodes_are_the_sums_of_their_stages():
    assert [sum(row, Fraction(0)) for row in ((), *STAGES)] == list(NODES)


@pytest.mark.parametrize("order", range(1, 6))
def test_the_solution_is_of_order_five(order):
    assert not any(defects(WEIGHTS, order))


def test_and_of_no_more():
    assert any(defects(WEIGHTS, 6))


@pytest.mark.parametrize("order", range(1, 5))
def test_the_one_that_it_is_compared_with_is_of_order_four(order):
    other = [b - e for b, e in zip(WEIGHTS, ERROR, strict=True)]
    assert not any(defects(other, order))
    assert any(defects(other, 5))


@pytest.mark.parametrize("theta", [Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)])
def test_the_continuous_extension_is_of_order_four_anywhere_in_the_step(theta):
    assert not any(any(defects(dense(theta), order, theta)) for order in range(1, 5))
