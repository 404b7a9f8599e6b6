"""The functions of the language, row by row, against numpy, mpmath and Python."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from brian2.core.functions import DEFAULT_FUNCTIONS

from spikecost.models.algebra.draft import Draft
from spikecost.models.algebra.expression import FLOATS, Const, Op, Var, evaluate
from spikecost.models.algebra.functions import FUNCTIONS
from spikecost.models.algebra.taylor_series import Recursion

#: Names of Brian2's that are no functions of a state: random numbers, clocks, and a conversion (of conditions, here).
OTHERS = {"rand", "randn", "poisson", "timestep", "int", "clip", "sign", "floor", "ceil"}
SMOOTH = [name for name, row in FUNCTIONS.items() if row.slope is not None]
#: Where each is tested: inside its domain, away from poles.
PLACES = {"arcsin": (-0.9, -0.2, 0.7), "arccos": (-0.9, -0.2, 0.7), "log": (0.3, 1, 7), "log10": (0.3, 1, 7)}
ELSEWHERE = (-0.8, 0.1, 1.4)


def call(name, argument):
    return Op(name, (argument,))


def test_every_function_of_brian2_is_here():
    assert set(FUNCTIONS) == set(DEFAULT_FUNCTIONS) - OTHERS


@pytest.mark.parametrize("name", SMOOTH)
def test_a_slope_is_the_derivative(name):
    x = Var("x")
    row = FUNCTIONS[name]
    slope = row.slope(x, call(name, x), call)
    for place in PLACES.get(name, ELSEWHERE):
        exact = mpmath.diff(getattr(mpmath, row.library), place)
        assert evaluate(slope, {"x": place}, FLOATS) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_taylor_series_is_the_functions(name):
    # of the function of a polynomial, x0 + t + t**2/2, against mpmath's derivatives
    row, place = FUNCTIONS[name], PLACES.get(name, ELSEWHERE)[1]
    draft = Draft(frozenset({"x"}))
    recursion = Recursion({"y": call(name, Var("x"))}, draft)
    argument = [place, 1.0, 0.5, 0.0, 0.0, 0.0]
    found = [recursion.next(k, {"x": Const(value)})["y"] for k, value in enumerate(map(Fraction, argument))]
    values = {}
    for target, value in draft.assignments.items():
        values[target] = evaluate(value, values, FLOATS)
    exact = mpmath.taylor(lambda t: getattr(mpmath, row.library)(place + t + t * t / 2), 0, 5)
    assert [evaluate(value, values, FLOATS) for value in found] == pytest.approx([float(each) for each in exact], 1e-10)


@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row.domain is not None])
def test_a_function_has_a_value_where_its_domain_is_positive(name):
    row = FUNCTIONS[name]
    at = np.linspace(-2, 2, 41) + 0.013
    with np.errstate(all="ignore"):
        has_a_value = np.isfinite(row.array(at))
    assert ((evaluate(row.domain(Var("x")), {"x": at}, FLOATS) > 0) == has_a_value).all()
    assert 0 < has_a_value.sum() < at.size
    assert evaluate(row.domain(Var("x")), {"x": row.inside}, FLOATS) > 0
