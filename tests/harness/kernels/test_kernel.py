"""Kernels are compared with closed forms and with each other."""

import math
from fractions import Fraction

import numpy as np
import pytest
from brian2 import cm, ms, mV, second, uA
from scipy.optimize import brentq

from spikecost.accuracy.references.reference import reference
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant, piecewise_constant, step
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import with_steps_alike
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not

from ...archetypes import DEEP, TWO_DETECTIONS, choose, everyday_methods, is_archetype, methods_of, product

#: v after a step of LIF is v_inf + factor(b dt) (v - v_inf)
FACTORS = {
    "euler": lambda z: 1 - z,
    "midpoint": lambda z: 1 - z + z**2 / 2,
    "heun": lambda z: 1 - z + z**2 / 2,
    "rk4": lambda z: 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24,
    "exponential_euler": lambda z: math.exp(-z),
    "exponential_euler_staggered": lambda z: math.exp(-z),
    "strang": lambda z: math.exp(-z),
    "exact": lambda z: math.exp(-z),
}
RATE, LEVEL, RESET, V_INF = 0.1, -50.0, -65.0, -45.0  # 1/ms and mV, for a drive of 2 mV/ms


def run(model, method, detection, stimulus, dt, build=SCALAR):
    return compile_kernels([make_step(model, method, detection)], build)[0].run([stimulus], Fraction(dt))[0]


def lif_recurrence(method, detection, dt, horizon):
    """Spike times of LIF from the recurrence of the method: powers of one factor per step."""

    def value(v, z):
        return V_INF + FACTORS[method](z) * (v - V_INF)

    def crossing(v, end):
        if detection == "grid":
            return 1.0
        if detection == "linear":
            return (LEVEL - v) / (end - v)
        start, stop = dt * RATE * (V_INF - v), dt * RATE * (V_INF - end)
        rise = end - v
        return brentq(
            lambda s: v + s * (start + s * (3 * rise - 2 * start - stop + s * (start + stop - 2 * rise))) - LEVEL,
            0,
            1,
            xtol=1e-16,
            rtol=1e-15,
        )

    times, steps, v = [], 0, RESET
    factor = FACTORS[method](RATE * dt)
    while True:
        whole = max(math.ceil(math.log((LEVEL - V_INF) / (v - V_INF)) / math.log(factor)), 1)
        before = V_INF + factor ** (whole - 1) * (v - V_INF)
        theta = crossing(before, value(before, RATE * dt))
        time = (steps + whole - 1 + theta) * dt
        if time > horizon:
            return np.array(times)
        times.append(time)
        steps += whole
        v = value(RESET, RATE * dt * (1 - theta))


@pytest.mark.parametrize("detection", ["grid", "linear", "hermite"])
@pytest.mark.parametrize("method", FACTORS)
@pytest.mark.parametrize("divisions", [1000, 3001, 99991])
def test_lif_follows_its_recurrence(method, detection, divisions, kernel_of):
    dt = Fraction(1000, divisions)
    found = kernel_of("lif", method, detection).run([constant(2 * mV / ms, 1 * second)], dt)[0].spike_times
    expected = lif_recurrence(method, detection, float(dt), 1000)
    assert len(found) == len(expected) > 60
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def spike_time_error(kernel, stimulus, divisions, exact):
    outcome = kernel.run([stimulus], Fraction(300, int(divisions)))[0]
    if outcome.failure or abs(len(outcome.spike_times) - len(exact)) > 1:
        return math.inf
    common = min(len(outcome.spike_times), len(exact)) - 1
    return np.sqrt(np.mean((outcome.spike_times[:common] - exact[:common]) ** 2))


def measured_order(kernel, stimulus, divisions, exact):
    errors = [spike_time_error(kernel, stimulus, n, exact) for n in divisions]
    return -np.polyfit(np.log(divisions), np.log(errors), 1)[0]


