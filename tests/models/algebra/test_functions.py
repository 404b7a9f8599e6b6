"""The functions of the language, row by row, against numpy, mpmath and Python."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from brian2 import ms, mV, second, volt
from brian2.core.functions import DEFAULT_FUNCTIONS, timestep
from hypothesis import assume, given
from hypothesis import strategies as st

from spikecost.models.algebra.draft import Draft, NotApplicable
from spikecost.models.algebra.expression import FLOATS, Const, Op, Var, evaluate, exp, operation
from spikecost.models.algebra.functions import CALLABLE, FUNCTIONS, ROWS, STEPPED
from spikecost.models.algebra.simplify import lower
from spikecost.models.algebra.taylor_series import Recursion
from spikecost.models.definition.language import equations, units
from spikecost.models.definition.parts.tables import ARRAYS
from spikecost.models.ground.errors import UserError

#: Names of Brian2's that are no functions of a state: random numbers.
OTHERS = {"rand", "randn", "poisson"}
SMOOTH = [name for name, row in FUNCTIONS.items() if row.slope is not None]
#: Where each is tested: inside its domain, away from poles.
PLACES = {"arcsin": (-0.9, -0.2, 0.7), "arccos": (-0.9, -0.2, 0.7), "log": (0.3, 1, 7), "log10": (0.3, 1, 7)}
ELSEWHERE = (-0.8, 0.1, 1.4)


def call(name, argument):
    return Op(name, (argument,))


def test_every_function_of_brian2_is_here():
    assert set(CALLABLE) == set(DEFAULT_FUNCTIONS) - OTHERS


@given(st.floats(-1e6, 1e6), st.sampled_from([0.1, 0.05, 0.3]))
def test_what_is_read_as_other_operations_rounds_as_in_brian2(x, dt):
    dimensions = {"x": units.DIMENSIONLESS, "t": second.dim}
    for text, theirs in (("int(x)", int(x)), (f"timestep(t, {dt}*ms)", timestep(x * dt * ms, dt * ms))):
        found = equations.parse(text, dimensions, {}, "here")
        assert evaluate(found, {"x": x, "t": x * dt}, FLOATS) == theirs


@pytest.mark.parametrize(
    ("text", "expected"),
    [("clip(x, 0, inf)", 0), ("clip(x, -inf, -3)", -3), ("clip(x, -inf, 2*inf)", -2.5), ("clip(inf*x, 0, 1)", None)],
)
def test_a_limit_may_be_infinite(text, expected):
    if expected is None:
        with pytest.raises(UserError, match="'inf' can only be a limit of clip"):
            equations.parse(text, {"x"}, {}, "here")
    else:
        assert evaluate(equations.parse(text, {"x"}, {}, "here"), {"x": -2.5}, FLOATS) == expected


@pytest.mark.parametrize("name", SMOOTH)
def test_a_slope_is_the_derivative(name):
    x = Var("x")
    row = FUNCTIONS[name]
    slope = row.slope(x, call(name, x), call)
    for place in PLACES.get(name, ELSEWHERE):
        exact = mpmath.diff(getattr(mpmath, row.library), place)
        assert evaluate(slope, {"x": place}, FLOATS) == pytest.approx(float(exact), rel=1e-12)


def is_the_taylor_series(root, function, place):
    """Assert the coefficients of `root`, in x, where x is a polynomial, against mpmath's derivatives of `function`."""
    draft = Draft(frozenset({"x"}))
    recursion = Recursion({"y": root}, draft)
    argument = [place, 1.0, 0.5, 0.0, 0.0, 0.0]
    found = [recursion.next(k, {"x": Const(value)})["y"] for k, value in enumerate(map(Fraction, argument))]
    values = {}
    for target, value in draft.assignments.items():
        values[target] = evaluate(value, values, FLOATS)
    exact = mpmath.taylor(lambda t: function(place + t + t * t / 2), 0, 5)
    assert [evaluate(value, values, FLOATS) for value in found] == pytest.approx([float(each) for each in exact], 1e-10)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_taylor_series_is_the_functions(name):
    row = FUNCTIONS[name]
    is_the_taylor_series(call(name, Var("x")), getattr(mpmath, row.library), PLACES.get(name, ELSEWHERE)[1])


