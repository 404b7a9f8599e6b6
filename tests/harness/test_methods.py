"""Methods are compared with their recurrences written in Python, and with closed forms."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from brian2 import cm, ms, mV, uA
from scipy.linalg import expm

from spikecost.flops import count
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant, piecewise_constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods import METHODS, with_steps_alike
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not


def run(model, method, stimulus, dt, detection="grid"):
    return compile_kernels([make_step(model, method, detection)])[0].run([stimulus], Fraction(dt))[0]


@cache
def kernels_of_all_methods(model, detection):
    """Compile the kernels of all methods at once, because starting a compiler takes longer than compiling a kernel."""
    steps = [make_step(model, method, detection) for method in with_steps_alike() if not why_not(model, method)]
    return {kernel.step.method: kernel for kernel in compile_kernels(steps)}


def run_one(model, method, stimulus, dt, detection="grid"):
    return kernels_of_all_methods(model, detection)[method].run([stimulus], Fraction(dt))[0]


def published_2003(model, current, steps):
    """Run the program of Izhikevich 2003 for one neuron, dt = 1 ms; spikes are tested at the start of a step."""
    a, b, c, d = (model.parameters[name] for name in "abcd")
    v, u = -65.0, b * -65.0
    spikes = []
    for t in range(steps + 1):
        if v >= 30:
            spikes.append(t)
            v, u = c, u + d
        if t == steps:
            return spikes, (v, u)
        v += 0.5 * (0.04 * (v * v) + 5 * v + 140 - u + current)
        v += 0.5 * (0.04 * (v * v) + 5 * v + 140 - u + current)
        u += a * (b * v - u)
    raise AssertionError


@pytest.mark.parametrize("preset", MODELS["izhikevich"].presets)
def test_izhikevich2003_is_the_published_program(preset):
    model = get_model(f"izhikevich:{preset}")
    spikes, state = published_2003(model, 10, 1000)
    found = run(model, "izhikevich2003", constant(10, 1000 * ms), 1)
    assert len(spikes) > 5
    assert found.spike_times.tolist() == spikes
    assert found.state.tolist() == list(state)  # to the last bit: at 1 ms a burst magnifies any difference


#: Figure 2 of 2003 as izhi2003.m of ModelDB 39948 draws it: V at the start, and inputs, each up to a step of 0.25 ms.
FIGURE_2 = {
    "RS": (-63, [(61, 0), (601, 14)]),
    "IB": (-70, [(61, 0), (601, 11)]),
    "CH": (-70, [(61, 0), (601, 10)]),
    "FS": (-70, [(61, 0), (601, 10)]),
    "TC": (-63, [(121, 0), (601, 1.5)]),
    "RZ": (-70, [(41, -2), (241, -0.5), (260, 10), (401, -0.5)]),
    "LTS": (-63, [(101, 0), (1001, 10)]),
}


def program_of_figure_2(a, b, c, d, v, inputs):
    """Return spike times and V: V first, then u with the new V; a spike is V > 30 at the end of a step."""
    u, found, i = b * v, [], 0
    for until, current in inputs:
        while i < until:
            v += 0.25 * (0.04 * (v * v) + 5 * v + 140 - u + current)
            u += 0.25 * a * (b * v - u)
            i += 1
            if v > 30:
                found.append(0.25 * i)
                v, u = c, u + d
    return found, v


@pytest.mark.parametrize("preset", MODELS["izhikevich"].presets)
def test_izhikevich2004_is_the_program_of_figure_2_of_2003(preset):
    start, inputs = FIGURE_2[preset]
    model = get_model(f"izhikevich:{preset}").replace(initial={"v": start, "u": "b*v"})
    ends = [0, *(until for until, _ in inputs)]
    stimulus = piecewise_constant(
        [(0.25 * (until - before) * ms, current) for before, (until, current) in zip(ends, inputs, strict=False)]
    )
    spikes, v = program_of_figure_2(*(model.parameter_values[name] for name in "abcd"), start, inputs)
    found = run(model, "izhikevich2004", stimulus, Fraction(1, 4))
    assert found.spike_times.tolist() == spikes
    assert len(spikes) >= (1 if preset == "RZ" else 4)
    assert found.state[0] == pytest.approx(v, rel=1e-9)


@pytest.mark.parametrize("preset", MODELS["izhikevich"].presets)
def test_esr_midpoint_gives_the_numbers_of_midpoint(preset):
    reduced, plain = (
        run(f"izhikevich:{preset}", method, constant(10, 500 * ms), Fraction(1, 16), "hermite")
        for method in ("esr_midpoint", "midpoint")
    )
    assert len(plain.spike_times) > 3
    np.testing.assert_allclose(reduced.spike_times, plain.spike_times, rtol=1e-11)
    np.testing.assert_allclose(reduced.state, plain.state, rtol=1e-7)


def test_what_the_reduction_saves():
    # p is evaluated once: a subtraction for 140 - u + I's two; the parabolas in Horner's form: a multiplication each
    plain, reduced = (count("izhikevich", method).as_run.present for method in ("midpoint", "esr_midpoint"))
    assert plain == {"add": 10, "sub": 4, "mul": 14, "compare": 1}
    assert reduced == {"add": 9, "sub": 4, "mul": 12, "compare": 1}


def gate_rates(v):
    """Rates of Hodgkin and Huxley, away from the removable singularities."""
    return {
        "m": (0.1 * (v + 40) / (1 - math.exp(-(v + 40) / 10)), 4 * math.exp(-(v + 65) / 18)),
        "h": (0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))),
        "n": (0.01 * (v + 55) / (1 - math.exp(-(v + 55) / 10)), 0.125 * math.exp(-(v + 65) / 80)),
    }


def move_gates(v, gates, dt):
    return {
        name: alpha / (alpha + beta) + (gates[name] - alpha / (alpha + beta)) * math.exp(-(alpha + beta) * dt)
        for name, (alpha, beta) in gate_rates(v).items()
    }


def currents(v, gates, drive):
    sodium, potassium = 120 * gates["m"] ** 3 * gates["h"], 36 * gates["n"] ** 4
    return drive + sodium * 50 - potassium * 77 - 0.3 * 54.387, sodium + potassium + 0.3


def move_voltage(v, gates, drive, dt):
    current, conductance = currents(v, gates, drive)
    return current / conductance + (v - current / conductance) * math.exp(-conductance * dt)


def strang(v, gates, drive, dt, steps):
    for _ in range(steps):
        v = move_voltage(v, gates, drive, dt / 2)
        gates = move_gates(v, gates, dt)
        v = move_voltage(v, gates, drive, dt / 2)
    return v, gates


def staggered(v, gates, drive, dt, steps):
    gates = move_gates(v, gates, dt / 2)  # from here on the gates are half a step ahead
    for _ in range(steps):
        v = move_voltage(v, gates, drive, dt)
        gates = move_gates(v, gates, dt)
    return v, move_gates(v, gates, -dt / 2)


def rush_larsen(v, gates, drive, dt, steps):
    for _ in range(steps):
        current, conductance = currents(v, gates, drive)
        v, gates = v + dt * (current - conductance * v), move_gates(v, gates, dt)
    return v, gates


@pytest.mark.parametrize(
    ("method", "recurrence"),
    [("strang", strang), ("exponential_euler_staggered", staggered), ("rush_larsen", rush_larsen)],
)
def test_hodgkin_huxley_follows_the_methods_recurrence(method, recurrence):
    dt, steps = Fraction(1, 64), 2000  # 31 ms
    found = run("hodgkin_huxley", method, constant(10 * uA / cm**2, 1 * ms * float(dt * steps)), dt)
    initial = get_model("hodgkin_huxley").initial_values
    v, gates = recurrence(initial["v"], {name: initial[name] for name in "mhn"}, 10, float(dt), steps)
    assert len(found.spike_times) == 2
    np.testing.assert_allclose(found.state, [v, gates["m"], gates["h"], gates["n"]], rtol=1e-9)


@pytest.mark.parametrize("divisions", [1, 7, 64, 1000])
def test_exact_gives_the_closed_form_of_lif(divisions):
    pieces = [(20, 1.4), (10, -0.7), (40, 1.49), (30, 0.2)]  # ms and mV/ms: below threshold
    stimulus = piecewise_constant([(length * ms, drive * mV / ms) for length, drive in pieces])
    v = -65.0
    for length, drive in pieces:
        end = (drive - 6.5) / 0.1
        v = end + (v - end) * math.exp(-0.1 * length)
    found = run("lif", "exact", stimulus, Fraction(1, divisions))
    assert found.state[0] == pytest.approx(v, rel=1e-12)


@pytest.mark.parametrize("detection", ["grid", "linear", "hermite"])
def test_spikes_of_exact_are_the_closed_forms_to_the_detections_error(detection):
    # a whole number of steps to each crossing of the threshold: v = -45 - 20 exp(-t/10) reaches -50 at 10 log(4)
    period = 10 * math.log(4)
    dt = 0.05
    found = run("lif", "exact", constant(2 * mV / ms, 1000 * ms), Fraction(1, 20), detection).spike_times
    times = np.arange(1, len(found) + 1) * (period if detection != "grid" else math.ceil(period / dt) * dt)
    bound = {"grid": 1e-12, "linear": dt**2, "hermite": 1e-2 * dt**4}[detection]
    np.testing.assert_allclose(found, times, rtol=1e-12, atol=bound * (1 if detection == "grid" else len(found)))


#: Smooth, with gates and a variable that they drive and that drives them: nothing here commutes.
COUPLED = NeuronModel(
    name="coupled",
    equations="""
    dv/dt = (-0.3*v - 2*m**2*h*(v - 2) - c*v)/ms + I : 1
    dm/dt = (1 - m)*v**2/ms - m*(1 + c)/ms : 1
    dh/dt = (1 - h)*0.5/ms - h*v**2/ms : 1
    dc/dt = m*v/ms - c/(3*ms) : 1
    I : Hz
    """,
    threshold="v > 100",
    reset="v = 0",
    initial={"v": 0.2, "m": 0.1, "h": 0.8, "c": 0.3},
)
QUADRATIC = NeuronModel(
    name="quadratic",
    equations="""
    dv/dt = (0.7*(v + 0.6)*(v + 0.4) - u - 0.5)/ms + I : 1
    du/dt = 0.3*(-2*(v + 0.6) - u)/ms : 1
    I : Hz
    """,
    threshold="v > 100",
    reset="v = 0",
    initial={"v": -0.7, "u": 0.3},
)


@pytest.mark.parametrize(
    ("model", "method"),
    [(model, method) for model in (COUPLED, QUADRATIC) for method in with_steps_alike() if not why_not(model, method)],
)
def test_order_of_the_state_at_a_fixed_time(model, method):
    stimulus = constant(0.5 / ms, 4 * ms)
    exact = run_one(model, "rk4", stimulus, Fraction(4, 20000)).state
    divisions = [128, 256, 512, 1024] if METHODS[method].order < 4 else [32, 64, 128, 256]
    errors = [np.linalg.norm(run_one(model, method, stimulus, Fraction(4, n)).state - exact) for n in divisions]
    assert -np.polyfit(np.log(divisions), np.log(errors), 1)[0] == pytest.approx(METHODS[method].order, abs=0.1)


SYNAPSES = """
    dv/dt = (EL - v)/tau + k*g + 2*h/ms + I : 1
    dg/dt = -g/tau_g : 1
    dh/dt = 0.3/ms - r*h : 1
    k : Hz
    r : Hz
    I : Hz
