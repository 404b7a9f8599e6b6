"""Where methods apply, their message if they do not, and the assignments that they write."""

import pytest
from brian2 import ms

from spikecost.models.algebra.draft import Derivatives, Draft, NotApplicable, Vector
from spikecost.models.algebra.expression import Const, Op, Var, exp, expr, less, text
from spikecost.models.algebra.polynomial import by_products, coefficients, linear_parts, vanishes
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods.kinds.forms import gates, groups
from spikecost.models.step import make_step, why_not


def model(equations, name="mine", **more):
    system = {"threshold": "v > 1", "reset": "v = 0", "refractory": 1 * ms, **more}
    states = [line.split("/")[0].strip()[1:] for line in equations.splitlines() if line.strip().startswith("d")]
    return NeuronModel(name=name, equations=equations + "\nI : Hz", initial=dict.fromkeys(states, 0.1), **system)


LEAKY = model("dv/dt = -v/(5*ms) + I : 1")
PARABOLA = model("dv/dt = v**2/ms + I : 1")
RESONATOR = model("dv/dt = -v/(5*ms) - w/ms + I : 1\ndw/dt = v/ms - w/(5*ms) : 1")
UNKNOWN = model(
    "dv/dt = -v/(5*ms) - w/tau + I : 1\ndw/dt = v/ms - w/(5*ms) : 1\ntau : second", parameters={"tau": 1 * ms}
)
RAMP = model("dv/dt = -v/(5*ms) + g/ms + I : 1\ndg/dt = 1/ms : 1")
PRODUCT = model("dv/dt = -v*w/ms + I : 1\ndw/dt = -w/ms : 1")
CUBIC = model("dv/dt = (v - v**3/3 - w)/ms + I : 1\ndw/dt = 0.08*(v + 0.7 - 0.8*w)/ms : 1")
BENT = model("dv/dt = (v**2 - w)/ms + I : 1\ndw/dt = (v**2 - w)/ms : 1")
FACTORED = model("dv/dt = 0.7*(v + 0.6)*(v + 0.4)/ms - w/ms + I : 1\ndw/dt = 0.03*(-2*(v + 0.6) - w)/ms : 1")
CALCIUM = model("""
    dv/dt = (-0.3*v - flow)/ms + I : 1
    dm/dt = (1 - m)*v**2/ms - m*(1 + v**2)/ms : 1
    dn/dt = (1 - n)*v**2/ms - 2*n/ms : 1
    dc/dt = (flow - c)/(10*ms) : 1
    flow = m**2*n*(v - 2) : 1
""")


@pytest.mark.parametrize(
    ("mine", "method", "why"),
    [
        (PARABOLA, "exact", "the model is not linear: see v in dv/dt"),
        (PRODUCT, "exact", "the model is not linear: see v in dv/dt"),
        (UNKNOWN, "exact", "what drives v also drives itself, and its rates are parameters, not numbers"),
        (RAMP, "exact", "g drives v and grows without bound"),
        (PARABOLA, "strang", "dv/dt is not linear in v"),
        (PARABOLA, "exponential_euler_staggered", "dv/dt is not linear in v"),
        (LEAKY, "rush_larsen", "the model has no gate: no variable relaxes linearly at a rate that depends on v"),
        (CUBIC, "rush_larsen", "the model has no gate: no variable relaxes linearly at a rate that depends on v"),
        (LEAKY, "izhikevich2003", "the model has 1 variable, not Izhikevich's v and u"),
        (CALCIUM, "esr_midpoint", "the model has 4 variables, not Izhikevich's v and u"),
        (LEAKY, "izhikevich2004", "the model has 1 variable, not Izhikevich's v and u"),
        (CUBIC, "izhikevich2003", "dv/dt is not quadratic in v, as Izhikevich's is"),
        (RESONATOR, "esr_midpoint", "dv/dt is not quadratic in v, as Izhikevich's is"),
        (BENT, "esr_midpoint", "w does not enter dv/dt and dw/dt linearly, as in Izhikevich's model"),
    ],
)
def test_a_method_that_does_not_apply_says_why(mine, method, why):
    assert why_not(mine, method) == why
    with pytest.raises(NotApplicable, match=f"{method} does not apply to mine: {why}; take euler, "):
        make_step(mine, method)


@pytest.mark.parametrize(
    ("mine", "method"),
    [
        (LEAKY, "exact"),
        (LEAKY, "strang"),
        (FACTORED, "izhikevich2003"),
        (FACTORED, "esr_midpoint"),
        (CALCIUM, "rush_larsen"),
        (CALCIUM, "strang"),
        (CALCIUM, "exponential_euler_staggered"),
        (RESONATOR, "strang"),
    ],
)
def test_a_method_that_applies(mine, method):
    step = make_step(mine, method)
    assert step.blocks["advance"].targets[-1] == "above"
    assert {f"{name}_next" for name in step.state} <= {*step.blocks["advance"].targets}


