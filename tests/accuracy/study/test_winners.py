"""Who is cheapest, on costs by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.search.status import Bound, Status
from spikecost.accuracy.study.intervals import Interval
from spikecost.accuracy.study.winners import CostRatio, cheapest_in_each, cheapest_of_each

#: Ways to run models: situation, model, cost.
WAYS = [("slow", "lif", 5.0), ("slow", "hh", 90.0), ("slow", "lif", 3.0), ("fast", "hh", 7.0), ("slow", "hh", 80.0),
        ("fast", "lif", 8.0), ("slow", "lif", 3.5)]


def test_the_cheapest_of_each_model_comes_first():
    found = cheapest_of_each(WAYS, model=lambda way: way[1], cost=lambda way: way[2])
    assert found == [("slow", "lif", 3.0), ("fast", "hh", 7.0)]


def test_situations_are_not_compared_with_each_other():
    found = cheapest_in_each(WAYS, lambda way: way[0], lambda way: way[1], lambda way: way[2], ("silent", "fast"))
    assert list(found) == ["silent", "fast", "slow"]
    assert found == {"silent": [], "fast": [("fast", "hh", 7.0), ("fast", "lif", 8.0)],
                     "slow": [("slow", "lif", 3.0), ("slow", "hh", 80.0)]}


def test_of_those_that_cost_the_same_it_is_the_first():
    assert cheapest_of_each([("a", 1, "x"), ("b", 1, "y"), ("a", 1, "z")], lambda way: way[0], lambda way: way[1]) == [
        ("a", 1, "x"), ("b", 1, "y")]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 100)), max_size=30))
def test_nothing_of_a_model_is_cheaper(ways):
    found = cheapest_of_each(ways, lambda way: way[0], lambda way: way[1])
    assert {model for model, _ in found} == {model for model, _ in ways}
    assert [cost for _, cost in found] == sorted(cost for _, cost in found)
    assert all(cost == min(own for other, own in ways if other == model) for model, cost in found)


@pytest.mark.parametrize(("own", "other", "bound"), [
    (Status.REACHED, Status.REACHED, Bound.NONE), (Status.AT_LEAST, Status.REACHED, Bound.AT_MOST),
    (Status.REACHED, Status.AT_LEAST, Bound.AT_LEAST), (Status.AT_LEAST, Status.AT_LEAST, Bound.NOT_KNOWN),
])
@pytest.mark.parametrize("times", [0.5, 2.0])
def test_a_ratio_is_ranked_unless_a_larger_dt_could_turn_it(own, other, bound, times):
    found = CostRatio.of([times, times], own, [1.0, 1.0], other)
    assert (found.bound, found.interval.mean) == (bound, pytest.approx(times))
    turned = {Bound.AT_MOST: times > 1, Bound.AT_LEAST: times < 1, Bound.NOT_KNOWN: True}.get(bound, False)
    assert found.ranked is not turned


def test_what_is_too_close_is_not_ranked():
    assert not CostRatio(Interval(1.01, 0.99, 1.02), Bound.NONE).ranked
