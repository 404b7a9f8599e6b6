"""An expression without a value is refused by all functions for models, with the same line."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms, mV, nA, nS, pF, second
from hypothesis import example, given, settings
from hypothesis import strategies as st

import spikecost as sc
from spikecost.harness.engines import brian2 as engine
from spikecost.models.algebra.expression import Const, Op, expr
from spikecost.models.algebra.rewriting import Graph
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.domain import check_domain
from spikecost.models.ground.errors import UserError
from spikecost.reports.comparison.run import run

#: Expressions in which a name must not be zero (or, in a root, not negative); `{}` is the name.
DIVIDING = (
    "v/{}",
    "b/({}*c)",
    "exp(-v/{})",
    "{}**-2",
    "b/tanh({})",
    "(v + b)/(2*{} + 0*c)",
    "1/({}/b)",
    "c/sqrt({})",
    "exprel(b/{})",
    "int(v > b/{})",
    "w/{}",
    "1/(v*{})",
)


def every_entry_point(model, folder):
    """The message of each entry point; none returns a number or a traceback."""
    stimulus = sc.constant(2.0, 20 * ms)
    suite = sc.Suite(models=(model,), rates=(50.0,), trials=1, methods=("euler",), detections=("grid",))
    calls = {
        "count": lambda: sc.count(model, "euler"),
        "reference": lambda: sc.reference(model, stimulus),
        "simulate": lambda: sc.simulate(model, stimulus, 0.1 * ms),
        "compare": lambda: sc.compare([model], 0.1 * ms, rates=[50 * Hz], jobs=1),
        "run": lambda: run(suite, folder / "out", 1),
    }
    said = {}
    for name, call in calls.items():
        with pytest.raises(sc.UserError) as error:
            call()
        said[name] = str(error.value)
    return said


def one_line(model, folder):
    said = every_entry_point(model, folder)
    (line,) = set(said.values())
    assert "\n" not in line
    return line


@settings(max_examples=60)
@given(
    st.sampled_from(DIVIDING),
    st.sampled_from(["parameter", "constant"]),
    st.sampled_from(["v", "w", "s"]),
    st.lists(st.sampled_from(["+ b", "- c*v", "*b", "+ exp(-c)"]), max_size=3),
    st.floats(0.1, 9),
    st.floats(0.1, 9),
)
@example("v/{}", "parameter", "v", [], 1.0, 1.0)
def test_a_zero_is_named_by_all_alike(tmp_path_factory, form, kind, where, more, b, c):
    term = f"{form.format('a')} {' '.join(more)}"
    sides = {"v": "I - v + s", "w": "v - w", "s": "b*v"}
    sides[where] += f" + {term}"
    text = f"dv/dt = ({sides['v']})/ms : 1\ndw/dt = ({sides['w']})/ms : 1\ns = {sides['s']} : 1\nI : 1"
    given_values = {"a": 0.0, "b": b, "c": c}
    if where == "s":
        text = text.replace("s = b*v + w/a", "s = b*v + v/a")
    model = sc.NeuronModel(
        name="mine",
        equations=text + ("\na : 1\nb : 1\nc : 1" if kind == "parameter" else ""),
        threshold="v > 1",
        reset="v = 0",
        initial={"v": 0.3, "w": 0.2},
        **{"parameters" if kind == "parameter" else "constants": given_values},
    )
    line = one_line(model, tmp_path_factory.mktemp("run"))
    assert line.startswith(f"mine: equation of '{where}': a is 0")
    assert "divides by zero" in line
    assert "give a another value" in line
    check_domain(model.replace(**{"parameters" if kind == "parameter" else "constants": {**given_values, "a": 0.7}}))


def leaky(side="(I - v)/tau", **changes):
    known = {"tau": 10 * ms, **({} if "parameters" in changes else {"k": -2.0}), **changes.pop("constants", {})}
    return sc.NeuronModel(
        **{
            "name": "mine",
            "equations": f"dv/dt = {side} : 1\nI : 1",
            "threshold": "v > 1",
            "reset": "v = 0",
            "constants": known,
            "initial": {"v": 0.0},
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (leaky("(I - v + sqrt(k))/tau"), ("equation of 'v'", "sqrt(k)", "k = -2", "math domain error")),
        (leaky("(I - v + k**0.5)/tau"), ("equation of 'v'", "k**0.5", "k = -2")),
        (leaky("(I - v*k*k)/tau", constants={"k": 1e200}), ("k*k", "k = 1e+200", "range")),
        (leaky("(I - v)/(tau - 10*ms)"), ("'tau - 10*ms' is 0 with tau = 10 ms", "divides by zero")),
        (leaky("(I - v/(0.1 + 0.2 - 0.3))/tau"), ("equation of 'v'", "divides by zero")),
        (leaky("(I - v)/tau + 1/(k*k*1e-200*1e-200)/tau", constants={"k": 1e-9}), ("k = 1e-09", "divides by zero")),
        (leaky(threshold="v > 1/z", constants={"z": 0.0}, reset="v = 0*v"), ("threshold", "z is 0")),
        (leaky(reset="v /= 0*v + z", constants={"z": 0.0}), ("reset", "z")),
        (leaky(initial={"v": "k/z"}, constants={"z": 0.0}), ("initial value of 'v'", "z is 0")),
    ],
    ids=range(9),
)
def test_what_is_no_number_is_named(tmp_path, model, said):
    line = one_line(model, tmp_path)
    assert all(part in line for part in said), line


@pytest.mark.parametrize("side", ["(I - v*exp(k))/tau", "(I - v*exprel(k))/tau", "(I - v/exprel(k))/tau"])
def test_a_constant_that_is_too_large_is_refused_when_the_model_is_made(side):
    with pytest.raises(UserError, match=r"equation of 'v': the number 'exp(rel)?\(k\)' is too large"):
        leaky(side, constants={"k": 1e4})


def test_a_slope_of_zero_in_adex_is_refused(tmp_path):
    equations = "dv/dt = (gL*(EL - v) + gL*DeltaT*exp((v - VT)/DeltaT) + I)/C : volt\nI : amp"
    constants = {"gL": 30 * nS, "EL": -70.6 * mV, "VT": -50.4 * mV, "C": 281 * pF, "DeltaT": 0 * mV}
    model = sc.NeuronModel(
        name="eif",
        equations=equations,
        threshold="v > -30*mV",
        reset="v = EL",
        constants=constants,
        initial={"v": -70.6 * mV},
    )
    for call in (
        lambda: sc.reference(model, sc.constant(1 * nA, 200 * ms)),
        lambda: sc.simulate(model, sc.constant(1 * nA, 200 * ms), 0.1 * ms, "euler", "grid"),
    ):
        with pytest.raises(sc.UserError, match="DeltaT is 0"):
            call()


@pytest.mark.parametrize("name", MODELS)
def test_every_preset_of_the_catalogue_has_values(name):
    for model in (MODELS[name], *map(MODELS[name].with_preset, MODELS[name].presets)):
        check_domain(model)


@given(st.floats(-1e300, 1e300))
def test_functions_of_any_number_are_folded_or_refused(x):
    for kind in ("exp", "exprel", "tanh", "cosh", "sinh", "sqrt"):
        for written in (Op(kind, (expr(x),)), 1 / Op(kind, (expr(x),)), 1 / (expr(x) * expr(x))):
            try:
                found = Graph().lower(written, {})
            except sc.UserError:
                continue
            assert isinstance(found, Const)
            assert math.isfinite(float(found.value))


@pytest.mark.parametrize(
    "side",
    [
        "sqrt(0.5 - v) + I",
        "I + exp(1e3*(v + 1))",
        "(0.5 - v)**0.3 + I",
        "I - log(0.5 - v)",
        "I/(v - 0.5)**2*exp(800 + 10*v)",
        "exprel(1e4*(v + 1)) + I",
    ],
)
def test_what_has_no_value_in_some_state_is_a_failure_of_the_run(side):
    model = leaky(f"({side})/ms")
    for method, detection in (("euler", "grid"), ("euler", "linear"), ("rk4", "hermite")):
        with pytest.raises(sc.UserError, match="diverged"):
            sc.simulate(model, sc.constant(0.3, 20 * ms), 0.1 * ms, method, detection)
    with pytest.raises(sc.UserError):
        sc.reference(model, sc.constant(0.3, 20 * ms))


@pytest.mark.parametrize("side", ["I/(v - v)", "sqrt(v - 1 - v) + I", "(v - 1)**0.3 + I"])
def test_what_has_no_value_at_the_start_is_refused_before_the_run(side):
    model = leaky(f"({side})/ms")
    for refused in (
        lambda: sc.simulate(model, sc.constant(0.3, 20 * ms), 0.1 * ms, "euler", "grid"),
        lambda: sc.reference(model, sc.constant(0.3, 20 * ms)),
    ):
        with pytest.raises(sc.UserError, match="at the initial values"):
            refused()


@pytest.mark.parametrize(
    ("term", "start", "cause"),
    [
        ("1/v", 0, "v is 0"),
        ("v**q", 0, "v is 0"),
        ("b/(v - 0.5)", 0.5, "'v - 0.5' is 0"),
        ("log(v)", 0, "log(v)"),
        ("sqrt(v - 0.5)", 0, "sqrt(v - 0.5)"),
    ],
)
def test_an_equation_without_a_value_at_the_start_is_refused_by_all(term, start, cause):
    model = sc.NeuronModel(
        name="k",
        equations=f"dv/dt = (I - v + {term})/(10*ms) : 1\nI : 1\nb : 1\nq : 1",
        threshold="v > 1",
        reset="v = 0.7",
        parameters={"b": 1.0, "q": -1.0},
        initial={"v": start},
    )
    stimulus = sc.constant(2.0, 20 * ms)
    calls = (
        lambda: sc.count(model, "euler"),
        lambda: sc.reference(model, stimulus),
        lambda: sc.simulate(model, stimulus, 0.1 * ms),
    )
    said = set()
    for call in calls:
        with pytest.raises(UserError) as refused:
            call()
        said.add(str(refused.value))
    assert len(said) == 1
    (line,) = said
    assert cause in line
    assert "initial value" in line
    check_domain(model.replace(initial={"v": 0.6}))


@pytest.mark.parametrize("term", ["v/(exp(v) - 1)", "1/(1 + exp(v + 1000))", "sqrt(v)", "v/sqrt(v**2)"])
def test_limits_and_large_numbers_at_the_start_are_not_refused(term):
    check_domain(
        sc.NeuronModel(
            name="k",
            equations=f"dv/dt = (I - v + {term})/(10*ms) : 1\nI : 1",
            threshold="v > 1",
            reset="v = 0",
            initial={"v": 0},
        )
    )


HILL = "1/(1 + (0.5/ca)**4)"
#: Terms in which ca is 0 at the start, and whether the derivative has a value then.
AT_ZERO = {
    HILL: True,
    "clip(1/ca, 0, 3)": True,
    "exp(-1/ca)": True,
    "1/log(ca)": True,
    "1/(1 + ca**-2)": True,
    "int(1/ca > 2)": True,
    "int(sqrt(ca - 1) > 2)": True,
    "2 + 3/ca": False,
    "(1/ca)/(1 + 1/ca)": False,
    "ca*(1/ca)": False,
    "ca + 2 % ca": False,
    "exp(sqrt(ca - 1))": False,
}


def calcium(term, *more):
    """A model with a second variable, ca, that is 0 at the start."""
    equations = (f"dv/dt = (I - v + {term})/(10*ms) : 1", "dca/dt = 0.1*(1 - ca)/ms : 1", "I : 1", *more)
    return sc.NeuronModel(
        name="k", equations="\n".join(equations), threshold="v > 1", reset="v = 0", initial={"v": 0, "ca": 0}
    )


@pytest.mark.parametrize("term", AT_ZERO)
@pytest.mark.parametrize("inside", [False, True])
def test_an_infinite_number_is_refused_at_the_start_only_if_it_makes_a_derivative_infinite(term, inside):
    model = calcium("h", f"h = {term} : 1") if inside else calcium(term)
    if AT_ZERO[term]:
        check_domain(model)
    else:
        with pytest.raises(UserError, match="at the initial values"):
            check_domain(model)


def test_a_zero_divisor_may_be_a_subexpression():
    with pytest.raises(UserError, match="equation of 'v': at the initial values, ca is 0, so that '1/ca' divides"):
        check_domain(calcium("1/q", "q = ca : 1"))


def test_a_hill_function_starts_as_in_brian2():
    model, stimulus = calcium(HILL), sc.constant(1.2, 60 * ms)
    ours = sc.simulate(model, stimulus, 0.1 * ms, "euler", "grid_start")
    assert len(ours) > 2
    with np.errstate(divide="ignore"):
        theirs = engine.run(model, "euler", stimulus, Fraction(1, 10), "numpy", detection="grid_start")
    assert np.array_equal(ours, theirs)


def terms():
    """Expressions of ca, which is 0, and numbers."""
    one = st.sampled_from(["ca", "0.5", "2", "(1 - ca)", "(ca - 1)"])
    two = ("({} + {})", "({} - {})", "({}*{})", "({}/{})", "clip({}, 0, {})", "int({} > {})")
    alone = ("exp({})", "log({})", "sqrt({})", "({})**-2", "tanh({})", "(-{})", "abs({})")
    return st.recursive(
        one,
        lambda part: st.one_of(
            st.builds(str.format, st.sampled_from(two), part, part), st.builds(str.format, st.sampled_from(alone), part)
        ),
        max_leaves=6,
    )


@settings(max_examples=300)
@given(terms())
@example(HILL)
def test_what_is_refused_at_the_start_has_no_value_there(term):
    known = {each: getattr(np, each) for each in ("exp", "log", "sqrt", "tanh", "abs", "clip")} | {"int": np.float64}
    with np.errstate(all="ignore"):
        value = eval(re.sub(r"\d[.\d]*", r"int(\g<0>)", term), known | {"ca": np.float64(0)})
    said = ""
    try:
        check_domain(calcium(f"({term})"))
    except UserError as error:
        said = str(error)
    assert "at the initial values" not in said or not np.isfinite(value)


@pytest.mark.parametrize(
    ("where", "changes"),
    [
        ("refractory", {"refractory": "v > 1/k"}),
        ("refractory", {"refractory": "v*ms/k"}),
        ("equation of 'n'", {"side": "(I - v)/tau + n", "more": "\nn = v/k*xi_1 : second**-1"}),
        ("equation of 'v'", {"side": "(I - v + 1/clip(k, 0, inf))/tau"}),
        ("equation of 'v'", {"side": "(I - v + 1/clip(k, -inf, 3))/tau"}),
    ],
)
@pytest.mark.parametrize("kind", ["parameter", "constant"])
def test_a_zero_is_named_wherever_it_divides(where, changes, kind):
    unit = "second**0.5" if "xi" in changes.get("more", "") else "1"
    zero = 0 * second**0.5 if "xi" in changes.get("more", "") else 0.0
    side, more = changes.get("side", "(I - v)/tau"), changes.get("more", "")
    made = leaky(
        equations=f"dv/dt = {side} : 1\nI : 1{more}" + (f"\nk : {unit}" if kind == "parameter" else ""),
        constants={"k": zero} if kind == "constant" else {},
        **({"parameters": {"k": zero}} if kind == "parameter" else {}),
        **{name: value for name, value in changes.items() if name == "refractory"},
    )
    with pytest.raises(UserError, match=f"{where}: k is 0") as error:
        check_domain(made)
    assert "divides by zero" in str(error.value)
