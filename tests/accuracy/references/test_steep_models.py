"""References of models with features that a Taylor step could miss: steep terms, sparse series, kinks, jumps."""

from itertools import pairwise

import numpy as np
import pytest
from brian2 import ms, mV
from mpmath import exp, expm1, mpf, workdps
from mpmath import quad as mp_quad
from scipy.integrate import quad, solve_ivp

from spikecost.accuracy import taylor  # scripts import it from here
from spikecost.accuracy.references import closed_form
from spikecost.accuracy.references.reference import reference
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant, piecewise_constant, ramp
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError


def neuron(equations, threshold="v > 1", reset="v = 0", **more):
    return NeuronModel(
        name="steep", equations=equations, threshold=threshold, reset=reset, **{"initial": {"v": 0}, **more}
    )


def integral(function, edges):
    with workdps(25):
        return float(mp_quad(function, sorted(edges)))


def intervals_are(interval, found, rel=1e-12):
    np.testing.assert_allclose(found.train.times, interval * np.arange(1, len(found.train) + 1), rtol=rel)
    assert len(found.train) == int(found.train.stop / interval) > 3


@pytest.mark.parametrize("slope", [0.5, 0.1, 0.02])
def test_an_exponential_blow_up_far_from_the_start(slope):
    # v' = (100 - v + k exp((v - 10)/k))/10, from 0 to a cutoff that is 10/k slope factors above
    model = neuron(
        "dv/dt = (I - v + k*exp((v - VT)/k))/tau : volt\nI : volt",
        "v > 20*mV",
        "v = 0*mV",
        constants={"tau": 10 * ms, "VT": 10 * mV, "k": slope * mV},
        initial={"v": 0 * mV},
    )

    slope_ = mpf(str(slope))
    edges = [10 + slope_ * k for k in (-80, -40, -20, -10, -5, -2, 0, 2, 5, 10, 20, 40) if 0 < 10 + slope_ * k < 20]
    interval = integral(lambda v: 10 / (100 - v + slope_ * exp((v - 10) / slope_)), [0, 4, *edges, 20])
    found = reference(model, constant(100 * mV, 50 * ms))
    intervals_are(interval, found)
    assert found.error < 1e-12


@pytest.mark.parametrize("width", [5, -1, 0.3, -0.1, 0.03, -0.003])
def test_a_rate_that_is_written_with_exprel(width):
    # its argument goes from -7.5/width to 7.5/width: far beyond where a series of exprel about 0 is right
    model = neuron(
        "dv/dt = I + 1/exprel((v - 7.5*mV)/k)*mV/ms : volt\nI : volt/second\nk : volt",
        "v > 15*mV",
        "v = 0*mV",
        parameters={"k": width * mV},
        initial={"v": 0 * mV},
    )

    def slowness(v):
        x = (v - mpf("7.5")) / mpf(str(width))
        return 1 / (1 + (x / expm1(x) if x else 1))

    edges = [x for x in (7.5 + abs(width) * k for k in (-40, -10, -3, -1, 0, 1, 3, 10, 40)) if 0 < x < 15]
    intervals_are(integral(slowness, [0, *edges, 15]), reference(model, constant(1 * mV / ms, 50 * ms)))


@pytest.mark.parametrize("width", [0.02, 0.01, 0.005, 0.003])
def test_an_upstroke_that_ends_at_a_switch_before_the_threshold(width):
    # where the series has no finite coefficients, it is taken to the switch, not to the threshold
    model = neuron("dv/dt = (I + 5*exp((v - 0.2)/k)*int(v < 0.6))/(10*ms) : 1\nI : 1\nk : 1", parameters={"k": width})
    edges = [0.2 + width * n for n in range(-60, 61, 2) if 0 < 0.2 + width * n < 0.6]
    interval = integral(lambda v: 10 / (3 + 5 * exp((v - mpf("0.2")) / mpf(str(width)))), [0, *edges, 0.6])
    interval += 10 * 0.4 / 3
    found = reference(model, constant(3, 4.5 * interval * ms))
    np.testing.assert_allclose(found.train.times, interval * np.arange(1, 5), rtol=0, atol=found.error + 1e-15)


def test_a_narrow_logistic_beyond_an_upstroke_that_ends_at_a_switch():
    model = neuron(
        "dv/dt = (I + 5*exp((v - 0.2)/k)*int(v < 0.6) + 1.6/(1 + exp(-(v - 0.77)/0.0018)))/(10*ms) : 1\nI : 1\nk : 1",
        parameters={"k": 0.003},
    )
    low = [0, *(x for x in (0.2 + 0.003 * n for n in range(-66, 60, 3)) if 0 < x < 0.3), 0.6]
    high = [0.6, *(0.77 + 0.0018 * n for n in (-40, -20, -10, -5, 0, 5, 10, 20, 40)), 1]
    interval = integral(lambda v: 10 / (3 + 5 * exp((v - mpf("0.2")) / mpf("0.003"))), low)
    interval += integral(lambda v: 10 / (3 + mpf("1.6") / (1 + exp(-(v - mpf("0.77")) / mpf("0.0018")))), high)
    intervals_are(interval, reference(model, constant(3, 4.5 * interval * ms)))


