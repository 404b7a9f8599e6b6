"""The cheapest rows of a table."""

import math

import pandas as pd

from spikecost.reports.tables.table import SITUATION, cheapest


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
