"""Adaptive methods: their cost is the cost of what they ran, and they are as accurate as stated."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from brian2 import Hz, cm, ms, mV, uA
from scipy.integrate import RK45

from spikecost.accuracy.references.reference import reference
from spikecost.flops.counters import COUNTERS
from spikecost.flops.operations import count_step
from spikecost.harness.kernels.c_source import tallied
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import STIMULI, constant, poisson_conductance, sine, step
from spikecost.models.algebra.draft import NotApplicable
from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.conductance import with_conductance
from spikecost.models.definition.language.units import internal
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not

from ..archetypes import DEEP, choose, is_archetype

DRIVES = {"lif": 2 * mV / ms, "izhikevich": 10, "hodgkin_huxley": 10 * uA / cm**2}
#: Methods that choose their steps.
CHOOSING = [name for name, method in METHODS.items() if not method.steps_alike]
TALLIES = 10  # place of the tallies among a kernel's arguments


def kernel_of(model, method, detection="dense"):
    return compile_kernels([make_step(model, method, detection)])[0]


@cache
def varying_kernel_of(name, method, detection="dense"):
    """One kernel per model for all stimuli."""
    return compile_kernels([make_step(name, method, detection, varying=True)])[0]


reference_of = cache(reference)


def coarse(method):
    return Fraction(1, 4) if METHODS[method].knob == "dt" else Fraction(1, 10_000)


#: Two models: in the first all variables are held while it is refractory, in the second one variable still changes.
WAITING = ("lif", "izhikevich")
#: Only the refractoriness of the model; for these two models, also others.
CELLS = [
    (name, method, refractory, False)
    for name in MODELS
    for method in CHOOSING
    for refractory in ([None, 2 * ms, ms / 100] if name in WAITING else [None])
    if any(not why_not(MODELS[name], method, detection) for detection in DETECTIONS)
]
#: Without a reset it spikes again when refractoriness ends, if it is still above the threshold.
CELLS += [("fitzhugh_nagumo", method, 2 * ms, False) for method in CHOOSING]
#: With code for an input that varies within a step. Evaluating it is not a cost of the model, so it is constant here.
CELLS += [(name, method, refractory, True) for name in WAITING for method in CHOOSING for refractory in (None, 2 * ms)]
#: Two more kinds of models for series: a polynomial without a reset; an exponential upstroke.
MORE_KINDS = ("fitzhugh_nagumo", "adex")


def is_everyday(cell):
    """Whether everyday tests have it: every kind of model; what waits or varies with the method of more blocks."""
    name, method, refractory, varying = cell
    if name == "lif" and varying:
        return method == "parker_sochacki" and refractory is not None
    if refractory is not None and method == "dormand_prince":
        return name == "izhikevich" and not varying
    if method == "dormand_prince" and name in ("hodgkin_huxley", "fitzhugh_nagumo"):
        return False  # the same blocks as for tables and for a square; only the right-hand side differs
    return is_archetype(name) or name in MORE_KINDS


@pytest.mark.parametrize(("name", "method", "refractory", "varying"), choose(CELLS, is_everyday))
def test_counted_equals_retired(name, method, refractory, varying, drive_of, length_of, adaptive_kernels_of):
    model = MODELS[name] if refractory is None else MODELS[name].replace(refractory=refractory)
    length = length_of(name) * ms
    stimulus = step(0.3 * drive_of(name), drive_of(name), length / 8, 1.5 * length)
    # 20 orders of a series of six exponentials are compiled for a second each: every day with one detection
    costly = name == "hodgkin_huxley" and method == "parker_sochacki" and not DEEP
    for kernel in [kernel_of(model, method)] if costly else adaptive_kernels_of(model, method, varying).values():
        # after a crossing, the exponential of an upstroke has no series that converges over a coarse step
        knobs = [coarse(method) / divisor for divisor in (1, 4, 16)]
        knob = next((knob for knob in knobs if kernel.run([stimulus], knob)[0].tallies["crossing"]), knobs[0])
        workload = kernel.workload([stimulus], knob)
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(workload)
        tallies = dict(zip(tallied(kernel.step), workload.arguments[TALLIES][0].tolist(), strict=True))
        assert counts.own.by_kind == {kind: n for kind, n in count_step(kernel.step).of(tallies).items() if n}
        assert tallies["crossing"] >= 1
        assert tallies["accepted"] > 10
        # what the run itself reports is the same
        run = kernel.run([stimulus], knob)[0]
        assert run.tallies == tallies
        if METHODS[method].order == math.inf and kernel.step.detection == "dense":  # only rounding is left
            assert np.abs(run.spike_times - reference(model, stimulus).train.times).max() < 1e-9


@pytest.mark.parametrize("name", DRIVES)
def test_the_error_of_dormand_prince_goes_with_its_tolerance(name):
    model, stimulus = get_model(name), constant(DRIVES[name], 300 * ms)
    right = reference(model, stimulus).train.times
    kernel = kernel_of(model, "dormand_prince")
    tolerances = [Fraction(1, 10**k) for k in range(5, 11)]
    runs = [kernel.run([stimulus], tolerance)[0] for tolerance in tolerances]
    errors = np.array([np.abs(run.spike_times - right).max() for run in runs])
    slope = np.polyfit(np.log([float(t) for t in tolerances]), np.log(errors), 1)[0]
    assert slope == pytest.approx(1, abs=0.15)  # proportional to the tolerance: error per step, at order 5
    assert errors[-1] < 1e-6
    steps = np.array([run.tallies["accepted"] for run in runs])
    # the number of steps grows as the tolerance to the power of -1/5, if there are many steps between two spikes
    assert np.log10(steps[-1] / steps[-3]) / 2 == pytest.approx(1 / 5, abs=0.04)


@pytest.mark.parametrize("name", DRIVES)
def test_a_crossing_takes_few_iterations(name):
    # Newton's method doubles the correct digits per iteration; with a wrong slope it is right, but costs more
    tallies = kernel_of(name, "dormand_prince").run([constant(DRIVES[name], 300 * ms)], Fraction(1, 10**7))[0].tallies
    assert tallies["crossing"] > 5
    assert tallies["newton"] <= 5 * tallies["crossing"]


@pytest.mark.parametrize("name", DRIVES)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
def test_the_steps_of_dormand_prince_are_scipys(name, tolerance):
    # SciPy's RK45 is the same pair with the same choice of the first step and the same control
    model, length = get_model(name), 20.0
    system = model.system
    stimulus = constant(0.1 * DRIVES[name], length * ms)
    outcome = kernel_of(model, "dormand_prince").run([stimulus], Fraction(tolerance))[0]
    fixed = {**model.parameter_values, model.input: stimulus.values[0]}

    def right_hand_side(_time, x):
        values = {**fixed, **dict(zip(system.state, map(float, x), strict=True))}
        for name, value in system.subexpressions.items():
            values[name] = evaluate(value, values, FLOATS)
        return [evaluate(value, values, FLOATS) for value in system.derivatives.values()]

    theirs = RK45(right_hand_side, 0.0, list(model.initial_values.values()), length, rtol=tolerance, atol=tolerance)
    steps = 0
    while theirs.status == "running":
        theirs.step()
        steps += 1
    assert outcome.tallies["accepted"] == steps > 2
    np.testing.assert_allclose(outcome.state, theirs.y, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", DRIVES)
@pytest.mark.parametrize("dt", [Fraction(1, 10), Fraction(1, 2)])
def test_a_series_is_right_to_round_off_at_any_step(name, dt):
    model, stimulus = get_model(name), constant(DRIVES[name], 300 * ms)
    right = reference_of(model, stimulus).train.times
    run = kernel_of(model, "parker_sochacki").run([stimulus], dt)[0]
    assert len(right) > 5
    assert np.abs(run.spike_times - right).max() < 1e-9


@pytest.mark.parametrize(
    ("dt", "kind", "name"),
    choose(
        itertools.product(
            (Fraction(1, 10), Fraction(1, 2)), ("ramp", "sine", "chirp", "ornstein_uhlenbeck"), sorted(DRIVES)
        ),
        lambda cell: cell[0] == Fraction(1, 2) and (cell[2] != "hodgkin_huxley" or cell[1] == "sine"),
    ),
)
def test_a_series_follows_an_input_that_varies_within_its_steps(name, kind, dt):
    model = get_model(name)
    stimulus = STIMULI[kind].around(float(internal(DRIVES[name])), model, 300, 3)
    right = reference_of(model, stimulus).train.times
    run = varying_kernel_of(name, "parker_sochacki").run([stimulus], dt)[0]
    assert len(right) > 5
    assert np.abs(run.spike_times - right).max() < 1e-9


@pytest.mark.parametrize("refractory", [None, 2 * ms])
@pytest.mark.parametrize("tau", [5 * ms, 0.4 * ms])
def test_a_series_follows_a_conductance(refractory, tau):
    # decaying pieces with jumps at their starts; a fast one needs divided steps
    model = with_conductance(get_model("lif"), 0 * mV).replace(refractory=refractory)
    stimulus = poisson_conductance(400 * Hz, 0.012 / ms * 5 * ms / tau, tau, 1 * ms, 300 * ms, seed=4)
    right = reference(model, stimulus).train.times
    run = compile_kernels([make_step(model, "parker_sochacki", "dense", varying=True)])[0].run([stimulus], 1)[0]
    assert len(right) > 5
    assert np.abs(run.spike_times - right).max() < 1e-9


def test_what_is_not_held_follows_the_input_while_the_neuron_is_refractory():
    # du/dt = I always, dv/dt = I except for 3 ms after each spike: u is the integral of the input
    model = NeuronModel(
        name="clocked",
        equations="dv/dt = I : 1 (unless refractory)\ndu/dt = I : 1\nI : Hz",
        threshold="v > 1",
        reset="v = 0",
        refractory=3 * ms,
        initial={"v": 0, "u": 0},
    )
    stimulus = sine(0.2 / ms, 0.15 / ms, 30 * Hz, 100 * ms, phase=0.3)
    right = reference(model, stimulus)
    omega = 2 * np.pi * 0.03
    integral = 0.2 * 100 + 0.15 / omega * (np.cos(0.3) - np.cos(0.3 + 100 * omega))
    run = compile_kernels([make_step(model, "parker_sochacki", "dense", varying=True)])[0].run([stimulus], 1)[0]
    assert len(run.spike_times) == len(right.train) > 5
    np.testing.assert_allclose(run.spike_times, right.train.times, atol=1e-9)
    assert run.state[1] == pytest.approx(integral, rel=1e-12)


@pytest.mark.parametrize("detection", ["grid", "linear", "hermite"])
def test_detections_of_fixed_methods_on_a_series_under_an_input_that_varies(detection):
    # the ends of its steps are correct to round-off: the remaining error is the one that any method has with exact ends
    stimulus = sine(2 * mV / ms, 0.4 * mV / ms, 8 * Hz, 300 * ms)
    right = reference(get_model("lif"), stimulus).train.times
    steps = [Fraction(300, n) for n in range(200, 400, 7)]
    finer = [dt / 4 for dt in steps]
    kernel = varying_kernel_of("lif", "parker_sochacki", detection)
    errors = [
        np.sqrt(np.mean([(kernel.run([stimulus], dt)[0].spike_times[:20] - right[:20]) ** 2 for dt in several]))
        for several in (steps, finer)
    ]
    order = np.log(errors[0] / errors[1]) / np.log(4)
    assert order == pytest.approx(DETECTIONS[detection].order, abs=0.1)


def test_a_series_whose_input_turns_where_the_neuron_rests_goes_on():
    # at rest, at the maximum of the input, the first two terms of v vanish, but the third does not
    stimulus = sine(0 * mV / ms, 1 * mV / ms, 20 * Hz, 10 * ms, phase=np.pi / 2)
    model = get_model("lif").replace(initial={"v": -55 * mV})  # where v' = 1 - 6.5 + 5.5 = 0
    run = varying_kernel_of("lif", "parker_sochacki").run([stimulus], Fraction(10), [model])[0]
    assert run.state[0] == pytest.approx(reference(model, stimulus.divided(5 * ms)).samples[-1, 0], rel=1e-13)


def test_a_larger_step_costs_a_higher_order():
    stimulus = constant(DRIVES["hodgkin_huxley"], 100 * ms)
    kernel = kernel_of("hodgkin_huxley", "parker_sochacki")
    orders = []
    for dt in (Fraction(1, 100), Fraction(1, 10)):
        tallies = kernel.run([stimulus], dt)[0].tallies
        ran = [tallies[f"order {k}"] for k in range(1, 21)]
        assert ran == sorted(ran, reverse=True)  # a higher order comes after all lower ones
        assert ran[0] >= tallies["accepted"]
        orders.append(sum(ran) / ran[0])
    assert orders[1] > orders[0] + 2


@pytest.mark.parametrize("method", CHOOSING)
def test_a_solution_that_explodes_ends_with_a_reason(method):
    # v = 1/(1 - t) has no value after 1 ms, and the threshold is not reached
    model = NeuronModel(
        name="explodes",
        equations="dv/dt = v**2/ms + I : 1\nI : hertz",
        threshold="v > 1e300",
        reset="v = 0",
        initial={"v": 1},
    )
    outcome = kernel_of(model, method).run([constant(0 / ms, 2 * ms)], coarse(method))[0]
    assert outcome.failure in {"step too small", "steps without end", "diverged"}


@pytest.mark.parametrize(
    ("method", "detection"),
    [
        (method, detection)
        for method in CHOOSING
        for detection in ("dense", "hermite")
        if detection in METHODS[method].detections
    ],
)
@pytest.mark.parametrize("threshold", ["v > 10*mV", "v > 10*mV + 0.1*u"])
def test_what_runs_at_spikes_alone(method, detection, threshold):
    model = NeuronModel(
        name="two",
        equations="dv/dt = (I - v)/(10*ms) : volt\ndu/dt = (v - u)/(50*ms) : volt\nI : volt",
        threshold=threshold,
        reset="v = 0*mV",
        refractory=3 * ms,
        initial={"v": 0 * mV, "u": 0 * mV},
    )
    kernel = kernel_of(model, method, detection)
    quiet, spiking = (kernel.run([constant(drive, 60 * ms)], coarse(method))[0] for drive in (5 * mV, 30 * mV))
    at_spikes = set(METHODS[method].at_spikes).intersection(kernel.step.blocks)
    assert not len(quiet.spike_times)
    assert len(spiking.spike_times) > 2
    assert not any(quiet.tallies[name] for name in at_spikes)
    assert all(spiking.tallies[name] for name in at_spikes)
    # everything else that runs only after spikes belongs to the steps after them
    others = {name for name, n in spiking.tallies.items() if n and not quiet.tallies[name]} - at_spikes
    assert not {name for name in others if not name.startswith(("order", "held"))} - {
        "once",
        "length",
        "end",
        "refractory",
        "carry",
        "at once",
        "rejected",
        "divided",
    }


def test_endless_spikes_are_reported(drive_of):
    model = get_model("lif").replace(name="stuck", reset="v = v + 1*mV")
    for method in CHOOSING:
        outcome = kernel_of(model, method).run([constant(drive_of("lif"), 100 * ms)], coarse(method))[0]
        assert outcome.failure == "spikes without end"


def test_mistakes_are_named():
    with pytest.raises(NotApplicable, match=r"dormand_prince cannot be used with detection grid: .*; take dense"):
        make_step("lif", "dormand_prince", "grid")
    kernel = kernel_of("lif", "dormand_prince")
    with pytest.raises(UserError, match=r"tolerance = -1 is not positive.*; give dormand_prince"):
        kernel.run([constant(DRIVES["lif"], 10 * ms)], -1.0)
    with pytest.raises(UserError, match="the stimulus is in 1, but the input 'I' of lif is in"):
        kernel.run([constant(10, 10 * ms)], 1e-3)
    with pytest.raises(UserError, match=r"dt = 0.3 ms does not divide the stimulus's 10 ms pieces"):
        kernel_of("lif", "parker_sochacki").run([constant(DRIVES["lif"], 10 * ms)], Fraction(3, 10))
