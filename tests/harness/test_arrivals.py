"""Spikes that arrive: the grid as in Brian2, exact times, and the cost of each arrival."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import brian2
import neo
import numpy as np
import pytest
import quantities
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.flops import count_step
from spikecost.flops.counters import COUNTERS
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.engines import brian2 as in_brian2
from spikecost.harness.kernels import arriving
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.step import make_step

from .neurons_of_networks import COBA, CUBA, NEURONS, quiet

LENGTH = 300 * ms


def thousand(exc_rate, inh_rate, length, seed=5):  # type: ignore[no-untyped-def]
    """Return the times of 800 excitatory and 200 inhibitory Poisson trains, as neurons and times in ms."""
    found, random = [], np.random.default_rng(seed)
    for count, rate in ((800, exc_rate), (200, inh_rate)):
        arrivals = random.poisson(float(count * rate * length))
        neurons, times = random.integers(count, size=arrivals), np.sort(random.random(arrivals)) * float(length / ms)
        # Brian2 refuses two spikes of one neuron of a generator in one step
        _, first = np.unique(np.array([neurons, np.floor(times / 0.1 + 1e-3)]), axis=1, return_index=True)
        found.append((neurons[np.sort(first)], times[np.sort(first)]))
    return found


@pytest.mark.parametrize("name", list(NEURONS))
def test_a_thousand_inputs_on_the_grid_are_those_of_brian2(name, monkeypatch):
    model, method, exc_rate, inh_rate = NEURONS[name]
    (exc, exc_times), (inh, inh_times) = thousand(exc_rate, inh_rate, LENGTH)
    stimulus = quiet(model, LENGTH).with_arrivals(exc=exc_times, inh=inh_times)
    kernel = compile_kernels([make_step(model, method, "grid_start")])[0]
    ours = kernel.run([stimulus], Fraction(1, 10))[0]

    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    clock = brian2.Clock(0.1 * ms)
    group = brian2.NeuronGroup(
        1,
        model.equations,
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        method=method,
        namespace={**model.constants, **model.parameters},
        clock=clock,
    )
    for variable, value in {**model.parameters, **model.initial}.items():
        setattr(group, variable, value)
    objects = [group, monitor := brian2.SpikeMonitor(group)]
    for neurons, times, statement in ((exc, exc_times, model.arrivals["exc"]), (inh, inh_times, model.arrivals["inh"])):
        source = brian2.SpikeGeneratorGroup(800, neurons, times * ms, clock=clock)
        synapses = brian2.Synapses(source, group, on_pre=statement, clock=clock, namespace=dict(model.constants))
        synapses.connect()
        objects += [source, synapses]
    brian2.Network(objects).run(LENGTH)
    theirs = monitor.t / ms
    assert len(theirs) >= 3
    np.testing.assert_allclose(ours.spike_times, theirs, rtol=0, atol=1e-9)
    assert ours.tallies["arrival exc"] == len(exc_times)


#: Statements that may lift the voltage above the threshold, that change variables held during refractoriness, and that
#: depend on the state; with the input's arrivals in one step many times.
STATEMENTS = {"exc": "ge += we; v += 0.1*we", "inh": "gi += wi*int(v > -55*mV)"}
ODD = CUBA.replace(name="odd", arrivals=STATEMENTS)
#: No reset, a crossing, and arrivals that change the variable of the threshold.
CROSSING = sc.NeuronModel(
    name="crossing",
    equations="dv/dt = (I - v)/(5*ms) : 1\nI : 1\nw : 1",
    threshold="v > 1",
    refractory="v > 1",
    arrivals={"exc": "v += w"},
    parameters={"w": 0.4},
    initial={"v": 0},
)


def trains_of(model, length=LENGTH, seed=1):  # type: ignore[no-untyped-def]
    """Return a stimulus with arrivals for a model, and with a value of a parameter for each."""
    if model is CROSSING:
        return sc.constant(0, length).with_arrivals(exc=sc.poisson_train(600 * Hz, length, seed=seed))
    exc = sc.poisson_train(3 * Hz, length, inputs=800, seed=seed)
    inh = sc.poisson_train(1 * Hz, length, inputs=200, seed=seed + 1)
    if model is ODD:
        exc = exc.with_values("we", np.random.default_rng(seed).random(len(exc)) * 3.4 * mV)
    return quiet(model, length).with_arrivals(exc=exc, inh=inh)


@pytest.mark.parametrize(("model", "dt"), [(ODD, Fraction(1, 10)), (ODD, Fraction(1, 2)), (CROSSING, Fraction(1, 20))])
def test_values_and_held_variables_on_the_grid_are_those_of_brian2(model, dt):
    stimulus = trains_of(model)
    kernel = compile_kernels([make_step(model, "euler", "grid")])[0]
    ours = kernel.run([stimulus], dt)[0].spike_times
    theirs = in_brian2.run(model, "euler", stimulus, dt, "numpy")
    assert len(theirs) >= 3
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


#: A condition of another form, whose spike is a crossing; on the grid only.
JOINED = CROSSING.replace(
    name="joined",
    equations="dv/dt = (I - v)/(5*ms) : 1\ndu/dt = (v - u)/(3*ms) : 1\nI : 1\nw : 1",
    threshold="v > 1 and u < 0.9",
    refractory="v > 1 and u < 0.9",
    initial={"v": 0, "u": 0},
)


def test_a_crossing_of_another_condition_on_the_grid():
    stimuli = [sc.constant(0, LENGTH).with_arrivals(exc=sc.poisson_train(600 * Hz, LENGTH, seed=s)) for s in (1, 2)]
    step, dt = make_step(JOINED, "euler", "grid"), Fraction(1, 20)
    together, alone = (compile_kernels([step], build)[0].run(stimuli, dt) for build in (SIMD, SCALAR))
    for one, other, stimulus in zip(together, alone, stimuli, strict=True):
        theirs = in_brian2.run(JOINED, "euler", stimulus, dt, "numpy")
        assert len(theirs) >= 3
        np.testing.assert_allclose(one.spike_times, theirs, rtol=0, atol=1e-9)
        assert one.spike_times.tobytes() == other.spike_times.tobytes()


def test_a_series_on_the_grid_is_the_exact_solution_on_the_grid():
    stimulus = trains_of(CUBA)
    found = [
        compile_kernels([make_step(CUBA, method, "grid")])[0].run([stimulus], Fraction(1, 8))[0].spike_times
        for method in ("exact", "parker_sochacki")
    ]
    assert len(found[0]) >= 3
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("model", [CUBA, ODD, CROSSING], ids=lambda model: model.name)
def test_neurons_in_lanes_are_neurons_alone(model):
    ways = [("rk4", "hermite"), ("exponential_euler", "linear"), ("euler", "grid")]
    steps = [make_step(model, *way) for way in ways]
    stimuli = [trains_of(model, 100 * ms, seed) for seed in range(1, 6)] * 2
    for kernels in zip(compile_kernels(steps, SIMD), compile_kernels(steps, SCALAR), strict=True):
        together, alone = (kernel.run(stimuli, Fraction(1, 10)) for kernel in kernels)
        for one, other in zip(together, alone, strict=True):
            assert one.spike_times.tobytes() == other.spike_times.tobytes()
            assert one.tallies == other.tallies
        assert sum(len(one.spike_times) for one in together) >= 3


@pytest.mark.parametrize("model", [CUBA, ODD, CROSSING], ids=lambda model: model.name)
@pytest.mark.parametrize("method", ["rk4", "parker_sochacki", "dormand_prince"])
def test_exact_arrivals_in_parts_of_a_run_are_those_of_a_whole_run(model, method, monkeypatch):
    step = make_step(model, method, "hermite" if method == "rk4" else "dense")
    setting = Fraction(1, 10) if METHODS[method].knob == "dt" else 1e-6
    kernels = [compile_kernels([step], build)[0] for build in (SCALAR, SIMD)]
    stimuli = [trains_of(model, 100 * ms, seed).divided(25 * ms) for seed in range(1, 4)] * 2
    # some arrive at one time, and one neuron has no arrivals
    at_once = sc.recorded_train(np.repeat(np.arange(1, 60, 0.6), 11) * ms)
    others = {"we": at_once.with_values("we", np.linspace(0, 3, len(at_once)) * mV)} if model is ODD else {}
    stimuli.insert(1, stimuli[0].with_arrivals(exc=others.get("we", at_once)))
    stimuli.insert(3, replace(stimuli[0], arrivals=()))
    whole = [outcome for kernel in kernels for outcome in kernel.run(stimuli, setting)]
    monkeypatch.setattr(arriving, "AT_ONCE", 7)
    parts = [outcome for kernel in kernels for outcome in kernel.run(stimuli, setting)]
    assert sum(len(one.spike_times) for one in whole) >= len(whole)
    for one, other in zip(whole, parts, strict=True):
        assert one.spike_times.tobytes() == other.spike_times.tobytes()
        assert one.samples.tobytes() == other.samples.tobytes()
        assert one.tallies == other.tallies


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_error_while_a_kernel_asks_for_arrivals_is_raised(error, monkeypatch):
    stimulus = trains_of(CUBA, 100 * ms)
    kernel = compile_kernels([make_step(CUBA, "parker_sochacki", "dense")])[0]
    monkeypatch.setattr(arriving, "AT_ONCE", 7)
    merged, calls = arriving._Sorted._merged, []

    def fails(*args, **kw):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 5:
            raise error
        return merged(*args, **kw)

    monkeypatch.setattr(arriving._Sorted, "_merged", fails)
    with pytest.raises(error):
        kernel.run([stimulus, stimulus], Fraction(1, 10))
    assert len(calls) == 5


COUNTED = [
    *(
        (model, method, detection)
        for model, method in ((CUBA, "rk4"), (COBA, "exponential_euler"), (ODD, "euler"), (CROSSING, "rk4"))
        for detection in ("grid", "hermite")
    ),
    *((model, "dormand_prince", "dense") for model in (CUBA, ODD, CROSSING)),
    (ODD, "parker_sochacki", "dense"),
    (CROSSING, "parker_sochacki", "grid"),
]


@pytest.mark.parametrize(("model", "method", "detection"), COUNTED, ids=lambda each: getattr(each, "name", each))
def test_counted_equals_retired(model, method, detection):
    step = make_step(model, method, detection)
    kernel = compile_kernels([step], SCALAR)[0]
    setting = Fraction(1, 16) if METHODS[method].knob == "dt" else 1e-6
    stimulus = trains_of(model, 30 * ms, seed=3)
    outcome = kernel.run([stimulus], setting)[0]
    assert len(outcome.spike_times)
    with COUNTERS["instrumented"].measure() as counts:
        counts.call(kernel.workload([stimulus], setting))
    expected = count_step(step).of({**outcome.tallies, "once per run": 1})
    assert {kind: n for kind, n in expected.items() if n} == counts.own.by_kind
    assert outcome.tallies["arrival exc"] > 10


def test_the_cost_of_an_arrival_is_its_statement():
    on_grid, cut = (sc.count(CUBA, "rk4", detection) for detection in ("grid", "hermite"))
    assert on_grid.by_block["arrival exc"].present == {"add": 1}
    # the length of the piece: (until - done)*step
    assert cut.by_block["cut"].present == {"sub": 1, "mul": 1}
    assert cut.by_block["piece"] == cut.by_block["step"]
    assert sc.count(ODD, "euler", "grid").by_block["refractory arrival exc"].present == {"add": 1}


@pytest.mark.parametrize(("method", "setting"), [("parker_sochacki", Fraction(1)), ("dormand_prince", 1e-6)])
def test_very_many_arrivals_are_no_steps_without_end(method, setting):
    kernel = compile_kernels([make_step(CROSSING, method, "dense")])[0]
    train = sc.poisson_train(1000 * Hz, 20 * ms, inputs=1000, seed=1).with_values("w", 1e-4)
    outcome = kernel.run([sc.constant(0, 20 * ms).with_arrivals(exc=train)], setting)[0]
    assert not outcome.failure
    # the mean of shot noise after four time constants
    assert outcome.state[0] == pytest.approx(1e-4 * 1000 * 5 * (1 - np.exp(-4)), rel=0.05)


def test_an_arrival_above_the_threshold_is_a_spike_at_its_time():
    model = CUBA.replace(
        name="jumps", refractory=None, arrivals={"exc": "v += we"}, parameters={"we": 20 * mV, "wi": 0 * mV}
    )
    stimulus = quiet(model, 20 * ms).with_arrivals(exc=[3.21, 3.21, 3.3, 10.0] * ms)
    for method in ("rk4", "euler"):
        times = sc.simulate(model, stimulus, 0.5 * ms, method, "linear")
        # the two at the same time are one jump, as is each later one
        np.testing.assert_allclose(times, [3.21, 3.3, 10.0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("detection", ["grid", "hermite"])
def test_laws_of_trains(detection):
    exc, inh = sc.poisson_train(3 * Hz, 200 * ms, inputs=800, seed=2), sc.poisson_train(100 * Hz, 200 * ms, seed=9)
    still = CUBA.replace(name="cuba", constants={**CUBA.constants, "El": -60 * mV})
    kernel = compile_kernels([make_step(still, "rk4", detection)])[0]

    def spikes(length=200, **trains):  # type: ignore[no-untyped-def]
        return kernel.run([quiet(still, length * ms).with_arrivals(**trains)], Fraction(1, 8))[0].spike_times

    more = [exc, sc.poisson_train(4 * Hz, 200 * ms, inputs=800, seed=8)]
    once = spikes(exc=more)
    assert len(once) >= 3
    later = spikes(240, exc=[train.shifted(40 * ms) for train in more])
    np.testing.assert_allclose(later, once + 40, rtol=0, atol=1e-9)
    zero = sc.poisson_train(50 * Hz, 200 * ms, seed=4).with_values("wi", 0 * mV)
    np.testing.assert_allclose(spikes(exc=more, inh=zero), once, rtol=0, atol=1e-9)
    two = still.replace(name="two", arrivals={"a": "ge += we", "b": "ge += we"})
    of_two = compile_kernels([make_step(two, "rk4", detection)])[0]
    apart = of_two.run([quiet(two, 200 * ms).with_arrivals(a=more[0], b=more[1])], Fraction(1, 8))[0].spike_times
    np.testing.assert_allclose(apart, once, rtol=0, atol=1e-9)
    assert len(spikes(exc=more, inh=inh)) < len(once)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: CUBA.replace(arrivals={"exc": "g += we"}), "uses 'g' before it has a value"),
        (lambda: CUBA.replace(arrivals={"exc": "we += 1*mV"}), "'we' is not a state variable"),
        (lambda: CUBA.replace(arrivals={"exc": "ge += 1"}), "arrivals: 'exc'"),
        (lambda: CUBA.replace(arrivals={"exc": 3}), "text such as"),
        (lambda: CUBA.replace(arrivals=["ge += we"]), "give a mapping"),
        (lambda: CUBA.replace(arrivals={"a b": "ge += we"}), "'a b' is not a name"),
        (lambda: CUBA.replace(arrivals={"exc": "ge += I"}), "'exc' uses I"),
        (lambda: sc.simulate(CUBA, quiet(CUBA, LENGTH).with_arrivals(x=[1] * ms), 0.1 * ms), "no input of spikes 'x'"),
        (lambda: sc.recorded_train([-1] * ms), "before the start"),
        (lambda: sc.recorded_train([1] * mV), "are not times"),
        (lambda: sc.recorded_train([np.nan] * ms), "not finite"),
        (lambda: sc.poisson_train(1 * mV, LENGTH), "not a frequency"),
        (lambda: sc.poisson_train(1e9 * Hz, 1e6 * ms), "too many"),
        (lambda: sc.poisson_train(1 * Hz, LENGTH, inputs=0.5), "not a whole number"),
        (lambda: sc.recorded_train([1, 2] * ms).with_values("we", [1, 2, 3] * mV), "3 values of 'we' for 2"),
        (
            lambda: sc.simulate(
                CUBA, quiet(CUBA, LENGTH).with_arrivals(exc=sc.recorded_train([1]).with_values("wi", 1 * mV)), 0.1 * ms
            ),
            "not a parameter that the statements of 'exc' use",
        ),
        (
            lambda: sc.simulate(
                CUBA, quiet(CUBA, LENGTH).with_arrivals(exc=sc.recorded_train([1]).with_values("we", 1)), 0.1 * ms
            ),
            "wrong unit, expected mV",
        ),
    ],
)
def test_what_is_refused(made, message):
    with pytest.raises(UserError, match=message) as raised:
        made()
    assert "\n" not in str(raised.value)


def test_trains():
    regular = sc.regular_train(0.1 * ms, 1 * ms)
    assert regular.times.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert sc.regular_train(4 * ms, 10 * ms, start=0 * ms).times.tolist() == [0.0, 4.0, 8.0]
    assert sc.recorded_train([0.3, 0.1] * ms).times.tolist() == [0.1, 0.3]
    assert sc.poisson_train(10 * Hz, LENGTH, inputs=100, seed=1) == sc.poisson_train(
        10 * Hz, LENGTH, inputs=100, seed=1
    )
    assert sc.poisson_train(10 * Hz, LENGTH, inputs=100, seed=1) != sc.poisson_train(
        10 * Hz, LENGTH, inputs=100, seed=2
    )
    # five standard deviations of a Poisson number
    assert abs(len(sc.poisson_train(10 * Hz, 1000 * ms, inputs=1000)) - 10_000) < 500
    recorded = sc.recorded_train(neo.SpikeTrain([0.0123, 0.004] * quantities.s, t_stop=1.0))
    assert recorded.times.tolist() == [4.0, 12.3]
    assert len(quiet(CUBA, 10 * ms).with_arrivals(exc=recorded).arrivals[0][1]) == 1
