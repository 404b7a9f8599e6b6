"""Random Brian2 groups have Brian2's spikes."""

from __future__ import annotations

import re

import brian2
import pytest
from brian2 import NeuronGroup, ms

from spikecost import UserError, from_brian2
from spikecost.models.step import why_not

from ...archetypes import DEEP
from . import abroad_groups as abroad
from .random_groups import row_of

#: The groups of every day, and of ``tox -e deep``.
SEEDS = range(500 if DEEP else 8)


def is_another_model_for_each_dt(draft, row):
    """Whether a group is refused because it computes a value once per step, other than for a step of forward Euler."""
    elsewhere = re.search(r"\b(a_|b)\b", f"{draft.threshold} {draft.reset} {draft.refractory}")
    allowed = "(constant over dt)" in draft.equations and (draft.method != "euler" or elsewhere)
    return bool(allowed) and "Brian2 computes it once per step" in row.refused


@pytest.fixture(autouse=True)
def quiet():
    brian2.BrianLogger.suppress_name("unused_brian_object")


def test_random_groups_have_brian2s_spikes():
    found = {seed: row_of(seed) for seed in SEEDS}
    taken = {seed: each for seed, each in found.items() if each is not None and not is_another_model_for_each_dt(*each)}
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


def linear(term, method):
    text = f"dv/dt = (I - ({term}))/(10*ms) : 1\nI : 1"
    group = NeuronGroup(1, text, threshold="v > 1", reset="v = 0", method=method)
    group.I = 3
    return group


@pytest.mark.parametrize(
    "term",
    [
        "exp(log(v))",
        "log(exp(v))",
        "v*exp(v)/exp(v)",
        "exp(v)*exp(-v)*v",
        "v + 0*exp(v)",
        "v + 0*clip(v, -1, 1)",
        "v + 0*int(v > 5)",
        "v/(1/v)*1/v",
        "v**2/v",
        "v*(1 + v)/(1 + v)",
    ],
)
@pytest.mark.parametrize("method", ["exact", "exponential_euler"])
def test_terms_that_cancel_are_left_out_as_in_brian2(term, method):
    model = from_brian2(linear(term, method))
    assert set(re.findall(r"\w+", model.equations.splitlines()[0])) == {"dv", "dt", "I", "v", "10", "ms", "1"}
    assert "v without terms that cancel, as in Brian2" in model.description
    assert not why_not(model, method)


@pytest.mark.parametrize("method", ["euler", "exact"])
def test_a_cancelled_quotient_has_a_value_where_it_is_0_by_0(method):
    row = abroad.what_becomes(abroad.Row("", ""), abroad.Abroad(linear("v**2/v", method), {}))
    assert row.equal
    assert row.spikes > 30


@pytest.mark.parametrize("term", ["v/(1 + v)", "exp(v)", "exp(v)*exp(v)", "sqrt(v**2)", "v - v", "tanh(v) + tanh(v)"])
def test_where_nothing_cancels_an_equation_stays_as_it_is_written(term):
    model = from_brian2(linear(term, "euler"))
    assert model.equations.startswith(f"dv/dt = (I - ({term}))/(10*ms) : 1")


@pytest.mark.parametrize("used", [{"threshold": "v > 0.5*I"}, {"reset": "v = 0.1*I"}, {"refractory": "I*ms"}])
def test_what_a_spike_depends_on_is_not_driven(used):
    text = "dv/dt = (I - v)/(10*ms) : 1\nI : 1"
    group = NeuronGroup(1, text, **{"threshold": "v > 1", "reset": "v = 0", "method": "euler", **used})
    group.I = 3
    row = abroad.what_becomes(abroad.Row("", ""), abroad.Abroad(group, {}))
    assert (row.equal, row.input) == (True, "")
    assert row.spikes > 20
    with pytest.raises(UserError, match="uses I; use numbers, parameters and state variables"):
        from_brian2(group, "I")


@pytest.mark.deep  # Brian2 takes seconds for its exact solution
def test_voltage_and_adaptation_that_drive_each_other_are_solved_exactly_as_in_brian2():
    # where they oscillate, Brian2 2.9 ends with an error about complex numbers
    text = """
    dv/dt = (I - v - w)/(10*ms) : 1 (unless refractory)
    dw/dt = (-2*v - w)/(20*ms) : 1
    I : 1
    """
    group = NeuronGroup(2, text, threshold="v > 1", reset="v = 0; w += 0.1", refractory=2 * ms, method="exact")
    group.I = 3
    row = abroad.what_becomes(abroad.Row("", ""), abroad.Abroad(group, {}, 1))
    assert (row.method, row.equal) == ("exact", True)
    assert row.spikes > 20


def test_rates_that_are_parameters_become_numbers_where_the_exact_method_needs_them():
    text = "dv/dt = (I - v - w)/tau : 1\ndw/dt = (a*v - w)/tau_w : 1\nI : 1\na : 1\ntau : second\ntau_w : second"
    every = {"a", "tau", "tau_w"}
    for method, left in (("exact", set()), (("euler", "exact"), every), ("euler", every)):
        group = NeuronGroup(2, text, threshold="v > 1", reset="v = 0; w += 0.1", method=method)
        group.a, group.tau, group.tau_w = [1, -2], 10 * ms, [9, 30] * ms
        model = from_brian2(group, index=1)
        assert model.parameters.keys() == left
        assert ("a, tau, tau_w as numbers, for the exact method" in model.description) == (not left)
        assert bool(why_not(model, "exact")) == bool(left)


@pytest.mark.parametrize("used", [{"threshold": "v > th"}, {"reset": "v = th - 1"}, {"refractory": "th*ms"}])
@pytest.mark.parametrize("drawn", ["randn()", "rand()"])
def test_random_numbers_that_spikes_depend_on_are_refused_by_their_own_name(used, drawn):
    text = f"dv/dt = (2 - v)/(10*ms) : 1\nth = 1 + 0.1*{drawn} : 1 (constant over dt)"
    group = NeuronGroup(1, text, **{"threshold": "v > 1", "reset": "v = 0", "method": "euler", **used})
    with pytest.raises(UserError) as error:
        from_brian2(group)
    assert f"uses {drawn}, and only derivatives can be random" in str(error.value)
