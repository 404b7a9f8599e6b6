"""Rates in tables: lookups, entries, and messages about bad tables."""

import copy
import math
import pickle

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA

from spikecost.flops import count
from spikecost.models.algebra.expression import FLOATS, Op, Table, evaluate, nodes, text
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step

HH = MODELS["hodgkin_huxley"]
RATES = ("alpha_m", "beta_m", "alpha_h", "beta_h", "alpha_n", "beta_n")


def rates(v):
    """Rates of Hodgkin and Huxley, away from the removable singularities."""
    return {
        "alpha_m": 0.1 * (v + 40) / (1 - math.exp(-(v + 40) / 10)),
        "beta_m": 4 * math.exp(-(v + 65) / 18),
        "alpha_h": 0.07 * math.exp(-(v + 65) / 20),
        "beta_h": 1 / (1 + math.exp(-(v + 35) / 10)),
        "alpha_n": 0.01 * (v + 55) / (1 - math.exp(-(v + 55) / 10)),
        "beta_n": 0.125 * math.exp(-(v + 65) / 80),
    }


def at(model, **values):
    """Subexpressions and derivatives at a state."""
    system = model.system
    known = {**model.parameter_values, model.input: 0.0, **values}
    for name, value in system.subexpressions.items():
        known[name] = evaluate(value, known, FLOATS)
    return known | {f"d{name}": evaluate(value, known, FLOATS) for name, value in system.derivatives.items()}


def tables(model):
    system = model.system
    found = nodes(*system.subexpressions.values(), *system.derivatives.values())
    return {node.name: node.values for node in found if isinstance(node, Table)}


def mine(equations, **more):
    given = {"threshold": "v > 0*mV", "reset": "v = -65*mV", "initial": {"v": -65 * mV}, **more}
    return NeuronModel(name="mine", equations=equations + "\nI : volt/second", **given)


