"""One neuron is run as by a user."""

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA

import spikecost as sc
from spikecost.models.algebra.draft import NotApplicable
from spikecost.models.ground.errors import UserError

STIMULUS = sc.constant(2 * mV / ms, 100 * ms)
#: From -65 to -50 mV towards -45 with 10 ms.
TIMES = 10 * np.log(4) * np.arange(1, 8)


@pytest.mark.parametrize(
    ("settings", "within"),
    [
        ({"dt": 0.1 * ms}, 1e-6),
        ({"dt": 100 * ms / 334}, 1e-4),  # as decimals it divides nothing
        ({"dt": 100 * ms / 7, "method": "exact", "detection": "linear"}, 6),
        ({"dt": 0.1 * ms, "method": "exact", "detection": "grid"}, 0.8),
        ({"dt": 1 * ms, "method": "parker_sochacki"}, 1e-11),
        ({"dt": 1 * ms, "method": "parker_sochacki", "detection": "linear"}, 0.1),
        ({"tolerance": 1e-9, "method": "dormand_prince"}, 1e-6),
    ],
)
def test_every_kind_of_method_is_run(settings, within):
    found = sc.simulate("lif", STIMULUS, **settings)
    assert len(found) in (6, 7)
    assert np.abs(found - TIMES[: len(found)]).max() < within


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"dt": 0.3 * ms},
            "dt = 0.3 ms does not divide the stimulus's 100 ms pieces; use 0.2994011976 ms or 0.30030030",
        ),
        (
            {"dt": 0.1 * ms, "method": "dormand_prince"},
            "dormand_prince is set by its tolerance: give tolerance, such as",
        ),
        ({"tolerance": 1e-6}, "rk4 is set by its dt: give only dt, such as"),
        ({"dt": 0.1 * ms, "tolerance": 1e-6}, "rk4 is set by its dt"),
        ({}, "rk4 is set by its dt"),
        ({"dt": 0.1}, "dt = 0.1 is not a time"),
        ({"tolerance": -1.0, "method": "dormand_prince"}, "tolerance = -1 is not positive"),
        ({"dt": 0.1 * ms, "method": "rk5"}, "unknown method 'rk5'.*dormand_prince"),
    ],
)
def test_mistakes_are_named(settings, message):
    with pytest.raises(UserError, match=message):
        sc.simulate("lif", STIMULUS, **settings)


def test_a_detection_that_a_method_cannot_have_is_named():
    with pytest.raises(NotApplicable, match="rk4 cannot be used with detection dense: it has no dense output; take"):
        sc.simulate("lif", STIMULUS, 0.1 * ms, detection="dense")


def test_a_rate_that_is_too_high_is_not_the_resets_fault():
    fast = sc.NeuronModel(
        name="fast",
        equations="dv/dt = (I - v)/tau : 1\nI : 1",
        threshold="v > 1",
        reset="v = 0",
        constants={"tau": 10 * ms},
        initial={"v": 0},
    )
    for how in (
        {"dt": 1 * ms},
        {"dt": 0.1 * ms, "method": "euler", "detection": "linear"},
        {"method": "dormand_prince", "tolerance": 1e-6},
    ):
        with pytest.raises(sc.UserError, match="more than 2 spikes per ms; use a smaller drive"):
            sc.simulate(fast, sc.constant(22, 1000 * ms), **how)
    stuck = fast.replace(name="stuck", reset="v = v + 0.1")
    with pytest.raises(sc.UserError, match="spikes without end; let the reset lead below"):
        sc.simulate(stuck, sc.constant(2, 200 * ms), 0.1 * ms)


def test_a_smaller_setting_is_advised_where_it_helps():
    steep = sc.NeuronModel(
        name="eif",
        equations="dv/dt = (I - v + k*exp((v - VT)/k))/tau : volt\nI : volt",
        threshold="v > 30*mV",
        reset="v = 0*mV",
        initial={"v": 0 * mV},
        constants={"tau": 10 * ms, "VT": 0 * mV, "k": 0.5 * mV},
    )
    with pytest.raises(sc.UserError, match="a smaller tolerance does not help"):
        sc.simulate(steep, sc.constant(20 * mV, 50 * ms), method="dormand_prince", tolerance=1e-3)
    with pytest.raises(sc.UserError, match="use a smaller dt"):
        sc.simulate("hodgkin_huxley", sc.constant(10 * uA / cm**2, 100 * ms), 1 * ms, "euler")
