"""Which model is cheapest, for costs made by hand."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.measures.spike_trains import SpikeTimeError
from spikecost.accuracy.search.criterion import Criterion, Run
from spikecost.accuracy.study import winners
from spikecost.accuracy.study.winners import cheapest_in_each, cheapest_of_each

#: Ways to run models: situation, model, cost.
WAYS = [
    ("slow", "lif", 5.0),
    ("slow", "hh", 90.0),
    ("slow", "lif", 3.0),
    ("fast", "hh", 7.0),
    ("slow", "hh", 80.0),
    ("fast", "lif", 8.0),
    ("slow", "lif", 3.5),
]


def test_the_cheapest_of_each_model_comes_first():
    found = cheapest_of_each(WAYS, model=lambda way: way[1], cost=lambda way: way[2])
    assert found == [("slow", "lif", 3.0), ("fast", "hh", 7.0)]


def test_situations_are_not_compared_with_each_other():
    found = cheapest_in_each(WAYS, lambda way: way[0], lambda way: way[1], lambda way: way[2], ("silent", "fast"))
    assert list(found) == ["silent", "fast", "slow"]
    assert found == {
        "silent": [],
        "fast": [("fast", "hh", 7.0), ("fast", "lif", 8.0)],
        "slow": [("slow", "lif", 3.0), ("slow", "hh", 80.0)],
    }


def test_of_those_that_cost_the_same_it_is_the_first():
    assert cheapest_of_each([("a", 1, "x"), ("b", 1, "y"), ("a", 1, "z")], lambda way: way[0], lambda way: way[1]) == [
        ("a", 1, "x"),
        ("b", 1, "y"),
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 100)), max_size=30))
def test_nothing_of_a_model_is_cheaper(ways):
    found = cheapest_of_each(ways, lambda way: way[0], lambda way: way[1])
    assert {model for model, _ in found} == {model for model, _ in ways}
    assert [cost for _, cost in found] == sorted(cost for _, cost in found)
    assert all(cost == min(own for other, own in ways if other == model) for model, cost in found)


@pytest.mark.parametrize(("by_dt", "least"), [(True, 25.0), (False, 50.0)])
def test_the_bound_of_a_cost_is_that_of_the_coarser_setting_that_fails(by_dt, least):
    # at most 4 times as long a step, or sqrt(4) times as long at 4 times the tolerance of an error control
    def point(setting, off):
        return SimpleNamespace(setting=Fraction(setting), runs=[Run(SpikeTimeError(off, 0, 0, 0, 1, 0, 0), "", {}, 1)])

    curve = SimpleNamespace(
        by_dt=by_dt,
        points=[point(1, 3.0), point("0.4", 2.0), point("0.1", 0.5), point("0.05", 0.1)],
        cost=lambda _run: SimpleNamespace(per_ms=100.0),
    )
    assert winners._least_cost(curve, Criterion("maximum", 1.0)) == pytest.approx(least)
    assert winners._least_cost(curve, Criterion("maximum", 0.01)) is None
    assert winners._least_cost(curve, Criterion("maximum", 9.0)) == pytest.approx(100.0)
