"""Integrate-and-fire models of today: closed forms, the papers' programs, SciPy on the papers' equations."""

import math
from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV, pA
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from spikecost.accuracy.drives import firing_rate, rheobase
from spikecost.accuracy.reference import reference
from spikecost.harness.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models import units
from spikecost.models.catalogue import MODELS, get_model
from spikecost.models.neuron import NeuronModel
from spikecost.models.step import make_step

#: A current inside is in uA.
PICO = 1e-6


def spikes(model, current, horizon):
    model = get_model(model)
    found = reference(model, constant(units.quantity(current, model.system.dimensions["I"]), horizon * ms))
    assert found.error < 1e-9  # the reference is well conditioned
    return found.train.times


def dop853(rates, x, level, reset, horizon):
    """Spike times of an integrate-and-fire model: SciPy on equations that are written here, from the paper."""
    def above(t, x):
        return x[0] - level

    above.terminal, above.direction = True, 1
    now, found = 0.0, []
    while now < horizon:
        part = solve_ivp(rates, (now, horizon), x, "DOP853", rtol=1e-13, atol=1e-13, events=above)
        now, x = part.t[-1], part.y[:, -1]
        if part.status == 1:
            found.append(now)
            x = reset(x)
    return np.array(found)


# --- exponential integrate-and-fire ----------------------------------------------------------------------------------


def eif_slope(v, current):
    """The model of Fourcaud-Trocme et al. 2003 at 1 uF/cm2."""
    return -0.1 * (v + 65) + 0.1 * 3.48 * math.exp((v + 59.9) / 3.48) + current


@pytest.mark.parametrize("current", [0.2, 0.5, 1.0, 5.0])
def test_an_eif_spikes_at_the_intervals_that_quadrature_gives(current):
    # dt = dv/v', from the reset to the cutoff, and 1.7 ms held at the reset
    first, interval = (quad(lambda v: 1 / eif_slope(v, current), start, -42.5, epsabs=0, epsrel=1e-13, limit=200)[0]
                       for start in (-65, -68))
    found = spikes("exponential_if", current, 300)
    expected = first + np.arange(len(found)) * (interval + 1.7)
    assert len(found) == math.floor((300 - first) / (interval + 1.7)) + 1 > 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_the_eifs_rheobase_is_its_closed_form():
    # v' = 0 has a double root at VT: I = gL (VT - EL - DeltaT) = 0.1 (5.1 - 3.48)
    closed = 0.1 * (-59.9 + 65 - 3.48)
    model = MODELS["exponential_if"]
    assert closed == pytest.approx(0.162)
    assert firing_rate(model, closed * 0.9999, 5000) == 0
    # near it an interval is 2 pi C/sqrt(2 gL (I - closed)/DeltaT): 262 ms at 1 % above, and a little for both ends
    current = 1.01 * closed
    interval = 2 * math.pi / math.sqrt(2 * 0.1 * (current - closed) / 3.48)
    assert 1000 / firing_rate(model, current, 5000) == pytest.approx(interval, rel=0.15)


# --- AdEx ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", MODELS["adex"].presets)
def test_adex_agrees_with_an_independent_solver(preset):
    model = get_model(f"adex:{preset}")
    # pF, nS, mV, pA: a set of units of its own
    C, gL, EL, VT, DeltaT, a, tauw, b, Vr = (float(model.parameters[name] / unit) for name, unit in (
        ("C", pA * ms / mV), ("gL", pA / mV), ("EL", mV), ("VT", mV), ("DeltaT", mV), ("a", pA / mV), ("tauw", ms),
        ("b", pA), ("Vr", mV)))
    current = float(model.drive / pA)

    def rates(t, x):
        v, w = x
        return [(-gL * (v - EL) + gL * DeltaT * math.exp((v - VT) / DeltaT) - w + current) / C,
                (a * (v - EL) - w) / tauw]

    expected = dop853(rates, [EL, 0.0], VT + 5 * DeltaT, lambda x: [Vr, x[1] + b], 200)
    found = spikes(model, current * PICO, 200)
    assert len(found) == len(expected) >= 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def intervals(preset, horizon=1000):
    model = get_model(f"adex:{preset}")
    return np.diff(spikes(model, float(units.internal(model.drive)), horizon))


