"""Kernels in single precision against programs written by hand with numpy's float32, and against double precision."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import spikecost as sc
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.kernel import Kernel, compile_kernels
from spikecost.harness.stimuli import Stimulus
from spikecost.models.methods import METHODS
from spikecost.models.step import make_step, why_not

from ...noisy_models import NOISY_LIF

f = np.float32
#: A time step whose value in single precision is not its value in double precision.
DT = Fraction(1, 10)


def _kernel(
    model: str | sc.NeuronModel, method: str = "euler", detection: str = "grid", varying: bool = False
) -> Kernel:
    return compile_kernels([make_step(model, method, detection, varying, "single")], SCALAR)[0]


def _currents(model: sc.NeuronModel, values: list[float], steps: int) -> Stimulus:
    return Stimulus((steps * DT,) * len(values), tuple(values), model.input_dimension)


def _lif(currents: list[float], steps: int) -> tuple[list[int], list[np.float32]]:
    """Forward Euler of v' = I + a - b v, v = c at -50, on numbers of 32 bits."""
    model = sc.get_model("lif")
    a, b, c = (f(model.parameter_values[name]) for name in "abc")
    v, dt, spikes = f(model.initial_values["v"]), f(float(DT)), []
    for k in range(len(currents) * steps):
        v = v + dt * ((f(currents[k // steps]) + a) - b * v)
        if v >= f(-50):
            spikes.append(k + 1)
            v = c
    return spikes, [v]


def _izhikevich(currents: list[float], steps: int) -> tuple[list[int], list[np.float32]]:
    """Forward Euler of v' = 0.04 v^2 + 5 v + 140 - u + I, u' = a (b v - u), on numbers of 32 bits."""
    model = sc.get_model("izhikevich")
    a, b, c, d = (f(model.parameter_values[name]) for name in "abcd")
    v, u = (f(model.initial_values[name]) for name in "vu")
    dt, spikes = f(float(DT)), []
    for k in range(len(currents) * steps):
        dv = f(0.04) * (v * v) + f(5) * v + f(140) - u + f(currents[k // steps])
        v, u = v + dt * dv, u + dt * (a * (b * v - u))
        if v >= f(30):
            spikes.append(k + 1)
            v, u = c, u + d
    return spikes, [v, u]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 20, width=32), min_size=1, max_size=3))
def test_spikes_and_state_are_those_of_a_program_in_float32(currents: list[float]) -> None:
    for name, program in (("izhikevich", _izhikevich), ("lif", _lif)):
        kernel = _kernel(name)
        outcome = kernel.run([_currents(kernel.step.model, currents, 400)], DT)[0]
        spikes, state = program(currents, 400)
        assert outcome.spike_times.tolist() == [k * 0.1 for k in spikes]
        assert outcome.state.tolist() == [float(x) for x in state]


def _hodgkin_huxley(current: float, steps: int) -> NDArray[np.float32]:
    """Forward Euler with numpy's exponential; the state after each step."""
    v, m, h, n = (f(value) for value in sc.get_model("hodgkin_huxley").initial_values.values())
    dt, i, found = f(float(DT / 8)), f(current), []

    def rate(x: np.float32) -> np.float32:
        return f(1) if abs(x) < f(1e-6) else x / (np.exp(x) - f(1))

    for _ in range(steps):
        sodium = f(120) * (m * m * m) * h * (v - f(50))
        n2 = n * n
        dv = i - sodium - f(36) * (n2 * n2) * (v + f(77)) - f(0.3) * (v + f(54.387))
        low = v + f(65)
        dm = rate(f(-0.1) * (v + f(40))) * (f(1) - m) - f(4) * np.exp(f(-1 / 18) * low) * m
        dh = f(0.07) * np.exp(f(-0.05) * low) * (f(1) - h) - f(1) / (np.exp(f(-0.1) * (v + f(35))) + f(1)) * h
        dn = f(0.1) * rate(f(-0.1) * (v + f(55))) * (f(1) - n) - f(0.125) * np.exp(f(-0.0125) * low) * n
        v, m, h, n = v + dt * dv, m + dt * dm, h + dt * dh, n + dt * dn
        found.append([v, m, h, n])
    return np.array(found)


def test_hodgkin_huxley_is_a_program_in_float32_with_another_exponential() -> None:
    """numpy's exp is within 3 units in the last place, the C library's within 1.

    The exponentials are in terms that are multiplied by dt = 1/80 ms before they are added to the state, which is
    rounded once per step: after a step, each variable is within one unit of its last place.
    """
    kernel, steps = _kernel("hodgkin_huxley"), 1600
    pieces = Stimulus((DT / 8,) * steps, (10.0,) * steps, kernel.step.model.input_dimension)
    states = kernel.run([pieces], DT / 8)[0].samples.astype(np.float32)
    assert states[:, 0].max() > 0  # it spikes
    whole = _hodgkin_huxley(10.0, steps)
    assert (np.abs(whole[0] - states[0]) <= np.spacing(np.abs(states[0]))).all()
    # over the run, such differences grow as the model lets them
    crossings = [np.flatnonzero((x[1:, 0] > 0) & (x[:-1, 0] <= 0)).tolist() for x in (states, whole)]
    assert crossings[0] == crossings[1]


@pytest.mark.parametrize("model", ["lif", "izhikevich", "hodgkin_huxley", "ifb"])
@pytest.mark.parametrize(("method", "detection"), [("euler", "grid"), ("rk4", "hermite")])
def test_neurons_in_lanes_are_neurons_alone(model: str, method: str, detection: str) -> None:
    step = make_step(model, method, detection, precision="single")
    lanes, alone = (compile_kernels([step], build)[0] for build in (SIMD, SCALAR))
    stimulus = sc.constant(step.model.drive, 100 * ms)
    currents = [stimulus.scaled(1 + i / 100) for i in range(150)]  # more than one block of 128
    for one, other in zip(alone.run(currents, DT / 8), lanes.run(currents, DT / 8), strict=True):
        assert len(one.spike_times) == len(other.spike_times)
        if model == "hodgkin_huxley":  # the vector library's exp has other last bits
            assert np.abs(one.spike_times - other.spike_times).max(initial=0) < 0.05
        else:
            assert one.spike_times.tolist() == other.spike_times.tolist()
            assert one.state.tolist() == other.state.tolist()


ARRIVING = sc.NeuronModel(
    "arriving",
    "dv/dt = (-v + g + I)/(10*ms) : 1 (unless refractory)\ndg/dt = -g/(5*ms) : 1\nI : 1\nw : 1",
    "v > 1",
    "v = 0",
    refractory=1.7 * ms,
    parameters={"w": 0.3},
    initial={"v": 0, "g": 0},
    arrivals={"exc": "g += w"},
)
OF_TIME = sc.NeuronModel(
    "of_time", "dv/dt = (I + sin(2*pi*30*Hz*t) - v)/(10*ms) : 1\nI : 1", "v > 1", "v = 0", initial={"v": 0}
)


def _difference(model: str | sc.NeuronModel, stimulus: Stimulus, detection: str) -> tuple[int, float]:
    """Return the number of spikes and the largest difference between the spike times of both precisions in ms."""
    double, single = (
        sc.simulate(model, stimulus, dt=ms / 64, method="heun", detection=detection, precision=each)
        for each in ("double", "single")
    )
    assert len(double) == len(single)
    return len(double), float(np.abs(double - single).max())


@pytest.mark.parametrize("detection", ["grid", "hermite"])
def test_inputs_that_vary_arrive_or_are_random_are_those_of_double_precision(detection: str) -> None:
    varying = sc.sine(2 * mV / ms, 1 * mV / ms, 20 * Hz, 300 * ms)
    arrivals = sc.constant(0.9, 300 * ms).with_arrivals(exc=np.arange(1, 300, 2.37))
    noisy = sc.constant(0 * mV / ms, 300 * ms)
    for model, stimulus in (("lif", varying), (ARRIVING, arrivals), (NOISY_LIF, noisy)):
        if why_not(sc.get_model(model), "heun", detection):
            continue
        spikes, difference = _difference(model, stimulus, detection)
        assert spikes > 4
        # rounding shifts a spike by little; on the grid, only across the end of a step
        assert difference in (0, 1 / 64) if detection == "grid" else 0 < difference < 1e-3


def test_time_in_equations_is_counted_on_the_grid_and_refused_elsewhere() -> None:
    stimulus = sc.constant(1.2, 300 * ms)
    spikes, difference = _difference(OF_TIME, stimulus, "grid")
    assert spikes > 4
    assert difference in (0, 1 / 64)
    with pytest.raises(sc.UserError, match="contain t"):
        sc.simulate(OF_TIME, stimulus, dt=ms / 64, detection="hermite", precision="single")
    kernel = _kernel(OF_TIME)
    with pytest.raises(sc.UserError, match="16777216"):
        kernel.run([sc.constant(1.2, 20 * second)], Fraction(1, 1000))


def test_steps_are_counted_so_that_a_long_run_has_no_drift_of_its_clock() -> None:
    """An arrival acts at the end of its step, and the next step finds the spike, also after 4 million steps."""
    echo = sc.NeuronModel(
        "echo", "dv/dt = 0/ms*v : 1", "v > 0.5", "v = 0", initial={"v": 0}, arrivals={"exc": "v += 1"}, input=""
    )
    times = np.arange(1, 4096, 97.5)
    stimulus = sc.as_it_stands(4096 * ms).with_arrivals(exc=times)
    found = sc.simulate(echo, stimulus, dt=ms / 1024, method="euler", detection="grid", precision="single")
    assert found.tolist() == (times + 2 / 1024).tolist()


@pytest.mark.parametrize(
    ("changes", "said"), [({"initial": {"v": 1e39}}, "v 1e\\+39"), ({"threshold": "v > 1e-40"}, "constant 1e-40")]
)
def test_numbers_outside_the_format_are_refused(changes: dict[str, object], said: str) -> None:
    model = OF_TIME.replace(equations="dv/dt = (I - v)/(10*ms) : 1\nI : 1", **changes)
    with pytest.raises(sc.UserError, match=said):
        make_step(model, "euler", precision="single")
    make_step(model, "euler")


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.knob == "tolerance"])
def test_methods_that_control_their_error_stay_in_double_precision(method: str) -> None:
    detection = "dense"
    assert not why_not(sc.get_model("izhikevich"), method, detection)
    with pytest.raises(sc.UserError, match=f"{method}.*single"):
        make_step("izhikevich", method, detection, precision="single")


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(sc.UserError, match="half"):
        sc.count("lif", "euler", precision="half")