@pytest.mark.parametrize(
    "name",
    [
        # test_orders measures the orders, including those of spike times for models with a reset
        name
        for name in MODELS
        if not MODELS[name].system.reset and not MODELS[name].tables
    ],
)
def test_every_method_converges_on_every_model(name, drive_of, kernel_of, length_of):
    stimulus = constant(drive_of(name), length_of(name) * ms)
    exact = reference(get_model(name), stimulus).train.times
    for method in methods_of(name):

        def error(dt, method=method):
            outcome = kernel_of(name, method, "hermite").run([stimulus], dt)[0]
            found = outcome.spike_times
            if outcome.failure or abs(len(found) - len(exact)) > 1:
                return math.inf
            common = min(len(found), len(exact))
            return np.abs(found[:common] - exact[:common]).max()

        dt = Fraction(1, 16)
        while error(dt) > 0.5:
            dt /= 2
            assert dt > Fraction(1, 5000), f"{method} does not come near"
        # with dt/8, the error is an eighth at order 1 and less at higher orders, until only round-off is left
        assert error(dt / 8) < max(error(dt) / 4, 1e-9), method


@pytest.mark.parametrize(
    ("model", "method", "detection", "order"),
    [
        ("lif", "euler", "grid", 1),
        ("lif", "rk4", "grid", 1),
        ("lif", "exponential_euler", "grid", 1),
        ("izhikevich", "euler", "grid", 1),
        ("izhikevich", "rk4", "grid", 1),
        ("hodgkin_huxley", "euler", "grid", 1),
        product("hodgkin_huxley", "rk4", "grid", 1),
        product("hodgkin_huxley", "exponential_euler", "grid", 1),
        ("lif", "rk4", "linear", 2),
        ("izhikevich", "rk4", "linear", 2),
    ],
)
def test_detection_limits_the_order_of_spike_times(model, method, detection, order, drive_of, kernel_of):
    stimulus = constant(drive_of(model), 300 * ms)
    exact = reference(get_model(model), stimulus).train.times
    kernel = kernel_of(model, method, detection)
    coarsest = {"hodgkin_huxley": 0.02, "lif": 0.1, "izhikevich": 0.04}[model]
    if method == "exponential_euler" and model == "hodgkin_huxley":
        coarsest = 0.002
    # on the grid the error jumps as dt changes: many values of dt over two decades give its trend
    decades, steps = (2, 200) if detection == "grid" and model != "hodgkin_huxley" else (1, 60)
    divisions = np.unique(np.geomspace(300 / coarsest, 300 * 10**decades / coarsest, steps).astype(int))
    assert measured_order(kernel, stimulus, divisions, exact) == pytest.approx(order, abs=0.12 if order == 1 else 0.1)


#: The state that a method computes does not depend on the detection, and in lanes only the crossing has different code.
#: So one detection on the grid and one that locates the crossing are enough, except for the first models.
IN_LANES = dict.fromkeys(MODELS, ("grid", "hermite")) | {"lif": tuple(DETECTIONS)}
#: Methods with which everyday tests start on a removable singularity.
FROM_SINGULARITIES = ("euler", "rk4", "exponential_euler", "strang", "izhikevich2003")
#: Compiling for lanes takes longer than anything else here: everyday tests have one method per detection of these.
CELLS_IN_LANES = (("euler", "grid"), ("rk4", "hermite"), ("strang", "hermite"), ("izhikevich2003", "grid"))


