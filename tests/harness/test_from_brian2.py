"""Groups of Brian2's published examples, converted, give Brian2's spikes."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Mohm, ms, mV, nA

from spikecost.harness.kernel import compile_kernels
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant, stimulus_from_brian2
from spikecost.models import units
from spikecost.models.errors import UserError
from spikecost.models.from_brian2 import from_brian2, settings_from_brian2
from spikecost.models.step import make_step

from .brian2_examples import EXAMPLES

#: In ms; longer where spikes are rare.
LENGTH, LENGTHS = 100, {"morris_lecar_1981": 300}


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
    group = brian2.NeuronGroup(2, "dv/dt = (EL - v + R*stimulus(t, i))/tau : volt (unless refractory)", method="euler",
                               threshold="v > -50*mV", reset="v = EL", refractory=2 * ms)
    group.v = EL
    names = {"tau": tau, "EL": EL, "R": R, "stimulus": stimulus}
    model, settings = from_brian2(group, index=index, namespace=names), settings_from_brian2(group, namespace=names)
    ours = simulate(model, stimulus_from_brian2(stimulus, 100 * ms, index), settings.dt, settings.method,
                    settings.detection)
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor).run(100 * ms, namespace=names)
    theirs = monitor.t[monitor.i == index] / ms
    assert len(theirs) >= 3
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("made", "message"), [
    (lambda: stimulus_from_brian2([1, 2] * nA, 3 * ms), "expected a Brian2 TimedArray, got"),
    (lambda: stimulus_from_brian2(brian2.TimedArray([1, 2] * nA, dt=1 * ms), 3 * nA), "duration = 3. nA is no"),
    (lambda: stimulus_from_brian2(brian2.TimedArray([1, 2] * nA, dt=1 * ms), 3 * ms, 1), "has 1 columns; give an "),
])
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
    """Return the spikes, in ms, that the untouched group has in Brian2, of the neuron that was converted."""
    _, _, index = model.description.partition(", neuron ")
    monitor = brian2.SpikeMonitor(group)
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    try:
        brian2.Network(group, monitor).run(length * ms, namespace=names)
    finally:
        brian2.prefs.codegen.target = before
    return monitor.t[monitor.i == int(index or 0)] / ms
