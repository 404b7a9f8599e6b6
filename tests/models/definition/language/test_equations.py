"""Reading Brian2's equation language."""

from __future__ import annotations

from fractions import Fraction

import pytest
from brian2 import ms, mV, second, volt

from spikecost.models.algebra.expression import FLOATS, Const, evaluate, nodes, text
from spikecost.models.algebra.functions import FUNCTIONS
from spikecost.models.definition.language import equations as language
from spikecost.models.definition.language.units import DIMENSIONLESS
from spikecost.models.ground.errors import UserError

from ....messages import tells

DIMENSIONS = {"v": volt.dim, "u": volt.dim, "tau": second.dim, "n": DIMENSIONLESS}
CONSTANTS = {"EL": -65 * mV, "k": 0.1}


def parse(source):
    return language.parse(source, set(DIMENSIONS), CONSTANTS, "here")


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("v + u", "v + u"),
        ("36*(v - EL)", "36*(v - (-65))"),
        ("v/(10*ms)", "v/(10*1)"),
        ("-v", "-v"),
        ("+v", "v"),
        ("n**4", "n**4"),
        ("k*n", "0.1*n"),
        ("exp(n)*sqrt(n) + abs(n)/exprel(n)", "exp(n)*sqrt(n) + abs(n)/exprel(n)"),
        ("1e-3*n", "0.001*n"),
        ("v - (u - v)", "v - (u - v)"),
        ("  v \n", "v"),
    ],
)
def test_parse_keeps_the_operators_where_they_stand(source, written):
    assert text(parse(source)) == written


def test_numbers_are_the_decimals_that_were_written():
    assert parse("0.1").value == Fraction(1, 10)


def test_units_are_numbers_that_are_marked():
    found = {node.value: node.unit for node in nodes(parse("v/(3*second)")) if isinstance(node, Const)}
    assert found == {3: False, 1000: True}


def test_units_are_converted():
    assert evaluate(parse("0.002*volt + EL"), {}, FLOATS) == pytest.approx(-63.0, rel=1e-15)


def test_a_constant_goes_before_a_unit_of_the_same_name():
    assert language.parse("mV", set(), {"mV": 7}, "here").value == 7


USE = f"use + - * / // % **, the functions {', '.join(FUNCTIONS)}, and int(a > b)"
WITHOUT = "write the equations without it, and what depends on time as the input"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("v + foo", "here: 'foo' is neither in the equations nor a constant nor a unit; define it"),
        ("rand()", f"here: 'rand()' is not supported: no function of the language is called 'rand'; {USE}"),
        ("mine(n, n)", f"here: 'mine(n, n)' is not supported: no function of the language is called 'mine'; {USE}"),
        ("exp(n, n)", "here: 'exp(n, n)' has 2 arguments; give exp 1 argument"),
        ("v @ u", f"here: 'v @ u' is not supported; {USE}"),
        ("v > u", f"here: 'v > u' is not supported; {USE}"),
        ("int(v > u > EL)", f"here: 'int(v > u > EL)' is not supported; {USE}"),
        ("int(v = u)", f"here: 'int(v = u)' is not supported; {USE}"),
        ("not n", f"here: 'not n' is not supported; {USE}"),
        ("(v > u)*n", "here: 'v > u' is true or false, not a number; write int(a > b)"),
        ("n*(not (v > u))", "here: 'not v > u' is true or false, not a number; write int(a > b)"),
        ("int(v > u and n)", "here: 'n' is a number, not a condition; write a comparison such as a > b"),
        ("int((v > u) > n)", "here: 'v > u' is true or false, not a number; write int(a > b)"),
        ("exp(v > u)", f"here: 'exp(v > u)' is not supported; {USE}"),
        ("v.u", f"here: 'v.u' is not supported; {USE}"),
        ("'v'", f"here: ''v'' is not supported; {USE}"),
        ("__import__('os')", f"here: '__import__('os')' is not supported; {USE}"),
        ("v +", "here: cannot read 'v +'; write it as in Brian2, such as EL + 2*mV"),
        ("", "here: cannot read ''; write it as in Brian2, such as EL + 2*mV"),
        ("v\0", r"here: the character '\x00' has no meaning here; remove it"),
        ("1e400*v", "here: a number in '1e400*v' is too large; give one below 1e308"),
        ("True", "here: 'True' is true or false, not a number; write int(a > b)"),
        ("v*t/tau", f"here: Brian2's own variable 't' cannot be run; {WITHOUT}"),
        ("v*i", f"here: Brian2's own variable 'i' cannot be run; {WITHOUT}"),
    ],
)
def test_parse_refuses(source, message):
    with pytest.raises(UserError) as error:
        parse(source)
    assert tells(str(error.value), message)


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("int(v > u)", "select(u < v, 1, 0)"),
        ("int(v >= u)", "select(u <= v, 1, 0)"),
        ("int(v < u)", "select(v < u, 1, 0)"),
        ("int(v <= EL)", "select(v <= (-65), 1, 0)"),
        ("int(v == u)", "select(v <= u and u <= v, 1, 0)"),
        ("int(v != u)", "select(v < u or u < v, 1, 0)"),
        ("int(not (v > u) or v > EL and n < 1)", "select((not u < v) or ((-65) < v and n < 1), 1, 0)"),
        ("int((v > u or n > 2) and True)", "select((u < v or 2 < n) and 1, 1, 0)"),
        ("n*tanh(n) + cosh(n) - sinh(n)", "n*tanh(n) + cosh(n) - sinh(n)"),
    ],
)
def test_conditions_and_hyperbolic_functions(source, written):
    assert text(parse(source)) == written


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("v = EL; u += 2*mV", [("v", "-65"), ("u", "u + 2*1")]),
        ("v = EL\nu -= v", [("v", "-65"), ("u", "u - v")]),
        ("  v *= 2  ;\n u /= n", [("v", "v*2"), ("u", "u/n")]),
        ("", []),
    ],
)
def test_statements(source, written):
    found = language.statements(source, ("v", "u"), DIMENSIONS, CONSTANTS, "here")
    assert [(target, text(value)) for target, value in found] == written


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("v =", "here: cannot read 'v ='; write statements such as v = c; u += d"),
        ("v", "here: 'v' is not supported; write v = c or u += d"),
        ("v = u = EL", "here: 'v = u = EL' is not supported; write v = c or u += d"),
        ("v, u = EL", "here: 'v, u = EL' is not supported; write v = c or u += d"),
        ("v //= 2", "here: units do not fit in 'v // 2': 'v' in 'v // 2' has the unit mV; // needs numbers"),
        ("if v > u: v = u", "here: 'if v > u: v = u' is not supported; write v = c or u += d"),
        ("tau = 1*ms", "here: 'tau' is not a state variable; known are u, v"),
        ("v = w; w = EL", "here: 'v = w' uses 'w' before it has a value; assign one to it first"),
        ("w += EL", "here: 'w = w + EL' uses 'w' before it has a value; assign one to it first"),
        ("w = EL; w = 3", "here: '3' has the unit 1, expected mV"),
        ("v = w", "here: 'w' is neither in the equations nor a constant nor a unit; define it"),
        ("v = 5", "here: '5' has the unit 1, expected mV"),
        ("v = 5*ms", "here: '5*ms' has the unit ms, expected mV"),
        ("v += 5", "here: units do not fit in 'v + 5': "),
        ("v *= tau", "here: 'v*tau' has the unit "),
    ],
)
def test_statements_that_are_refused(source, message):
    with pytest.raises(UserError) as error:
        language.statements(source, ("v", "u"), DIMENSIONS, CONSTANTS, "here")
    assert " ".join(str(error.value).split()).startswith(message)


