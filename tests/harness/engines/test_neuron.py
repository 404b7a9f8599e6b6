"""NEURON runs generated mechanisms, step by step as its scheme says, and converges to our reference solutions."""

from __future__ import annotations

import re
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import ms

from spikecost.accuracy.references.reference import reference
from spikecost.harness.engines import ENGINES
from spikecost.harness.stimuli import constant
from spikecost.models.algebra.functions import CALLABLE
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model

from ...archetypes import product
from ...messages import mentions
from .by_hand import COUPLED, backward_euler, needs, pieces

pytestmark = pytest.mark.slow

NEURON = ENGINES["neuron"]
#: A mechanism takes one to two seconds to compile.
MODELS = ["lif", "hodgkin_huxley", *(product(name) for name in ("izhikevich", "adex", "traub_miles"))]
#: Functions, choices and comparisons of the language; a state that is not linear in itself; a threshold that moves.
WORDS = NeuronModel(
    name="words",
    equations="""
        dv/dt = (I - v + 3*sin(w/2) + 0.1*exprel(-w) + clip(w, -0.5, 0.5) + int(v > 5 and w < 1)*x % 2
                 + sign(w - 0.3) + 0.1*cosh(w/4) - 0.1*sinh(w/5) + int(not (w > 2))*0.2
                 + log10(2 + x**2)*tan(w/9) + 0.1*arccos(sin(w)/3) - 0.1*ceil(x/3)*exp(-x**2))/(10*ms) : 1
        dw/dt = (tanh(0.1*v) - w**3 + 0.2*abs(x) + floor(x/3)/10 + 0.1*arcsin(cos(w)/2))/(20*ms) : 1
        dx/dt = (log(1 + v**2) - sqrt(abs(x)) - x*(0.1 + arctan(w)**2))/(30*ms) : 1
        a : 1
        I : 1
    """,
    threshold="v > 10 + a*w",
    reset="v = -w; x += 0.1*v; w = w + 1",
    parameters={"a": 0.5},
    initial={"v": 0, "w": 0.1, "x": 0.2},
    drive=25,
)


@needs(NEURON)
@pytest.mark.parametrize("name", [*MODELS, "words", product("coupled")])
def test_each_step_is_that_of_the_scheme(name):
    model = {"words": WORDS, "coupled": COUPLED}.get(name) or get_model(name)
    stimulus = pieces(model)
    dt = Fraction(1, 10 if name == "words" else 40)
    found = NEURON.run(model, "backward_euler", dt, stimulus)
    expected = backward_euler(model, stimulus, dt)
    assert len(expected) >= 3
    np.testing.assert_array_equal(found.times, expected)
    assert f"{model.input}_" in found.text
    assert found.version.startswith("NEURON ")


@needs(NEURON)
@pytest.mark.parametrize("name", MODELS)
def test_converges_to_the_reference(name):
    model = get_model(name)
    stimulus = constant(model.drive, 100 * ms)
    expected = reference(model, stimulus).train.times
    for method in NEURON.schemes:
        if method == "hh":  # NEURON's own, with rates in tables: test_hodgkin.py
            continue
        # spikes on the grid: errors of first order, up to one step
        coarse, fine = (run.times for run in NEURON.runs(model, method, [Fraction(1, 40), Fraction(1, 1280)], stimulus))
        assert len(coarse) == len(fine) == len(expected) > 1
        assert np.abs(fine - expected).max() < 0.03
        if not NEURON.schemes[method].controlled:  # CVODE's steps are shorter than the longer dt
            assert np.abs(fine - expected).max() < np.abs(coarse - expected).max() / 4


@needs(NEURON)
def test_many_neurons_are_the_same_neuron():
    stimulus = constant(get_model("lif").drive, 50 * ms)
    one, many = (NEURON.run("lif", "", Fraction(1, 10), stimulus, neurons) for neurons in (1, 20))
    np.testing.assert_array_equal(one.times, many.times)
    assert many.seconds > 0


def test_every_function_of_the_language_is_run_or_refused():
    for name, row in CALLABLE.items():
        if not re.search(rf"\b{name}\(", WORDS.equations) and name != "timestep":  # which is for times
            refused = WORDS.replace(equations=WORDS.equations.replace("tanh(0.1*v)", f"{name}(0.1*v)"))
            assert f"no function {row.library}" in NEURON.why_not(refused)


def test_what_cannot_be_written_is_refused():
    stimulus = constant(get_model("lif").drive, 5 * ms)
    for model, reason in (
        (get_model("hodgkin_huxley_tables"), "tables"),
        (get_model("lif").replace(refractory=2 * ms), "refractory"),
    ):
        with pytest.raises(UserError, match=f"NEURON cannot run .*{reason}"):
            NEURON.run(model, "", Fraction(1, 10), stimulus)
    with pytest.raises(UserError, match="has no method 'rk4'; give backward_euler"):
        NEURON.run("lif", "rk4", Fraction(1, 10), stimulus)


def test_a_folder_with_a_space_is_refused(monkeypatch):
    # its makefiles, and Arbor's, have names of files without quotes
    there = SimpleNamespace(origin="/home/New User/lib/neuron/__init__.py")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: there)
    monkeypatch.setattr(NEURON, "tools", ())
    assert mentions(NEURON.why_not_here(), "a space", "/home/New User/lib/neuron", "install it in another")