def test_adex_fires_in_the_patterns_of_naud_et_al():
    # what figure 4 of Naud et al. 2008 names; numbers are ours
    tonic, adapting, accelerating = (intervals(name) for name in ("tonic", "adapting", "accelerating"))
    assert tonic[-1] == pytest.approx(tonic[5], rel=0.02)
    assert (np.diff(adapting[:6]) > 0).all()
    assert adapting[-1] > 5 * adapting[0]
    assert (np.diff(accelerating) < 0).all()
    initial = intervals("initial_burst")
    assert (initial[:2] < 10).all()
    assert (initial[2:] > 50).all()
    for name, least in (("bursting", 2), ("delayed_bursting", 2)):
        later = intervals(name)[4:]
        assert (later < 10).sum() >= least
        assert (later > 50).sum() >= least
        assert not ((later > 10) & (later < 50)).any()
    assert intervals("transient").size == 0
    # irregular: no interval comes back within a second
    irregular = intervals("irregular")[4:]
    assert np.abs(irregular[:, None] - irregular)[np.triu_indices(len(irregular), 1)].min() > 0
    assert irregular.std() > 0.3 * irregular.mean()


def test_the_tonic_adexs_rheobase_is_the_saddle_node():
    # Touboul and Brette 2008: where a/gL < taum/tauw the rest ends at
    # (gL + a) (VT - EL - DeltaT + DeltaT log(1 + a/gL)) = 12 (20 - 2 + 2 log 1.2) = 220.4 pA
    closed = 12 * (20 - 2 + 2 * math.log(1.2))
    assert closed == pytest.approx(220.3757, abs=1e-4)
    model = get_model("adex:tonic")
    assert firing_rate(model, 0.999 * closed * PICO, 3000) == 0
    assert firing_rate(model, 1.001 * closed * PICO, 3000) > 0


@pytest.mark.parametrize("cutoff", [0.0, 20.0])
def test_a_higher_cutoff_delays_each_spike_by_the_rest_of_the_upstroke(cutoff):
    # from VT + 5 DeltaT on, v' is nearly gL DeltaT/C exp((v - VT)/DeltaT): C/gL (exp(-5) - exp(-(cutoff - VT)/DeltaT))
    model = get_model("adex")
    higher = model.replace(parameters={**model.parameters, "Vcut": cutoff * mV})
    low, high = (spikes(each, 1000 * PICO, 60) for each in (model, higher))
    rest = 281 / 30 * (math.exp(-5) - math.exp(-(cutoff + 50.4) / 2))
    assert rest == pytest.approx(0.0631, abs=1e-4)
    assert high[0] - low[0] == pytest.approx(rest, rel=0.05)
    # each interval is longer by as much, and by what w moves meanwhile
    np.testing.assert_allclose(np.diff(high) - np.diff(low), rest, rtol=0.3)


# --- Izhikevich 2007 -------------------------------------------------------------------------------------------------


def program_of_the_book(current, steps):
    """Run the MATLAB program under figure 8.12, RS cell: forward Euler, tau = 1 ms, the current from the start."""
    C, vr, vt, k, a, b, c, d, vpeak = 100, -60, -40, 0.7, 0.03, -2, -50, 100, 35
    v, u, found = vr, 0.0, []
    for i in range(1, steps + 1):
        v, u = v + (k * (v - vr) * (v - vt) - u + current) / C, u + a * (b * (v - vr) - u)
        if v >= vpeak:
            found.append(i)
            v, u = c, u + d
    return found


@pytest.mark.parametrize("current", [60, 70, 85, 100])
def test_euler_at_1_ms_is_the_program_of_the_book(current):
    kernel = compile_kernels([make_step("izhikevich2007:RS", "euler", "grid")])[0]
    found = kernel.run([constant(current * pA, 900 * ms)], Fraction(1))[0].spike_times
    assert found.tolist() == program_of_the_book(current, 900)
    assert len(found) > 3


@pytest.mark.parametrize(("preset", "closed"), [
    # rest ends where k x (x - D) - b x + I = 0 has a double root, D = vt - vr: I = (k D + b)^2/(4 k)
    ("RS", (0.7 * 20 - 2) ** 2 / (4 * 0.7)),
])
def test_izhikevich2007s_rheobase_is_its_closed_form(preset, closed):
    assert closed == pytest.approx(51.4286, abs=1e-4)
    assert rheobase(get_model(f"izhikevich2007:{preset}"), 4000) == pytest.approx(closed * PICO, rel=2e-3)


@pytest.mark.parametrize("preset", MODELS["izhikevich2007"].presets)
def test_izhikevich2007_agrees_with_an_independent_solver(preset):
    model = get_model(f"izhikevich2007:{preset}")
    C, k, vr, vt, vpeak, a, b, c, d = (float(model.parameters[name] / unit) for name, unit in (
        ("C", pA * ms / mV), ("k", pA / mV**2), ("vr", mV), ("vt", mV), ("vpeak", mV), ("a", 1 / ms), ("b", pA / mV),
        ("c", mV), ("d", pA)))
    current = float(model.drive / pA)

    def rates(t, x):
        v, u = x
        return [(k * (v - vr) * (v - vt) - u + current) / C, a * (b * (v - vr) - u)]

    expected = dop853(rates, [vr, 0.0], vpeak, lambda x: [c, x[1] + d], 400)
    found = spikes(model, current * PICO, 400)
    assert len(found) == len(expected) >= 2
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


