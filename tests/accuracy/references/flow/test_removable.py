"""Quotients that are 0/0 on the way are solved; those that are not finite there are refused by name."""

import math

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

import spikecost as sc
from spikecost.accuracy.references.flow.removable import without_gaps
from spikecost.models.algebra.expression import FLOATS, Op, evaluate, nodes
from spikecost.models.ground.errors import UserError

#: Each form, with its value as a function of x: x is 0 at the voltage c, and is (v - c)/k.
FORMS = {
    "(v - c)/(exp((v - c)/k) - 1)": lambda x, k: k * x / math.expm1(x) if x else k,
    "(c - v)/k/(1 - exp((v - c)/k))": lambda x, k: x / math.expm1(x) if x else 1.0,
    "0.5*(v - c)/(exp(v/k - c/k) - 1)": lambda x, k: 0.5 * k * x / math.expm1(x) if x else 0.5 * k,
    "2/(1 - exp(-(v - c)/k))*(v - c)": lambda x, k: -2 * k * x / math.expm1(-x) if x else 2 * k,
    "(v - c)*(2 - exp(-(v - c)/k))/(1 - exp(-(v - c)/k))": lambda x, k: (
        -k * x * (2 - math.exp(-x)) / math.expm1(-x) if x else k
    ),
    "(exp((v - c)/k) - 1)/(v - c)": lambda x, k: math.expm1(x) / x / k if x else 1 / k,
    "(c - v)/expm1((c - v)/k)": lambda x, k: -k * x / math.expm1(-x) if x else k,
    "(v - c)/tanh((v - c)/k)": lambda x, k: k * x / math.tanh(x) if x else k,
    "(v - c)/sinh((v - c)/k)": lambda x, k: k * x / math.sinh(x) if x else k,
    "tanh((v - c)/k)/(v - c)": lambda x, k: math.tanh(x) / x / k if x else 1 / k,
    "sinh((c - v)/k)/(v - c)": lambda x, k: -math.sinh(x) / x / k if x else -1 / k,
    "(v - c)/(-exp((v - c)/k) + 1)": lambda x, k: -k * x / math.expm1(x) if x else -k,
    "-(exp((v - c)/k)*(v - c))/(exp((v - c)/k) - 1)": lambda x, k: k * x / math.expm1(-x) if x else -k,
    "(1 - exp((v - c)/k))/(1 - exp(2*(v - c)/k))": lambda x, k: 1 / (math.exp(x) + 1),
    "sinh((c - v)/k)/tanh((v - c)/k)": lambda x, k: -math.cosh(x),
    "sin((v - c)/k)/(v - c)": lambda x, k: math.sin(x) / x / k if x else 1 / k,
    "(v - c)/tan((v - c)/k)": lambda x, k: k * x / math.tan(x) if x else k,
    "(1 - cos((v - c)/k))/(v - c)**2": lambda x, k: (math.sin(x / 2) / x) ** 2 * 2 / k**2 if x else 0.5 / k**2,
    "(cosh((v - c)/k) - 1)*(v - c)**-2": lambda x, k: (math.sinh(x / 2) / x) ** 2 * 2 / k**2 if x else 0.5 / k**2,
    "arctan((v - c)/k)/(v - c)": lambda x, k: math.atan(x) / x / k if x else 1 / k,
    "(v - c)/arcsin((v - c)/(5*k))": lambda x, k: k * x / math.asin(x / 5) if x else 5 * k,
    "log(1 + (v - c)/(5*k))/(v - c)": lambda x, k: math.log1p(x / 5) / x / k if x else 0.2 / k,
    "(v - c)/log1p((v - c)/(5*k))": lambda x, k: k * x / math.log1p(x / 5) if x else 5 * k,
    "(exp(v/k) - exp(c/k))/(v - c)*exp(-c/k)": lambda x, k: math.expm1(x) / x / k if x else 1 / k,
    "(v - c)/(exp(v/k)/exp(c/k) - 1)": lambda x, k: k * x / math.expm1(x) if x else k,
    "(v - c)/(2*exp((v - c)/k/2) - 2*exp(-(v - c)/k/2))": lambda x, k: k * x / math.sinh(x / 2) / 4 if x else k / 2,
    "(v - c)**3/(exp((v - c)/k) - 1)**2": lambda x, k: k**3 * x**3 / math.expm1(x) ** 2 if x else 0.0,
    "(v**3 - c**3)/(v - c) - 3*c*v": lambda x, k: k * k * x * x,
    "(v - c)/(v**2 - c**2)*(v + c)": lambda x, k: 1.0,
    "(sqrt(1 + (v - c)/(5*k)) - 1)/(v - c)": lambda x, k: 0.2 / k / (math.sqrt(1 + x / 5) + 1),
}
#: Every form takes a second to compile.
EVERYDAY = (3, 8, 15)


