"""Conventions: the cost of one operation."""

from __future__ import annotations

import dataclasses

import pytest

from spikecost.flops.conventions import CONVENTIONS, Convention, get_convention
from spikecost.flops.conventions.base import COUNTINGS
from spikecost.flops.operations import Operations, count
from spikecost.models.algebra.expression import KINDS
from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import UserError


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_weighs_every_kind_and_says_where_it_is_from(name):
    convention = CONVENTIONS[name]
    assert set(convention.weights) - {"fma"} == set(KINDS)
    assert all(weight >= 0 for weight in convention.weights.values())
    assert convention.counts in COUNTINGS
    assert convention.unit
    assert convention.source


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_cost_is_the_weighted_sum(name):
    convention = CONVENTIONS[name]
    assert convention.weigh(Operations()) == 0
    for kind in KINDS:
        assert convention.weigh(Operations({kind: 3})) == pytest.approx(3 * convention.weights[kind])
    everything = Operations({kind: i for i, kind in enumerate(KINDS)})
    assert convention.weigh(everything) == pytest.approx(
        sum(i * convention.weights[kind] for i, kind in enumerate(KINDS))
    )
    assert isinstance(convention.weigh(everything), float)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_by_name_or_by_itself(name):
    assert get_convention(name) is CONVENTIONS[name]
    assert get_convention(CONVENTIONS[name]) is CONVENTIONS[name]
    assert count("lif", "euler").flops_per_step(name) == count("lif", "euler").flops_per_step(CONVENTIONS[name])


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_counting_that_is_weighed_is_the_one_that_the_convention_names(name):
    convention = CONVENTIONS[name]
    found = count("hodgkin_huxley", "rk4")
    weighed = {"as run": found.as_run, "as fused": found.as_fused, "as written": found.as_written()}[convention.counts]
    assert found.flops_per_step(name) == convention.weigh(weighed)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_breakdown_adds_up(name):
    convention = CONVENTIONS[name]
    everything = Operations({kind: i for i, kind in enumerate(KINDS, start=1)})
    total = 0.0
    for term in convention.breakdown(everything).split(" + "):
        n, kind, *weight = term.split()
        assert everything[kind] == int(n)
        total += int(n) * (float(weight[1]) if weight else 1)
    assert total == pytest.approx(convention.weigh(everything), rel=1e-5)
    assert convention.breakdown(Operations()) == ""


def test_what_the_2004_paper_states():
    published = {
        name: model.published_costs["izhikevich2004"]
        for name, model in MODELS.items()
        if "izhikevich2004" in model.published_costs
    }
    # its eleven models, as widely quoted; izhikevich_mv is izhikevich
    assert {name: round(cost.per_ms) for name, cost in published.items() if name != "izhikevich_mv"} == {
        "lif": 5,
        "adaptive_lif": 10,
        "ifb": 13,
        "resonate_and_fire": 10,
        "qif": 7,
        "izhikevich": 13,
        "fitzhugh_nagumo": 72,
        "hindmarsh_rose": 120,
        "morris_lecar": 600,
        "wilson": 180,
        "hodgkin_huxley": 1200,
    }
    # five counts equal the published ones; the reasons of the other differences add up to the differences
    differences = {}
    for name, cost in published.items():
        counted = count(name, "euler").flops_per_step("izhikevich2004", cost.dt)
        differences[name] = counted - cost.step
        assert sum(cost.differences.values()) == differences[name], name
    assert {name: value for name, value in differences.items() if value} == {
        "ifb": 7,
        "fitzhugh_nagumo": 1,
        "hindmarsh_rose": -6,
        "morris_lecar": 12,
        "wilson": 1,
        "hodgkin_huxley": 4,
    }


def test_unit():
    # each operation counts one, an exponential, too; a change of sign counts zero
    assert CONVENTIONS["unit"].weigh(Operations({"add": 2, "exp": 1, "compare": 1, "select": 1, "sign": 9})) == 5
    assert CONVENTIONS["unit"].counts == "as run"


def test_izhikevich2004():
    # an exponential is ten: 2 + 60 + 1
    assert CONVENTIONS["izhikevich2004"].weigh(Operations({"mul": 2, "exp": 6, "compare": 1, "sign": 9})) == 63
    assert CONVENTIONS["izhikevich2004"].counts == "as written"


def test_a_convention_of_ones_own():
    mine = Convention("mine", "as run", {**dict.fromkeys(KINDS, 0), "mul": 2.5}, "pJ", "made up")
    # LIF, forward Euler: two multiplications
    assert count("lif", "euler").flops_per_step(mine) == 5.0
    assert "mine" not in CONVENTIONS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": {"add": 1}}, "convention 'unit': give a weight for each of add, sub, mul, div, sqrt, exp, pow, "),
        (
            {"weights": {**dict.fromkeys(KINDS, 1), "hops": 1}},
            "convention 'unit': give a weight for each of add, sub, ",
        ),
        ({"counts": "by eye"}, "convention 'unit': counts = 'by eye', expected one of "),
    ],
)
def test_a_bad_convention(changes, message):
    with pytest.raises(UserError) as error:
        dataclasses.replace(CONVENTIONS["unit"], **changes)
    assert str(error.value).startswith(message)


def test_an_unknown_convention():
    with pytest.raises(UserError, match=r"^unknown convention 'units': did you mean 'unit'\? known are "):
        get_convention("units")
