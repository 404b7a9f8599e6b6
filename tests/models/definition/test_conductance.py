"""A synaptic conductance in place of a current."""

import pytest
from brian2 import mV

from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.definition.conductance import with_conductance
from spikecost.models.definition.language.units import unit_name
from spikecost.models.reading.by_name import get_model


@pytest.mark.parametrize(("reversal", "current"), [(0, 6.5), (-65, 0.0), (-80, -1.5)])
def test_the_current_is_the_conductance_times_the_distance_to_the_reversal_potential(reversal, current):
    model = with_conductance(get_model("lif"), reversal * mV)
    # 0.1 per ms, 65 mV below zero
    values = {"g_syn": 0.1, "v": -65.0}
    assert evaluate(model.system.subexpressions["I"], values, FLOATS) == pytest.approx(current)
    assert (model.input, unit_name(model.system.dimensions["g_syn"])) == ("g_syn", "1/ms")