@pytest.mark.parametrize("name", choose(MODELS, lambda name: is_archetype(name) or name == "adex"))
def test_simd_lanes_do_what_one_neuron_does(name, drive_of, length_of, kernel_of):
    # lanes with different drives, more than one block and not a multiple of a block
    length = length_of(name) * ms
    pieces = [
        piecewise_constant([(length, drive_of(name) * (1 + i / 200)), (length / 2, drive_of(name))]) for i in range(70)
    ]
    cells = [
        (method, detection)
        for method in methods_of(name)
        for detection in IN_LANES[name]
        if DEEP or (method == "rk4" and name == "lif") or (method, detection) in CELLS_IN_LANES
        if not why_not(MODELS[name], method, detection)
    ]
    in_lanes = compile_kernels([make_step(name, *cell) for cell in cells], SIMD)
    for one, many in zip((kernel_of(name, *cell) for cell in cells), in_lanes, strict=True):
        for a, b in zip(*(kernel.run(pieces, Fraction(1, 32)) for kernel in (one, many)), strict=True):
            assert len(a.spike_times) == len(b.spike_times) > 0
            # exp of the vector library differs from libm's by a few units in the last place
            np.testing.assert_allclose(b.spike_times, a.spike_times, rtol=0, atol=1e-8)
            np.testing.assert_allclose(b.state, a.state, rtol=1e-7)


#: A model whose refractory time is not a whole number of steps.
HELD = get_model("lif").replace(name="held", refractory=2.3 * ms)


@pytest.mark.parametrize("method", FACTORS)
@pytest.mark.parametrize("detection", ["linear", "hermite"])
def test_refractoriness_delays_every_interval(method, detection, kernel_of):
    stimulus = constant(2 * mV / ms, 500 * ms)
    dt = Fraction(1, 128)  # 2.3 ms are not a whole number of steps
    free, held = (kernel_of(model, method, detection).run([stimulus], dt)[0].spike_times for model in ("lif", HELD))
    np.testing.assert_allclose(np.diff(held), np.diff(free)[: len(held) - 1] + 2.3, atol=2e-3)


def test_each_lane_has_its_own_refractory_time():
    # different drives: some neurons are refractory while others are not
    stimuli = [constant((1.6 + i / 20) * mV / ms, 200 * ms) for i in range(20)]
    steps = [make_step(HELD, *way) for way in (("euler", "grid"), ("rk4", "hermite"))]
    for alone, in_lanes in zip(compile_kernels(steps), compile_kernels(steps, SIMD), strict=True):
        for a, b in zip(*(kernel.run(stimuli, Fraction(1, 16)) for kernel in (alone, in_lanes)), strict=True):
            assert len(a.spike_times) > 3
            np.testing.assert_array_equal(b.spike_times, a.spike_times)


@pytest.mark.parametrize("build", [SCALAR, SIMD])
@pytest.mark.parametrize(("comparison", "first"), [(">=", 1.0), (">", 1.25)])
def test_a_value_equal_to_the_threshold_is_a_spike_if_it_says_so(comparison, first, build):
    # v = t in steps of 1/4 ms, without rounding
    model = NeuronModel("even", "dv/dt = I : 1\nI : Hz", f"v {comparison} 1", "v = 0", initial={"v": 0})
    found = run(model, "euler", "grid", constant(1 / ms, 2 * ms), Fraction(1, 4), build).spike_times
    assert found[0] == first


@pytest.mark.parametrize("build", [SCALAR, SIMD])
@pytest.mark.parametrize(("detection", "order"), [("linear", 2), ("hermite", 4)])
def test_refractory_spike_times_converge_to_the_closed_form(detection, order, build):
    stimulus = step(1.8 * mV / ms, 2 * mV / ms, 100 * ms, 300 * ms)
    exact = reference(HELD, stimulus).train.times
    errors = [
        np.abs(run(HELD, "rk4", detection, stimulus, dt, build).spike_times - exact).max()
        for dt in (Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 16))
    ]
    assert math.log2(errors[0] / errors[3]) / 3 == pytest.approx(order, abs=0.3)


