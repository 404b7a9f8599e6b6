"""The verdict."""

from __future__ import annotations

import pytest

from spikecost.accuracy.search.status import Bound
from spikecost.accuracy.study.intervals import ratio
from spikecost.accuracy.study.winners import CostRatio
from spikecost.reports.results.leaders import leaders


def test_the_leader_is_the_cheapest_and_the_others_are_divided_by_it(small_run):
    found = leaders(small_run)
    table = small_run.table
    groups = found.groupby(["level", "tolerance"])
    assert len(groups) == 4
    for (level, tolerance), group in groups:
        cases = table[(table["level"] == level) & (table["tolerance"] == tolerance)]
        first, second = group.iloc[0], group.iloc[1]
        assert (first["place"], second["place"]) == (1, 2)
        assert first["flops_per_ms"] == cases["flops_per_ms"].min()
        assert (first["ratio"], first["ratio_low"], first["ratio_high"]) == (1, 1, 1)
        assert second["ratio"] == pytest.approx(second["flops_per_ms"] / first["flops_per_ms"])
        assert second["ratio_low"] <= second["ratio"] <= second["ratio_high"]
        assert second["bound"] == Bound.of_ratio(second["status"], first["status"])


def test_the_interval_is_that_of_the_stimuli(small_run):
    found = leaders(small_run).query("level == '100 Hz' and tolerance == 0.3").set_index("model")

    def costs(model):
        way = found.loc[model]
        each = small_run.by_stimulus
        return list(
            each[
                (each["model"] == model)
                & (each["method"] == way["method"])
                & (each["tolerance"] == 0.3)
                & (each["detection"] == way["detection"])
                & (each["level"] == "100 Hz")
            ]["flops_per_ms"]
        )

    expected = ratio(costs("izhikevich:RS"), costs("lif"))
    row = found.loc["izhikevich:RS"]
    assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (expected.mean, expected.low, expected.high)
    assert row["ranked"] == CostRatio(expected, Bound(row["bound"])).ranked
