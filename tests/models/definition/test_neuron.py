"""Definitions of neuron models, good and bad."""

from __future__ import annotations

import dataclasses
import math

import pytest
from brian2 import Hz, ms, mV, volt

from spikecost.models.algebra.expression import FLOATS, evaluate, text
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step

from ...messages import tells

GOOD = {
    "name": "leaky",
    "equations": "dv/dt = (EL - v + I)/tau : volt\nI : volt\ntau : second",
    "threshold": "v > -50*mV",
    "reset": "v = EL",
    "constants": {"EL": -65 * mV},
    "parameters": {"tau": 10 * ms},
    "initial": {"v": -65 * mV},
}
ADAPTIVE = {
    **GOOD,
    "equations": """
        dv/dt = (g - u + I)/ms : volt (unless refractory)
        du/dt = a*(b*v - u) : volt
        g = -(v - EL) : volt
        a : Hz
        b : 1
        I : volt
    """,
    "parameters": {"a": 20 * Hz, "b": 0.2},
    "initial": {"v": "EL + 1*mV", "u": "b*v"},
}


def test_the_mathematics_in_internal_units():
    model = NeuronModel(**ADAPTIVE)
    system = model.system
    assert system.state == ("v", "u")
    assert system.parameters == ("a", "b")
    assert list(system.subexpressions) == ["g"]
    assert text(system.derivatives["u"]) == "a*(b*v - u)"
    assert text(system.subexpressions["g"]) == "-(v - (-65))"
    assert system.held == {"v"}
    assert (system.threshold.variable, system.threshold.comparison) == ("v", ">")
    assert [(name, text(value)) for name, value in system.reset] == [("v", "-65")]
    assert system.dimensions["u"] is volt.dim


def test_values_in_internal_units():
    model = NeuronModel(**ADAPTIVE)
    assert model.parameter_values == {"a": 0.02, "b": 0.2}
    assert model.initial_values == {"v": -64.0, "u": pytest.approx(-12.8, rel=1e-15)}


def test_initial_values_need_no_order():
    model = NeuronModel(
        **{**ADAPTIVE, "initial": {"v": "u + g0", "u": -10 * mV}, "constants": {"EL": -65 * mV, "g0": -55 * mV}}
    )
    assert model.initial_values == {"v": -65.0, "u": -10.0}


def test_an_initial_value_may_use_a_subexpression():
    model = NeuronModel(**{**ADAPTIVE, "initial": {"v": -60 * mV, "u": "2*g"}})
    assert model.initial_values == {"v": -60.0, "u": -10.0}


def test_a_subexpression_without_a_value_at_the_start_is_no_matter_if_no_initial_value_needs_it():
    model = NeuronModel(
        **{**GOOD, "equations": "dv/dt = (EL - v + I)/tau*w : volt\nw = 1*mV/(v - EL) : 1\nI : volt\ntau : second"}
    )
    assert model.initial_values == {"v": -65.0}


def test_refractoriness():
    assert NeuronModel(**GOOD).refractory_ms == 0.0
    assert NeuronModel(**GOOD, refractory=2 * ms).refractory_ms == 2.0
    crossing = NeuronModel(**{**GOOD, "reset": ""}, refractory="v > -50*mV")
    assert crossing.spike_is_crossing
    assert crossing.refractory_ms == 0.0
    assert not NeuronModel(**GOOD).spike_is_crossing


def test_a_refractory_text_follows_the_constants():
    model = NeuronModel(**{**GOOD, "constants": {"EL": -65 * mV, "pause": 2 * ms}}, refractory="1.5*pause")
    slower = model.replace(constants={"EL": -65 * mV, "pause": 4 * ms})
    assert (model.refractory_ms, slower.refractory_ms) == (3, 6)
    assert slower.refractory == "1.5*pause"
    assert slower.system.refractory is None  # still a constant time


def test_a_refractory_condition_is_asked_while_the_neuron_is_refractory():
    model = NeuronModel(**GOOD, refractory="not_refractory and tau > 1*ms or not not_refractory and v > 2*mV")
    assert text(model.system.refractory.value) == "2*1 < v"


