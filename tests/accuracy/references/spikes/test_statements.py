"""Resets and arrivals that amplify rounding: the two computations may not round them alike."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st

import spikecost as sc
from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.references.spikes.statements import amplify
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import UserError

from ....archetypes import DEEP

#: Each spike moves u by a map, and the next interval is 1 ms + u: every error of u is an error of all later spikes.
MAPS = {
    "4*u*(1 - u)": lambda u: 4 * u * (1 - u),
    "3.9*u*(1 - u)": lambda u: mpmath.mpf(3.9) * u * (1 - u),
    "(3*u) % 1": lambda u: (3 * u) % 1,
    "1 - 1.9*abs(u - 0.5)": lambda u: 1 - mpmath.mpf(1.9) * abs(u - mpmath.mpf(0.5)),
    "int(u < 0.5)*1.9*u + int(u >= 0.5)*1.9*(1 - u)": lambda u: mpmath.mpf(1.9) * (u if u < 0.5 else 1 - u),
}


def _times(change, start, horizon):
    """Spike times in ms, with so many digits that the map cannot use them up."""
    with mpmath.workprec(4000):
        u, now, found = mpmath.mpf(start), mpmath.mpf(1), []
        while now <= horizon:
            found.append(now)
            u = change(u)
            now += 1 + u
        return np.array([float(time) for time in found])


def _model(change, start, **more):
    return sc.NeuronModel(
        name="map",
        equations="dv/dt = I : 1\ndu/dt = 0/ms : 1\nI : Hz",
        threshold="v > 1",
        initial={"v": 0, "u": start},
        **more,
    )


def _is_right(model, stimulus, expected):
    """Whether the reference is within its stated error, or the model is refused as too sensitive."""
    try:
        found = reference(model, stimulus)
    except UserError as error:
        return "too sensitive" in str(error)
    times = found.train.times
    return len(times) == len(expected) and np.abs(times - expected).max() <= found.error


# not at a whole number of ms, where a spike might be, and not from a start that the map soon repeats
@pytest.mark.parametrize("text", MAPS)
@given(
    start=st.floats(0.05, 0.95).filter(lambda start: start * 3 * 2**20 % 1), horizon=st.sampled_from([9.6, 29.6, 299.6])
)
@settings(max_examples=300 if DEEP else 30)
def test_no_chaotic_reset_is_stated_to_be_exact(text, start, horizon):
    model = _model(text, start, reset=f"u = {text}; v = -u")
    assert _is_right(model, sc.constant(1 / ms, horizon * ms), _times(MAPS[text], start, horizon))


def test_a_chaotic_reset_has_a_reference_over_few_spikes():
    found = reference(_model("", 0.3, reset="u = 4*u*(1 - u); v = -u"), sc.constant(1 / ms, 9.6 * ms))
    assert found.error < 1e-10
    np.testing.assert_allclose(found.train.times, _times(MAPS["4*u*(1 - u)"], 0.3, 9.6), rtol=0, atol=1e-10)


def test_what_amplifies():
    def of(text, **parameters):
        lines = "".join(f"\n{name} : 1" for name in parameters)
        model = sc.NeuronModel(
            name="map",
            equations=f"dv/dt = I : 1\ndu/dt = 0/ms : 1\nI : Hz{lines}",
            threshold="v > 1",
            reset=f"u = {text}; v = 0",
            initial={"v": 0, "u": 0.5},
            parameters=parameters,
        )
        return amplify(model.system.reset, model.system.state, model.parameter_values)

    assert not any(map(of, ["u + 1", "0.5*u - 3", "-u", "0", "u + int(u > 1)*(1 - u)"]))
    assert all(map(of, ["2*u", "u*u", "exp(-u)", "1.5*u + int(u > 1)", "(2*u) % 1"]))
    assert not of("a*u", a=0.9)
    assert of("a*u", a=1.1)


@pytest.mark.parametrize("name", MODELS)
def test_the_catalogues_resets_do_not_amplify(name):
    model = MODELS[name].exact
    assert not amplify(model.system.reset, model.system.state, model.parameter_values)


@pytest.mark.parametrize("horizon", [9.6, 29.6, 59.6, 299.6])
def test_arrivals_that_amplify(horizon):
    model = _model("", 0.3, reset="v = -u", arrivals={"exc": "u = 4*u*(1 - u)"})
    train = np.arange(0.25, horizon, 1)
    expected, now = [], mpmath.mpf(1)
    with mpmath.workprec(4000):
        values = [mpmath.mpf(0.3)]
        for _ in train:
            values.append(MAPS["4*u*(1 - u)"](values[-1]))
        while now <= horizon:
            expected.append(float(now))
            now += 1 + values[int((train <= float(now)).sum())]
    stimulus = sc.constant(1 / ms, horizon * ms).with_arrivals(exc=sc.recorded_train(train))
    assert _is_right(model, stimulus, np.array(expected))