def derivatives(mine):
    draft = Draft(frozenset({*mine.system.dimensions, "dt"}) - set(mine.system.subexpressions))
    return Derivatives(mine.system, draft), draft


def test_gates_are_what_relaxes_at_a_rate_of_the_voltage():
    assert gates(derivatives(CALCIUM)[0]) == ["m", "n"]


def test_variables_of_a_group_do_not_enter_each_others_derivatives():
    assert groups(derivatives(CALCIUM)[0]) == [["v"], ["m", "n"], ["c"]]
    assert groups(derivatives(LEAKY)[0]) == [["v"]]


def test_only_what_is_asked_for_is_written():
    f, draft = derivatives(CALCIUM)
    x = Vector({name: Var(name) for name in CALCIUM.system.state})
    f(x, only=["m"])
    assert list(draft.assignments) == ["dm"]
    f(x, only=["v"])
    f(x, only=["c"])  # at the same state: the current is already computed
    assert list(draft.assignments) == ["dm", "flow", "dv", "dc"]
    f.linear(x | {"v": Var("v") * 2}, only=["n"])
    assert list(draft.assignments)[4:] == ["v_2", "a_n", "b_n"]


def test_adding_moves_what_the_other_has():
    x = Vector({"v": Var("v"), "u": Var("u")})
    moved = x + 2 * Vector({"u": Var("k")})
    assert [text(value) for value in moved.values()] == ["v", "u + 2*k"]


x, y = Var("x"), Var("y")


@pytest.mark.parametrize(
    ("root", "found"),
    [
        (y, ["y"]),
        (x, ["0", "1"]),
        (3 * (x + 2) - x / y, ["3*2", "3 - 1/y"]),
        (y * (1 - x) - 4 * x, ["y", "-y - 4"]),
        ((x - y) * (x - 1), ["y", "-y + (-1)", "1"]),
        (Op("pow", (x, expr(2))) * y + 5 * x + 140, ["140", "5", "y"]),
        (-(x * x) / y, ["0", "0", "(-1)/y"]),
    ],
)
def test_coefficients(root, found):
    parts = coefficients(root, "x")
    assert parts is not None
    assert [text(part) for part in parts] == found


@pytest.mark.parametrize(
    ("root", "products"),
    [
        (Op("pow", (x, expr(1))), "x"),
        (Op("pow", (x, expr(2))), "x*x"),
        (Op("pow", (x, expr(3))), "x*x*x"),
        (3 * Op("pow", (x - y, expr(4))), "3*((x - y)*(x - y)*((x - y)*(x - y)))"),
        (Op("pow", (x, expr(0.5))), "x**0.5"),
        (Op("pow", (x, expr(-2))), "x**(-2)"),
        (Op("pow", (x, y)), "x**y"),
    ],
)
def test_natural_powers_by_products(root, products):
    assert text(by_products(root)) == products


@pytest.mark.parametrize(
    "root", [y / x, Op("exp", (x,)), Op("pow", (x, y)), Op("pow", (x, expr(0.5))), Op("pow", (x, expr(5)))]
)
def test_what_is_no_polynomial(root):
    assert coefficients(root, "x") is None
    assert linear_parts(root, "x") is None
    assert linear_parts(x * x, "x") is None
    assert linear_parts(Const(expr(3).value), "x") is not None


@pytest.mark.parametrize("method", ["exponential_euler", "exponential_euler_staggered", "strang"])
@pytest.mark.parametrize("rest", ["-v + (1)*v", "-2*v + v + v", "-v/2 + 0.5*v", "-g*v + v*g", "-2*g*v + g*v + v*g"])
def test_a_rate_that_sums_to_zero_is_zero(method, rest):
    step = make_step(model(f"dv/dt = ({rest})/(2*ms) + I : 1\ng : 1", parameters={"g": 0.3}), method)
    assert {each.target: text(each.value) for each in step.blocks["advance"].assignments} == {
        "v_next": "v + dt*I",
        "above": "1 < v_next",
    }


a, b, w = Var("a"), Var("b"), Var("w")


@pytest.mark.parametrize(
    ("value", "zero"),
    [
        (a - a, True),
        (a * (b + w) - b * a - w * a, True),
        (a / b - a * (1 / b), True),
        (exp(a) * b - b * exp(a), True),
        (a - b, False),
        (exp(a) - exp(b), False),
        # it is zero for most values of w
        (less(expr(10**6), w), False),
        (a / (b - b), False),
    ],
)
def test_what_vanishes(value, zero):
    assert vanishes(value) is zero
