"""Models of ours in NESTML, compiled for NEST: equal to the reference as dt goes to 0."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.references.reference import reference
from spikecost.harness.engines import ENGINES
from spikecost.harness.stimuli import constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.reading.by_name import get_model

from ...archetypes import product
from .by_hand import needs

pytestmark = pytest.mark.slow

NESTML = ENGINES["nestml"]
#: Names that are keywords of NESTML, of C++ and of NEST, a choice, a power, and a reset that uses a new value.
ODD = NeuronModel(
    name="odd",
    equations="""
        dstate/dt = (inline_ - state + I_e + int(state > -50*mV)*spike)/end + 2*mV*tanh(above/mV)/end : volt
        dabove/dt = (0.1*(state - inline_) - above)/(40*ms) : volt
        I_e : volt
        spike : volt
        end : second
    """,
    threshold="state > -45*mV",
    reset="above = above + 3*mV; state = -70*mV - 0.5*above",
    parameters={"spike": 4 * mV, "end": 8 * ms},
    constants={"inline_": -65 * mV},
    initial={"state": -65 * mV, "above": 0 * mV},
    input="I_e",
    drive=26 * mV,
)


def test_the_text():
    text = NESTML.text(ODD, "")
    assert "n_state_' = n_d_state_ / unit_of_time" in text
    assert "n_I_e_ real = 0.0" in text
    assert "if n_state_ > " in text
    for line in text.splitlines():
        assert not line.strip().startswith(("state real", "spike real", "end real"))
    # statements of the reset keep their order: the second uses what the first gives
    assert text.index("n_above_ = (n_above_ + ") < text.index("n_state_ = ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"refractory": 2 * ms}, "refractory"),
        ({"equations": ODD.equations.replace("tanh", "sin")}, "no function sin"),
        (
            {"equations": ODD.equations.replace(": volt", "+ mV*xi*ms**-0.5 : volt", 1), "interpretation": "ito"},
            "random",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(change, reason):
    why = NESTML.why_not_model(ODD.replace(**change), "nestml")
    assert reason in why
    assert "\n" not in why
    assert "tables" in NESTML.why_not_model(MODELS["hodgkin_huxley_tables"], "nestml")


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("spikecost.harness.engines.nestml._HEADERS", {"no/such.h": "libno-such-dev"})
    monkeypatch.setattr(NESTML, "tools", ())  # the compiler is named before the headers
    assert "install libno-such-dev" in NESTML.why_not_here() or "pip install" in NESTML.why_not_here()


@needs(NESTML)
@pytest.mark.parametrize(
    "model", [ODD, *(product(name) for name in ("lif", "izhikevich", "adex", "hodgkin_huxley", "traub_miles"))]
)
def test_converges_to_the_reference(model):
    model = get_model(model)
    stimulus = constant(model.drive, 95 * ms)  # no spike of these models is at its end
    expected = reference(model, stimulus).train.times
    coarse, fine = (run.times for run in NESTML.runs(model, "", [Fraction(1, 10), Fraction(1, 1000)], stimulus))
    assert len(coarse) == len(fine) == len(expected) > 1
    # spikes are at the ends of steps; the solver's tolerance is 1e-3
    assert np.abs(coarse - expected).max() < 0.5
    assert np.abs(fine - expected).max() < 0.02
