"""Costs that the processor itself counts: a replacement for its counter, in the same registry."""

import re
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

import spikecost as sc
from spikecost.accuracy.study.suite import Suite
from spikecost.flops.counters import COUNTERS, selftest
from spikecost.flops.counters.base import Counts, Retired
from spikecost.flops.counters.hardware.base import HardwareCounter
from spikecost.flops.counters.hardware.events import ANY_WIDTH, Formula, Term
from spikecost.reports.comparison.formats import render
from spikecost.reports.page import page
from spikecost.reports.page.embedded import data

SUITE = Suite(
    models=("lif", "hodgkin_huxley"),
    methods=("euler", "dormand_prince"),
    detections=("grid", "dense"),
    rates=(100.0,),
    tolerances=(1.0,),
    horizons=(100.0,),
    trials=1,
    per_decade=3,
    repeats=1,
    time_lanes=False,
    thorough=False,
    features=False,
)


class Standing(HardwareCounter):
    """Returns what a counting unit of a processor would: one sum over all images, without comparisons."""

    name = "standing_in"
    formula = Formula(
        "sum",
        "FLOPs of any kind",
        (Term("FLOPS", 0, ANY_WIDTH, 1),),
        frozenset({"compare", "select", "sign"}),
        frozenset(),
    )

    def candidates(self):
        return iter(())

    def why_not(self):
        return ""

    @contextmanager
    def measure(self):
        with COUNTERS["instrumented"].measure() as exact:
            counts = Counts(exact.call)
            yield counts
        seen = exact.own if exact.libm is None else exact.own + exact.libm
        # for a processor, a call of exp is a call, not an operation
        found = Retired({key: n for key, n in seen.operations.items() if key[0] not in ("exp", "pow")})
        counts.own = Retired({("flop", ANY_WIDTH): found.flops(compare=0)}, exact.own.instructions)

    def provenance(self):
        return {"counter": self.name}


@pytest.fixture(scope="module")
def run():
    with pytest.MonkeyPatch.context() as patch:
        # each of them is instrumented
        patch.setattr(selftest, "_TURNS_INEXACT", 1000)
        patch.setattr("spikecost.harness.measuring.measure.REPETITIONS", 2)
        patch.setitem(COUNTERS._items, Standing.name, Standing())
        yield sc.compare(SUITE.models, suite=SUITE).run


def test_it_stands_beside_what_is_counted(run):
    found = run.counters.set_index(["model", "method"])
    assert set(found["hardware_counter"].dropna()) == {"standing_in"}
    lif, hh = found.loc[("lif", "euler")], found.loc[("hodgkin_huxley", "euler")]
    # 2 add, 1 sub, 2 mul of a step by hand, without the comparison, which it does not count
    assert lif["hardware"] == 5
    assert hh["hardware"] > hh["counted"]  # it also counts the mathematics library
    assert (found["hardware_ratio"].dropna() == 1).all()
    assert run.about["no_hardware_count"] == ""


def test_it_is_a_cost_to_choose(run):
    points = run.points.query("method == 'euler'")
    step = run.counters.query("method == 'euler'").set_index("model")["hardware"]
    assert len(points) > 10
    assert points["hardware_per_ms"].to_numpy() == pytest.approx(
        points["model"].map(step).to_numpy() / points["dt_ms"].to_numpy()
    )
    assert run.points.query("method == 'dormand_prince'")["hardware_per_ms"].isna().all()  # it has no fixed step
    drawn = data(run)
    assert "hardware_per_ms" in drawn["costs"]
    assert sum(value is not None for value in drawn["tables"]["points"]["hardware_per_ms"]) == len(points)
    assert "the processor itself counts are not available" not in page(run)
    table = render(run, ["csv"])["points.csv"].decode().splitlines()
    assert "hardware_per_ms" in table[0].split(",")


def test_without_it_the_page_says_why(run):
    without = replace(
        run, points=run.points.assign(hardware_per_ms=np.nan), about={**run.about, "no_hardware_count": "perf: no PMU"}
    )
    assert re.search(r"not available: no counter\s+of the processor works here \(perf: no PMU\)", page(without))
