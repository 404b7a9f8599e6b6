"""NEST's own models find the spikes of our kernels, where it has our methods, or those of our references."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.references.reference import reference
from spikecost.harness.engines import ENGINES
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant, piecewise_constant
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ...archetypes import product
from .by_hand import needs, pieces

pytestmark = pytest.mark.slow

NEST = ENGINES["nest"]
#: A leaky neuron with other names, an input that is scaled, and a parameter in the reset.
LEAKY = NeuronModel(
    name="leaky",
    equations="""
        dx/dt = (E - x + R*J)/tau + 0.25*mV/ms : volt
        E : volt
        R : 1
        tau : second
        low : volt
        J : volt
    """,
    threshold="x > 12*mV",
    reset="x = low + 1*mV",
    parameters={"E": -3 * mV, "R": 0.5, "tau": 7 * ms, "low": -5 * mV},
    initial={"x": 2 * mV},
    input="J",
    drive=50 * mV,
)


@needs(NEST)
@pytest.mark.parametrize(
    ("model", "method"),
    [
        (LEAKY, "exact"),
        (get_model("izhikevich:FS"), "euler"),
        product(get_model("lif"), "exact"),
        product(get_model("izhikevich_mv"), "euler"),
        product(get_model("izhikevich"), "izhikevich2003"),
    ],
    ids=str,
)
def test_a_method_of_ours_gives_our_spikes(model, method):
    stimulus = pieces(model)
    dt = Fraction(1, 16)  # NEST counts tics: here 1008 per ms
    ours = compile_kernels([make_step(model, NEST.schemes[method].ours, "grid")])[0].run([stimulus], dt)[0].spike_times
    np.testing.assert_allclose(NEST.run(model, method, dt, stimulus).times, ours, rtol=0, atol=1e-9)
    assert len(ours) > 3


@needs(NEST)
@pytest.mark.parametrize("name", ["adex", "hodgkin_huxley", product("traub_miles"), product("adex:bursting")])
def test_its_solver_converges_to_the_reference(name):
    model = get_model(name)
    stimulus = constant(model.drive, 100 * ms)
    expected = reference(NEST.judged_as(model, "rkf45", stimulus), stimulus).train.times
    coarse, fine = (run.times for run in NEST.runs(model, "", [Fraction(1, 10), Fraction(1, 320)], stimulus))
    assert len(coarse) == len(fine) == len(expected) > 1
    assert np.abs(fine - expected).max() < 0.02
    assert np.abs(fine - expected).max() < np.abs(coarse - expected).max() / 4


def test_a_maximum_is_not_the_crossing():
    model = get_model("hodgkin_huxley")
    stimulus = constant(model.drive, 50 * ms)
    crossings, maxima = (
        reference(each, stimulus).train.times for each in (model, NEST.judged_as(model, "rkf45", stimulus))
    )
    assert len(crossings) == len(maxima)
    assert (maxima - crossings > 0.2).all()
    assert (maxima - crossings < 1).all()
    with pytest.raises(UserError, match="constant input only"):
        NEST.judged_as(model, "rkf45", piecewise_constant([(5 * ms, model.drive), (5 * ms, 2 * model.drive)]))


def test_what_nest_has_not_is_said():
    assert NEST.method_of("lif") == "exact"
    assert NEST.method_of("izhikevich") == "euler"
    assert "constants of 2003" in NEST.why_not(get_model("izhikevich").replace(equations=CHANGED), "euler")
    assert "NEST has no model with these equations" in NEST.why_not("morris_lecar", "rkf45")
    assert "is leaky" in NEST.why_not(LEAKY.replace(parameters={**LEAKY.parameters, "tau": -7 * ms}), "exact")


CHANGED = get_model("izhikevich").equations.replace("0.04", "0.05")