RULES = {
    "product": (Var("x") * (Var("x") + 2), lambda x: x * (x + 2)),
    "square": (operation("pow", Var("x"), 2), lambda x: x**2),
    "power": (operation("pow", Var("x"), 5), lambda x: x**5),
    "real power": (operation("pow", Var("x"), Fraction(-3, 2)), lambda x: x ** mpmath.mpf(-1.5)),
    "quotient": ((Var("x") - 3) / Var("x"), lambda x: (x - 3) / x),
    "root": (operation("sqrt", Var("x")), mpmath.sqrt),
    "exponential": (exp(Var("x")), mpmath.exp),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_for_taylor_series_is_right(name):
    root, function = RULES[name]
    is_the_taylor_series(root, function, 0.75)


@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row.domain is not None])
def test_a_function_has_a_value_where_its_domain_is_positive(name):
    row = FUNCTIONS[name]
    at = np.linspace(-2, 2, 41) + 0.013
    with np.errstate(all="ignore"):
        has_a_value = np.isfinite(row.array(at))
    assert ((evaluate(row.domain(Var("x")), {"x": at}, FLOATS) > 0) == has_a_value).all()
    assert 0 < has_a_value.sum() < at.size
    assert evaluate(row.domain(Var("x")), {"x": row.inside}, FLOATS) > 0


# ------------------------------------------------------------------------------------------------ texts
def larger(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.sampled_from([row for row in FUNCTIONS.values() if row.arguments == 1]).flatmap(
            lambda row: inner.map(lambda argument: f"{row.name}({argument})")
        ),
        st.tuples(inner, inner, inner).map("clip({0[0]}, {0[1]}, 1 + abs({0[1]}) + {0[2]}**2)".format),
        st.tuples(inner, inner).map("int({0[0]} > {0[1]})".format),
    )


TEXTS = st.recursive(st.sampled_from(["x", "y", "2", "0.3", "1.7", "-x"]), larger, max_leaves=8)
#: The text by numpy, which shares nothing with our evaluation; its ``int`` is Brian2's.
NUMPY = {name: getattr(np, name) for name in FUNCTIONS if hasattr(np, name)} | {
    "exprel": lambda x: np.expm1(x) / x if x else 1.0,
    "int": np.int_,
}


class AnEdge(Exception):
    """A quotient that is almost whole, or a number that is almost 0: rounding decides on which side it is."""


def watched(kind):
    def apply(*args):
        x = args[0] / args[1] if kind in ("mod", "floordiv") else args[0]
        edges = {"sign": [0], "clip": args[1:], "less": args[1:]}.get(kind, [round(x)])
        # on an edge without rounding, such as the sign of 0, is fine
        if any(0 < abs(x - edge) < 1e-6 * max(1, abs(x)) for edge in edges) or abs(x) > 1e6:
            raise AnEdge
        return FLOATS[kind](*args)

    return apply


WATCHED = FLOATS | {kind: watched(kind) for kind in (*STEPPED, "sign", "less")}


@given(TEXTS, st.floats(-3, 3), st.floats(-3, 3))
def test_a_text_has_the_value_that_numpy_gives_it(text, x, y):
    values = {"x": x, "y": y}
    tree = equations.parse(text, {"x", "y"}, {}, "here")
    try:
        found = evaluate(tree, values, WATCHED)
    except (AnEdge, ArithmeticError, ValueError):
        assume(False)
    assume(abs(found) < 1e6)
    with np.errstate(all="ignore"):
        theirs = float(
            eval(text, {"__builtins__": {}, "abs": np.abs, **NUMPY}, {"x": np.float64(x), "y": np.float64(y)})
        )
        arrays = evaluate(tree, {name: np.array([value]) for name, value in values.items()}, ARRAYS)
    assume(np.isfinite(theirs))
    assert found == pytest.approx(theirs, rel=1e-6, abs=1e-6)
    assert np.ravel(arrays)[0] == pytest.approx(theirs, rel=1e-6, abs=1e-6)


