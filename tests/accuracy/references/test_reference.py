"""References against closed forms, extended precision, and each other."""

import math

import numpy as np
import pytest
from brian2 import Hz, cm, ms, mV, second, uA
from scipy.optimize import brentq

from spikecost.accuracy.references import closed_form, taylor
from spikecost.accuracy.references.flow import known
from spikecost.accuracy.references.reference import SURE, reference
from spikecost.harness.stimuli import constant, piecewise_constant, step
from spikecost.models.algebra.draft import NotApplicable
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

IZHIKEVICH = [f"izhikevich:{preset}" for preset in get_model("izhikevich").presets]


def test_the_closed_form_of_lif_by_hand():
    # v = -45 + (v0 + 45) exp(-t/10): from -65 to -50 in 10 log 4 ms
    times = reference(get_model("lif"), constant(2 * mV / ms, 100 * ms)).train.times
    np.testing.assert_allclose(times, 10 * np.log(4) * np.arange(1, 8), rtol=1e-14)


def test_the_closed_form_with_refractoriness_by_hand():
    model = get_model("lif").replace(refractory=3 * ms)
    times = reference(model, constant(2 * mV / ms, 100 * ms)).train.times
    interval = 10 * np.log(4)
    np.testing.assert_allclose(times, interval + (interval + 3) * np.arange(6), rtol=1e-14)


def test_a_perfect_integrator_by_hand():
    model = NeuronModel(
        name="perfect",
        equations="dv/dt = I : volt\nI : volt/second",
        threshold="v > 10*mV",
        reset="v -= 10*mV",
        initial={"v": 0 * mV},
    )
    stimulus = piecewise_constant([(15 * ms, 1 * mV / ms), (10 * ms, 3 * mV / ms)])
    assert closed_form.applies(model, stimulus)
    times = reference(model, stimulus).train.times
    np.testing.assert_allclose(times, [10, 15 + 5 / 3, 20, 20 + 10 / 3], rtol=1e-14)


@pytest.mark.parametrize("power", [2, 3, 4, 5])
def test_a_power_may_start_at_zero(power):
    # v' = 1 + x**power with x = t: past 10 where t + t**(power + 1)/(power + 1) = 10
    model = NeuronModel(
        name="power",
        equations=f"dv/dt = (1 + x**{power})/ms : 1\ndx/dt = I/ms : 1\nI : 1",
        threshold="v > 10",
        reset="v = 0; x = 0",
        initial={"v": 0, "x": 0},
    )
    first = brentq(lambda t: t + t ** (power + 1) / (power + 1) - 10, 0, 10, xtol=1e-14)
    times = reference(model, constant(1, 10 * ms)).train.times
    np.testing.assert_allclose(times, first * np.arange(1, len(times) + 1), rtol=1e-13)
    assert len(times) == int(10 / first) > 1


