"""Converted groups from Brian2's published examples give the spikes of Brian2."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Mohm, kHz, mmolar, ms, mV, nA
from brian2.core.namespace import DEFAULT_UNITS

from spikecost.accuracy.references.reference import reference
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant, stimulus_from_brian2
from spikecost.models.definition.language import units
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.from_brian2 import from_brian2, settings_from_brian2
from spikecost.models.step import make_step

from .brian2_examples import EXAMPLES

#: Lengths of the runs in ms; longer if spikes are rare.
LENGTH, LENGTHS = 60, {"morris_lecar_1981": 300, "coba_hh": 100}


@pytest.fixture(scope="module")
def converted():
    """Every example: the group, its model, and the spikes of both."""
    made = {}
    for example in EXAMPLES:
        group, model, names = example()
        made[example.__name__] = group, model, names, settings_from_brian2(group, namespace=names)
    steps = [make_step(model, settings.method, settings.detection) for _, model, _, settings in made.values()]
    return {name: (*each, kernel) for (name, each), kernel in zip(made.items(), compile_kernels(steps), strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1])
def test_a_timed_array_spike_by_spike(index, monkeypatch):
    tau, EL, R = 20 * ms, -65 * mV, 100 * Mohm
    stimulus = brian2.TimedArray([[0.3, 0], [0, 0.4], [0.5, 0.2]] * nA, dt=7 * ms)  # the last row stays
    group = brian2.NeuronGroup(
        2,
        "dv/dt = (EL - v + R*stimulus(t, i))/tau : volt (unless refractory)",
        method="euler",
        threshold="v > -50*mV",
        reset="v = EL",
        refractory=2 * ms,
    )
    group.v = EL
    names = {"tau": tau, "EL": EL, "R": R, "stimulus": stimulus}
    model, settings = from_brian2(group, index=index, namespace=names), settings_from_brian2(group, namespace=names)
    ours = simulate(
        model, stimulus_from_brian2(stimulus, 100 * ms, index), settings.dt, settings.method, settings.detection
    )
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor).run(100 * ms, namespace=names)
    theirs = monitor.t[monitor.i == index] / ms
    assert len(theirs) >= 3
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dt", [0.1 * ms, 1 / (30 * kHz), 1 / (44.1 * kHz), 1 / (48 * kHz), ms / 3], ids=str)
def test_a_current_sampled_at_any_rate_runs_at_its_own_dt(dt, monkeypatch):
    sampled = brian2.TimedArray(2 + np.sin(np.arange(2000) * 0.1), dt=dt)
    group = brian2.NeuronGroup(
        1,
        "dv/dt = (s(t) - v)/(10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        dt=dt,
        namespace={"s": sampled},
    )
    ours = simulate(from_brian2(group), stimulus_from_brian2(sampled, 30 * ms), dt, "euler", "grid_start")
    theirs = in_brian2(group, from_brian2(group), {}, 30)
    assert len(theirs) >= 4
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("unit", ["mmolar", "mole/metre**3", "mole/meter**3", "candle", "1"])
def test_a_concentration(unit):
    size = {"1": 1, "candle": DEFAULT_UNITS["candle"]}.get(unit, mmolar)
    group = brian2.NeuronGroup(
        1,
        f"dv/dt = (I - v - 2*Ca/K)/(10*ms) : 1\ndCa/dt = -Ca/(80*ms) : {unit}\nI : 1",
        threshold="v > 1",
        reset="v = 0; Ca += 0.1*K",
        method="euler",
        namespace={"K": 0.01 * size},
    )
    group.I = 3
    model = from_brian2(group)
    ours = simulate(model, constant(3, 100 * ms), 0.1 * ms, "euler", "grid_start")
    assert len(ours) == 14
    np.testing.assert_allclose(ours, in_brian2(group, model, {}, 100), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "reset",
    [
        "v = 0; w = 0",
        "w = 0; v = w",
        "w = v; v = 0; u += w",
        "w = 0.1*v; w = 2*w; v = 0.5*w; u += w; w = 3*w",
        "w = v; v = 0.5*u; u = w",
        "u += 1; w = u; u = 0; v = 0.1*w; unused = exp(w)",
        "w = 0.1\nv = w # of the last",
    ],
)
def test_temporary_variables_in_resets(reset):
    # (no "v = w; w = 2*w": Brian2 doubles v, too, in numpy, not in C)
    run_with_temporary_variables(reset, {})


@pytest.mark.parametrize("reset", ["w = 0; v = w", "w = v; v = 0; u += w"])
def test_temporary_variables_hide_constants(reset):
    run_with_temporary_variables(reset, {"w": 7.0})


def run_with_temporary_variables(reset, also):
    """Compare the kernels with Brian2, and with the reference."""
    group = brian2.NeuronGroup(
        1,
        "dv/dt = (2 - v + I)/(10*ms) : 1\ndu/dt = -u/(20*ms) : 1\nI : 1",
        threshold="v > 1",
        reset=reset,
        method="euler",
        dt=0.05 * ms,
    )
    model = from_brian2(group, namespace=also)
    ours = simulate(model, constant(0, 60 * ms), 0.05 * ms, "euler", "grid_start")
    theirs = in_brian2(group, model, {}, 60)
    assert len(theirs) >= 3
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    exact = reference(model, constant(0, 60 * ms))
    fine = simulate(model, constant(0, 60 * ms), 0.01 * ms, "rk4", "hermite")
    np.testing.assert_allclose(fine, exact.train.times, rtol=0, atol=1e-4)
    adaptive = simulate(model, constant(0, 60 * ms), method="dormand_prince", tolerance=1e-9)
    np.testing.assert_allclose(adaptive, exact.train.times, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: stimulus_from_brian2([1, 2] * nA, 3 * ms), "expected a Brian2 TimedArray, or a "),
        (
            lambda: stimulus_from_brian2(brian2.TimedArray([1, 2] * nA, dt=1 * ms), 3 * nA),
            "duration = 3 nA is not a time",
        ),
        (lambda: stimulus_from_brian2(brian2.TimedArray([1, 2] * nA, dt=1 * ms), 3 * ms, 1), "has 1 columns; give an "),
    ],
)
def test_what_is_no_timed_array(made, message):
    with pytest.raises(UserError, match=message):
        made()


@pytest.mark.slow
@pytest.mark.parametrize("name", [example.__name__ for example in EXAMPLES])
def test_spike_by_spike(converted, name):
    group, model, names, settings, kernel = converted[name]
    outcome = kernel.run([constant(model.drive, LENGTHS.get(name, LENGTH) * ms)], units.in_ms(settings.dt, "dt"))[0]
    theirs = in_brian2(group, model, names, LENGTHS.get(name, LENGTH))
    assert not outcome.failure
    assert len(theirs) >= 3
    np.testing.assert_allclose(outcome.spike_times, theirs, rtol=0, atol=1e-9)


def in_brian2(group, model, names, length):
    """Return the spike times in ms of the converted neuron in Brian2, from the unchanged group."""
    _, _, index = model.description.partition(", neuron ")
    monitor = brian2.SpikeMonitor(group)
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    try:
        brian2.Network(group, monitor).run(length * ms, namespace=names)
    finally:
        brian2.prefs.codegen.target = before
    return monitor.t[monitor.i == int(index or 0)] / ms