def test_what_is_not_held_goes_on_while_refractory():
    # u relaxes always, v only when it is not refractory: after many spikes u has the value from its own equation
    model = NeuronModel(
        name="clocked",
        equations="""
        dv/dt = I : 1 (unless refractory)
        du/dt = 1/ms : 1
        I : Hz
        """,
        threshold="v > 1",
        reset="v = 0",
        refractory=3 * ms,
        initial={"v": 0, "u": 0},
    )
    stimulus = constant(0.1 / ms, 100 * ms)
    for build, detections in ((SCALAR, tuple(DETECTIONS)), (SIMD, IN_LANES["adex"])):
        steps = [
            make_step(model, method, detection)
            for method in with_steps_alike()
            for detection in detections
            if not why_not(model, method, detection)
        ]
        assert len(steps) >= 8 * len(detections) - 8
        for kernel in compile_kernels(steps, build):
            outcome = kernel.run([stimulus], Fraction(1, 10))[0]
            assert len(outcome.spike_times) == 7  # every 13 ms
            assert outcome.state[1] == pytest.approx(100, rel=1e-9)


@pytest.mark.parametrize("extra", ["", "\ndw/dt = -w/ms : 1"])
def test_a_voltage_that_passes_the_threshold_while_refractory_spikes_when_that_ends(extra):
    # v = t: 1 ms to the threshold, but the next spike is not found before 3 ms
    model = NeuronModel(
        name="free",
        equations=f"dv/dt = I : 1{extra}\nI : Hz",
        threshold="v > 1",
        reset="v = 0",
        refractory=3 * ms,
        initial={"v": 0, **({"w": 1} if extra else {})},
    )
    stimulus = constant(1 / ms, 30 * ms)
    expected = 1 + 3 * np.arange(10)
    np.testing.assert_allclose(reference(model, stimulus).train.times, expected, atol=1e-12)
    for detection in ("linear", "hermite"):
        for build in (SCALAR, SIMD):
            found = run(model, "rk4", detection, stimulus, Fraction(3, 70), build).spike_times
            np.testing.assert_allclose(found, expected, atol=1e-9)


def test_two_forms_of_izhikevich_spike_together(kernel_of):
    presets = list(get_model("izhikevich").presets)
    for method in with_steps_alike() if DEEP else everyday_methods("izhikevich_mv"):
        for detection in TWO_DETECTIONS:
            if why_not(get_model("izhikevich"), method, detection):
                continue
            one, other = (
                kernel_of(name, method, detection).run(
                    [constant(drive, 500 * ms)] * len(presets),
                    Fraction(1, 32),
                    [get_model(f"{name}:{preset}") for preset in presets],
                )
                for name, drive in (("izhikevich", 10), ("izhikevich_mv", 10 * mV / ms))
            )
            for a, b in zip(one, other, strict=True):
                assert len(a.spike_times) == len(b.spike_times) > 0
                np.testing.assert_allclose(a.spike_times, b.spike_times, rtol=0, atol=1e-9)


@pytest.mark.parametrize("voltage", [-40, -55])
def test_hodgkin_huxley_starts_on_its_removable_singularities(voltage):
    model = get_model("hodgkin_huxley").replace(
        initial={"v": voltage * mV, "m": 0.1, "h": 0.5, "n": 0.4}, name="singular"
    )
    nearby = model.replace(initial={**model.initial, "v": (voltage + 1e-9) * mV})
    stimulus = constant(10 * uA / cm**2, 50 * ms)
    steps = [
        make_step(model, method, "hermite")
        for method in (with_steps_alike() if DEEP else FROM_SINGULARITIES)
        if not why_not(model, method, "hermite")
    ]
    for build in (SCALAR, SIMD):
        for kernel in compile_kernels(steps, build):
            on, off = kernel.run([stimulus] * 2, Fraction(1, 64), [model, nearby])
            assert not on.failure
            np.testing.assert_allclose(on.spike_times, off.spike_times, rtol=0, atol=1e-6)


def test_a_diverging_run_says_so():
    assert run("hodgkin_huxley", "euler", "grid", constant(10 * uA / cm**2, 100 * ms), 1).failure == "diverged"
    with pytest.raises(UserError, match="diverged; use a smaller dt"):
        simulate("hodgkin_huxley", constant(10 * uA / cm**2, 100 * ms), 1 * ms, "euler")


