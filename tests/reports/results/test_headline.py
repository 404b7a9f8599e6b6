"""The answer of a run is made from its numbers."""

import itertools

import pandas as pd
import pytest

from spikecost.reports.results.headline import between, costs, factors, not_reached, sentences, two_digits, what_decides
from spikecost.reports.tables.ratios import ANY, COLUMNS, GRID

ABOUT = {
    "baseline": "izh",
    "criteria": [{"measure": "maximum", "tolerance": value, "unit": "ms"} for value in (1.0, 0.1)],
}
FLUCTUATING = "fluctuating current (Ornstein-Uhlenbeck)"
REGIMES = (("ornstein_uhlenbeck", "5 Hz"), ("ornstein_uhlenbeck", "20 Hz"), ("constant", "100 Hz"))


def table(ratio, bound=lambda **_: ""):
    """Return a table of ratios of model `hh` to `izh`, at the tolerances 1, 0.3 (of the map only) and 0.1."""
    rows = []
    for view, (stimulus, level), tolerance in itertools.product((GRID, ANY), REGIMES, (1.0, 0.3, 0.1)):
        where = {"view": view, "stimulus": stimulus, "level": level, "tolerance": tolerance}
        value = ratio(**where)
        if value is not None:
            more = {"horizon_ms": 1000.0, "measure": "maximum", "low": 0.9 * value, "high": 1.1 * value}
            rows.append({**where, **more, "model": "hh", "ratio": value, "bound": bound(**where)})
            rows.append({**where, **more, "model": "izh", "ratio": 1.0, "bound": ""})
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def crossing(view, stimulus, tolerance, **_):
    """Cheaper under a constant current with spikes on the grid, otherwise more expensive."""
    return (0.2 if view == GRID else 5.0) if stimulus == "constant" else (3.0 if tolerance == 1 else 6.0)


def test_costs_are_the_range_over_rates_and_tolerances_of_the_suite():
    found = costs(table(crossing), ABOUT, ["izh", "hh"])
    assert [(each.drive, each.view, each.text, each.limit) for each in found] == [
        (f"{FLUCTUATING}, 5 and 20 Hz", GRID, "3.0 to 6.0", ""),
        (f"{FLUCTUATING}, 5 and 20 Hz", ANY, "3.0 to 6.0", ""),
        ("constant current, 100 Hz", GRID, "0.20", ""),
        ("constant current, 100 Hz", ANY, "5.0", ""),
    ]


def test_a_limit_is_said():
    def ratio(view, level, tolerance, **_):
        return None if view == GRID and (tolerance < 0.3 or level == "20 Hz") else 2.0

    found = costs(table(ratio), ABOUT, ["izh", "hh"])
    assert [each.limit for each in found] == ["down to 0.30 ms, not at 20 Hz", "", "down to 0.30 ms", ""]
    assert "2.0 times with spikes at the end of a step (down to 0.30 ms)" in sentences(table(ratio), ABOUT, ["hh"])[1]


def test_a_tolerance_that_no_model_reaches_is_a_limit_too():
    strict = {**ABOUT, "criteria": [*ABOUT["criteria"], {"measure": "maximum", "tolerance": 0.01, "unit": "ms"}]}
    found = costs(table(lambda **_: 2.0), strict, ["izh", "hh"])
    assert {each.limit for each in found} == {"down to 0.10 ms"}
    # what the map has below the strictest tolerance with a ratio counts as well
    below = table(lambda tolerance, **_: {1.0: 2.0, 0.3: 2.0, 0.1: 8.0}[tolerance])
    below.loc[below["tolerance"] == 0.1, "tolerance"] = 0.03
    assert {each.text for each in costs(below, strict, ["izh", "hh"])} == {"2.0 to 8.0"}
    none = {**ABOUT, "criteria": [{"measure": "rms", "tolerance": 0.1, "unit": "ms"}]}
    assert costs(below, none, ["izh", "hh"]) == what_decides(below, none) == []


def two_horizons(ratio):
    """Return a table with a second horizon, of 10 s, whose ratios are those of another function."""
    longer = table(ratio).assign(horizon_ms=10_000.0)
    return pd.concat([table(crossing), longer], ignore_index=True)


