"""Drafts, vectors and the linear parts of a right-hand side."""

from __future__ import annotations

from fractions import Fraction

import pytest
from brian2 import ms, mV

from spikecost.models.algebra.draft import Derivatives, Draft, NotApplicable, Vector, linear_parts, substitute
from spikecost.models.algebra.expression import FLOATS, Const, Op, Var, evaluate, exp, expr, names, text
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel

x, y, z = Var("x"), Var("y"), Var("z")
POINTS = [{"x": 0.3, "y": -1.7, "z": 2.2}, {"x": -4.0, "y": 0.6, "z": 0.9}, {"x": 0.0, "y": 3.1, "z": -5.0}]


@pytest.mark.parametrize(
    "tree",
    [
        x,
        -x,
        y + x,
        x - y,
        y - x,
        3 * x,
        x * 3,
        y * x * z,
        x / y,
        (x + y) / z,
        (x + y) * z,
        z * (x - y),
        -(x * y) + z * x,
        y * (1 - x) - z * x,
        (z * (x - 50) + y * (x + 77)) / 4,
        x - x,
        exp(y) * x + exp(z),
        y * 0 * x,
        x * 1,
        y,
        expr(3),
        Op("exprel", (y,)),
    ],
    ids=text,
)
def test_linear_parts_are_value_and_slope(tree):
    a, b = linear_parts(tree, "x")
    for point in POINTS:
        at = evaluate(tree, point, FLOATS)
        step = 0.5
        slope = (evaluate(tree, {**point, "x": point["x"] + step}, FLOATS) - at) / step  # exact but for rounding
        assert evaluate(b, point, FLOATS) == pytest.approx(slope, rel=1e-12, abs=1e-12)
        assert evaluate(a, point, FLOATS) + evaluate(b, point, FLOATS) * point["x"] == pytest.approx(
            at, rel=1e-12, abs=1e-12
        )
        # neither part depends on x
        assert evaluate(a, {**point, "x": 99.0}, FLOATS) == evaluate(a, point, FLOATS)
        assert evaluate(b, {**point, "x": 99.0}, FLOATS) == evaluate(b, point, FLOATS)


@pytest.mark.parametrize(
    "tree",
    [
        x * x,
        Op("pow", (x, expr(2))),
        exp(x),
        1 / x,
        y / (x + 1),
        Op("abs", (x,)),
        Op("sqrt", (x,)),
        x * (x - y),
        Op("exprel", (x,)),
        y + exp(-x),
    ],
    ids=text,
)
def test_what_is_not_linear_has_no_linear_parts(tree):
    assert linear_parts(tree, "x") is None


@pytest.mark.parametrize(
    "tree",
    [
        x * x / x,
        x * (x / x),
        x + x * x - Op("pow", (x, expr(2))),
        x + (expr(1) - 1) * x * x,
        y * (2 * x * x) / (2 * x),
        x * Op("pow", (x, expr(0))),
        Op("pow", (x + 1, expr(2))) - x * x - y * x,
    ],
    ids=text,
)
def test_powers_that_cancel_leave_linear_parts(tree):
    a, b = linear_parts(tree, "x")
    assert not (names(a) | names(b)) & {"x"}
    for at in ({"x": 0.7, "y": -1.3}, {"x": -2.1, "y": 0.4}):
        assert evaluate(a + b * x, at, FLOATS) == pytest.approx(evaluate(tree, at, FLOATS), rel=1e-12)


@pytest.mark.parametrize("tree", [x * x / (x + y), (x * x - 1) / x, x + x * x - y * x * x], ids=text)
def test_powers_that_do_not_cancel_have_none(tree):
    assert linear_parts(tree, "x") is None


def test_substitute():
    tree = x * y + exp(x)
    assert text(substitute(tree, {"x": y + 1})) == "(y + 1)*y + exp(y + 1)"
    assert text(tree) == "x*y + exp(x)"


def test_let_gives_every_assignment_its_own_name():
    draft = Draft(frozenset({"v"}))
    assert draft.let("dv", x + y).name == "dv"
    assert draft.let("dv", x - y).name == "dv_2"
    assert draft.let("v", x * y).name == "v_2"
    assert list(draft.assignments) == ["dv", "dv_2", "v_2"]


