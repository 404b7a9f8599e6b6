"""The models of 2004 against closed forms, published bifurcations, and SciPy on the papers' equations."""

import math

import numpy as np
import pytest
from brian2 import cm, ms, mV, second, uA
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.regimes.drives import firing_rate
from spikecost.harness.stimuli import constant, piecewise_constant, step
from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.definition.language import units
from spikecost.models.reading.by_name import get_model


def slopes(model, state, drive):
    """Return the derivatives per ms at a state, internal units."""
    known = {**model.parameter_values, **dict(zip(model.system.state, state, strict=True)), model.input: drive}
    for name, value in model.system.subexpressions.items():
        known[name] = evaluate(value, known, FLOATS)
    return np.array([evaluate(value, known, FLOATS) for value in model.system.derivatives.values()])


def eigenvalues(model, state, drive):
    """Return the eigenvalues of the linear flow about a state, by central differences."""
    moves = np.eye(len(state)) * 1e-5
    columns = [(slopes(model, state + move, drive) - slopes(model, state - move, drive)) / 2e-5 for move in moves]
    return np.linalg.eigvals(np.array(columns).T)


def fires(model, drive, horizon=1000.0):
    return firing_rate(model, drive, horizon) > 0


# --- integrate-and-fire with adaptation, and or-burst ----------------------------------------------------------------


def test_adaptation_as_dayan_and_abbott_write_it():
    # tau_m V' = E_L - V - r_m g (V - E_K) + R_m I, tau_m = 30 ms, r_m Delta g = 0.06, tau_sra = 100 ms; R_m I = 60 mV
    def rates(_, x):
        return [(-65 - x[0] - x[1] * (x[0] + 70) + 60) / 30, -x[1] / 100]

    def crossing(_, x):
        return x[0] + 50

    crossing.terminal, crossing.direction = True, 1
    x, now, spikes = [-65.0, 0.0], 0.0, []
    while now < 500:
        found = solve_ivp(rates, (now, 500), x, "DOP853", events=crossing, rtol=1e-12, atol=1e-13)
        now, x = found.t[-1], found.y[:, -1]
        if found.status == 1:
            spikes.append(now)
            x = [-65.0, x[1] + 0.06]
    times = reference(get_model("adaptive_lif"), constant(2 * mV / ms, 500 * ms)).train.times
    np.testing.assert_allclose(times, spikes, rtol=0, atol=1e-9)
    # it adapts: the intervals grow, to more than the first
    intervals = np.diff(times)
    assert (np.diff(intervals[:10]) > 0).all()
    assert intervals[-1] > 1.1 * intervals[0]


def test_if_or_burst_fires_as_a_leaky_integrator_once_the_calcium_current_is_inactivated():
    # from -50 to -35 mV with C/gL = 57.14 ms towards VL + I/gL = -7.857 mV
    tau, target = 2 / 0.035, -65 + 2 / 0.035
    interval = tau * math.log((target + 50) / (target + 35))
    times = reference(get_model("ifb"), constant(2 * uA / cm**2, 1 * second)).train.times
    assert times[-1] - times[-2] == pytest.approx(interval, rel=1e-12)


def test_if_or_burst_fires_tonically_from_its_rheobase():
    # gL (V_theta - VL) = 0.035 x 30 = 1.05 uA/cm2
    model = get_model("ifb")
    assert not fires(model, 1.04, 3000.0)
    assert fires(model, 1.06, 3000.0)


def test_if_or_burst_bursts_when_released_from_inhibition():
    model = get_model("ifb")
    # released to 0.3 uA/cm2, well below the rheobase, the voltage passes -60 mV and the calcium current fires a burst
    stimulus = step(-1 * uA / cm**2, 0.3 * uA / cm**2, 500 * ms, 1 * second)
    times = reference(model, stimulus).train.times
    # up to -60 mV the membrane is linear and h stays 1; from there SciPy integrates one branch
    tau, start, target = 2 / 0.035, -65 - (1 - math.exp(-500 * 0.035 / 2)) / 0.035, -65 + 0.3 / 0.035
    now = 500 + tau * math.log((target - start) / (target + 60))

    def rates(_, x):
        return [(0.3 - 0.035 * (x[0] + 65) - 0.07 * x[1] * (x[0] - 120)) / 2, -x[1] / 20]

    def crossing(_, x):
        return x[0] + 35

    crossing.terminal, crossing.direction = True, 1
    x, spikes = [-60.0, 1.0], []
    while now < 1000:
        found = solve_ivp(rates, (now, 1000), x, "DOP853", events=crossing, rtol=1e-12, atol=1e-13)
        now, x = found.t[-1], found.y[:, -1]
        if found.status == 1:
            spikes.append(now)
            x = [-50.0, x[1]]
    assert len(times) == len(spikes) >= 3
    np.testing.assert_allclose(times, spikes, rtol=0, atol=1e-8)
    assert times[-1] - times[0] < 50  # one burst
    # without the drive it returns to -65 mV: no spike
    assert len(reference(model, step(-1 * uA / cm**2, 0 * uA / cm**2, 500 * ms, 1 * second)).train) == 0