@pytest.mark.parametrize("width", [0.01, 0.003])
def test_other_variables_follow_an_upstroke(width):
    # w' = 20 (v - w) is slow for an upstroke to the threshold; each spike changes it
    model = neuron(
        "dv/dt = (I - w + 5*exp((v - 0.2)/k))/(10*ms) : 1\ndw/dt = (v - w)/(5*ms) : 1\nI : 1\nk : 1",
        reset="v = 0; w += 0.2",
        parameters={"k": width},
        initial={"v": 0, "w": 0},
    )

    def against_voltage(v, state):
        """The change of time and w per change of v."""
        slowness = 10 / (3 - state[1] + 5 * np.exp((v - 0.2) / width))
        return [slowness, (v - state[1]) / 5 * slowness]

    now, w, right = 0.0, 0.0, []
    for _ in range(4):
        solved = solve_ivp(against_voltage, (0, 1), [now, w], "DOP853", rtol=1e-13, atol=1e-15, max_step=width / 2)
        now, w = solved.y[:, -1]
        right.append(now)
        w += 0.2
    found = reference(model, constant(3, (right[-1] + 0.3) * ms)).train.times
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-11)


@pytest.mark.parametrize("power", range(3, 10))
def test_a_series_whose_coefficients_vanish(power):
    # the reset is to 0, where only one of every `power` coefficients is not zero
    model = neuron(
        f"dv/dt = I + v**{power}/mV**{power - 1}/tau : volt\nI : volt/second",
        "v > 10*mV",
        "v = 0*mV",
        constants={"tau": 20 * ms},
        initial={"v": 0 * mV},
    )
    interval = quad(lambda v: 1 / (1 + v**power / 20), 0, 10, epsabs=1e-14, limit=500)[0]
    intervals_are(interval, reference(model, constant(1 * mV / ms, 100 * ms)))


@pytest.mark.parametrize("power", [17, 20, 21, 30])
def test_a_power_above_the_order_of_the_series(power):
    # the series from 0, of order 20, is that of the linear equation
    model = neuron(f"dv/dt = (I - v + 2.5*v**{power})/(10*ms) : 1\nI : 1")
    interval = integral(lambda v: 10 / (2 - v + 2.5 * v**power), np.linspace(0, 1, 20))
    intervals_are(interval, reference(model, constant(2, 100 * ms)))


def test_a_hill_term_from_zero():
    model = neuron(
        "dv/dt = I*(0.2 + v**5/(v**5 + (5*mV)**5)) : volt\nI : volt/second",
        "v > 15*mV",
        "v = 0*mV",
        initial={"v": 0 * mV},
    )
    interval = quad(lambda v: 1 / (0.2 + v**5 / (v**5 + 5**5)), 0, 15, epsabs=1e-13)[0]
    assert interval == pytest.approx(28.05, abs=0.01)
    intervals_are(interval, reference(model, constant(1 * mV / ms, 200 * ms)), rel=1e-11)


@pytest.mark.parametrize(
    ("start", "first"), [(0, 5 / 0.5 + 10 / 1.5), (-3, 8 / 0.5 + 10 / 1.5), (-8, 3 / 1.5 + 10 / 0.5 + 10 / 1.5)]
)
def test_a_switch_on_a_size(start, first):
    # v' is 0.5 where |v| <= 5 and 1.5 elsewhere
    model = neuron(
        "dv/dt = I + int(abs(v) > 5*mV)*mV/ms : volt\nI : volt/second",
        "v > 15*mV",
        f"v = {start}*mV",
        initial={"v": start * mV},
    )
    intervals_are(first, reference(model, constant(0.5 * mV / ms, 200 * ms)))


def kinked(term, more="", **changes):
    return neuron(f"dv/dt = (-v + I + {term})/tau : 1\nI : 1\n{more}", constants={"tau": 10 * ms}, **changes)