def test_let_does_not_assign_a_bare_name_or_number():
    draft = Draft(frozenset({"v"}))
    number = Const(Fraction(3))
    assert draft.let("dv", x) is x
    assert draft.let("dv", number) is number
    assert draft.assignments == {}


def test_vectors():
    a, b = Vector({"v": x, "u": y}), Vector({"v": y, "u": z})
    assert [text(value) for value in (a + b).values()] == ["x + y", "y + z"]
    assert [text(value) for value in (a - b).values()] == ["x - y", "y - z"]
    assert [text(value) for value in (2 * a).values()] == ["2*x", "2*y"]
    assert [text(value) for value in (a * z).values()] == ["x*z", "y*z"]
    assert [text(value) for value in (z * a).values()] == ["z*x", "z*y"]
    assert [text(value) for value in a.map(lambda p, q: p / q, b).values()] == ["x/y", "y/z"]
    assert len(a) == 2


MODEL = NeuronModel(
    name="two",
    equations="""
        dv/dt = (g*(EL - v) + I)/ms : volt (unless refractory)
        dw/dt = -w/ms : 1
        g = w*k : 1
        spare = w + 1 : 1
        k = 2*w : 1
        I : volt
    """,
    threshold="v > 0*mV",
    reset="v = EL",
    refractory=1 * ms,
    constants={"EL": -60 * mV},
    initial={"v": -60 * mV, "w": 1},
)
STATE = Vector({"v": Var("v"), "w": Var("w")})


def _draft():
    return Draft(frozenset({"v", "w", "I"}))


def test_derivatives_append_the_subexpressions_that_they_need_and_no_other():
    draft = _draft()
    Derivatives(MODEL.system, draft)(STATE)
    assert list(draft.assignments) == ["k", "g", "dv", "dw"]
    Derivatives(MODEL.system, draft)(STATE)
    assert list(draft.assignments)[4:] == ["k_2", "g_2", "dv_2", "dw_2"]


def test_derivatives_at_a_stage():
    draft = _draft()
    k = Derivatives(MODEL.system, draft)(STATE + STATE)  # v and w twice as large
    values = {"v": -50.0, "w": 0.5, "I": 3.0}
    for name, value in draft.assignments.items():
        values[name] = evaluate(value, values, FLOATS)
    # w = 1, k = 2, g = 2: 2 (-60 + 100) + 3
    assert (values[k["v"].name], values[k["w"].name]) == (83.0, -1.0)


def test_what_is_held_does_not_move():
    k = Derivatives(MODEL.system, _draft(), MODEL.system.held)(STATE)
    assert (text(k["v"]), text(k["w"])) == ("0", "dw")


def test_linear_opens_the_subexpressions_that_hold_the_variable():
    draft = _draft()
    a, b = Derivatives(MODEL.system, draft).linear(STATE)
    values = {"v": -50.0, "w": 0.5, "I": 3.0}
    for name, value in draft.assignments.items():
        values[name] = evaluate(value, values, FLOATS)
    # dv/dt = g (-60 - v) + 3 with g = 2 w w = 0.5: a = -27, b = -0.5; dw/dt = -w
    assert [evaluate(part["v"], values, FLOATS) for part in (a, b)] == [-27.0, -0.5]
    assert [evaluate(part["w"], values, FLOATS) for part in (a, b)] == [0.0, -1.0]


def test_linear_refuses_what_is_nonlinear():
    system = MODELS["izhikevich"].system
    with pytest.raises(NotApplicable, match="dv/dt is not linear in v"):
        Derivatives(system, Draft(frozenset({"v", "u"}))).linear(STATE)


def test_linear_sees_nonlinearity_through_a_subexpression():
    model = MODEL.replace(equations=MODEL.equations.replace("g = w*k", "g = v/mV"))
    with pytest.raises(NotApplicable, match="dv/dt is not linear in v"):
        Derivatives(model.system, _draft()).linear(STATE)