def test_horizons_are_told_apart():
    said = what_decides(two_horizons(lambda **_: 9.0), ABOUT)[1]
    assert "constant current over 1 s at 100 Hz " in said
    assert "10 s" not in said
    rows = [
        {
            "model": "hh", "engine": "spikecost", "stimulus": "constant", "horizon_ms": horizon, "level": level,
            "measure": "maximum",
            "tolerance": tolerance, "detection": "grid",
            "flops_per_ms": 5.0 if horizon == 1000 or tolerance == 1 else float("nan"),
        }
        for horizon, level, tolerance in itertools.product((1000.0, 10_000.0), ("50 Hz", "100 Hz"), (1.0, 0.1))
    ]  # fmt: skip
    tried = pd.DataFrame(rows).assign(dt_ms=0.002)
    (said,) = not_reached(tried, tried, ABOUT)
    assert "does not reach 0.1 ms under constant current, 50 and 100 Hz, 10 s, down to dt = 0.002 ms" in said


def test_sentences_say_both_drives_and_both_views():
    first, second = sentences(table(crossing), ABOUT, ["izh", "hh"])
    assert FLUCTUATING in first
    assert first.count("3.0 to 6.0 times") == 2
    assert "constant current, 100 Hz" in second
    assert "hh costs 0.20 times" in second
    assert "5.0 times" in second
    nothing = table(crossing).iloc[:0]
    assert sentences(nothing, ABOUT, ["izh", "hh"]) == what_decides(nothing, ABOUT) == []


@pytest.mark.parametrize(
    ("ratio", "largest", "times"),
    [
        (lambda view, **_: 2.0 if view == GRID else 14.0, "how spikes are detected", 7),
        (lambda stimulus, **_: 30.0 if stimulus == "constant" else 2.0, "the drive and its rate", 15),
        (lambda tolerance, **_: {1.0: 2.0, 0.3: 3.0, 0.1: 8.0}[tolerance], "the tolerance", 4),
    ],
)
def test_what_decides_is_what_changes_the_ratio_most(ratio, largest, times):
    first, *others = factors(table(ratio), ABOUT)
    assert (first.what, first.times) == (largest, pytest.approx(times))
    assert [each.times for each in others] == pytest.approx([1, 1])
    assert f"most on {largest} (up to {two_digits(times)} times)" in what_decides(table(ratio), ABOUT)[0]


def test_bounds_do_not_decide():
    bound = table(lambda view, **_: 2.0 if view == GRID else 14.0, lambda view, **_: "at most" if view == ANY else "")
    assert all(each.times == pytest.approx(1) for each in factors(bound, ABOUT))


def test_where_the_order_changes_is_said():
    said = what_decides(table(crossing), ABOUT)
    assert len(said) == 2
    assert said[1].startswith("hh is certainly cheaper than izh only with spikes at the end of a step: under constant ")
    assert said[1].endswith("at 100 Hz for errors of 0.10 to 1.0 ms.")
    assert FLUCTUATING not in said[1]
    other = what_decides(table(lambda **of: 1 / crossing(**of)), ABOUT)[1]
    assert other.startswith("hh is certainly more expensive than izh only with ")
    assert len(what_decides(table(lambda **_: 2.0), ABOUT)) == 1


def test_ranges_show_bounds_and_leave_out_what_is_not_known():
    def row(ratio, bound=""):
        return {"ratio": ratio, "bound": bound}

    assert between([]) == ""
    assert between([row(3, "not known")]) == ""
    assert between([row(3.01), row(3.04)]) == "3.0"
    assert between([row(0.02, "at most"), row(12, "at least"), row(1)]) == "\u2264 0.020 to \u2265 12"
    # a ratio that is at least 2 may be larger than 5; one that is at most 2 may be smaller than 0.5
    assert between([row(2, "at least"), row(5)]) == "\u2265 2.0 to \u2265 5.0"
    assert between([row(0.5), row(2, "at most")]) == "\u2264 0.50 to \u2264 2.0"
    assert between([row(5, "at least"), row(2)]) == "2.0 to \u2265 5.0"
    assert between([row(2, "at least")]) == "\u2265 2.0"
    assert [two_digits(value) for value in (0.0213, 0.5, 1.26, 12.6, 118, 99.9)] == [
        "0.021", "0.50", "1.3", "13", "120", "100",
    ]  # fmt: skip