@pytest.mark.parametrize("refractory", [None, 2 * ms])
@pytest.mark.parametrize(
    "stimulus",
    [
        constant(2 * mV / ms, 1 * second),
        step(0 * mV / ms, 1.7 * mV / ms, 33.3 * ms, 1 * second),
        piecewise_constant([(7 * ms, value * mV / ms) for value in (3, 0, 1.4, 5, -2, 2, 8, 1.6) * 10]),
    ],
)
def test_taylor_series_agree_with_the_closed_form(stimulus, refractory):
    model = get_model("lif").replace(refractory=refractory)
    exact = closed_form.solve(model, stimulus, taylor.EXTENDED).times
    series = taylor.solve(model, stimulus, taylor.FIRST).times
    assert len(exact) == len(series) > 5
    np.testing.assert_allclose(series, exact.astype(float), rtol=0, atol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lif", *IZHIKEVICH, "hodgkin_huxley"])
def test_extended_precision_lies_within_the_stated_error(name, drive_of):
    model = get_model(name)
    stimulus = step(0.6 * drive_of(model.name), drive_of(model.name), 100 * ms, 1 * second)
    solution = reference(model, stimulus)
    extended = taylor.solve(model, stimulus, taylor.EXTENDED).times.astype(float)
    assert len(extended) == len(solution.train) > 5
    assert np.abs(extended - solution.train.times).max() <= solution.error
    assert solution.error <= 1e-10


@pytest.mark.parametrize("name", ["izhikevich:CH", "exponential_if", "hodgkin_huxley", "connor_stevens"])
def test_optimization_changes_only_rounding(name, drive_of, monkeypatch):
    model = get_model(name)
    stimulus = step(0 * drive_of(model.name), 1.2 * drive_of(model.name), 20 * ms, 200 * ms)
    quick = reference(model, stimulus)
    monkeypatch.setattr(taylor, "LONG", 0)
    optimized = reference(model, stimulus)
    assert len(quick.train) > 3
    assert np.abs(quick.train.times - optimized.train.times).max() <= quick.error + optimized.error
    assert max(quick.error, optimized.error) < 1e-9


def test_a_long_stimulus_is_worth_an_optimized_flow(monkeypatch):
    asked = []
    flow_of = taylor.flow_of
    monkeypatch.setattr(
        taylor, "flow_of", lambda *given, **named: asked.append(named["optimized"]) or flow_of(*given, **named)
    )
    for length in (4.9, 5):
        taylor.solve(get_model("izhikevich"), constant(5 * mV / ms, length * second))
    assert asked == [False, True]


def test_two_solutions_with_different_numbers_of_spikes_are_refused():
    # an interval of about 1 + u ms; each spike doubles the error of u: after 60 spikes, nothing is known of u
    model = NeuronModel(
        name="chaotic",
        equations="dv/dt = I : 1\ndu/dt = (0.75 - u)/(100*ms) : 1\nI : Hz",
        threshold="v > 1",
        reset="u = 4*u*(1 - u); v = -u",
        initial={"v": 0, "u": 0.3},
    )
    assert len(reference(model, constant(1 / ms, 40 * ms)).train) > 20
    with pytest.raises(UserError, match=r"spikes: .* shorten"):
        reference(model, constant(1 / ms, 500 * ms))


def test_one_second_of_hodgkin_huxley_is_stated_to_1e_11_ms():
    stated = reference(get_model("hodgkin_huxley"), constant(10 * uA / cm**2, 1 * second))
    assert len(stated.train) == 69
    assert stated.error <= 1e-11


def test_the_two_forms_of_izhikevich_have_the_same_reference():
    for name in IZHIKEVICH:
        preset = name.partition(":")[2]
        one = reference(get_model(name), constant(10, 500 * ms)).train.times
        other = reference(get_model(f"izhikevich_mv:{preset}"), constant(10 * mV / ms, 500 * ms)).train.times
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("voltage", [-40, -55])
def test_hodgkin_huxley_has_a_reference_from_its_removable_singularities(voltage):
    model = get_model("hodgkin_huxley").replace(initial={"v": voltage * mV, "m": 0.1, "h": 0.5, "n": 0.4})
    nearby = model.replace(initial={**model.initial, "v": (voltage + 1e-9) * mV})
    on, off = (reference(m, constant(10 * uA / cm**2, 100 * ms)) for m in (model, nearby))
    assert len(on.train) > 3
    assert on.error <= 1e-11
    np.testing.assert_allclose(on.train.times, off.train.times, rtol=0, atol=1e-6)


def test_models_of_the_same_equations_share_code_and_nothing_else():
    # an oscillator with and without a reset, in both orders; without one it passes 0.5 upwards once a period
    free = NeuronModel(
        name="free",
        equations="dv/dt = w/ms : 1\ndw/dt = -v*(0.3/ms)**2*ms + I : 1\nI : Hz",
        threshold="v > 0.5",
        refractory="v > 0.5",
        initial={"v": 0, "w": 0.3},
    )
    kicked = free.replace(name="kicked", reset="v = -0.2", refractory=None)
    stimulus = constant(0 * Hz, 200 * ms)
    found = {}
    for order in ([free, kicked], [kicked, free]):
        known.forget()
        for model in order:
            found.setdefault(model.name, []).append(reference(model, stimulus).train.times)
    expected = (np.arcsin(0.5) + 2 * np.pi * np.arange(10)) / 0.3
    for times in found["free"]:
        np.testing.assert_allclose(times, expected, atol=1e-11)
    one, other = found["kicked"]
    assert one.tolist() == other.tolist()
    assert len(one) == 4
    # and a message names the model that was given, not another model with the same compiled code
    for name in ("first", "second"):
        blow_up = NeuronModel(
            name=name,
            equations="dv/dt = (v**2 + I)/ms : 1\ndw/dt = 0*v/ms : 1\nI : 1",
            threshold="w > 1",
            reset="w = 0",
            initial={"v": 1, "w": 0},
        )
        with pytest.raises(UserError, match=f"^{name}: it leaves the finite numbers"):
            reference(blow_up, constant(0, 100 * ms))


def test_a_model_that_starts_above_the_threshold_spikes_at_once():
    # then v = -45 - 20 exp(-t/10), as from any reset
    model = get_model("lif").replace(initial={"v": -40 * mV})
    stimulus = constant(2 * mV / ms, 100 * ms)
    expected = 10 * np.log(4) * np.arange(8)
    for times in (reference(model, stimulus).train.times, taylor.solve(model, stimulus).times):
        np.testing.assert_allclose(times, expected, atol=1e-11)
    # without a reset and without a refractory time, a spike is a crossing from below; there is no crossing here
    squid = get_model("hodgkin_huxley")
    squid = squid.replace(initial={**squid.initial, "v": 20 * mV})
    assert reference(squid, constant(10 * uA / cm**2, 50 * ms)).train.times[0] > 5


def test_a_spike_at_the_horizon_is_no_disagreement():
    # v = t/30 passes 1 at 30, 60, 90 ms; rounding decides whether the last is before the horizon
    model = NeuronModel(
        name="perfect", equations="dv/dt = I : 1\nI : Hz", threshold="v > 1", reset="v = 0", initial={"v": 0}
    )
    for horizon in (90, 90 - 1e-12, 90 + 1e-12):
        train = reference(model, constant(1 / (30 * ms), horizon * ms)).train
        np.testing.assert_allclose(train.times, [30, 60, 90][: len(train)])
        assert len(train) in (2, 3)


def test_a_silent_model_has_an_empty_reference():
    solution = reference(get_model("izhikevich"), constant(0, 100 * ms))
    assert len(solution.train) == 0


def test_what_goes_on_while_refractory_does_in_the_reference_too():
    model = NeuronModel(
        name="adapting",
        equations="""
        dv/dt = I - w : 1 (unless refractory)
        dw/dt = -w/(20*ms) : Hz
        I : Hz
        """,
        threshold="v > 1",
        reset="v = 0; w += 10*Hz",
        refractory=3 * ms,
        initial={"v": 0, "w": 0 / second},
    )
    stimulus = constant(0.2 / ms, 40 * ms)
    spikes, v, w, t, free_from = [], 0.0, 0.0, 0.0, 0.0
    dt = 1e-4  # ms, Euler by hand
    while t < 40:
        v += dt * (0.2 - w) if t >= free_from else 0
        w -= dt * w / 20
        t += dt
        if v > 1:
            spikes.append(t)
            v, w, free_from = 0.0, w + 0.01, t + 3
    np.testing.assert_allclose(reference(model, stimulus).train.times, spikes, atol=5e-3)


def test_a_model_that_rests_where_a_condition_changes():
    # at v = 0, where int(v > 0) changes, the state rests; after a pulse, v returns to exactly this value
    model = NeuronModel(
        name="rests",
        equations="dv/dt = (I - v - 3*int(v > 0)*v)/ms : 1\nI : 1",
        threshold="v > 5",
        reset="v = -1",
        initial={"v": 0},
    )
    stimulus = piecewise_constant([(50 * ms, 0), (2 * ms, 24), (200 * ms, 0)])
    found = reference(model, stimulus)
    # v' = 24 - 4 v from 0 to 5, the reset to -1, v' = 24 - v to 0, then 4 v again
    climb, back = np.log(24 / 4) / 4, np.log(25 / 24)
    times = 50 + climb + (back + climb) * np.arange(len(found.train))
    assert len(found.train) == int((2 - climb) / (back + climb)) + 1
    np.testing.assert_allclose(found.train.times, times, atol=1e-12)
    assert found.samples[0, 0] == pytest.approx(0, abs=1e-12)
    assert found.samples[-1, 0] == pytest.approx(0, abs=1e-12)


def test_bad_models_are_named():
    # v = 1/(1 - t) has no value at 1 ms, and w never spikes
    blow_up = NeuronModel(
        name="blow_up",
        equations="dv/dt = (v**2 + I)/ms : 1\ndw/dt = 0*v/ms : 1\nI : 1",
        threshold="w > 1",
        reset="w = 0",
        initial={"v": 1, "w": 0},
    )
    with pytest.raises(UserError, match="blow_up: it leaves the finite numbers at"):
        reference(blow_up, constant(0, 100 * ms))
    # a rate is proportional to cosh of the voltage, which this drive raises to thousands of mV
    with pytest.raises(UserError, match=r"morris_lecar:hopf: it needs steps below .* ms at .* ms; give a weaker drive"):
        reference(get_model("morris_lecar"), constant(1e6 * uA / cm**2, 200 * ms))
    endless = get_model("lif").replace(reset="v = v")  # a reset to a number above the threshold is already refused
    with pytest.raises(UserError, match="lif: it spikes without end"):
        reference(endless, constant(2 * mV / ms, 100 * ms))


def test_rounding_of_one_equation_is_not_stated_too_small():
    # equal intervals have equal errors: over 58 of them, double precision is off by 2.6e-12 ms
    model = get_model("exponential_if")
    stimulus = constant(model.drive, 1 * second)
    double, extended = (taylor.solve(model, stimulus, each) for each in (taylor.FIRST, taylor.EXTENDED))
    assert SURE * double.rounding > np.abs(double.times - extended.times).max() > 1e-12
    found = reference(model, stimulus)
    assert np.array_equal(found.train.times, extended.times.astype(float))
    assert found.error < 4e-12


def _every(wait):
    return [wait * (1 + i) for i in range(int(45 // wait))]


@pytest.mark.parametrize(
    ("threshold", "times"),
    {
        "int(v) > 0": _every(10 * math.log(2)),
        "v // 1 > 0": _every(10 * math.log(2)),
        "sign(v - 1) > 0": _every(10 * math.log(2)),
        "clip(v, 0, 1) >= 1": _every(10 * math.log(2)),
        "int(v > 1 and v < 5) == 1": _every(10 * math.log(2)),
        "floor(3*v) >= 2": _every(10 * math.log(1.5)),
        "ceil(2*v) > 1": _every(10 * math.log(4 / 3)),
        "abs(v - 1) < 0.25": _every(10 * math.log(1.6)),
        "v % 1 > 0.5": _every(10 * math.log(4 / 3)),
        # 5 ms after a multiple of 10 ms, once more before the next, and too late for a third time
        "t % (10*ms) > 5*ms and v > 0.5": [10 * i + after for i in range(4) for after in (5, 5 + 10 * math.log(4 / 3))],
        # a level of 1, then of 1.5, then of 2, which is never reached
        "v > 1 + 0.5*floor(t/(20*ms))": [10 * math.log(2), 20 * math.log(2), 40 * math.log(2)],
    }.items(),
)
def test_thresholds_that_jump(threshold, times):
    # v = 2 (1 - exp(-t/(10 ms)))
    model = NeuronModel(
        name="leaky",
        equations="dv/dt = (I - v)/(10*ms) : 1\nI : 1",
        threshold=threshold,
        reset="v = 0",
        initial={"v": 0},
    )
    found = reference(model, constant(2, 45 * ms)).train.times
    assert len(found) == len([time for time in times if time < 45])
    np.testing.assert_allclose(found, times[: len(found)], rtol=0, atol=1e-9)
    with pytest.raises(NotApplicable, match="is not smooth: it is tested on the grid"):
        make_step(model, "euler", "linear")