# --- the entries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2, 0.5, 0.1])
def test_entries_are_the_rates_at_the_grids_voltages(step):
    found = tables(HH.tabulated(step * mV))
    assert set(found) == {f"{rate}_{what}" for rate in RATES for what in ("entries", "differences")}
    count = round(200 / step)
    for i in (0, 1, count // 3 + 1, count - 1):
        v = -100 + i * step
        for rate, value in rates(v).items():
            assert len(found[f"{rate}_entries"]) == len(found[f"{rate}_differences"]) == count
            assert found[f"{rate}_entries"][i] == pytest.approx(value, rel=1e-13)
            following = rates(v + step)[rate]
            assert found[f"{rate}_differences"][i] == pytest.approx(following - value, rel=1e-9)


def test_entries_where_the_published_rates_are_zero_over_zero():
    found = tables(HH.tabulated(1 * mV))
    assert found["alpha_m_entries"][60] == 1.0
    assert found["alpha_n_entries"][45] == 0.1


def test_an_entry_is_rounded_once():
    # exp(-(v + 65)/18) at -100 mV: 4 exp(35/18), to the last bit of a double
    from decimal import Decimal, getcontext

    getcontext().prec = 40
    entries = tables(HH.tabulated(1 * mV))["beta_m_entries"]
    exact = [float(4 * (Decimal(-(v + 65)) / 18).exp()) for v in range(-100, 100)]
    assert list(entries) == exact


@pytest.mark.parametrize(
    ("v", "cell", "fraction"),
    [
        (-65.0, 35, 0.0),
        (-64.75, 35, 0.25),
        (-100.0, 0, 0.0),
        (-99.5, 0, 0.5),
        (99.5, 199, 0.5),
        (100.0, 199, 1.0),
        (103.0, 199, 4.0),
        (-100.5, 0, -0.5),
        (-104.0, 0, -4.0),
    ],
)
def test_between_entries_and_beyond_them_a_straight_line(v, cell, fraction):
    model = HH.tabulated(1 * mV)
    found = at(model, v=v, m=0.1, h=0.5, n=0.4)
    assert (found["cell"], found["fraction"]) == (cell, fraction)
    low, high = rates(-100.0 + cell), rates(-99.0 + cell)
    for rate in RATES:
        assert found[rate] == pytest.approx(low[rate] + fraction * (high[rate] - low[rate]), rel=1e-11)


@pytest.mark.parametrize("position", [math.nan, math.inf, -math.inf, 1e10, -1e10, 2.0**31])
def test_what_is_no_place_in_a_table_is_before_it(position):
    assert FLOATS["cell"](position, 200.0) == 0


def test_the_error_of_a_rate_falls_with_the_square_of_the_step():
    v = np.linspace(-90, 60, 301)
    steps = [4, 2, 1]
    for rate in RATES:
        errors = []
        for step in steps:
            model = HH.tabulated(step * mV)
            errors.append(max(abs(at(model, v=x, m=0, h=0, n=0)[rate] - at(HH, v=x, m=0, h=0, n=0)[rate]) for x in v))
        assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(2, abs=0.05)


# --- what is looked up -----------------------------------------------------------------------------------------------


def test_the_lookup_stands_in_the_step():
    step = make_step(HH.tabulated(0.5 * mV), "euler")
    lines = {assign.target: text(assign.value) for assign in step.blocks["advance"].assignments}
    assert lines["position"] == "(v + 100) + (v + 100)" or lines["position"] == "x2 + x2"  # 2*x is x + x
    assert lines["cell"] == "cell(position, 400)"
    assert lines["fraction"] == "position - cell"
    assert lines["n_next"] == (
        "n + dt*((alpha_n_entries[cell] + fraction*alpha_n_differences[cell])*(1 - n) - "
        "(beta_n_entries[cell] + fraction*beta_n_differences[cell])*n)"
    )


def test_a_step_by_hand():
    # v: add v + ( ), v + 77, v + 54.387; sub v - 50 and three; mul n*n, dt, 120 m m m h ( ) 5, 36 n2 n2 ( ) 3, 0.3 ( )
    # the place: v + 100, times 10, minus the cell; six rates, a multiplication and an addition each
    # a gate: add x + ( ), sub 1 - x, alpha - beta, mul dt, alpha ( ), beta x
    # 0 < v_next and v <= 0
    by_hand = {"add": 3 + 1 + 6 + 3, "sub": 4 + 1 + 6, "mul": 11 + 1 + 6 + 9, "compare": 2}
    assert count("hodgkin_huxley_tables", "euler").as_run.present == by_hand
    # as written: the lookup not simplified (v - low; the sum of squares one by one; division by C; one comparison)
    written = {"add": 1 + 6 + 3, "sub": 6 + 2 + 6, "mul": 10 + 1 + 1 + 6 + 9 + 1, "div": 1, "compare": 1}
    assert count("hodgkin_huxley_tables", "euler").as_written().present == written


def test_stages_of_a_method_look_up_at_their_own_voltages():
    one, four = (count("hodgkin_huxley_tables", method).step for method in ("euler", "rk4"))
    cells = [
        sum(isinstance(a.value, Op) and a.value.kind == "cell" for a in step.blocks["advance"].assignments)
        for step in (one, four)
    ]
    assert cells == [1, 4]
    assert count(one.model, "rk4").as_run["exp"] == count(one.model, "rk4").as_run["div"] == 0


def test_parts_of_an_equation_are_found():
    model = mine(
        "dv/dt = (EL - v + slope*exp((v - VT)/slope))/tau + I - w*exp(-v/(7*mV)) : volt\n"
        "dw/dt = (2*Hz*mV*v/(1*mV) - w)/tau : volt/second\ntau : second",
        constants={"EL": -65 * mV, "VT": -50 * mV, "slope": 2 * mV},
        parameters={"tau": 10 * ms},
        initial={"v": -65 * mV, "w": 0 * mV / ms},
    )
    # the whole bracket, because tau is an operand per neuron; the factor of w; not the part that is linear in v
    found = tables(model.tabulated(1 * mV, -80 * mV, 0 * mV))
    assert sorted(name for name in found if name.endswith("entries")) == ["dv_1_1_1_entries", "dv_2_2_entries"]
    assert found["dv_1_1_1_entries"][30] == pytest.approx(-65 + 50 + 2)
    assert found["dv_2_2_entries"][10] == pytest.approx(math.exp(10), rel=1e-14)
    for v in (-80.0, -51.0, -1.0):  # on the grid the equations are the model's
        assert at(model.tabulated(1 * mV, -80 * mV, 0 * mV), v=v, w=0.3)["dv"] == pytest.approx(
            at(model, v=v, w=0.3)["dv"], rel=1e-13
        )


def test_subexpressions_of_subexpressions_are_one_table():
    model = mine(
        "dv/dt = I - g*v/ms : volt\ndg/dt = (g_inf - g)/tau : 1\n"
        "g_inf = rise/(rise + fall) : 1\ntau = 1/(rise + fall) : second\n"
        "rise = 2*exp(v/(10*mV))/ms : Hz\nfall = 2*exp(-v/(10*mV))/ms : Hz\nunused = g*rise : Hz",
        initial={"v": -65 * mV, "g": 0},
    )
    variant = model.tabulated(5 * mV)
    step = make_step(variant, "euler")
    values = [assign.value for assign in step.blocks["advance"].assignments]
    used = {node.name for value in values for node in nodes(value) if isinstance(node, Table)}
    assert used == {"g_inf_entries", "g_inf_differences", "tau_entries", "tau_differences"}
    assert tables(variant)["tau_entries"][20] == 0.25
    assert count(step.model, "euler").as_run["exp"] == 0
    assert count(step.model, "euler").as_run["div"] == 1  # (g_inf - g)/tau


def test_names_of_the_model_are_left_alone():
    model = mine(
        "dv/dt = I - cell*exp(v/mV)*mV/ms : volt\ndcell/dt = -position*cell : 1\nposition = 1/ms : Hz",
        initial={"v": -65 * mV, "cell": 1},
    )
    variant = model.tabulated(1 * mV, -80 * mV, 0 * mV)
    assert {"position_in_table", "cell_in_table", "fraction"} <= set(variant.system.subexpressions)
    found = at(variant, v=-10.0, cell=0.5)
    assert found["dv"] == pytest.approx(-0.5 * math.exp(-10), rel=1e-13)
    assert found["dcell"] == -0.5


# --- the variant -----------------------------------------------------------------------------------------------------


def test_the_variant_and_its_model():
    variant = HH.tabulated(0.1 * mV)
    assert (variant.name, variant.label) == ("hodgkin_huxley_tables", "hodgkin_huxley_tables")
    assert str(variant.tables) == "from -100 to 100 mV in steps of 0.1 mV"
    assert variant.exact.tables is None
    assert variant.exact.equations == HH.equations
    assert variant.exact is variant.exact
    assert HH.exact is HH
    assert variant.initial_values == HH.initial_values
    again = variant.tabulated(1 * mV)
    assert (again.name, str(again.tables)) == ("hodgkin_huxley_tables", "from -100 to 100 mV in steps of 1 mV")


def test_the_catalogues():
    model = MODELS["hodgkin_huxley_tables"]
    assert str(model.tables) == "from -100 to 100 mV in steps of 0.1 mV"
    assert model.exact.system.derivatives.keys() == HH.system.derivatives.keys()


def test_a_variant_can_be_pickled_copied_and_is_a_key():
    variant = HH.tabulated(1 * mV)
    for other in (pickle.loads(pickle.dumps(variant)), copy.deepcopy(variant)):
        assert tables(other) == tables(variant)
        assert str(other.tables) == str(variant.tables)
    variant.system  # noqa: B018 - computed before it is pickled
    assert tables(pickle.loads(pickle.dumps(variant))) == tables(variant)
    assert {variant: 1}[variant] == 1
    assert len({variant, variant.replace(), HH}) == 3


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: MODELS["lif"].tabulated(1 * mV),
            "lif_tables: nothing to tabulate: no exponential, power, root or quotient depends only on v",
        ),
        (
            lambda: MODELS["izhikevich"].tabulated(1, -100, 100),
            "izhikevich_tables: nothing to tabulate: no exponential, power, root or quotient depends only on v",
        ),
        (
            lambda: MODELS["izhikevich"].tabulated(1 * mV),
            "izhikevich_tables: the tables' step = 1 mV has the wrong unit, expected 1",
        ),
        (
            lambda: HH.tabulated(0.3 * mV),
            "hodgkin_huxley_tables: a step of 0.3 mV does not divide the tables' range of "
            "200 mV; use 0.3125 or 0.25 mV",
        ),
        (
            lambda: HH.tabulated(500 * mV),
            "hodgkin_huxley_tables: a step of 500 mV does not divide the tables' range of 200 mV; use 200 mV",
        ),
        (
            lambda: HH.tabulated(0 * mV),
            "hodgkin_huxley_tables: tables from -100 to 100 mV in steps of 0 mV: give a "
            "positive step, and a low end below the high one",
        ),
        (
            lambda: HH.tabulated(-1 * mV),
            "hodgkin_huxley_tables: tables from -100 to 100 mV in steps of -1 mV: give a "
            "positive step, and a low end below the high one",
        ),
        (
            lambda: HH.tabulated(1 * mV, 50 * mV, -50 * mV),
            "hodgkin_huxley_tables: tables from 50 to -50 mV in steps of 1 "
            "mV: give a positive step, and a low end below the high one",
        ),
        (
            lambda: HH.tabulated(1e-6 * mV),
            "hodgkin_huxley_tables: tables from -100 to 100 mV in steps of 1e-06 mV have "
            "2e+08 cells; give a step of at least 0.002 mV",
        ),
        (
            lambda: HH.tabulated(1 * ms),
            "hodgkin_huxley_tables: the tables' step = 1 ms has the wrong unit, expected mV",
        ),
        (
            lambda: HH.tabulated("1*mV"),
            "hodgkin_huxley_tables: the tables' step: expected a number or Brian2 quantity, got '1*mV'",
        ),
        (
            lambda: HH.tabulated(1 * mV, -math.inf * mV),
            "hodgkin_huxley_tables: the tables' low: expected a finite value, got -inf",
        ),
        (
            lambda: mine("dv/dt = I + mV/ms*exp(v/mV)*int(not_refractory) : volt", refractory=2 * ms).tabulated(1 * mV),
            "mine_tables: tables are not possible for equations with not_refractory; ",
        ),
        (
            lambda: mine("dv/dt = I + mV/ms/(v/mV + 30) : volt").tabulated(1 * mV),
            "mine_tables: dv_2 is not finite at v = -30; give tables over a smaller range",
        ),
    ],
)
def test_bad_tables(ask, message):
    with pytest.raises(UserError) as error:
        ask()
    assert str(error.value).startswith(message)


def test_units_of_the_drive_are_kept():
    assert HH.tabulated(1 * mV).system.dimensions["I"] is (uA / cm**2).dim
