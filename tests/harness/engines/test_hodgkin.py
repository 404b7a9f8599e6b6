"""The mechanism hh of NEURON and Arbor, beside our generated one with the same equations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import cm, ms, msiemens, mV, ufarad

from spikecost.harness.engines import ENGINES
from spikecost.harness.stimuli import ornstein_uhlenbeck
from spikecost.models.reading.by_name import get_model

pytestmark = pytest.mark.slow

HODGKIN = get_model("hodgkin_huxley")
#: Other numbers in the same equations; the gates start at rest.
CHANGED = HODGKIN.replace(
    constants={**HODGKIN.constants, "C": 1.3 * ufarad / cm**2, "EL": -52 * mV, "gK": 33 * msiemens / cm**2},
    initial={**HODGKIN.initial, "v": -62 * mV},
)


@pytest.mark.parametrize(("name", "apart"), [("arbor", 1e-7), ("neuron", 0.15)])
def test_it_finds_the_spikes_of_the_generated_mechanism(name, apart):
    engine = ENGINES[name]
    if reason := engine.why_not_here():
        pytest.skip(reason)
    stimulus = ornstein_uhlenbeck(1.5 * HODGKIN.drive, 0.5 * HODGKIN.drive, 5 * ms, 1 * ms, 80 * ms, seed=1)
    for model in (HODGKIN, CHANGED):
        own, generated = (engine.run(model, method, Fraction(1, 40), stimulus) for method in ("hh", "backward_euler"))
        assert len(own.times) == len(generated.times) > 3
        off = np.abs(own.times - generated.times).max()
        assert off <= apart
        # NEURON's takes rates from tables
        assert (off > 1e-3) == (name == "neuron")
        assert own.text.startswith("insert hh")


@pytest.mark.parametrize("name", ["arbor", "neuron"])
def test_other_models_are_refused_in_one_line(name):
    why = ENGINES[name].why_not_model
    assert not why(HODGKIN, "hh")
    assert not why(CHANGED, "hh")
    changed = HODGKIN.replace(initial={**HODGKIN.initial, "h": 0.5})
    for model in (changed, get_model("traub_miles"), get_model("lif")):
        assert why(model, "hh") == "the mechanism hh has the equations and the initial state of hodgkin_huxley"
    # it is an addition: the default is the generated mechanism
    assert ENGINES[name].method_of(HODGKIN) == "backward_euler"
