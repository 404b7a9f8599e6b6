"""The equation language beyond arithmetic: conditions, hyperbolic functions, thresholds that move."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms
from scipy.integrate import solve_ivp

from spikecost.accuracy.references import taylor
from spikecost.accuracy.references.reference import reference
from spikecost.flops.counters import COUNTERS
from spikecost.flops.operations import count, count_step
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.c_source import tallied
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant, piecewise_constant, step
from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step, why_not

from ..messages import mentions

TALLIES = 10  # place of the tallies among an adaptive kernel's arguments

#: A threshold that jumps at a spike and relaxes, and a second variable in its level.
MOVING = NeuronModel(
    name="moving",
    equations="""
        dv/dt = (I - v)/(10*ms) : 1 (unless refractory)
        dtheta/dt = (1 - theta)/(50*ms) : 1
        dw/dt = (0.1*v - w)/(20*ms) : 1
        level = theta + 0.5*w : 1
        I : 1
    """,
    threshold="v > level",
    reset="v = 0; theta += 0.3; w += 0.1*theta",
    initial={"v": 0, "theta": 1, "w": 0},
)
#: A condition switches a current on, and a recovery variable has two time courses (as in integrate-and-fire-or-burst).
SWITCHED = NeuronModel(
    name="switched",
    equations="""
        dv/dt = (I - v)/(10*ms) + h*up/ms : 1
        dh/dt = (1 - up)*(1 - h)/(100*ms) - up*h/(20*ms) : 1
        up = int(v >= 5) : 1
        I : 1
    """,
    threshold="v > 10",
    reset="v = 0",
    initial={"v": 0, "h": 0},
)
HYPERBOLIC = NeuronModel(
    name="hyperbolic",
    equations="""
        dv/dt = (I + 2*tanh(v - 1) - w)/ms : 1
        dw/dt = (0.5*v - w)*cosh(v/3)/(20*ms) + 0.01*sinh(w)/ms : 1
        I : 1
    """,
    threshold="v > 2",
    reset="v = -2; w += 0.5",
    initial={"v": -2, "w": 0},
)
DRIVES = {"moving": 2, "switched": 12, "hyperbolic": 3}
ALL = [MOVING, SWITCHED, HYPERBOLIC]


def times(model, dt, method="rk4", detection="hermite", horizon=200 * ms):
    kernel = compile_kernels([make_step(model, method, detection)])[0]
    return kernel.run([constant(DRIVES[model.name], horizon)], Fraction(dt))[0].spike_times


def exact(model, horizon=200 * ms):
    return reference(model, constant(DRIVES[model.name], horizon))


def scipy_times(model, horizon, switch=None):
    """Spikes by SciPy, restarted at every spike and, if there is a condition, at every switch."""
    drive, found, now = DRIVES[model.name], [], 0.0
    state = np.array(list(model.initial_values.values()))
    names = list(model.system.state)
    up = 0.0

    def values(x):
        known = {**dict(zip(names, x, strict=True)), model.input: drive}
        for name, value in model.system.subexpressions.items():
            known[name] = up if switch and name == "up" else evaluate(value, known, FLOATS)
        return known

    def slope(_, x):
        known = values(x)
        return [evaluate(value, known, FLOATS) for value in model.system.derivatives.values()]

    def gap(_, x):
        known = values(x)
        return known["v"] - evaluate(model.system.threshold.level, known, FLOATS)

    gap.terminal, gap.direction = True, 1
    events = [gap]
    if switch:

        def crossing(_, x):
            return x[0] - switch

        crossing.terminal = True
        events.append(crossing)
    while now < horizon:
        solution = solve_ivp(slope, (now, horizon), state, "DOP853", events=events, rtol=1e-12, atol=1e-13)
        now, state = solution.t[-1], solution.y[:, -1]
        if solution.t_events[0].size:
            found.append(now)
            known = values(state)
            for name, value in model.system.reset:
                known[name] = evaluate(value, known, FLOATS)
            state, up = np.array([known[name] for name in names]), 0.0
        elif switch and now < horizon:
            up = 1.0 - up
            state[0] = switch + (1e-13 if up else -1e-13)
    return np.array(found)


@pytest.mark.parametrize(
    ("model", "switch"),
    [(MOVING, None), (SWITCHED, 5.0), (HYPERBOLIC, None)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_references_are_scipys(model, switch):
    found = exact(model)
    assert len(found.train) > 5
    assert found.error < 1e-11
    np.testing.assert_allclose(found.train.times, scipy_times(model, 200.0, switch), rtol=0, atol=1e-8)


def test_extended_precision_lies_within_the_stated_error():
    for model in ALL:
        found = exact(model)
        extended = taylor.solve(model, constant(DRIVES[model.name], 200 * ms), taylor.EXTENDED).times
        assert np.abs(found.train.times - extended).max() <= found.error


# halving dt divides the error by 2**order
@pytest.mark.parametrize(("detection", "order"), [("linear", 2), ("hermite", 4)])
def test_moving_thresholds_are_found_at_the_detections_order(detection, order):
    truth = exact(MOVING).train.times
    errors = [np.abs(times(MOVING, dt, detection=detection) - truth).max() for dt in ("1/5", "1/10", "1/20", "1/40")]
    assert math.log2(errors[0] / errors[3]) / 3 == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("refractory", [None, 3 * ms])
@pytest.mark.parametrize("detection", ["linear", "hermite", "dense"])
def test_moving_thresholds_in_a_series(refractory, detection):
    model = MOVING.replace(refractory=refractory)
    kernel = compile_kernels([make_step(model, "parker_sochacki", detection)])[0]
    found = kernel.run([constant(2, 200 * ms)], Fraction(1, 2))[0].spike_times
    # within a step, the dense detection has only rounding errors
    bound = {"linear": 0.1, "hermite": 1e-4, "dense": 1e-11}[detection]
    np.testing.assert_allclose(found, exact(model).train.times, rtol=0, atol=bound)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_dormand_prince_follows(model):
    kernel = compile_kernels([make_step(model, "dormand_prince", "dense")])[0]
    errors = [
        np.abs(
            kernel.run([constant(DRIVES[model.name], 200 * ms)], tolerance)[0].spike_times - exact(model).train.times
        ).max()
        for tolerance in (1e-5, 1e-9)
    ]
    assert errors[1] < errors[0] / 100
    assert errors[1] < 1e-5


def test_a_threshold_that_falls_below_the_voltage_while_refractory_is_a_spike_when_that_ends():
    # held at 0.5, the voltage waits 5 ms for a threshold that falls from 1 to 1 - 5*0.2 = 0
    model = NeuronModel(
        name="waits",
        equations="""
            dv/dt = I/ms : 1 (unless refractory)
            dtheta/dt = -0.2/ms : 1
            I : 1
        """,
        threshold="v > theta",
        reset="v = 0.5; theta = 1",
        refractory=5 * ms,
        initial={"v": 0.5, "theta": 1},
    )
    # from 0.5 at 0.1 per ms it meets the falling threshold after 0.5/(0.1 + 0.2) ms
    expected = 0.5 / 0.3 + np.array([0, 5, 10])
    stimulus = constant(0.1, 12 * ms)
    np.testing.assert_allclose(taylor.solve(model, stimulus).times, expected, rtol=1e-13)
    for detection in ("linear", "hermite"):
        kernel = compile_kernels([make_step(model, "rk4", detection)])[0]
        np.testing.assert_allclose(kernel.run([stimulus], Fraction(1, 4))[0].spike_times, expected, rtol=1e-12)
    for method, setting in (("parker_sochacki", Fraction(1, 4)), ("dormand_prince", 1e-9)):
        kernel = compile_kernels([make_step(model, method, "dense")])[0]
        np.testing.assert_allclose(kernel.run([stimulus], setting)[0].spike_times, expected, rtol=1e-12)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_counted_equals_retired(model):
    stimulus = constant(DRIVES[model.name], 50 * ms)
    steps = [
        make_step(model, method, detection)
        for method in ("euler", "heun", "rk4", "exponential_euler")
        for detection in ("grid", "linear", "hermite")
        if not why_not(model, method, detection)
    ]
    assert len(steps) >= 9
    for made, kernel in zip(steps, compile_kernels(steps), strict=True):
        spikes = len(kernel.run([stimulus], Fraction(1, 4))[0].spike_times)
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(kernel.workload([stimulus], Fraction(1, 4)))
        each = count_step(made)
        expected = {
            kind: each.as_run_once[kind] + 200 * each.as_run[kind] + spikes * each.as_run_spike[kind]
            for kind in each.as_run
        }
        assert spikes > 1
        assert counts.own.by_kind == {kind: n for kind, n in expected.items() if n}


@pytest.mark.parametrize(
    ("model", "method", "detection"),
    [
        (MOVING, "dormand_prince", "dense"),
        (SWITCHED, "dormand_prince", "dense"),
        (HYPERBOLIC, "dormand_prince", "dense"),
        *(
            (model, "parker_sochacki", detection)
            for model in (MOVING, HYPERBOLIC)
            for detection in DETECTIONS
            if not why_not(model, "parker_sochacki", detection)
        ),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_adaptive_counted_equals_retired(model, method, detection):
    kernel = compile_kernels([make_step(model, method, detection)])[0]
    workload = kernel.workload(
        [constant(DRIVES[model.name], 50 * ms)], Fraction(1, 2) if method == "parker_sochacki" else 1e-4
    )
    with COUNTERS["instrumented"].measure() as counts:
        counts.call(workload)
    tallies = dict(zip(tallied(kernel.step), workload.arguments[TALLIES][0].tolist(), strict=True))
    assert tallies["crossing"] > 1
    assert counts.own.by_kind == {kind: n for kind, n in count_step(kernel.step).of(tallies).items() if n}


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_brian2_finds_the_same_spikes(model):
    drive = DRIVES[model.name]
    stimulus = step(0.5 * drive, drive, 20 * ms, 100 * ms)
    ours = compile_kernels([make_step(model, "rk4", "grid")])[0].run([stimulus], Fraction(1, 50))[0].spike_times
    theirs = engine.run(model, "rk4", stimulus, Fraction(1, 50), target="numpy")
    assert len(ours) > 3
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)


def test_a_condition_as_written_is_its_comparison():
    # `up` is written once; the other comparison is the threshold's
    written = count(SWITCHED, "euler").as_written()
    assert written["compare"] == 2
    assert written["select"] == 0


def test_a_condition_costs_a_comparison_and_a_choice_a_use():
    # up*h, and in h' (1 - up)*(1 - h) and up*h: the comparison is made once
    run = count(SWITCHED, "euler").as_run
    assert run["compare"] == 1 + 1
    assert run["select"] == 2


def test_what_cannot_reach_over_a_switch_says_so():
    assert mentions(why_not(SWITCHED, "parker_sochacki", "dense"), "int(a > b)", "Taylor series")
    assert "not linear" in why_not(SWITCHED, "exact")


def test_a_solution_that_is_pushed_back_to_a_switch_has_no_reference():
    stuck = SWITCHED.replace(equations="dv/dt = (I - 20*int(v > 5))/ms : 1\nI : 1", initial={"v": 0})
    # it comes to 5 after 5/7 ms
    with pytest.raises(UserError, match=r"stays where a condition changes at 0\.7143 ms"):
        taylor.solve(stuck, constant(7, 20 * ms))


def test_a_condition_on_the_input_has_a_reference():
    # v' is 1 in the second piece, and 0 in the others
    model = SWITCHED.replace(equations="dv/dt = int(I > 5)/ms : 1\nI : 1", initial={"v": 0})
    solution = taylor.solve(model, piecewise_constant([(4 * ms, 3), (7 * ms, 7), (5 * ms, 5)]))
    assert solution.samples[:, 0] == pytest.approx([0, 7, 7], abs=1e-12)


def test_a_reset_that_leaves_the_voltage_above_is_refused():
    model = MOVING.replace(reset="theta -= 0.1")
    with pytest.raises(UserError, match="its reset leaves v above the threshold"):
        taylor.solve(model, constant(2, 20 * ms))


@pytest.mark.parametrize("x", [-3.0, -0.5, 1e-3, 0.7, 5.0])
def test_hyperbolic_functions_run_as_exponentials(x):
    # one forward Euler step of a ms, against Python's functions
    kernel = compile_kernels([make_step(HYPERBOLIC.replace(initial={"v": x, "w": 0.3}, threshold="v > 1000"), "euler")])
    after = kernel[0].run([constant(0, 1 * ms)], Fraction(1))[0].state
    w = 0.3 + (0.5 * x - 0.3) * math.cosh(x / 3) / 20 + 0.01 * math.sinh(0.3)
    assert after == pytest.approx([x + 2 * math.tanh(x - 1) - 0.3, w], rel=1e-14)