# --- Mihalas-Niebur --------------------------------------------------------------------------------------------------

PATTERNS = {
    # table 1 of the paper: a (1/s), A1, A2 and the input (V/s)
    "tonic": (0, 0, 0, 1.5), "adapting": (5, 0, 0, 2), "phasic": (5, 0, 0, 1.5),
    "hyperpolarization_spiking": (30, 0, 0, -1), "hyperpolarization_bursting": (30, 10, -0.6, -1),
    "tonic_bursting": (5, 10, -0.6, 2), "phasic_bursting": (5, 10, -0.6, 1.5), "mixed_mode": (5, 5, -0.3, 2),
}


def mihalas_niebur(preset, horizon):
    """Equations 2.1 and 2.2 of the paper, in V and s; returns ms."""
    a, A1, A2, current = PATTERNS[preset]

    def rates(t, x):
        gap, theta, first, second = x
        v = gap + theta
        slope = a * (v + 0.07) - 10 * (theta + 0.05)
        return [current + first + second - 50 * (v + 0.07) - slope, slope, -200 * first, -20 * second]

    def reset(x):
        theta = max(x[1], -0.06)
        return [-0.07 - theta, theta, A1, x[3] + A2]

    return 1000 * dop853(rates, [-0.02, -0.05, 0.0, 0.0], 0, reset, horizon / 1000)


@pytest.mark.parametrize("preset", MODELS["mihalas_niebur"].presets)
def test_mihalas_niebur_agrees_with_an_independent_solver(preset):
    expected = mihalas_niebur(preset, 300)
    found = spikes(f"mihalas_niebur:{preset}", PATTERNS[preset][3], 300)
    assert len(found) == len(expected) >= 2
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def test_mihalas_niebur_fires_in_the_papers_patterns():
    found = {preset: spikes(f"mihalas_niebur:{preset}", PATTERNS[preset][3], 1000) for preset in PATTERNS}
    gaps = {preset: np.diff(times) for preset, times in found.items()}
    # from -70 towards -40 mV with a time constant of 20 ms: -50 mV after 20 log 3 ms
    np.testing.assert_allclose(gaps["tonic"], 20 * math.log(3), rtol=1e-10)
    assert (np.diff(gaps["adapting"]) > 0).all()
    assert found["phasic"][-1] < 300 > found["phasic_bursting"][-1]
    assert (gaps["phasic_bursting"] < 10).all()
    assert found["hyperpolarization_spiking"].size >= 5
    for preset in ("tonic_bursting", "hyperpolarization_bursting"):
        assert not ((gaps[preset] > 15) & (gaps[preset] < 60)).any()
        assert (gaps[preset] > 60).sum() >= 3
    assert (gaps["mixed_mode"][:5] < 10).all()
    assert (gaps["mixed_mode"][-5:] > 30).all()


# --- hard and soft refractoriness ------------------------------------------------------------------------------------


def test_hard_and_soft_refractoriness_by_their_closed_forms():
    # v' = I - v/10 - u, u' = -u/5: a spike is followed by 3 ms at rest, or by an inhibition that decays
    soft = NeuronModel(
        name="soft", equations="""
            dv/dt = I - v/(10*ms) - u : 1 (unless refractory)
            du/dt = -u/(5*ms) : second**-1
            I : second**-1
        """,
        threshold="v > 1", reset="v = 0; u *= 0.5; u += 0.4/ms", initial={"v": 0, "u": 0 / ms})
    hard = soft.replace(name="hard", reset="v = 0", refractory=3 * ms)
    free = 10 * math.log(2)  # from 0 towards 2, past 1
    np.testing.assert_allclose(spikes(hard, 0.2, 100), free + (free + 3) * np.arange(10), atol=1e-10)

    def voltage(t, u):
        return 2 * (1 - math.exp(-t / 10)) - u * (math.exp(-t / 5) - math.exp(-t / 10)) / (1 / 10 - 1 / 5)

    expected, u, now = [], 0.0, 0.0
    while now < 100:
        interval = brentq(lambda t, u=u: voltage(t, u) - 1, 1e-3, 50, xtol=1e-13)
        now += interval
        expected.append(now)
        u = 0.5 * u * math.exp(-interval / 5) + 0.4
    np.testing.assert_allclose(spikes(soft, 0.2, 100), expected[:-1], atol=1e-10)
    assert expected[1] - expected[0] > free + 3