@pytest.mark.parametrize(
    ("term", "interval"),
    [
        ("0.1*v**1.5", integral(lambda v: 10 / (3 - v + v**1.5 / 10), [0, 0.001, 0.1, 1])),
        ("0.1*sqrt(v)", quad(lambda u: 20 * u / (3 - u * u + 0.1 * u), 0, 1, epsabs=1e-14)[0]),  # v = u**2
        ("-0.5*abs(v)", 10 * np.log(3 / 1.5) / 1.5),
        ("-0.5*abs(v - 0.3)", 10 * np.log(2.85 / 2.7) / 0.5 + 10 * np.log(2.7 / 1.65) / 1.5),
        ("-0.5*(v - 0.3)*(2*int(v > 0.3) - 1)", 10 * np.log(2.85 / 2.7) / 0.5 + 10 * np.log(2.7 / 1.65) / 1.5),
        (
            "((v - 0.3)*int(v > 0.3))**1.5",
            quad(lambda v: 10 / (3 - v), 0, 0.3, epsabs=1e-14)[0]
            + quad(lambda v: 10 / (3 - v + (v - 0.3) ** 1.5), 0.3, 1, epsabs=1e-14)[0],
        ),
    ],
)
def test_kinks_have_solutions(term, interval):
    intervals_are(interval, reference(kinked(term), constant(3, 100 * ms)), rel=3e-12)


def test_a_fractional_power_that_starts_at_zero_and_is_raised_by_each_spike():
    model = kinked(
        "-2*c**2.5/(c**2.5 + 0.5**2.5)", "dc/dt = -c/(50*ms) : 1", initial={"v": 0, "c": 0}, reset="v = 0; c += 0.2"
    )

    def slopes(_, state):
        v, c = state
        return [(3 - v - 2 * c**2.5 / (c**2.5 + 0.5**2.5)) / 10, -c / 50]

    def crossing(_, state):
        return state[0] - 1

    crossing.terminal, crossing.direction = True, 1
    state, now, spikes = [0.0, 0.0], 0.0, []
    while now < 100:
        solved = solve_ivp(slopes, (now, 100), state, "DOP853", events=crossing, rtol=1e-12, atol=1e-13)
        now, state = solved.t[-1], solved.y[:, -1]
        if solved.status == 1:
            spikes.append(now)
            state = [0.0, state[1] + 0.2]
    found = reference(model, constant(3, 100 * ms)).train.times
    assert len(found) == 11
    np.testing.assert_allclose(found, spikes, atol=1e-9)


@pytest.mark.parametrize(
    ("drive", "interval"),
    [
        (2.0, 10 * np.log(2.3 / 1.3)),
        (0.5, 10 * np.log(0.8 / 0.3) + 10 * np.log(0.8 / 0.3)),  # 0.8 - v up to 0.5, then v - 0.2
    ],
)
def test_a_kink_where_the_voltage_passes_the_input(drive, interval):
    model = neuron("dv/dt = (abs(I - v) + 0.3)/(10*ms) : 1\nI : 1")
    intervals_are(interval, reference(model, constant(drive, 100 * ms)))


def test_a_kink_of_the_input_alone():
    # |I| under a ramp from -1 to 1 in 100 ms: v' = |1 - t/50|; its integral is t - t**2/100 up to 50 ms
    model = neuron("dv/dt = abs(I)/ms : 1\nI : 1", "v > 5", initial={"v": 0})
    found = reference(model, ramp(-1.0, 1.0, 100 * ms)).train.times
    # v passes 5 where the integral is 5, 10, 15, 20; it is 25 at 50 ms, and the second half mirrors the first
    early = 50 - 50 * np.sqrt(1 - np.arange(1, 5) / 5)
    np.testing.assert_allclose(found[:4], early, atol=1e-11)
    np.testing.assert_allclose(found[-4:], 100 - early[::-1], atol=1e-11)


def test_a_switch_that_the_input_passes_within_a_piece():
    model = neuron("dv/dt = (-v + 0.3 + 2*int(I > 1.5))/(10*ms) : 1\nI : 1")
    found = reference(model, ramp(0.2, 2.5, 150 * ms)).train.times
    at = 1.3 / (2.3 / 150)
    first = at + 10 * np.log((2.3 - 0.3 * (1 - np.exp(-at / 10))) / 1.3)
    np.testing.assert_allclose(found, first + 10 * np.log(2.3 / 1.3) * np.arange(len(found)), atol=1e-11)
    assert len(found) > 5


def test_a_root_is_refused_where_it_has_no_value():
    for term in ("sqrt(v)", "v**1.5"):
        model = kinked(term, initial={"v": 0.5})
        with pytest.raises(UserError, match="has no value"):
            reference(model, constant(-1, 100 * ms))


def test_an_infinite_exponential_in_a_denominator_is_zero():
    # 5/(1 + exp(-(v - 0.8)/0.001)) is 0 at v = 0, where exp is above the largest number
    model = neuron("dv/dt = (I - v + 5/(1 + exp(-(v - 0.8)/0.001)))/(10*ms) : 1\nI : 1")

    def waited(v):
        return 10 / (2 - v + 5 / (1 + np.exp(-(v - 0.8) / 0.001)))

    edges = [0, 0.75, 0.79, 0.795, 0.8, 0.805, 0.81, 0.85, 1]
    with np.errstate(over="ignore"):
        interval = sum(quad(waited, a, b, epsabs=1e-15)[0] for a, b in pairwise(edges))
    intervals_are(interval, reference(model, constant(2, 50 * ms)))