# --- resonate-and-fire -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drive", [0.11, 0.1375, 0.176])
def test_resonate_and_fire_turns_in_the_complex_plane(drive):
    # z = z1 + (z0 - z1) exp((b + i omega) t), z1 = -I/(b + i omega): from rest, and after each spike from i. That is on
    # the threshold; under the stronger drives it comes back within one step of the reference
    rate = complex(-0.01, 0.1)
    centre = -drive / rate

    def height(t, start):
        return (centre + (start - centre) * np.exp(rate * t)).imag - 1

    def wait(start):
        grid = np.linspace(1e-9, 100, 100_001)
        above = np.flatnonzero(height(grid, start) > 0)
        return brentq(height, grid[above[0] - 1], grid[above[0]], args=(start,), xtol=1e-14)

    times = reference(get_model("resonate_and_fire"), constant(drive / ms, 200 * ms)).train.times
    expected = wait(0j) + wait(1j) * np.arange(len(times))
    assert len(times) == 1 + int((200 - wait(0j)) / wait(1j))
    np.testing.assert_allclose(times, expected, rtol=0, atol=1e-10)


def test_resonate_and_fire_resonates():
    # two pulses of 1 ms fire the neuron if they are a period of 2 pi/0.1 = 62.8 ms apart, not half of one
    model, pulse = get_model("resonate_and_fire"), (1 * ms, 0.9 / ms)

    def spikes(gap):
        stimulus = piecewise_constant([pulse, ((gap - 1) * ms, 0 / ms), pulse, (100 * ms, 0 / ms)])
        return len(reference(model, stimulus).train)

    assert spikes(62.8) == 1
    assert spikes(31.4) == 0


# --- two-dimensional flows -------------------------------------------------------------------------------------------


def test_fitzhughs_resting_point():
    # FitzHugh 1961: x = 1.1994, y = -0.6243, the sign of x turned; u = y - 0.875
    model = get_model("fitzhugh_nagumo")
    v = brentq(lambda v: slopes(model, [v, 1.25 * v], 0.0)[0], -2, -1)
    assert v == pytest.approx(-1.1994, abs=5e-5)
    assert 1.25 * v + 0.875 == pytest.approx(-0.6243, abs=5e-5)


def test_fitzhugh_nagumo_fires_between_its_two_hopf_bifurcations():
    # the trace 1 - v**2 - 0.064 is zero at v = -+0.96747, where I = v**3/3 - v + (v + 0.7)/0.8
    model = get_model("fitzhugh_nagumo")
    turns = [v**3 / 3 - v + (v + 0.7) / 0.8 for v in (-math.sqrt(0.936), math.sqrt(0.936))]
    assert turns == pytest.approx([0.3313, 1.4187], abs=5e-5)
    for drive, v in zip(turns, (-math.sqrt(0.936), math.sqrt(0.936)), strict=True):
        assert slopes(model, [v, 1.25 * v], drive) == pytest.approx([0, 0], abs=1e-12)
        assert eigenvalues(model, np.array([v, 1.25 * v]), drive).real == pytest.approx([0, 0], abs=1e-8)
    assert [fires(model, drive) for drive in (0.30, 0.35, 1.38, 1.45)] == [False, True, True, False]


def morris_lecar_rest(model, v, drive):
    """Return the state at which n is at rest, and dv/dt there."""
    n = 0.5 * (1 + math.tanh((v - model.parameter_values["V3"]) / model.parameter_values["V4"]))
    return np.array([v, n]), slopes(model, [v, n], drive)[0]


