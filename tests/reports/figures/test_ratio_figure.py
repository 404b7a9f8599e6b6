"""The picture of cost ratios: lines that can be told apart, and the words for drives."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from spikecost.harness.stimuli import STIMULI
from spikecost.reports.figures.look import line_of
from spikecost.reports.figures.ratio_figure import cost_ratios
from spikecost.reports.tables.ratios import ANY, COLUMNS, GRID, cheapest_first
from spikecost.reports.writing.drives import called, panel_name, regime_text


def run_of(number):
    """Return a run of a baseline and as many other models; the last is the cheapest."""
    models = ["base", *(f"m{i}" for i in range(number))]
    rows = [
        {
            **dict.fromkeys(COLUMNS, ""),
            "view": view,
            "stimulus": stimulus,
            "horizon_ms": 1000.0,
            "level": "20 Hz",
            "tolerance": tolerance,
            "model": model,
            "ratio": 1.0 if model == "base" else 10.0 / (1 + i),
        }
        for i, model in enumerate(models)
        for view in (ANY, GRID)
        for stimulus in ("constant", "ornstein_uhlenbeck")
        for tolerance in (1.0, 0.1)
    ]
    return SimpleNamespace(models=models, baseline="base", ratios=pd.DataFrame(rows), about={})


@pytest.mark.parametrize("number", [3, 8, 9, 25, 60])
def test_lines_differ_by_more_than_colour_if_they_are_many(number):
    figure = cost_ratios(run_of(number))
    figure.draw_without_rendering()
    first, last = figure.axes
    assert [axis.get_title() for axis in (first, last)] == [
        "constant current, 20 Hz, 1 s",
        "fluctuating current, 20 Hz, 1 s",
    ]
    drawn = [
        (line.get_marker(), to_hex(line.get_color())) for line in last.lines if line.get_marker() not in ("", "None")
    ]
    looks = set(drawn)
    if number > 8:
        assert len({marker for marker, _ in looks}) == min(number, 14)
        # names at the ends, in the order of the lines, none over another
        names = [each.get_text() for each in last.texts]
        assert names == [f"m{i}" for i in range(number)]
        heights = [each.xyann[1] for each in last.texts]
        points = last.get_window_extent().height / figure.dpi * 72
        assert all((above - below) * points > 7 for above, below in itertools.pairwise(heights))
        assert [each.get_text() for each in figure.legends[0].get_texts()][:2] == [f"m{number - 1}", f"m{number - 2}"]
    else:
        assert {marker for marker, _ in looks} == {"o"}
        assert not last.texts
    assert not first.texts


def test_a_dashed_line_always_means_spikes_at_the_end_of_a_step():
    for detections in (["grid"], ["grid", "linear", "hermite", "dense"], ["linear", "grid"], ["hermite", "linear"]):
        lines = {each: line_of(each, detections) for each in detections}
        assert [each for each, line in lines.items() if line == "--"] == [each for each in detections if each == "grid"]
        assert len(set(lines.values())) == len(lines)


def test_the_cheapest_first():
    ratios = pd.DataFrame(
        [(ANY, "", "a", 4.0), (ANY, "", "a", 1.0), (ANY, "", "b", 1.9), (ANY, "", "b", 2.0), (GRID, "", "c", 0.1),
         (ANY, "not known", "d", 0.1)],
        columns=["view", "bound", "model", "ratio"],
    )  # fmt: skip
    # geometric means 2 and 1.95; c and d have no ratio with any detection
    assert cheapest_first(ratios, ["c", "a", "d", "b"]) == ["b", "a", "c", "d"]


def test_every_kind_of_drive_has_one_name():
    assert called("ornstein_uhlenbeck") == "fluctuating current (Ornstein-Uhlenbeck)"
    assert regime_text("ornstein_uhlenbeck", "5 Hz", 300.0) == "fluctuating current, 5 Hz, 0.3 s"
    assert called("of_mine") == "of mine"
    names = [panel_name(kind) for kind in STIMULI]
    assert len(set(names)) == len(names)
    assert all(called(kind).startswith(panel_name(kind)) for kind in STIMULI)
