"""Which model is cheapest, by what factor, and whether that is certain."""

from __future__ import annotations

import pytest

from spikecost.accuracy.search.status import Bound, Status
from spikecost.accuracy.study.intervals import Interval
from spikecost.accuracy.study.winners import CostRatio, cheapest_in_each

WAYS = [("fast", "a", 3.0), ("fast", "b", 2.0), ("fast", "a", 1.0), ("slow", "b", 5.0), ("fast", "b", 2.0)]


def test_each_model_is_there_once_in_each_situation_the_cheapest_first():
    found = cheapest_in_each(range(len(WAYS)), *(lambda i, n=n: WAYS[i][n] for n in range(3)), ["none", "slow"])
    # two cost the same: the first comes first
    assert list(found.items()) == [("none", []), ("slow", [3]), ("fast", [2, 1])]


@pytest.mark.parametrize(
    ("own", "other", "bound"),
    [
        (Status.REACHED, Status.REACHED, Bound.NONE),
        (Status.AT_LEAST, Status.REACHED, Bound.AT_MOST),
        (Status.REACHED, Status.AT_LEAST, Bound.AT_LEAST),
        (Status.AT_LEAST, Status.AT_LEAST, Bound.NOT_KNOWN),
    ],
)
@pytest.mark.parametrize("times", [0.5, 2.0])
def test_a_ratio_is_ranked_unless_a_larger_dt_could_turn_it(own, other, bound, times):
    found = CostRatio.of([times, times], own, [1.0, 1.0], other)
    assert (found.bound, found.interval.mean) == (bound, pytest.approx(times))
    turned = {Bound.AT_MOST: times > 1, Bound.AT_LEAST: times < 1, Bound.NOT_KNOWN: True}.get(bound, False)
    assert found.ranked is not turned


def test_what_is_too_close_is_not_ranked():
    assert not CostRatio(Interval(1.01, 0.99, 1.02), Bound.NONE).ranked
