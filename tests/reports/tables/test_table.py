"""The cheapest rows of a table."""

import math
from itertools import permutations

import pandas as pd
import pytest

from spikecost.accuracy.measures.spike_trains import SpikeTimeError
from spikecost.accuracy.search.criterion import Run, largest_error
from spikecost.reports.tables import peers
from spikecost.reports.tables.table import SITUATION, _mean_of_known, cheapest


def row(model, level, cost):
    return {**dict.fromkeys(SITUATION, "the same"), "model": model, "level": level, "flops_per_ms": cost}


def test_situations_come_in_the_order_of_the_suite_though_the_first_model_lacks_one():
    rows = pd.DataFrame(
        [
            row("a", "50 Hz", math.nan),
            row("a", "100 Hz", 3.0),
            row("a", "100 Hz", 4.0),
            row("b", "50 Hz", 2.0),
            row("b", "100 Hz", 1.0),
        ]
    )
    found = cheapest(rows)
    assert list(found[["level", "model", "flops_per_ms"]].itertuples(index=False, name=None)) == [
        ("50 Hz", "b", 2.0),
        ("100 Hz", "b", 1.0),
        ("100 Hz", "a", 3.0),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_stimulus_without_spikes_hides_no_error_of_the_others(order):
    silent = SpikeTimeError(math.nan, math.nan, math.nan, math.nan, 0, 0, 0)
    errors = [silent, SpikeTimeError(0.3, 0.1, 0.2, 1.0, 5, 0, 0), SpikeTimeError(0.2, 0.3, 0.2, math.nan, 1, 0, 0)]
    runs = [Run(errors[i], "", {}, errors[i].matched) for i in order]
    assert largest_error(runs) == peers._largest(runs) == 0.3
    assert _mean_of_known(run.error.mean for run in runs) == pytest.approx(0.2)
    assert _mean_of_known(run.error.drift for run in runs) == 1.0
    assert math.isnan(largest_error([Run(silent, "", {}, 0)]))
    assert math.isnan(_mean_of_known([math.nan]))
