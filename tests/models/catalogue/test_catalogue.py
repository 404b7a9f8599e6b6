"""The models that come with spikecost."""

from __future__ import annotations

import ast
import math
import pkgutil
import re
from pathlib import Path

import brian2
import numpy as np
import pytest

from spikecost.models import catalogue
from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.step import make_step

from ...archetypes import choose, is_archetype

# Izhikevich 2003, figure 2: a, b, c, d
FIGURE_2 = {
    "RS": (0.02, 0.2, -65.0, 8.0),
    "IB": (0.02, 0.2, -55.0, 4.0),
    "CH": (0.02, 0.2, -50.0, 2.0),
    "FS": (0.1, 0.2, -65.0, 2.0),
    "TC": (0.02, 0.25, -65.0, 0.05),
    "RZ": (0.1, 0.26, -65.0, 2.0),
    "LTS": (0.02, 0.25, -65.0, 2.0),
}
DT = 0.01


def derivatives(system, values):
    """Right-hand side in internal units."""
    known = dict(values)
    for name, value in system.subexpressions.items():
        known[name] = evaluate(value, known, FLOATS)
    return {name: evaluate(value, known, FLOATS) for name, value in system.derivatives.items()}


def random_states(model, count=200):
    """States and inputs near the model's trajectories, from its initial state and its drive.

    A voltage that starts at -65 mV ranges from -91 to 39, a gate from 0 to 1, another variable by half its size in both
    directions; a variable with the input's unit is on the scale of the drive.
    """
    rng = np.random.default_rng(20041)
    system = model.system
    drive = 1.0 if model.drive is None else float(units.internal(model.drive))
    unit = system.dimensions[model.input]
    currents = [name for name in system.state if system.dimensions[name] is unit and unit is not units.DIMENSIONLESS]
    for _ in range(count):
        state = {}
        for name, start in model.initial_values.items():
            size = max(1.0, abs(start))
            if name == system.threshold.variable:
                state[name] = start + size * rng.uniform(-0.4, 1.6)
            elif name in currents:
                state[name] = drive * rng.uniform(-1, 1)
            else:
                state[name] = rng.uniform(0, 1) if 0 <= start <= 1 else start + size * rng.uniform(-0.5, 0.5)
        yield {**state, **model.parameter_values, model.input: drive * rng.uniform(-0.5, 2)}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_what_it_is_and_where_it_is_from(name):
    model = MODELS[name]
    assert model.description
    assert any(part.isdigit() and len(part) == 4 for part in model.source.replace(",", " ").split())  # a year
    assert set(model.initial_values) == set(model.system.state)
    assert all(math.isfinite(value) for value in model.initial_values.values())


@pytest.mark.parametrize("file", sorted(each.name for each in pkgutil.iter_modules(catalogue.__path__)))
def test_a_file_says_what_its_numbers_were_checked_against(file):
    docstring = ast.get_docstring(ast.parse(Path(catalogue.__path__[0], f"{file}.py").read_text(encoding="utf-8")))
    said = " ".join((docstring or "").split())
    found = re.search(r"[Cc]hecked (against|in the same way as) ", said)
    assert found, f"say in {file}.py what the model was checked against"


