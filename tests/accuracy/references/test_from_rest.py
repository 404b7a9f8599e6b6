"""Neurons that wait at rest for their input: what adapts begins at 0, and its change is almost only rounding."""

import numpy as np
import pytest
from brian2 import ms, mV, nA, nS, pF
from hypothesis import example, given, settings
from hypothesis import strategies as st

import spikecost as sc
from spikecost.accuracy.references import taylor
from spikecost.accuracy.references.flow.known import flow_of
from spikecost.accuracy.references.reference import reference
from spikecost.harness.stimuli import piecewise_constant
from spikecost.models.catalogue import MODELS

from ..second_solver import dop853

PRESETS = [f"adex:{preset}" for preset in MODELS["adex"].presets]


def waits(current, before=50.0):
    """No current, and then one."""
    return piecewise_constant([(before * ms, 0 * nA), (250 * ms, current * nA)])


def agree(model, stimulus):
    found = reference(model, stimulus)
    theirs = dop853(model, stimulus)
    assert len(found.train) == len(theirs)
    np.testing.assert_allclose(found.train.times, theirs, rtol=0, atol=1e-8)
    return theirs.size


@pytest.mark.parametrize("label", PRESETS)
def test_adex_waits_at_rest(label):
    model = sc.get_model(label)
    assert agree(model, waits(2 * float(model.drive / nA)))


@settings(max_examples=25)
@given(
    st.floats(-80, -60), st.floats(5, 40), st.floats(0.5, 3), st.floats(1e-3, 30), st.floats(5, 500), st.floats(0, 0.2)
)
@example(-70, 40, 0.5, 4, 100, 0.1)  # the spike's current is below the rounding of the voltage
def test_any_adex_waits_at_rest(rest, above, slope, coupling, slow, step):
    adex = sc.get_model("adex")
    own = {"EL": rest * mV, "Vr": rest * mV, "VT": (rest + above) * mV, "Vcut": (rest + above + 15 * slope) * mV}
    own |= {"DeltaT": slope * mV, "a": coupling * nS, "tauw": slow * ms, "b": step * nA, "C": 200 * pF, "gL": 10 * nS}
    model = adex.replace(parameters={**adex.parameters, **own}, initial={"v": rest * mV, "w": 0 * nA})
    agree(model, waits(1.0))


def test_only_what_nothing_else_uses_is_internal():
    def internal(label):
        model = sc.get_model(label)
        return set(flow_of(model, taylor.FIRST, waits(1.0).terms)._inspectors[frozenset()]._internal)

    assert internal("adex") == {"w"}  # the reset of w uses only w
    assert internal("izhikevich") == {"u"}
    assert internal("hodgkin_huxley") == {"m", "h", "n"}
    assert internal("mihalas_niebur") == {"I1", "I2"}  # the threshold moves
    assert internal("lif") == set()
