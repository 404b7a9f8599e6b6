"""Random Brian2 groups have Brian2's spikes."""

from __future__ import annotations

import brian2
import pytest
from brian2 import NeuronGroup

from ...archetypes import DEEP
from . import abroad_groups as abroad
from .random_groups import row_of

#: The groups of every day, and of ``tox -e deep``.
SEEDS = range(500 if DEEP else 8)


@pytest.fixture(autouse=True)
def quiet():
    brian2.BrianLogger.suppress_name("unused_brian_object")


def test_random_groups_have_brian2s_spikes():
    found = {seed: row_of(seed) for seed in SEEDS}
    taken = {seed: each for seed, each in found.items() if each is not None}
    assert len(taken) > 0.7 * len(SEEDS)
    wrong = {seed: f"{row.refused or row.note}\n{draft}" for seed, (draft, row) in taken.items() if not row.equal}
    assert not wrong
    assert sum(row.spikes for _, row in taken.values()) > 10 * len(taken)


@pytest.mark.parametrize(
    "never", ["False", "v > v", "w - w > 1*ms", "not (v >= v)", "not_refractory and v > 0", "0*ms", "pause", "v < -99"]
)
def test_refractoriness_that_never_holds_is_none_as_in_brian2(never):
    text = """
    dv/dt = (I + 0.5*int(not_refractory) - v - w/(9*ms))/(10*ms) : 1 (unless refractory)
    dw/dt = -w/(20*ms) : second
    I : 1
    pause : second
    """
    reset = "v = 0; w += int(not_refractory)*3*ms + 0.1*ms"
    group = NeuronGroup(1, text, threshold="v > 1", reset=reset, refractory=never, method="euler")
    group.I = 3
    row = abroad.what_becomes(abroad.Row("", ""), abroad.Abroad(group, {}))
    assert row.equal
    assert row.spikes > 30


@pytest.mark.parametrize(
    "jumps",
    [
        "int(v) > 0",
        "floor(3*v) >= 2 and not_refractory",
        "v > 1 + 0.1*floor(4*w)",
        "t % (10*ms) > 5.03*ms and v > 0.5",  # at 15 ms, rounding of seconds decides in Brian2 whether it is above 5 ms
        "abs(v - 1) < 0.1",
        "v // 1 > 0",
        "int(v > 1 and w < 5) == 1",
        "not (sign(v - 1) < 1)",
    ],
)
def test_thresholds_that_jump_are_tested_on_the_grid_as_in_brian2(jumps):
    text = "dv/dt = (I - v)/(10*ms) : 1\ndw/dt = (v - w)/(50*ms) : 1\nI : 1"
    group = NeuronGroup(1, text, threshold=jumps, reset="v = 0", refractory="v > 2", method="rk4")
    group.I = 3
    row = abroad.what_becomes(abroad.Row("", ""), abroad.Abroad(group, {}))
    assert row.equal
    assert row.spikes > 15
