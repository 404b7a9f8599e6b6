"""What other simulators execute per step, as the counter that goes through native code sees it."""

from __future__ import annotations

import pytest
from brian2 import second, volt

from spikecost.flops.counters import COUNTERS
from spikecost.harness.engines import ENGINES
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model

pytestmark = pytest.mark.slow

LIF = get_model("lif")
#: LIF with two multiplications and an addition more in its equation.
LONGER = LIF.replace(
    name="longer",
    equations=LIF.equations.replace("a - b*v :", "a - b*v + more*(v*v) :") + "\nmore : 1/second/volt",
    parameters={**LIF.parameters, "more": 0.0 / (second * volt)},
)


def counted(name, *given):
    if reason := ENGINES[name].why_not_here() or COUNTERS["stepped"].why_not():
        pytest.skip(reason)
    return ENGINES[name].operations(*given)


@pytest.mark.deep  # NEURON compiles two models
def test_operations_of_an_equation_are_seen():
    # NEURON evaluates the current twice per step, for its derivative (src/nocmodl: nrn_cur calls nrn_current twice)
    less, more = (counted("neuron", model, "backward_euler") for model in (LIF, LONGER))
    assert more - less == pytest.approx(2 * 3, abs=0.1)
    assert 20 < less < 100


def test_nest():
    # models/iaf_psc_delta.cpp, update: P30*(I + I_e) + P33*y3 + delayed spikes, and the threshold; what NEST computes
    # once per step for all 64 neurons is less than half an operation
    assert counted("nest", LIF, "exact") == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize(("name", "method"), [("nest", "rkf45"), ("neuron", "cvode"), ("nestml", "nestml")])
def test_a_simulator_that_chooses_its_steps_has_no_number(name, method):
    with pytest.raises(UserError, match=f"chooses its own steps with {method}") as caught:
        ENGINES[name].operations(get_model("hodgkin_huxley"), method)
    assert "\n" not in str(caught.value)
