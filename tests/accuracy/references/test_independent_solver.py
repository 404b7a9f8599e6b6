"""References over a second against a solver that shares nothing with them, under constant and noisy drives."""

import numpy as np
import pytest
from brian2 import cm, ms, mV, second, uA

from spikecost.accuracy.references.reference import reference
from spikecost.harness.stimuli import constant, piecewise_random
from spikecost.models.reading.by_name import get_model

from ...archetypes import choose
from ..second_solver import dop853

MODELS = ["lif", *(f"izhikevich:{preset}" for preset in get_model("izhikevich").presets), "hodgkin_huxley"]
FIRST = ("lif", "izhikevich:RS", "hodgkin_huxley")
LOW_AND_HIGH = {
    "lif": (1.4 * mV / ms, 2.4 * mV / ms),
    "izhikevich": (4, 14),
    "hodgkin_huxley": (7 * uA / cm**2, 15 * uA / cm**2),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "noisy"),
    # the presets have one definition: every day one of each model, and one that bursts
    choose(
        ((name, noisy) for name in MODELS for noisy in (False, True)),
        lambda cell: cell[0] in FIRST or (cell[1] and cell[0] == "izhikevich:CH"),
    ),
)
def test_two_independent_solvers_agree_over_a_second(name, noisy):
    model = get_model(name)
    low, high = LOW_AND_HIGH[model.name]
    stimulus = piecewise_random(low, high, 20 * ms, 1 * second, seed=1) if noisy else constant(high, 1 * second)
    ours = reference(model, stimulus).train.times
    theirs = dop853(model, stimulus)
    assert len(ours) == len(theirs) > 5
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