def test_morris_lecars_hopf_bifurcation():
    # Rinzel and Ermentrout 1998: the fixed point loses its stability at 93.86 uA/cm2
    model = get_model("morris_lecar:hopf")

    def growth(drive):
        v = brentq(lambda v: morris_lecar_rest(model, v, drive)[1], -60, 20)
        return eigenvalues(model, morris_lecar_rest(model, v, drive)[0], drive).real.max()

    assert brentq(growth, 85, 105) == pytest.approx(93.86, abs=0.01)
    assert fires(model, 95.0, 2000.0)


def test_morris_lecars_saddle_node_on_a_circle():
    # Rinzel and Ermentrout 1998: rest vanishes at 39.96 uA/cm2, where firing begins at arbitrarily low rates
    model = get_model("morris_lecar:snic")
    knee = minimize_scalar(lambda v: 20 * morris_lecar_rest(model, v, 0.0)[1], bounds=(-60, -20), method="bounded")
    assert -knee.fun == pytest.approx(39.96, abs=0.005)
    assert not fires(model, 39.9, 3000.0)
    assert 0 < firing_rate(model, 40.1, 3000.0) < 5


# --- SciPy on the papers' equations ----------------------------------------------------------------------------------


def hindmarsh_rose_1984(_, state):
    x, y, z = state
    return [y - x**3 + 3 * x**2 + 4 - z, 1 - 5 * x**2 - y, 0.006 * (4 * (x + 1.6) - z)]


def wilson_1999(g_t, g_h, tau_r):
    # conductances next to their reversal potentials, which are in 100 mV
    def rates(_, state):
        v, r, t, h = state
        current = (
            (17.8 + 47.6 * v + 33.8 * v**2) * (v - 0.5)
            + 26 * r * (v + 0.95)
            + g_t * t * (v - 1.2)
            + g_h * h * (v + 0.95)
        )
        return [
            1 - current,
            (1.24 + 3.7 * v + 3.2 * v**2 - r) / tau_r,
            (4.205 + 11.6 * v + 8 * v**2 - t) / 14,
            (3 * t - h) / 45,
        ]

    return rates


@pytest.mark.parametrize(
    ("name", "rates", "level"),
    [
        ("hindmarsh_rose", hindmarsh_rose_1984, 1.0),
        ("wilson:RS", wilson_1999(0.1, 5, 4.2), 0.0),
        ("wilson:FS", wilson_1999(0.25, 0, 1.5), 0.0),
        ("wilson:bursting", wilson_1999(2.25, 9.5, 4.2), 0.0),
    ],
)
def test_spikes_are_those_of_scipy_on_the_papers_equations(name, rates, level):
    model = get_model(name)

    def crossing(_, x):
        return x[0] - level

    crossing.direction = 1
    found = solve_ivp(
        rates, (0, 200), list(model.initial_values.values()), "DOP853", events=crossing, rtol=1e-12, atol=1e-13
    )
    times = reference(model, constant(model.drive, 200 * ms)).train.times
    assert len(times) == len(found.t_events[0]) >= 4
    np.testing.assert_allclose(times, found.t_events[0], rtol=0, atol=1e-7)


def test_wilsons_three_kinds_of_neuron():
    # regular spiking adapts, fast spiking hardly does, bursting groups its spikes
    intervals = {
        name: np.diff(reference(get_model(f"wilson:{name}"), constant(1, 500 * ms)).train.times)
        for name in ("RS", "FS", "bursting")
    }
    assert intervals["RS"][-1] > 2 * intervals["RS"][0]
    assert intervals["FS"].max() < 1.5 * intervals["FS"].min()
    assert intervals["bursting"].max() > 10 * intervals["bursting"].min()
    assert 1000 / intervals["FS"][-1] > 300  # Hz


@pytest.mark.parametrize(
    "name",
    [
        "adaptive_lif",
        "ifb",
        "resonate_and_fire",
        "qif",
        "fitzhugh_nagumo",
        "hindmarsh_rose:usual",
        "hindmarsh_rose:figure_6",
        "morris_lecar",
        "morris_lecar:snic",
        "wilson",
        "wilson:FS",
        "wilson:bursting",
    ],
)
def test_every_preset_spikes_under_its_drive_and_rests_without(name):
    model = get_model(name)
    found = reference(model, constant(model.drive, 500 * ms))
    assert len(found.train) >= 5
    assert found.error < 1e-10
    silent = constant(units.quantity(0.0, model.system.dimensions[model.input]), 500 * ms)
    assert len(reference(model, silent).train) == 0
