"""A model without input runs as it stands; the missing input costs nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms, mV, nA

import spikecost as sc
from spikecost.accuracy.regimes.regime import AS_IT_STANDS
from spikecost.flops.operations import count_step
from spikecost.harness.engines import brian2 as peer
from spikecost.harness.measuring.measure import measure
from spikecost.models.ground.errors import UserError

#: A pacemaker: nothing is added to its derivatives.
ALONE = sc.NeuronModel(
    name="alone",
    equations="dv/dt = (2 + w - v)/tau : 1 (unless refractory)\ndw/dt = -w/(5*tau) : 1\ntau : second",
    threshold="v > 1",
    reset="v = 0",
    refractory=2 * ms,
    parameters={"tau": 10 * ms},
    initial={"v": 0.0, "w": 0.0},
    input="",
)
#: The same with an input that replaces the number 2.
DRIVEN = ALONE.replace(
    name="driven", equations=ALONE.equations.replace("2 + w", "I + w") + "\nI : 1", input="I", drive=2.0
)
FIXED = [("euler", "grid"), ("rk4", "hermite"), ("exponential_euler", "linear"), ("exact", "hermite")]


@pytest.mark.parametrize(("method", "detection"), FIXED)
def test_it_runs_like_the_same_model_with_an_input(method, detection):
    alone = sc.simulate(ALONE, sc.as_it_stands(100 * ms), 0.1 * ms, method, detection)
    driven = sc.simulate(DRIVEN, sc.constant(2.0, 100 * ms), 0.1 * ms, method, detection)
    np.testing.assert_allclose(alone, driven, rtol=1e-12)
    assert len(alone) == 11  # a spike takes 10 ms * log(2), and 2 ms follow


@pytest.mark.parametrize(
    ("method", "setting"), [("dormand_prince", {"tolerance": 1e-10}), ("parker_sochacki", {"dt": 0.5 * ms})]
)
def test_methods_that_choose_their_steps_or_orders_run_it(method, setting):
    found = sc.simulate(ALONE, sc.as_it_stands(100 * ms), method=method, **setting)
    np.testing.assert_allclose(found, sc.reference(ALONE, sc.as_it_stands(100 * ms)).train.times, atol=1e-6)


def test_brian2_finds_the_same_spikes():
    theirs = peer.run(ALONE, "euler", sc.as_it_stands(100 * ms), Fraction(1, 10), "numpy")
    ours = sc.simulate(ALONE, sc.as_it_stands(100 * ms), 0.1 * ms, "euler", "grid")
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_missing_input_is_no_operation():
    alone, driven = (count_step(sc.make_step(model, "euler")).as_run for model in (ALONE, DRIVEN))
    assert alone == driven  # one adds a number, the other the input
    measured = measure(ALONE, "euler", "grid", "instrumented", 100)
    assert measured.witnesses[0].ratio == 1


def test_a_stimulus_that_drives_is_refused():
    for stimulus in (sc.constant(1.0, 10 * ms), sc.constant(1 * nA, 10 * ms), sc.sine(0, 1, 10 * Hz, 10 * ms)):
        with pytest.raises(UserError, match="has no input that a stimulus could drive"):
            sc.simulate(ALONE, stimulus, 0.1 * ms)


def test_what_a_model_without_input_cannot_have():
    with pytest.raises(UserError, match=r"drive = 2.* but the model has no input"):
        ALONE.replace(drive=2 * mV)
    with pytest.raises(UserError, match="has no input that a conductance could replace"):
        sc.with_conductance(ALONE, 0)


def test_it_is_compared_in_one_regime():
    suite = sc.Suite(models=(ALONE, "lif"), rates=(20.0, 50.0), horizons=(100.0,), stimuli=("constant", "sine"))
    found = list(suite.regimes(ALONE))
    assert [(each.stimulus, each.level) for each in found] == [("constant", AS_IT_STANDS), ("sine", AS_IT_STANDS)]
    assert suite.number_of_regimes(ALONE) == 2
    assert [len(each.trials) for each in found] == [1, 0]
    assert found[0].drive.rate == pytest.approx(1000 / (2 + 10 * np.log(2)), abs=10)
    assert "has no input that a stimulus of this kind could drive" in found[1].reason
