"""Inputs of a Brian2 group that depend on the time alone: TimedArrays, delayed or summed, and linked variables."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import NeuronGroup, ms, nA

import spikecost as sc
from spikecost.models.ground.errors import UserError

ARRAYS = np.random.default_rng(3)
NAMES = {
    "one": brian2.TimedArray(4 * ARRAYS.random(40), dt=3 * ms),
    "columns": brian2.TimedArray(4 * ARRAYS.random((30, 3)), dt=2.5 * ms),
    "tau": 5 * ms,
}
#: The equations of each kind, and the name of its input.
KINDS = {
    "a delay": ("dv/dt = (one(t - late) - v)/tau : 1\nlate : second", "one"),
    "a delay in a column": ("dv/dt = (columns(t - late, i) - v)/tau : 1\nlate : second", "columns"),
    "a column by a parameter": ("dv/dt = (columns(t, j) - v)/tau : 1\nj : integer", "columns"),
    "a delay that changes": ("dv/dt = (one(t - late) - v)/tau : 1\ndlate/dt = 0.1*cos(t/(20*ms)) : second", "one"),
    "another speed": ("dv/dt = (one(2*t) - v)/tau : 1", "one"),
    "a sum": ("dv/dt = (drive - v)/tau : 1\ndrive = 0.5*one(t - 1*ms) + 0.5*columns(t, i) : 1", "drive"),
    "a sum in parts": (
        "dv/dt = (2*whole - v)/tau : 1\nwhole = b + gain*part : 1\npart = 0.3*one(t) : 1\ngain : 1\n"
        "b = a : 1\na = 0.2*columns(t, i) : 1",
        "whole",
    ),
}


def group_of(text, **changes):
    group = NeuronGroup(
        3, text, **{"threshold": "v > 1", "reset": "v = 0", "method": "euler", "name": "mine*", **changes}
    )
    for name, value in {"late": "2.34*ms + i*ms", "j": [2, 0, 1], "gain": [1, 2, 3]}.items():
        if name in group.user_equations:
            setattr(group, name, value)
    return group


def in_brian2(group, *others):
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor, *others).run(100 * ms, namespace=NAMES)
    return np.asarray(monitor.t / ms)[np.asarray(monitor.i) == 1]


@pytest.fixture(autouse=True)
def by_numpy(monkeypatch):
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")


@pytest.mark.parametrize(("text", "driven"), KINDS.values(), ids=KINDS)
def test_values_that_depend_on_the_time_alone_are_a_stimulus(text, driven):
    group = group_of(text)
    model = sc.from_brian2(group, index=1, namespace=NAMES)
    assert model.input == driven
    assert "as Brian2 computes it at the start of each step of mine" in model.input_note
    stimulus = sc.stimulus_from_brian2(group, 100 * ms, 1, namespace=NAMES)
    ours = sc.simulate(model, stimulus, 0.1 * ms, "euler", "grid_start")
    theirs = in_brian2(group)
    assert len(theirs) > 10
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("held", [0.25, 0.05, 0.5, 0.33])
def test_a_table_whose_values_do_not_begin_with_steps(held):
    names = {"table": brian2.TimedArray(4 * np.random.default_rng(7).random(400), dt=held * ms), "tau": 5 * ms}
    group = group_of("dv/dt = (table(t) - v)/tau : 1", namespace=names)
    model = sc.from_brian2(group, index=1)
    ours = sc.simulate(model, sc.stimulus_from_brian2(group, 100 * ms), 0.1 * ms, "euler", "grid_start")
    theirs = in_brian2(group)
    assert len(ours) == len(theirs) > 3
    assert np.allclose(ours, theirs, rtol=0, atol=1e-9)


def test_brian2_reads_a_table_ahead_with_some_methods():
    text = "dv/dt = (one(t) - v)/tau : 1"
    notes = {
        method: sc.from_brian2(group_of(text, method=method), namespace=NAMES).input_note for method in ("rk4", "euler")
    }
    assert notes["rk4"].startswith("Brian2's rk4 reads one inside and at the end of a step, too")
    assert not notes["euler"]


def test_a_group_with_a_table_at_the_time_now_gives_its_column():
    group = group_of("dv/dt = (columns(t, i) - v)/tau : 1")
    found = sc.stimulus_from_brian2(group, 50 * ms, 1, namespace=NAMES)
    assert found == sc.stimulus_from_brian2(NAMES["columns"], 50 * ms, 1)
    assert len(found.shapes) == 20


REFUSED = {
    "v": ("dv/dt = (one(t - v*ms) - v)/tau : 1", "the input 'one(t-v*ms)' depends on v, which depends on the neuron's"),
    "held": (
        "dv/dt = (one(t - w) - v)/tau : 1\ndw/dt = 0.1 : second (unless refractory)",
        "the input 'one(t-w)' depends on w, which depends on the neuron's spikes; a stimulus",
    ),
    "noise": (
        "dv/dt = (one(t - w) - v)/tau : 1\ndw/dt = 0.1*xi*ms**0.5 : second",
        "the input 'one(t-w)' depends on w, which is random; a stimulus",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_depends_on_more_than_the_time(text, message):
    with pytest.raises(UserError) as error:
        sc.stimulus_from_brian2(group_of(text), 10 * ms, namespace=NAMES)
    assert f": {message}" in str(error.value)


def test_two_places_without_a_common_name():
    with pytest.raises(UserError) as error:
        sc.from_brian2(group_of("dv/dt = (one(t) + 2*columns(t, i) - v)/tau : 1"), namespace=NAMES)
    assert (
        ": the equations have the TimedArrays columns, one, but a model has one input; write all of them into one "
        "subexpression, such as drive = "
    ) in str(error.value)


def test_a_group_without_a_table():
    with pytest.raises(UserError, match=": its equations contain no TimedArray; give one that is its input"):
        sc.stimulus_from_brian2(group_of("dv/dt = (2 - v)/tau : 1"), 10 * ms, namespace=NAMES)
    with pytest.raises(UserError, match="expected a Brian2 TimedArray, or a group whose equations contain one"):
        sc.stimulus_from_brian2([1, 2] * nA, 10 * ms)


def linked(name):
    """Return two groups: Brian2 advances the one with the first name first."""
    other = NeuronGroup(3, "dx/dt = (2 + cos(t/(4*ms)) - x)/(6*ms) : 1", name=f"{name}*", method="euler")
    group = group_of("dv/dt = (drive + I - v)/tau : 1\ndrive : 1 (linked)\nI : 1")
    group.drive = brian2.linked_var(other, "x")
    return group, other


def test_a_group_to_which_a_neuron_is_linked_runs_with_it():
    group, other = linked("zeta")
    ours = sc.simulate(
        sc.from_brian2(group, index=1, namespace=NAMES), sc.constant(0.0, 100 * ms), 0.1 * ms, "euler", "grid_start"
    )
    theirs = in_brian2(group, other)
    assert len(theirs) > 5
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_the_order_in_brian2_is_an_error_of_its_dt():
    # Brian2 advances the other group first, and the model advances both together: the difference shrinks with dt
    differences = []
    for dt in (0.4, 0.1, 0.025):
        brian2.defaultclock.dt = dt * ms
        group, other = linked("alpha")
        ours = sc.simulate(
            sc.from_brian2(group, index=1, namespace=NAMES), sc.constant(0.0, 40 * ms), dt * ms, "euler", "grid_start"
        )
        theirs = in_brian2(group, other)[: len(ours)]
        differences.append(np.abs(ours[:4] - theirs[:4]).max())
    brian2.defaultclock.dt = 0.1 * ms
    assert 0 < differences[2] < differences[1] < differences[0]