def model_with(term, c, k):
    return sc.NeuronModel(
        name="mine",
        equations=f"dv/dt = (I + {term})/(10*ms) : 1\nI : 1\nc : 1\nk : 1",
        threshold="v > 1",
        reset="v = 0",
        parameters={"c": c, "k": k},
        initial={"v": 0.0},
    )


def test_a_parameter_may_be_zero():
    written = model_with("(v*k - c*k)/(exp(v - c) - 1)", 0.5, 0.0).system.derivatives
    filled = without_gaps(written, ("c", "k"))
    assert filled is not written
    assert evaluate(filled["v"], {"v": 0.7, "I": 0.0, "c": 0.5, "k": 0.0}, FLOATS) == 0


@settings(max_examples=60)
@given(st.sampled_from(list(FORMS)), st.floats(0.1, 0.9), st.floats(0.1, 2), st.floats(-1, 1))
def test_the_other_form_has_the_same_value_and_one_at_zero(form, c, k, x):
    written = model_with(form, c, k).system.derivatives
    filled = without_gaps(written, ("c", "k"))
    for at in (x, 0.0):
        values = {"v": c + k * at, "I": 0.0, "c": c, "k": k}
        found = evaluate(filled["v"], values, FLOATS)
        assert found * 10 == pytest.approx(FORMS[form]((values["v"] - c) / k, k), rel=1e-9)


@pytest.mark.parametrize(
    "form", [pytest.param(form, marks=() if i in EVERYDAY else pytest.mark.deep) for i, form in enumerate(FORMS)]
)
def test_their_intervals_are_right(form):
    c, k, drive = 0.45, 0.3, 12.0
    value = FORMS[form]
    right = sum(
        quad(lambda v: 10 / (drive + value((v - c) / k, k)), *ends, epsabs=1e-13)[0] for ends in ((0, c), (c, 1))
    )
    found = sc.reference(model_with(form, c, k), sc.constant(drive, 3.5 * right * ms))
    assert found.train.times == pytest.approx(right * np.arange(1, 4), rel=0, abs=found.error + 1e-11)


def test_the_rates_of_hodgkin_and_huxley_may_be_written_as_in_1952():
    equations = """
    dv/dt = (I - 120*m**3*h*(v - 115) - 36*n**4*(v + 12) - 0.3*(v - 10.6))/ms : 1
    dm/dt = ({m}*(1 - m) - 4*exp(-v/18)*m)/ms : 1
    dh/dt = (0.07*exp(-v/20)*(1 - h) - 1/(exp((30 - v)/10) + 1)*h)/ms : 1
    dn/dt = ({n}*(1 - n) - 0.125*exp(-v/80)*n)/ms : 1
    I : 1
    """
    quotients = {"m": "0.1*(25 - v)/(exp((25 - v)/10) - 1)", "n": "0.01*(10 - v)/(exp((10 - v)/10) - 1)"}
    functions = {"m": "1/exprel((25 - v)/10)", "n": "0.1/exprel((10 - v)/10)"}
    found = [
        sc.reference(
            sc.NeuronModel(
                name="squid",
                equations=equations.format(**rates),
                threshold="v > 50",
                refractory="v > 50",
                reset="",
                initial={"v": 0, "m": 0.05, "h": 0.6, "n": 0.32},
            ),
            sc.constant(10.0, 50 * ms),
        )
        for rates in (quotients, functions)
    ]
    assert len(found[0].train) == 4
    assert found[0].train.times == pytest.approx(found[1].train.times, rel=0, abs=1e-11)


