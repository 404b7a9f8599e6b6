"""Closed forms of leaky and quadratic integrate-and-fire: by hand, in 40 digits, and against Taylor series."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from mpmath import lambertw, mp, mpf, tan

from spikecost.accuracy.references import closed_form, taylor
from spikecost.accuracy.references.reference import reference
from spikecost.harness.stimuli import Stimulus, constant, piecewise_constant, ramp, sine, step
from spikecost.harness.stimuli.parts.shape import Shape
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.reading.by_name import get_model

LIF, QIF = get_model("lif"), get_model("qif")
#: v' = I + c v**2 + b v: its fixed points and turning points are easy to set.
PARABOLA = NeuronModel(
    name="parabola",
    equations="dv/dt = I + b*v + c*v**2 : 1\nb : Hz\nc : Hz\nI : Hz",
    threshold="v >= 3",
    reset="v = -3",
    parameters={"b": 0 / ms, "c": 1 / ms},
    initial={"v": -3},
)


def test_it_applies_to_one_variable_and_the_input_that_it_can_integrate():
    slow, fast = constant(1 * mV / ms, 100 * ms), ramp(1 * mV / ms, 2 * mV / ms, 100 * ms)
    assert closed_form.applies(LIF, slow)
    assert closed_form.applies(QIF, slow)
    assert not any(closed_form.applies(MODELS[name], slow) for name in ("adaptive_lif", "izhikevich_mv"))
    assert closed_form.applies(LIF, fast)
    assert not closed_form.applies(QIF, fast)
    assert not closed_form.applies(LIF, sine(1 * mV / ms, 1 * mV / ms, 10 * Hz, 100 * ms))


def test_a_ramp_into_lif_in_forty_digits():
    # v' = k t - b (v + 65): v + 65 = k/b (t - 1/b) + k/b**2 exp(-b t), which is 15 at
    # b t = 1 + y + W(-exp(-(1 + y))), y = 15 b**2/k
    mp.dps = 40
    b, k = mpf(1) / 10, mpf(1) / 50
    y = 15 * b**2 / k
    first = (1 + y + lambertw(-mp.exp(-(1 + y))).real) / b
    stimulus = ramp(0 * mV / ms, 4 * mV / ms, 200 * ms)
    found = closed_form.solve(LIF, stimulus, taylor.EXTENDED).times
    assert float(abs(mpf(repr(float(found[0]))) / first - 1)) < 1e-15
    assert reference(LIF, stimulus).train.times[0] == pytest.approx(float(first), rel=1e-12)
    # and the next, from -65 mV at `first`: v + 65 = k/b (first - 1/b) (1 - exp(-b s)) + k/b s

    def gap(s):
        return k / b * ((first - 1 / b) * (1 - mp.exp(-b * s)) + s) - 15

    second_spike = first + mp.findroot(gap, 12)
    assert float(found[1]) == pytest.approx(float(second_spike), rel=1e-14)


@pytest.mark.parametrize("refractory", [None, 2 * ms])
@pytest.mark.parametrize(
    "stimulus",
    [
        constant(2 * mV / ms, 1 * second),
        step(0 * mV / ms, 1.7 * mV / ms, 33.3 * ms, 1 * second),
        ramp(0 * mV / ms, 4 * mV / ms, 1 * second),
        ramp(4 * mV / ms, -2 * mV / ms, 1 * second),
        # up and down, above and below the rheobase
        Stimulus(
            [Fraction(50)] * 8,
            [Shape(1.2, slope=0.02), Shape(3.0, slope=-0.08), 1.6, Shape(1.55, slope=-0.001)] * 2,
            (mV / ms).dim,
        ),
    ],
)
def test_lif_against_taylor_series(stimulus, refractory):
    model = LIF.replace(refractory=refractory)
    exact = closed_form.solve(model, stimulus, taylor.EXTENDED)
    series = taylor.solve(model, stimulus, taylor.EXTENDED)
    assert len(exact.times) == len(series.times) > 5
    np.testing.assert_allclose(exact.times.astype(float), series.times.astype(float), rtol=1e-12)
    np.testing.assert_allclose(exact.samples.astype(float), series.samples.astype(float), rtol=1e-12)
    double = closed_form.solve(model, stimulus, taylor.FIRST).times
    np.testing.assert_allclose(double, exact.times.astype(float), rtol=1e-12)


def test_a_ramp_without_leak_by_hand():
    # v = t**2/2 from 0 to 8 in 4 ms; then t**2/2 - 8 is 8 at sqrt(32) ms
    model = NeuronModel(
        name="perfect", equations="dv/dt = I : 1\nI : Hz", threshold="v >= 8", reset="v = 0", initial={"v": 0}
    )
    times = reference(model, ramp(0 / ms, 6 / ms, 6 * ms)).train.times
    np.testing.assert_allclose(times, [4, np.sqrt(32)], rtol=1e-14)


def test_a_ramp_that_turns_before_the_threshold_is_no_spike():
    # above rest v' = 1.45 - 0.024 t - v/10 tops below 15 mV; from twice the start it does not
    rising = ramp(3 * mV / ms, -3 * mV / ms, 60 * ms)
    falling = ramp(1.45 * mV / ms, 0 * mV / ms, 60 * ms)
    assert len(reference(LIF, rising).train) >= 1
    assert len(reference(LIF, falling).train) == 0


def test_qif_by_hand():
    # with x = v + 57.5 and I = 2 it is x' = (x**2 - 7.5**2)/150 + 2 = (x**2 + 243.75)/150, from -22.5 to 77.5
    mp.dps = 40
    q = mp.sqrt(2 * 150 - mpf(7.5) ** 2)
    interval = 150 / q * (mp.atan(mpf("77.5") / q) + mp.atan(mpf("22.5") / q))
    first = 150 / q * (mp.atan(mpf("77.5") / q) + mp.atan(mpf("7.5") / q))
    assert tan(q * interval / 150) < 0  # beyond a quarter turn
    times = reference(QIF, constant(2 * mV / ms, 1 * second)).train.times
    assert len(times) == 1 + int((1000 - first) / interval)
    np.testing.assert_allclose(times, float(first) + float(interval) * np.arange(len(times)), rtol=1e-13)


@pytest.mark.parametrize(
    "stimulus",
    [
        constant(2 * mV / ms, 1 * second),
        constant(0.4 * mV / ms, 1 * second),  # just above the bifurcation at 0.375 mV/ms: intervals near 300 ms
        piecewise_constant([(20 * ms, value * mV / ms) for value in (3, 0, 1.4, -2, 0.375, 2, 8, -5) * 5]),
    ],
)
@pytest.mark.parametrize("refractory", [None, 2 * ms])
def test_qif_against_taylor_series(stimulus, refractory):
    model = QIF.replace(refractory=refractory)
    found = reference(model, stimulus)
    series = taylor.solve(model, stimulus, taylor.EXTENDED)
    assert found.method.startswith("closed form")
    assert len(found.train) == len(series.times) >= 3
    np.testing.assert_allclose(found.train.times, series.times.astype(float), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.samples, series.samples.astype(float), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("initial", "drive", "b", "c", "expected"),
    [
        (-3.0, -1.0, 0.0, 1.0, []),  # rests at -1
        (0.0, -1.0, 0.0, 1.0, []),  # between -1 and 1 it falls
        (2.0, -1.0, 0.0, 1.0, [0.5 * np.log(2 / 4 * 3 / 1)]),  # (v - 1)/(v + 1) grows as exp(2 t)
        (1.0, 0.0, 0.0, 1.0, [1 - 1 / 3]),  # v = 1/(1 - t)
        (-1.0, 0.0, 0.0, 1.0, []),
        (0.0, 16.0, 0.0, -1.0, [np.arctanh(3 / 4) / 4]),  # v = 4 tanh(4 t)
        (0.0, 4.0, 0.0, -1.0, []),  # stays below 2
        (0.0, 2.0, 1.0, 0.0, [np.log(2.5)]),  # v = 2 (exp(t) - 1): a parabola without its square is a line
    ],
)
def test_every_case_of_a_parabola(initial, drive, b, c, expected):
    model = PARABOLA.replace(parameters={"b": b / ms, "c": c / ms}, initial={"v": initial})
    horizon = 1.01 * expected[0] if expected else 5.0
    times = reference(model, constant(drive / ms, horizon * ms)).train.times
    np.testing.assert_allclose(times, expected, rtol=1e-13)


def test_a_sum_of_a_falling_input_crosses_before_it_turns():
    # v' = 2 - 0.2 t: v = 2 t - 0.1 t**2 is 6 at 10 - sqrt(40) ms; from a reset there, it turns at 4
    model = NeuronModel(
        name="sum", equations="dv/dt = I : 1\nI : hertz", threshold="v > 6", reset="v = 0", initial={"v": 0}
    )
    solved = reference(model, ramp(2 / ms, -2 / ms, 20 * ms))
    assert solved.train.times.tolist() == pytest.approx([10 - 40**0.5], rel=1e-14)