def test_arrivals_that_differ_while_refractory_are_refused():
    equations = f"{GOOD['equations']}\nw = 1*mV + 2*mV*int(not_refractory) : volt\nsame = 3*mV : volt"
    given = {**GOOD, "equations": equations, "refractory": 3 * ms}
    with pytest.raises(UserError, match="arrivals: 'e': what 'v' becomes depends on not_refractory"):
        NeuronModel(**given, arrivals={"e": "v += w"})
    assert NeuronModel(**given, arrivals={"e": "v += same"}).system.arrivals


def test_a_definition_cannot_be_changed_only_replaced():
    model = NeuronModel(**GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.threshold = "v > 0*mV"
    slower = model.replace(parameters={"tau": 20 * ms})
    assert (model.parameter_values, slower.parameter_values) == ({"tau": 10.0}, {"tau": 20.0})


def test_what_was_passed_in_may_change_later():
    given = {"tau": 10 * ms}
    model = NeuronModel(**{**GOOD, "parameters": given})
    given["tau"] = 99 * ms
    assert model.parameter_values == {"tau": 10.0}


def test_a_preset_may_have_a_drive_of_its_own():
    model = NeuronModel(**GOOD, drive=2 * mV, presets={"slow": {"tau": 50 * ms, "I": 1 * mV}, "fast": {}})
    assert model.with_preset("slow").drive == 1 * mV
    assert model.with_preset("slow").parameter_values["tau"] == 50
    assert model.with_preset("fast").drive == 2 * mV
    with pytest.raises(UserError, match=r"drive = .* has the wrong unit, expected mV"):
        NeuronModel(**GOOD, drive=2 * ms)


def test_presets():
    model = NeuronModel(**GOOD, presets={"slow": {"tau": 50 * ms}})
    slow = model.with_preset("slow")
    assert (model.label, slow.label, repr(slow)) == ("leaky", "leaky:slow", "<NeuronModel leaky:slow>")
    assert slow.parameter_values == {"tau": 50.0}
    with pytest.raises(UserError, match=r"unknown preset 'fast' of leaky: .*slow"):
        model.with_preset("fast")


def _equations(right_hand_side, *more):
    return {"equations": "\n".join([f"dv/dt = {right_hand_side} : volt", "I : volt", "tau : second", *more])}


BAD = {
    # what is wrong: (what differs from GOOD, the message)
    "name": ({"name": "my model"}, "model name 'my model': use up to 64 letters, digits and _"),
    "unknown unit": (_equations("(EL - v + I)/tau", "g : fortnight"), "leaky: Brian2 cannot read the equations at "),
    "units that do not add": (
        _equations("(EL - v + I + tau)/tau"),
        "leaky: equation of 'v': units do not fit in '(EL - v + I + tau)/tau': 'EL - v + I' has the unit mV, ",
    ),
    "units of a derivative": (
        _equations("EL - v + I"),
        "leaky: equation of 'v': 'EL - v + I' has the unit mV, expected mV/ms",
    ),
    "units of a subexpression": (
        _equations("(EL - v + g)/tau", "g = I/tau : volt"),
        "leaky: equation of 'g': 'I/tau' has the unit mV/ms, expected mV",
    ),
    "unknown name": (
        _equations("(EL - v + Iext)/tau"),
        "leaky: equation of 'v': 'Iext' is neither in the equations nor a constant nor a unit; define it",
    ),
    "unsupported function": (
        _equations("(EL - v + mine(v/mV)*mV + I)/tau"),
        "leaky: equation of 'v': 'mine(v/mV)' is not supported: no function of the language is called 'mine'; use + - ",
    ),
    "noise": (
        _equations("(EL - v + I)/tau + mV*xi**2"),
        "leaky: equation of 'v': the noise xi must be multiplied by a factor and added, such as sigma*xi; ",
    ),
    "misspelt flag": (
        {"equations": "dv/dt = (EL - v + I)/tau : volt (unles refractory)\nI : volt\ntau : second"},
        "leaky: Brian2 cannot read the equations at ",
    ),
    "syntax": (_equations("(EL - v"), "leaky: Brian2 cannot read the equations at "),
    "no equation": ({"equations": ""}, "leaky: no differential equation; write at least one, such as dv/dt"),
    "input not declared": (
        {"input": "J"},
        "leaky: the input 'J' is not declared in the equations; add a line such as J : 1",
    ),
    "missing parameter": ({"parameters": {}}, "leaky: parameters: no value for tau; give tau in ms"),
    "extra parameter": (
        {"parameters": {"tau": 10 * ms, "C": 1}},
        "leaky: parameters: C not in the equations; expected tau",
    ),
    "parameter's unit": ({"parameters": {"tau": 10 * mV}}, "leaky: 'tau' = 10 mV has the wrong unit, expected ms"),
    "parameter without unit": ({"parameters": {"tau": 10}}, "leaky: 'tau' = 10 has the wrong unit, expected ms"),
    "no time in another unit": ({"refractory": 0 * mV}, "leaky: refractory = 0 V is not a time"),
    "parameter as text": (
        {"parameters": {"tau": "10*ms"}},
        "leaky: 'tau': expected a number or Brian2 quantity, got '10*ms'",
    ),
    "no parameter": ({"parameters": {"tau": None}}, "leaky: 'tau': expected a number or Brian2 quantity, got None"),
    "many parameters": (
        {"parameters": {"tau": [1, 2] * ms}},
        "leaky: 'tau': expected one number or Brian2 quantity, got [1 2] ms",
    ),
    "parameter that is NaN": ({"parameters": {"tau": math.nan * ms}}, "leaky: 'tau': expected a finite value, got nan"),
    "constant as text": (
        {"constants": {"EL": "-65*mV"}},
        "leaky: 'EL': expected a number or Brian2 quantity, got '-65*mV'",
    ),
    "missing constant": (
        {"constants": {}},
        "leaky: equation of 'v': 'EL' is neither in the equations nor a constant nor a unit; define it",
    ),
    "constant's unit": (
        {"constants": {"EL": -65 * ms}},
        "leaky: equation of 'v': units do not fit in '(EL - v + I)/tau': ",
    ),
    "missing initial value": ({"initial": {}}, "leaky: initial: no value for v"),
    "extra initial value": ({"initial": {"v": 0 * mV, "u": 0}}, "leaky: initial: u not in the equations; expected v"),
    "initial value's unit": ({"initial": {"v": -65}}, "leaky: 'v' = -65 has the wrong unit, expected mV"),
    "unit of an initial expression": (
        {"initial": {"v": "tau"}},
        "leaky: initial value of 'v': 'tau' has the unit ms, expected mV",
    ),
    "name in an initial expression": (
        {"initial": {"v": "EK"}},
        "leaky: initial value of 'v': 'EK' is neither in the equations nor a constant nor a unit; define it",
    ),
    "threshold's form": (
        {"threshold": "v + 1*mV"},
        "leaky: threshold: 'v + 1*mV' is not supported; write a condition such as v > 30*mV, or v > theta and w < 1",
    ),
    "threshold on a parameter": (
        {"threshold": "tau > 1*ms"},
        "leaky: threshold: 'tau > 1*ms' does not depend on the state; compare a state variable: v > 30*mV",
    ),
    "threshold's unit": ({"threshold": "v > -50"}, "leaky: threshold: '-50' has the unit 1, expected mV"),
    "threshold that moves": (
        {"threshold": "v > I"},
        "leaky: the threshold uses I; use numbers, parameters and state variables",
    ),
    "reset to the input": ({"reset": "v = I"}, "leaky: the reset of 'v' uses I; use numbers, parameters and state"),
    "reset's unit": ({"reset": "v = -65"}, "leaky: reset: '-65' has the unit 1, expected mV"),
    "reset of a parameter": ({"reset": "tau = 1*ms"}, "leaky: reset: 'tau' is not a state variable; known are v"),
    "reset's syntax": ({"reset": "v ="}, "leaky: reset: cannot read 'v ='; write statements such as v = c; u += d"),
    "endless spikes": (
        {"reset": "v = EL + 20*mV"},
        "leaky: reset: 'v = EL + 20*mV' leaves v at -45 mV, where 'v > -50*mV' still ",
    ),
    "endless spikes of parameters": (
        {**_equations("(EL - v + I)/tau"), "threshold": "v >= 5*mV*(tau/ms)", "reset": "v = 5*mV*(tau/ms)"},
        "leaky: reset: 'v = 5*mV*(tau/ms)' leaves v at 50 mV, where ",
    ),
    "a root in the reset": ({"reset": "v = sqrt(-1)*mV"}, "leaky: reset or threshold: math domain error; change "),
    "a power without end": ({"reset": "v = -10**10**10*mV"}, "leaky: reset: the number '10**10**10' is too large; "),
    "constant that is declared": (
        {"constants": {"EL": -65 * mV, "v": 3 * mV}},
        "leaky: the constant 'v' is also declared in the equations; remove one of ",
    ),
    "constant with a unit's name": (
        {"constants": {"EL": -65 * mV, "mV": 3}},
        "leaky: the constant 'mV' cannot have this name: 'mV' is the name of a unit",
    ),
    "constant with a function's name": (
        {"constants": {"EL": -65 * mV, "exp": 3}},
        "leaky: the constant 'exp' cannot have this name: 'exp' is the name of a function",
    ),
    "constant without a name": (
        {"constants": {"EL": -65 * mV, "a b": 3}},
        "leaky: the constant 'a b' is not a name; use ",
    ),
    "equations that are no text": ({"equations": None}, "a model's equations is text, not None"),
    "threshold that is no text": ({"threshold": -50 * mV}, "a model's threshold is text, not -50 mV"),
    "preset's name": ({"presets": {"a b": {}}}, "preset name 'a b': use up to 64 letters, digits and _"),
    "no number in the reset": (
        {"reset": "v = EL/(tau/ms - 10)"},
        "leaky: reset or threshold: float division by zero; change the ",
    ),
    "input that drives nothing": (
        _equations("(EL - v)/tau"),
        "leaky: no equation uses the input 'I', so nothing drives the model; use ",
    ),
    "no reset": (
        {"reset": ""},
        "leaky: without a reset every step above threshold would be a spike, so that their number would depend on the "
        "time step; give refractory='v > -50*mV'",
    ),
    "refractory without unit": ({"refractory": 2}, "leaky: refractory = 2 is not a time; give one such as 0.1*ms"),
    "negative refractory": (
        {"refractory": -2 * ms},
        "leaky: refractory = -2 ms is not positive; give a time such as 0.1*ms",
    ),
    "a refractory text that is no time": (
        {"refractory": "2*v"},
        "leaky: refractory: '2*v' has the unit mV, expected ms; give a time such as 2*ms",
    ),
    "a refractory condition whose units do not fit": (
        {"refractory": "v > 2"},
        "leaky: refractory: '2' has the unit 1, expected mV; give a time such as 2*ms",
    ),
    "a refractory text with an unknown name": (
        {"refractory": "pause"},
        "leaky: refractory: 'pause' is neither in the equations nor a constant nor a unit; give a time",
    ),
    "a refractory time that is negative": (
        {"refractory": "tau - 1*second"},
        "leaky: refractory = 'tau - 1*second' is -9",
    ),
    "a refractory time that depends on the input": (
        {"refractory": "tau*I/mV"},
        "leaky: refractory = 'tau*I/mV' uses I; use numbers, parameters and state variables",
    ),
    "a refractory condition that is never true, and no reset": (
        {"refractory": "not_refractory and v > -60*mV", "reset": ""},
        "leaky: without a reset every step above threshold would be a spike, so that their number would depend on the ",
    ),
    "a refractory time of zero, and no reset": (
        {"refractory": "tau - tau", "reset": ""},
        "leaky: without a reset every step above threshold would be a spike, so that their number would depend on the ",
    ),
    "published without a parameter": (
        {"published": "dv/dt = (EL - v + I)/(10*ms) : volt\nI : volt"},
        "leaky: published and equations have different variables or parameters; give both the ",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_a_bad_definition_is_refused_in_one_line(changes, message):
    with pytest.raises(UserError) as error:
        NeuronModel(**{**GOOD, **changes})
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"reset": "v = v - 20*mV"},  # the value depends on the state
        {"reset": "v = -50*mV"},  # the threshold is above, not at, this level
        {
            "reset": "v = EL + 20*mV",
            "refractory": 2 * ms,
        },  # v falls below the threshold before the next spike is tested
        {
            "equations": "dv/dt = (EL - v + I + w)/tau : volt\ndw/dt = -w/tau : volt\nI : volt\ntau : second",
            "initial": {"v": -65 * mV, "w": 0 * mV},
            "threshold": "v > w - 50*mV",
            "reset": "v = -45*mV; w = 10*mV",
        },
    ],
)
def test_a_reset_that_may_be_below_the_threshold_is_taken(changes):
    assert NeuronModel(**{**GOOD, **changes}).system.reset