@pytest.mark.parametrize(
    "form",
    [
        "(v - c)/(exp(v/k) - 1)",
        "1/(exp((v - c)/k) - 1)",
        "k/(1 + exp((v - c)/k))",
        "v/c",
        "(v**2 + 1)/v",
        "(1 + cos(v - c))/(v - c)",
        "(exp(v) + exp(c))/(v - c)",
    ],
)
def test_what_has_no_limit_stays_as_it_is(form):
    written = model_with(form, 0.5, 0.3).system.derivatives
    assert without_gaps(written, ("c", "k")) is written


#: Terms that are finite where g is 0, although they divide by it; and the same terms without this division.
FRACTIONS = {
    "1/(1 + (0.3/g)**2)": "g**2/(g**2 + 0.3**2)",
    "(2 - v)/(0.5/g)": "(2 - v)*g/0.5",
    "1/(1/g + 1/0.3)": "0.3*g/(g + 0.3)",
    "(g + 1 - 1)/(1 - 1/(1 + g))": "1 + g",
}


@pytest.mark.parametrize("term", FRACTIONS)
def test_fractions_in_a_denominator_may_divide_by_zero(term):
    # a conductance starts at 0, and jumps at every spike
    found = [
        sc.reference(
            sc.NeuronModel(
                name="mine",
                equations=f"dv/dt = (I + {each})/(10*ms) : 1\ndg/dt = -g/(5*ms) : 1\nI : 1",
                threshold="v > 1",
                reset="v = 0; g += 0.3",
                initial={"v": 0, "g": 0},
            ),
            sc.constant(1.5, 30 * ms),
        )
        for each in (term, FRACTIONS[term])
    ]
    assert len(found[0].train) >= 4
    assert found[0].train.times == pytest.approx(found[1].train.times, rel=0, abs=1e-12)


def test_what_is_counted_stays_as_written():
    model = model_with("(v - c)/(exp((v - c)/k) - 1)", 0.45, 0.3)
    assert not any(isinstance(node, Op) and node.kind == "exprel" for node in nodes(*model.system.derivatives.values()))
    assert sc.count(model, "euler").as_run.present["exp"] == 1


@pytest.mark.parametrize(
    ("term", "quotient"),
    [
        ("0.3/(v - 0.5)**2", "0.3/(v - 0.5)**2"),
        ("0.3*(v - 0.5)**-2", "(v - 0.5)**(-2)"),
        ("0.1*abs(v - 0.5)**-0.5", "abs(v - 0.5)**(-0.5)"),
        ("(v**2 - 0.26)/(v - 0.5)", "(v**2 - 0.26)/(v - 0.5)"),
    ],
)
def test_a_division_by_zero_on_the_way_is_named(term, quotient):
    with pytest.raises(UserError) as error:
        sc.reference(model_with(term, 0.5, 0.3), sc.constant(3.0, 100 * ms))
    said = str(error.value)
    assert quotient in said
    assert "divides by zero" in said
    assert "\n" not in said


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_its_time_is_said(strength):
    # v reaches 0.5 after 10 ms times this integral
    right = quad(lambda v: 10 * (v - 0.5) ** 2 / (3 * (v - 0.5) ** 2 + strength), 0, 0.5)[0]
    with pytest.raises(UserError, match=f"beyond {right:.3f}"):
        sc.reference(model_with(f"{strength}/(v - 0.5)**2", 0.5, 0.3), sc.constant(3.0, 100 * ms))