def test_check_units_looks_at_dimensions_alone():
    # 1/0 has no value, but a dimension
    language.check_units("v/(0*ms)", DIMENSIONS, {}, (mV / ms).dim, "here")
    with pytest.raises(UserError, match=r"here: 'v/\(0\*ms\)' .*mV/ms, .*mV$"):
        language.check_units("v/(0*ms)", DIMENSIONS, {}, mV.dim, "here")


def test_subexpressions_come_after_those_that_they_need():
    equations = language.read("dv/dt = -c/ms : 1\nc = 2*b : 1\nb = a + v : 1\na = 3*v : 1\n", {}, "here")
    found = {name: each.value for name, each in equations.items()}
    assert list(language.subexpression_order(found, {"a", "b", "c"})) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("dv/dt = (v : 1", "here: Brian2 cannot read the equations at "),
        ("dv/dt = -v/ms : vult", "here: Brian2 cannot read the equations at "),
        (
            "dv/dt = -v/ms : 1\ndv/dt = v/ms : 1",
            "here: Brian2 cannot read the equations at 'dv/dt = v/ms : 1': Duplicate",
        ),
        ("dv/dt = -a/ms : 1\na = b : 1\nb = a : 1", "here: Brian2 cannot read the equations at 'b = a': Cannot "),
        (
            "dv/dt = -v/ms : 1 (unless refractoy)",
            "here: Brian2 cannot read the equations at 'dv/dt = -v/ms : 1 (unless refractoy)': Equations of type "
            "'differential equation' cannot have a flag 'unless refractoy'",
        ),
        (
            "dv/dt = -v/tau : 1\ntau : second (shared)",
            "here: Brian2 cannot read the equations at 'tau : second (shared)': Equations of type "
            "'parameter' cannot have a flag 'shared'",
        ),
        ("a = 3 : 1", "here: no differential equation; write at least one, such as dv/dt = -v/(10*ms) : volt"),
        ("", "here: no differential equation; write at least one, such as dv/dt = -v/(10*ms) : volt"),
        ("dv/dt = -v/ms + s : 1\ns = xi*ms**-0.5 : Hz", "here: 's' contains the noise xi, but is not a differential "),
        (
            "dv/dt = -v/ms + xi*ms**-0.5 : 1\ndw/dt = xi*ms**-0.5 : 1",
            "here: the equations of v and w contain 'xi'; give the sources names such as xi_1",
        ),
        ("dv/dt = -v/tau : 1", "here: equation of 'v': 'tau' is neither in the equations nor a constant nor a unit"),
    ],
)
def test_equations_that_are_refused(source, message):
    with pytest.raises(UserError) as error:
        language.read(source, {}, "here")
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_flags_that_are_honoured():
    equations = language.read("dv/dt = -v/tau : 1 (unless refractory)\ntau : second (constant)", {}, "here")
    assert equations["v"].flags == ("unless refractory",)