@pytest.mark.parametrize("detection", ["grid", "linear", "hermite"])
def test_a_reset_above_threshold_does_not_run_forever(detection):
    # written so that the definition does not show the value after the reset
    model = get_model("lif").replace(name="stuck", reset="v = -40*mV + 0*v")
    outcome = run(model, "euler", detection, constant(2 * mV / ms, 100 * ms), Fraction(1, 100))
    assert outcome.failure == "spikes without end"


def test_spikes_for_which_there_is_no_room_leave_a_neighbours_alone():
    kernel = compile_kernels([make_step(MODELS["lif"], "euler", "grid")], SIMD)[0]
    often, seldom = (constant(drive * mV / ms, 40 * ms) for drive in (5000, 10))  # the first fires in every step
    found = kernel.run([often, seldom], Fraction(1, 10))
    assert "spikes per ms" in found[0].failure
    assert not found[1].failure
    assert found[1].spike_times.tolist() == kernel.run([seldom], Fraction(1, 10))[0].spike_times.tolist()


def test_a_silent_neuron_has_no_spikes():
    assert len(simulate("lif", constant(0 * mV / ms, 100 * ms), 0.1 * ms)) == 0


def test_the_stimulus_must_have_the_inputs_unit():
    with pytest.raises(UserError, match=r"the stimulus is in 1, but the input 'I' of lif is in mV/ms"):
        simulate("lif", constant(1, 100 * ms), 0.1 * ms)


def test_kernels_are_compiled_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    for _ in range(2):
        compile_kernels([make_step("lif", "euler")])
    assert len(list(tmp_path.rglob("*.so"))) == 1


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path, monkeypatch):
    stimulus = constant(2 * mV / ms, 100 * ms)
    (kernel,) = compile_kernels([make_step("lif", "euler")])
    (expected,) = kernel.run([stimulus], Fraction(1, 10))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path / "file"))
    (kernel,) = compile_kernels([make_step("lif", "euler")])
    (found,) = kernel.run([stimulus], Fraction(1, 10))
    assert found.spike_times.tolist() == expected.spike_times.tolist() != []
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize("method", ["euler", "dormand_prince", "parker_sochacki"])
@pytest.mark.parametrize(("models", "stimuli"), [(2, 3), (4, 2), (0, 2), (1, 0)])
def test_models_that_cannot_be_dealt_out_to_the_stimuli(method, models, stimuli):
    detection = "grid" if method == "euler" else "dense"
    kernel = compile_kernels([make_step("lif", method, detection)])[0]
    given, neurons = [constant(2 * mV / ms, 10 * ms)] * stimuli, [get_model("lif")] * models
    for call in (kernel.run, kernel.workload):
        with pytest.raises(UserError, match="stimul"):
            call(given, Fraction(1, 8), neurons)


def test_models_are_dealt_out_in_turn(monkeypatch):
    # independent of how many run at once: varying inputs are run in groups
    monkeypatch.setattr("spikecost.harness.kernels.kernel.MOST_INPUT_BYTES", 3 * 8 * 160 * 3)
    kernel = compile_kernels([make_step("lif", "euler", "linear", varying=True)])[0]
    starts = [get_model("lif").replace(initial={"v": v * mV}) for v in (-65, -55)]
    runs = kernel.run([constant(2 * mV / ms, 20 * ms)] * 4, Fraction(1, 8), starts)
    alone = [kernel.run([constant(2 * mV / ms, 20 * ms)], Fraction(1, 8), [start])[0] for start in starts]
    for i, ran in enumerate(runs):
        np.testing.assert_array_equal(ran.spike_times, alone[i % 2].spike_times)
    assert runs[0].spike_times[0] > runs[1].spike_times[0]