@pytest.mark.parametrize("initial", ["v", "I"])
def test_initial_values_that_cannot_be_had(initial):
    model = NeuronModel(**{**GOOD, "initial": {"v": initial}})
    with pytest.raises(UserError) as error:
        model.initial_values  # noqa: B018 - the access fails
    assert tells(str(error.value), "leaky: initial values of v depend on each other or on the input; give numbers")


def test_an_initial_value_that_divides_by_zero():
    model = NeuronModel(**{**GOOD, "initial": {"v": "EL/(tau/ms - 10)"}})
    with pytest.raises(UserError) as error:
        model.initial_values  # noqa: B018
    assert tells(str(error.value), "leaky: initial value of 'v': float division by zero; give a number")


def test_a_bad_preset_is_refused_when_it_is_taken():
    model = NeuronModel(**GOOD, presets={"odd": {"taum": 1 * ms}})
    with pytest.raises(UserError, match=r"leaky:odd: .* taum .*; .*tau$"):
        model.with_preset("odd")


@pytest.mark.parametrize(
    ("right_hand_side", "message"),
    [
        ("(EL - v + I)/(0*ms)", "divides by zero; change it"),
        ("(EL - v + I)/tau*sqrt(-4)", "'sqrt(-4)' in the equations is not a number: math domain error; change it"),
    ],
)
def test_a_constant_without_a_value_is_refused_when_the_step_is_made(right_hand_side, message):
    model = NeuronModel(**{**GOOD, **_equations(right_hand_side)})
    with pytest.raises(UserError) as error:
        make_step(model, "euler")
    assert str(error.value).endswith(message)


@pytest.mark.parametrize(
    ("written", "factor"), [("3**1.2", 3**1.2), ("2.3**((36 - 6.3)/10)", 2.3**2.97), ("pi", math.pi), ("e", math.e)]
)
def test_a_constant_factor_is_a_number_of_the_step(written, factor):
    # v' = factor (I - v)/tau from -65 mV: one step of forward Euler
    step = make_step(NeuronModel(**{**GOOD, **_equations(f"{written}*(EL + 20*mV - v + I)/tau")}), "euler")
    assert not step.blocks["once"].assignments
    values = {"v": -65.0, "I": 0.0, "dt": 0.1, "tau": 10.0}
    for assign in step.blocks["advance"].assignments:
        values[assign.target] = evaluate(assign.value, values, FLOATS)
    assert values["v_next"] == pytest.approx(-65 + 0.1 * factor * 20 / 10, rel=1e-14)


@pytest.mark.parametrize("name", MODELS)
def test_the_catalogue_can_be_replaced_in_part(name):
    # replace() checks again
    with pytest.raises(UserError, match=rf"^{name}(:\w+)?: threshold: "):
        MODELS[name].replace(threshold="v <> 3")
