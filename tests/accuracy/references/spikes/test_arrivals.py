"""References of neurons at which spikes arrive: against closed forms, and kernels against references."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from brian2 import Hz, ms
from hypothesis import given
from hypothesis import strategies as st

import spikecost as sc
from spikecost.accuracy.references import taylor
from spikecost.accuracy.references.reference import reference
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.step import make_step

TAU = 10.0
JUMPS = NeuronModel(
    name="jumps",
    equations="dv/dt = (I - v)/(10*ms) : 1 (unless refractory)\nI : 1\nw : 1",
    threshold="v > 1",
    reset="v = 0",
    refractory=2 * ms,
    arrivals={"exc": "v += w"},
    parameters={"w": 0.3},
    initial={"v": 0},
)

#: Methods and detections, with settings at which their error is small.
WAYS = {
    ("exact", "hermite"): Fraction(1, 8),
    ("rk4", "hermite"): Fraction(1, 8),
    ("dormand_prince", "dense"): 1e-9,
    ("parker_sochacki", "dense"): Fraction(1, 2),
}


def leaky(times, weights, drive, refractory, end):  # type: ignore[no-untyped-def]
    """Return the spike times of `JUMPS`, from its solution between events."""
    now, v, free, spikes = 0.0, 0.0, 0.0, []

    def until(stop):  # type: ignore[no-untyped-def]
        nonlocal now, v, free
        while now < stop:
            if now < free:
                now = min(free, stop)
                continue
            after = drive + (v - drive) * math.exp(-(stop - now) / TAU)
            if after <= 1:
                now, v = stop, after
                return
            now += TAU * math.log((drive - v) / (drive - 1))
            spikes.append(now)
            v, free = 0.0, now + refractory

    for time in np.unique(times):  # all that arrive at one time, then the test
        until(time)
        if now >= free:
            v += sum(weights[times == time])
            if v > 1:
                spikes.append(now)
                v, free = 0.0, now + refractory
    until(end)
    return np.array(spikes)


@pytest.mark.parametrize("drive", [0.0, 1.3])
@pytest.mark.parametrize("refractory", [0, 2])
def test_jumps_of_the_voltage_have_their_closed_form(drive, refractory):
    model = JUMPS.replace(refractory=refractory * ms if refractory else None)
    train = sc.poisson_train(400 * Hz, 300 * ms, seed=3)
    weights = np.random.default_rng(1).normal(0.3, 0.2, len(train))
    stimulus = sc.constant(drive, 300 * ms).with_arrivals(exc=train.with_values("w", weights))
    expected = leaky(train.times, weights, drive, refractory, 300.0)
    found = reference(model, stimulus)
    assert len(expected) >= 10
    assert any(time in train.times for time in expected)
    np.testing.assert_allclose(found.train.times, expected, rtol=0, atol=1e-10)
    assert found.error < 1e-9
    for way, setting in WAYS.items():
        kernel = compile_kernels([make_step(model, *way)])[0]
        np.testing.assert_allclose(kernel.run([stimulus], setting)[0].spike_times, expected, rtol=0, atol=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 159), st.floats(-0.5, 1.5)), max_size=40),
    st.floats(0, 2).filter(lambda drive: abs(drive - 1) > 0.01),
)
def test_any_arrivals_on_and_between_the_steps(events, drive):
    # quarters of ms, some of which are steps; several arrivals at one time
    events = sorted(events)
    times, weights = (np.array([event[i] for event in events], dtype=float) for i in (0, 1))
    times /= 4
    stimulus = sc.constant(drive, 40 * ms).with_arrivals(exc=sc.recorded_train(times).with_values("w", weights))
    expected = leaky(times, weights, drive, 2.0, 40.0)
    expected = expected[expected < 40 - 1e-9]
    for way in (("exact", "hermite"), ("parker_sochacki", "dense")):
        found = _kernel(way).run([stimulus], Fraction(1, 2))[0].spike_times
        found = found[found < 40 - 1e-9]
        assert len(found) == len(expected)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@cache
def _kernel(way):  # type: ignore[no-untyped-def]
    return compile_kernels([make_step(JUMPS, *way)])[0]


CONDUCTANCE = NeuronModel(
    name="conductance",
    equations="""
    dv/dt = (g*(2 - v) - v + I)/(10*ms) : 1
    dg/dt = -g/(5*ms) : 1
    I : 1
    """,
    threshold="v > 1",
    reset="v = 0",
    arrivals={"exc": "g += 0.4", "inh": "g *= 0.9"},
    initial={"v": 0, "g": 0},
)


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("heun", 2), ("euler", 1)])
def test_cut_steps_keep_the_order_of_the_method(method, order):
    stimulus = sc.constant(0, 100 * ms).with_arrivals(
        exc=sc.poisson_train(600 * Hz, 100 * ms, seed=1), inh=sc.regular_train(7 * ms, 100 * ms)
    )
    exact = reference(CONDUCTANCE, stimulus).train.times
    kernel = compile_kernels([make_step(CONDUCTANCE, method, "hermite")])[0]
    errors = []
    for dt in (Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)):
        times = kernel.run([stimulus], dt)[0].spike_times
        assert len(times) == len(exact) >= 5
        errors.append(float(np.abs(times - exact).max()))
    # pieces have all lengths up to dt, so that the error shrinks by about 2**order
    assert math.log2(errors[0] / errors[2]) / 2 > order - 0.6


def test_the_grid_is_of_first_order_with_every_method():
    stimulus = sc.constant(0, 100 * ms).with_arrivals(exc=sc.poisson_train(600 * Hz, 100 * ms, seed=1))
    exact = reference(CONDUCTANCE, stimulus).train.times
    kernel = compile_kernels([make_step(CONDUCTANCE, "rk4", "grid")])[0]
    errors = [
        float(np.abs(kernel.run([stimulus], dt)[0].spike_times - exact).max())
        for dt in (Fraction(1, 32), Fraction(1, 512))
    ]
    assert 8 < errors[0] / errors[1] < 32


def test_laws_of_references():
    train, other = (sc.poisson_train(400 * Hz, 100 * ms, seed=seed) for seed in (1, 2))

    def spikes(model=CONDUCTANCE, length=100, **trains):  # type: ignore[no-untyped-def]
        return reference(model, sc.constant(0, length * ms).with_arrivals(**trains)).train.times

    once = spikes(exc=[train, other])
    assert len(once) >= 5
    np.testing.assert_allclose(
        spikes(length=120, exc=[train.shifted(20 * ms), other.shifted(20 * ms)]), once + 20, atol=1e-10
    )
    two = CONDUCTANCE.replace(arrivals={"a": "g += 0.4", "b": "g += 0.4"})
    np.testing.assert_array_equal(spikes(two, a=train, b=other), once)
    nothing = CONDUCTANCE.replace(arrivals={"exc": "g += 0.4", "inh": "g += 0"})
    np.testing.assert_allclose(spikes(nothing, exc=[train, other], inh=other), once, atol=1e-10)
    # at one time, in the order of the inputs: 0.9*(g + 0.4) is less than 0.9*g + 0.4
    turned = CONDUCTANCE.replace(arrivals=dict(reversed(CONDUCTANCE.arrivals.items())))
    together = {"exc": [train, other], "inh": [train, other]}
    assert spikes(turned, **together)[0] < spikes(**together)[0]


def test_arrivals_at_the_edges():
    stimulus = sc.constant(0, 20 * ms).divided(10 * ms).with_arrivals(exc=[0, 10, 10, 19.999, 20, 30] * ms)
    found = taylor.solve(JUMPS, stimulus, taylor.FIRST).samples[:, 0]
    # the samples are taken at the ends of pieces, before what arrives there
    np.testing.assert_allclose(found[0], 0.3 * math.exp(-1), rtol=1e-12)
    for detection in ("grid", "linear"):
        kernel = compile_kernels([make_step(JUMPS, "exact", detection)])[0]
        own = kernel.run([stimulus], Fraction(1, 1000))[0].samples[:, 0]
        np.testing.assert_allclose(own, found, rtol=0, atol=2e-3 if detection == "grid" else 1e-9)


def test_what_has_no_value():
    model = JUMPS.replace(arrivals={"exc": "v += w/(v - 0.3)"}, refractory=None)
    stimulus = sc.constant(0, 20 * ms).with_arrivals(exc=sc.recorded_train([1]).with_values("w", 0.0))
    assert len(reference(model, stimulus).train) == 0
    with pytest.raises(sc.UserError, match="statements"):
        reference(JUMPS.replace(arrivals={"exc": "v += w/v"}), stimulus)