# ------------------------------------------------------------------------------------------------ closed forms
SOFT = neuron("dv/dt = (I - v)/tau : 1\nI : 1", reset="v -= 1", constants={"tau": 10 * ms})


@pytest.mark.parametrize("refractory", [None, 0.5 * ms, 2 * ms])
@pytest.mark.parametrize("reset", ["v -= 1", "v *= 0.5", "v = 0.3*v - 0.1"])
@pytest.mark.parametrize("start", [0, 1.8])
def test_a_relative_reset_starts_from_the_voltage(refractory, reset, start):
    model = SOFT.replace(reset=reset, refractory=refractory, initial={"v": start})
    stimulus = piecewise_constant([(20 * ms, 8.0), (40 * ms, 0.0), (10 * ms, 1.7)])
    assert closed_form.applies(model, stimulus)
    found = reference(model, stimulus).train.times
    series = taylor.solve(model, stimulus).times
    assert len(found) == len(series) > 5
    np.testing.assert_allclose(found, series, atol=1e-11)


def test_above_the_threshold_at_once_and_from_there():
    # 1.8 -> 0.9 at 0; then from 0.9 to 1 under 3
    model = SOFT.replace(reset="v *= 0.5", initial={"v": 1.8})
    found = reference(model, constant(3.0, 60 * ms)).train.times
    assert found[:2] == pytest.approx([0, 10 * np.log(2.1 / 2)], abs=1e-12)
    assert len(found) == 28


@pytest.mark.parametrize("pieces", [1, 20])
@pytest.mark.parametrize(
    ("equation", "threshold", "start", "reset", "drive", "infinite"),
    [
        # upwards, while refractory: atan
        ("v**2 + I", "v > 10", -10, -10, 4, (np.arctan(5) * 2 + np.pi / 2 - np.arctan(5)) / 2),
        # downwards: artanh(1/3)
        ("I - v**2", "v > 0.9", -3, -0.5, 1, np.arctanh(1 / 3)),
        # no linear term and no drive: v' = -v**2 from -2
        ("I - v**2", "v > 0.9", -2, -0.5, 0, 0.5),
    ],
)
def test_a_solution_through_infinity_is_none(pieces, equation, threshold, start, reset, drive, infinite):
    model = neuron(
        f"dv/dt = ({equation})/ms : 1\nI : 1",
        threshold,
        f"v = {reset}",
        initial={"v": start},
        refractory=5 * ms if start == -10 else None,
    )
    stimulus = piecewise_constant([(20 / pieces * ms, float(drive))] * pieces)
    assert closed_form.applies(model, stimulus)
    with pytest.raises(UserError, match="leaves the finite numbers at") as refused:
        reference(model, stimulus)
    if start != -10:
        assert float(str(refused.value).split(" at ")[1].split()[0]) == pytest.approx(infinite, rel=1e-3)


def test_a_high_rate_is_followed_and_named_where_it_is_too_high():
    model = neuron("dv/dt = (I - v)/tau : 1\nI : 1", constants={"tau": 10 * ms})
    interval = 10 * np.log(22 / 21)  # 2150 Hz
    intervals_are(interval, reference(model, constant(22.0, 1000 * ms)))
    with pytest.raises(UserError, match="fires more than") as refused:
        reference(model, constant(5000.0, 100 * ms))
    assert "without end" not in str(refused.value)
    # each interval is two thirds of the one before it
    faster = neuron(
        "dv/dt = (I + w)/ms : 1\ndw/dt = 0*w/ms : 1\nI : 1", reset="v = 0; w = 1.5*w + 0.5", initial={"v": 0, "w": 0}
    )
    with pytest.raises(UserError, match="without end"):
        reference(faster, constant(1.0, 100 * ms))


def test_kernels_agree_where_terms_are_steep():
    model = neuron(
        "dv/dt = (-v + I + 15*mV*(1 + tanh((v - vh)/k)))/tau : volt\nI : volt",
        "v > 15*mV",
        "v = 0*mV",
        constants={"tau": 10 * ms, "vh": 8 * mV, "k": 0.2 * mV},
        initial={"v": 0 * mV},
    )
    stimulus = constant(20 * mV, 100 * ms)
    found = reference(model, stimulus).train.times
    np.testing.assert_allclose(simulate(model, stimulus, 0.002 * ms, "rk4", "hermite"), found, atol=1e-6)