@pytest.mark.parametrize(
    "name",
    # Brian2 runs the others for longer in the tests of its engine
    choose(MODELS, lambda name: MODELS[name].tables or not (is_archetype(name) or name == "adex")),
)
def test_brian2_takes_the_definition_unchanged(name, monkeypatch):
    model = MODELS[name]
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    group = brian2.NeuronGroup(
        1,
        model.equations,
        threshold=model.threshold,
        reset=model.reset or None,
        refractory=model.refractory if model.refractory is not None else False,
        method="euler",
        namespace=dict(model.constants),
        dt=DT * brian2.ms,
    )
    voltage = model.system.threshold.variable
    start = next(state for state in random_states(model) if state[voltage] < model.initial_values[voltage])
    for variable, value in start.items():
        setattr(group, variable, units.quantity(value, model.system.dimensions[variable]))
    brian2.Network(group).run(DT * brian2.ms)
    # one step of Brian2's forward Euler is our right-hand side
    slopes = derivatives(model.exact.system, start)
    for variable in model.system.state:
        after = float(units.internal(getattr(group, variable)[0]))
        assert after == pytest.approx(start[variable] + DT * slopes[variable], rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_brian2_takes_the_initial_values(name, monkeypatch):
    model = MODELS[name]
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    group = brian2.NeuronGroup(1, model.equations, method="euler", namespace=dict(model.constants))
    for variable, value in {**model.parameters, **model.initial}.items():
        if not isinstance(value, str):
            setattr(group, variable, value)
    for variable, value in model.initial.items():
        if isinstance(value, str):
            setattr(group, variable, value)
    for variable, value in model.initial_values.items():
        assert float(units.internal(getattr(group, variable)[0])) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_the_published_form_is_the_form_that_runs(name):
    model = MODELS[name]
    for values in random_states(model):
        runs, published = (derivatives(system, values) for system in (model.system, model.system_as_published))
        assert published == pytest.approx(runs, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ["izhikevich", "izhikevich_mv"])
def test_izhikevichs_presets_are_those_of_figure_2(name):
    model = MODELS[name]
    assert list(model.presets) == list(FIGURE_2)
    for preset, (a, b, c, d) in FIGURE_2.items():
        assert model.with_preset(preset).parameter_values == {"a": a, "b": b, "c": c, "d": d}
    assert model.label == f"{name}:RS"


def test_izhikevich_with_and_without_dimensions_are_the_same_numbers():
    plain, with_units = MODELS["izhikevich"], MODELS["izhikevich_mv"]
    assert with_units.initial_values == plain.initial_values
    for values in random_states(plain):
        assert derivatives(with_units.system, values) == pytest.approx(derivatives(plain.system, values), rel=1e-12)


def test_izhikevichs_equations_by_hand():
    # v' = 0.04 v^2 + 5 v + 140 - u + I, u' = a (b v - u), at v = -50, u = -10, I = 10, RS:
    # 100 - 250 + 140 + 10 + 10 = 10 and 0.02 (-10 + 10) = 0
    model = MODELS["izhikevich"]
    values = {"v": -50.0, "u": -10.0, "I": 10.0, **model.parameter_values}
    assert derivatives(model.system, values) == pytest.approx({"v": 10.0, "u": 0.0}, abs=1e-12)
    assert model.initial_values == {"v": -65.0, "u": pytest.approx(-13.0)}


def test_leaky_integrate_and_fire_by_hand():
    # v' = I + a - b v with a = -6.5 mV/ms and b = 0.1/ms: rest at -65 mV, 1 mV above it decays at 0.1 mV/ms
    model = MODELS["lif"]
    at = {**model.parameter_values, "I": 0.0}
    assert model.parameter_values == {"a": -6.5, "b": 0.1, "c": -65.0}
    assert derivatives(model.system, {**at, "v": -65.0})["v"] == pytest.approx(0.0, abs=1e-12)
    assert derivatives(model.system, {**at, "v": -64.0, "I": 2.0})["v"] == pytest.approx(1.9, rel=1e-12)
    assert model.system.held == {"v"}


def paper_of_1952(displacement, m, h, n, current):
    """Equations 26, 7, 8, 15, 16 and 12, 13, 20, 21, 23, 24 of the paper, with the paper's sign.

    `displacement` is the paper's V, in mV from rest, negative when depolarized; the inward current is negative.
    """
    V, exp = displacement, math.exp
    alpha_n, beta_n = 0.01 * (V + 10) / (exp((V + 10) / 10) - 1), 0.125 * exp(V / 80)
    alpha_m, beta_m = 0.1 * (V + 25) / (exp((V + 25) / 10) - 1), 4 * exp(V / 18)
    alpha_h, beta_h = 0.07 * exp(V / 20), 1 / (exp((V + 30) / 10) + 1)
    return {
        "V": current - 36 * n**4 * (V - 12) - 120 * m**3 * h * (V + 115) - 0.3 * (V + 10.613),
        "m": alpha_m * (1 - m) - beta_m * m,
        "h": alpha_h * (1 - h) - beta_h * h,
        "n": alpha_n * (1 - n) - beta_n * n,
    }


@pytest.mark.parametrize("v", [-77.0, -65.0, -50.0, -20.0, 0.0, 30.0])
def test_hodgkin_and_huxleys_equations(v):
    m, h, n, current = 0.1, 0.5, 0.4, 7.0
    paper = paper_of_1952(-65 - v, m, h, n, -current)
    expected = {"v": -paper.pop("V"), **paper}
    found = derivatives(MODELS["hodgkin_huxley"].system, {"v": v, "m": m, "h": h, "n": n, "I": current})
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_hodgkin_and_huxleys_axon_rests_near_minus_65_mv():
    model = MODELS["hodgkin_huxley"]
    start = model.initial_values
    # the steady state of the gates at rest, to three decimal places as usually stated
    assert {name: round(value, 3) for name, value in start.items()} == {"v": -65.0, "m": 0.053, "h": 0.596, "n": 0.318}
    slopes = derivatives(model.system, {**start, "I": 0.0})
    assert slopes == pytest.approx({"v": 0.0, "m": 0.0, "h": 0.0, "n": 0.0}, abs=5e-3)


# the limits of alpha_m (1 per ms at -40 mV) and alpha_n (0.1 per ms at -55 mV), where their quotients are 0/0
@pytest.mark.parametrize(("v", "gate", "limit"), [(-40.0, "m", 1.0), (-55.0, "n", 0.1)])
def test_hodgkin_and_huxleys_rates_where_they_are_zero_over_zero(v, gate, limit):
    model = MODELS["hodgkin_huxley"]
    values = {"v": v, "m": 0.2, "h": 0.3, "n": 0.4, "I": 5.0}
    beta = {"m": 4 * math.exp(-25 / 18), "n": 0.125 * math.exp(-10 / 80)}[gate]
    expected = limit * (1 - values[gate]) - beta * values[gate]
    slopes = derivatives(model.system, values)
    assert all(math.isfinite(slope) for slope in slopes.values())
    assert slopes[gate] == pytest.approx(expected, rel=1e-14)
    with pytest.raises(ZeroDivisionError):
        derivatives(model.system_as_published, values)
    # the step that runs gives the same; with IEEE division, because 0/0 is computed but not selected
    algebra = {**FLOATS, "div": np.divide}
    dt = 0.05
    known = {**values, "dt": dt}
    with np.errstate(invalid="ignore"):
        for assign in make_step(model, "euler").blocks["advance"].assignments:
            known[assign.target] = evaluate(assign.value, known, algebra, number=np.float64)
    assert known[f"{gate}_next"] == pytest.approx(values[gate] + dt * expected, rel=1e-14)


@pytest.mark.parametrize(("v", "gate"), [(-40.0, "m"), (-55.0, "n")])
@pytest.mark.parametrize("distance", [1e-3, 1.001e-5, 0.999e-5, 1e-7, -1e-7, -0.999e-5, -1.001e-5, -1e-3])
def test_the_step_goes_smoothly_through_zero_over_zero(v, gate, distance):
    # the step changes to the series where |v - v0|/10 < 1e-6
    model = MODELS["hodgkin_huxley"]
    values = {"v": v + distance, "m": 0.2, "h": 0.3, "n": 0.4, "I": 5.0}
    known = {**values, "dt": 1.0}
    for assign in make_step(model, "euler").blocks["advance"].assignments:
        known[assign.target] = evaluate(assign.value, known, FLOATS)
    slope = derivatives(model.system, values)[gate]  # with expm1, which is accurate everywhere
    assert known[f"{gate}_next"] - values[gate] == pytest.approx(slope, rel=2e-9)