"""


@pytest.mark.parametrize("tau_g", [2, 5, 5 + 1e-9, 20])
@pytest.mark.parametrize("divisions", [1, 32])
def test_exact_with_synapses_is_the_matrix_exponential(tau_g, divisions):
    model = NeuronModel(
        name="synapses",
        equations=SYNAPSES,
        threshold="v > 1000",
        reset="v = 0",
        constants={"EL": 1.5, "tau": 5 * ms, "tau_g": tau_g * ms},
        parameters={"k": 0.7 / ms, "r": 0.25 / ms},
        initial={"v": -1, "g": 3, "h": 0.1},
    )
    found = run(model, "exact", constant(0.4 / ms, 9 * ms), Fraction(1, divisions))
    matrix = np.array([[-1 / 5, 0.7, 2, 1.5 / 5 + 0.4], [0, -1 / tau_g, 0, 0], [0, 0, -0.25, 0.3], [0, 0, 0, 0]])
    expected = expm(9 * matrix) @ [-1, 3, 0.1, 1]
    np.testing.assert_allclose(found.state, expected[:3], rtol=1e-12)


IZHIKEVICH_HELD = NeuronModel(
    name="izhikevich_held",
    equations=MODELS["izhikevich"].equations.replace("I)/ms : 1", "I)/ms : 1 (unless refractory)"),
    threshold="v >= 30",
    reset="v = c; u += d",
    refractory=3 * ms,
    parameters=MODELS["izhikevich"].parameters,
    initial=MODELS["izhikevich"].initial,
)
GATED_HELD = NeuronModel(
    name="gated_held",
    equations="""
    dv/dt = (-0.1*v - w*v)/ms + I : 1 (unless refractory)
    dw/dt = (0.5*v**2*(1 - w) - w)/(20*ms) : 1
    I : Hz
    """,
    threshold="v > 1",
    reset="v = 0",
    refractory=3 * ms,
    initial={"v": 0, "w": 0},
)


@pytest.mark.parametrize(
    ("model", "drive", "method"),
    [
        (model, drive, method)
        for model, drive in ((IZHIKEVICH_HELD, 10), (GATED_HELD, 0.5 / ms))
        for method in with_steps_alike()
        if not why_not(model, method)
    ],
)
def test_what_is_not_held_moves_while_the_voltage_is(model, drive, method):
    exact, found = (
        run_one(model, name, constant(drive, 100 * ms), Fraction(1, 1024), "hermite") for name in ("rk4", method)
    )
    assert len(exact.spike_times) >= 3
    np.testing.assert_allclose(found.spike_times, exact.spike_times, rtol=0, atol=0.05)
    np.testing.assert_allclose(found.state, exact.state, rtol=0.01)


def test_what_is_held_may_be_the_gate():
    model = GATED_HELD.replace(
        name="gate_held",
        reset="v = -2",
        equations=GATED_HELD.equations.replace(" (unless refractory)", "").replace(
            "/(20*ms) : 1", "/(20*ms) : 1 (unless refractory)"
        ),
    )
    for method in with_steps_alike():
        if not why_not(model, method):
            exact, found = (
                run_one(model, name, constant(0.5 / ms, 30 * ms), Fraction(1, 1024), "hermite")
                for name in ("rk4", method)
            )
            np.testing.assert_allclose(found.spike_times, exact.spike_times, rtol=0, atol=0.01)
