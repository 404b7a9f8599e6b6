"""The answer of a run is made from its numbers."""

import itertools

import pandas as pd
import pytest

from spikecost.reports.results.headline import between, costs, factors, sentences, two_digits, what_decides
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
        (lambda stimulus, **_: 30.0 if stimulus == "constant" else 2.0, "the drive", 15),
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
    assert said[1].startswith("hh is cheaper than izh only under constant current, 100 Hz, ")
    assert FLUCTUATING not in said[1]
    other = what_decides(table(lambda **of: 1 / crossing(**of)), ABOUT)[1]
    assert other.startswith("hh is more expensive than izh only under constant current, 100 Hz, ")
    assert len(what_decides(table(lambda **_: 2.0), ABOUT)) == 1


def test_ranges_show_bounds_and_leave_out_what_is_not_known():
    def row(ratio, bound=""):
        return {"ratio": ratio, "bound": bound}

    assert between([]) == ""
    assert between([row(3, "not known")]) == ""
    assert between([row(3.01), row(3.04)]) == "3.0"
    assert between([row(0.02, "at most"), row(12, "at least"), row(1)]) == "\u2264 0.020 to \u2265 12"
    assert [two_digits(value) for value in (0.0213, 0.5, 1.26, 12.6, 118, 99.9)] == [
        "0.021", "0.50", "1.3", "13", "120", "100",
    ]  # fmt: skip