@given(TEXTS, st.floats(-3, 3), st.floats(-3, 3))
def test_what_runs_has_the_value_of_the_text(text, x, y):
    tree = equations.parse(text, {"x", "y"}, {}, "here")
    values = {"x": x, "y": y}
    try:
        expected = evaluate(tree, values, WATCHED)
        for block in lower(Draft(frozenset(values)), {"out": tree}):
            for assign in block.assignments:
                values[assign.target] = evaluate(assign.value, values, FLOATS)
    except (AnEdge, ArithmeticError, ValueError, UserError):
        assume(False)
    assume(abs(expected) < 1e6)
    assert values["out"] == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


@given(st.integers(-(10**6), 10**6), st.integers(1, 1000), st.sampled_from([1, -1]))
def test_whole_numbers_have_whole_quotients_and_rests(n, d, sign):
    d *= sign
    for text in (f"x // {d}", f"x % {d}", "x // y", "x % y", f"floor(x/{d})", f"ceil(x/{d})"):
        tree = equations.parse(text.replace("/-", "/(-1)/").replace("% -", "% -"), {"x", "y"}, {}, "here")
        values = {"x": float(n), "y": float(d)}
        block = lower(Draft(frozenset(values)), {"out": tree})[1]
        for assign in block.assignments:
            values[assign.target] = evaluate(assign.value, values, FLOATS)
        exact = {"//": n // d, "%": n % d, "fl": n // d, "ce": -(-n // d)}
        assert values["out"] == exact[text.split()[1] if " " in text else text[:2]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("floor(v)", -1000.0),  # Brian2 rounds -0.065 V down to -1 V
        ("ceil(v)", 0.0),
        ("floor(v/mV)*mV", -65.0),
        ("clip(v, -60*mV, 0*mV)", -60.0),
        ("v % (20*mV)", 15.0),
        ("abs(v)*sign(v)", -65.0),
        ("((v/mV) // 10)*mV", -7.0),
        ("floor(t_/ms)*mV", 12.0),
        ("floor(t_)/second*mV", 0.0),
    ],
)
def test_units_are_those_of_brian2(text, value):
    dimensions = {"v": volt.dim, "t_": second.dim}
    equations.check_units(text, dimensions, {}, volt.dim, "here")
    tree = equations.parse(text, dimensions, {}, "here")
    assert evaluate(tree, {"v": -65.0, "t_": 12.5}, FLOATS) == pytest.approx(value, abs=1e-12)
    with np.errstate(all="ignore"):
        theirs = eval(
            text,
            {name: DEFAULT_FUNCTIONS[name].pyfunc for name in ("floor", "ceil", "clip", "sign")}
            | {"mV": mV, "ms": ms, "second": second, "abs": abs},
            {"v": -65 * mV, "t_": 12.5 * ms},
        )
    assert float(theirs / mV) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("text", ["v // mV", "sin(v)", "clip(v, 0, 1)", "v % 2", "log(v)", "sign(v)*1 + v"])
def test_units_that_do_not_fit(text):
    with pytest.raises(UserError, match="units do not fit"):
        equations.check_units(text, {"v": volt.dim}, {}, volt.dim, "here")


def test_a_clip_has_a_taylor_series_and_a_jump_has_none():
    for x, expected in ((0.5, [0.5, 1.0]), (-0.5, [0.0, 0.0]), (1.5, [1.0, 0.0])):
        draft = Draft(frozenset())
        recursion = Recursion({"y": operation("clip", Var("x"), 0, 1)}, draft)
        found = [recursion.next(k, {"x": Const(Fraction(value))})["y"] for k, value in enumerate([x, 1.0])]
        values = {}
        for target, value in draft.assignments.items():
            values[target] = evaluate(value, values, FLOATS)
        assert [evaluate(value, values, FLOATS) for value in found] == expected
    for kind in (*STEPPED, "sign"):
        with pytest.raises(NotApplicable, match="no rule"):
            Recursion({"y": operation(kind, *[Var("x")] * ROWS[kind].arguments)}, Draft(frozenset()))
