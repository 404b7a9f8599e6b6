"""Times that cannot be trusted say so beside the number."""

import dataclasses
import io
import json

import numpy as np
import pandas as pd
import pytest
from brian2 import Hz, ms

from spikecost.reports.comparison.formats import render
from spikecost.reports.comparison.recommendation.recommend import recommend
from spikecost.reports.comparison.rendering import render as render_folder
from spikecost.reports.comparison.run_comparison import compare_runs
from spikecost.reports.figures.figure import RINGED, time_precision
from spikecost.reports.page.embedded import data
from spikecost.reports.tables.repeats import with_notes
from spikecost.reports.writing.numbers import as_said
from spikecost.reports.writing.text import frame


def timed(run, change):
    """Return the run with steady times, three of each case, except for what `change` does with the first case."""
    first = run.cheapest.iloc[0]
    names = ["model", "method", "detection", "stimulus", "horizon_ms", "level", "measure", "tolerance"]
    rows = run.timings.groupby([*names, "build"], sort=False).head(1)
    rows = rows.loc[rows.index.repeat(3)].reset_index(drop=True)
    rows = rows.assign(repeat=np.arange(len(rows)) % 3, calibrations_per_ms=rows["ns_per_ms"] / 1000)
    own = (rows[names] == first[names]).all(axis=1)
    assert own.any()
    change(rows, own)
    return dataclasses.replace(run, timings=rows, table=with_notes(run.table, rows))


def steady(rows, own):
    pass


def widely_spread(rows, own):
    factor = np.where(rows["repeat"] == 2, 1.5, 1.0)
    rows.loc[own, ["ns_per_ms", "calibrations_per_ms"]] = rows.loc[own, ["ns_per_ms", "calibrations_per_ms"]].mul(
        factor[own], axis=0
    )


def busy(rows, own):
    """All runs of the case took twice as long, and so did the fixed piece of work."""
    rows.loc[own, "ns_per_ms"] *= 2


@pytest.mark.parametrize(("change", "note"), [(steady, ""), (widely_spread, "spread 50 %"), (busy, "machine busy")])
def test_a_time_that_cannot_be_trusted_has_a_note(small_run, change, note):
    run = timed(small_run, change)
    assert run.cheapest["ns_per_ms_note"].iloc[0] == note
    assert set(run.cheapest["ns_per_ms_note"].iloc[1:]) == {""}
    said = as_said(run.cheapest)
    assert said["ns_per_ms"].iloc[0].endswith(f" ({note})" if note else said["ns_per_ms"].iloc[0])
    assert not [name for name in said if name.endswith("_note")]
    # wherever the number is shown
    if not note:
        assert "machine busy" not in run.text
        assert "spread" not in run.text
    else:
        assert note in run.text
        assert note in render(run, ["md"])["tables.md"].decode().replace("\\", "")
        assert note in frame("", said)
    written = [render(run, ["csv"])["table.csv"], render_folder(run)["table.csv"]]
    tables = [pd.read_csv(io.BytesIO(content), keep_default_na=False) for content in written]
    tables.append(pd.DataFrame(json.loads(render(run, ["json"])["run.json"])["table"]))
    for table in tables:
        assert set(table["ns_per_ms_note"]) == {"", note}
    embedded = data(run)["tables"]
    for name in ("table", "timed"):
        assert set(embedded[name]["ns_per_ms_note"]) == {"", note}
    slower = dataclasses.replace(run, timings=run.timings.assign(ns_per_ms=run.timings["ns_per_ms"] * 2))
    compared = compare_runs(run, slower)
    notes = compared.cells.set_index("figure")["note"]
    assert set(notes["scalar"]) == {"", f"first {note}; second {note}"} if note else {""}
    assert ("1 with times that cannot be trusted" in compared.text.replace("\n", " ")) == bool(note)


@pytest.mark.parametrize(
    ("largest", "note"), [(1.251, "spread 25 %"), (1.5, "spread 50 %"), (3.0, "spread 200 %"), (30.0, "spread 2900 %")]
)
def test_a_spread_is_a_plain_number(small_run, largest, note):
    def spread(rows, own):
        factor = np.where(rows["repeat"] == 2, largest, 1.0)[own]
        names = ["ns_per_ms", "calibrations_per_ms"]
        rows.loc[own, names] = rows.loc[own, names].mul(factor, axis=0)

    run = timed(small_run, spread)
    assert with_notes(run.cheapest, run.timings)["ns_per_ms_note"].iloc[0] == note


def ringed(figure):
    """The times in rings, and whether the legend says what a ring means."""
    legend = [each.get_text() for each in figure.legends[0].get_texts()]
    rings = [line for axis in figure.axes for line in axis.lines if line.get_markersize() > 10]
    return sorted(x for ring in rings for x in ring.get_xdata()), RINGED in legend


@pytest.mark.parametrize(("change", "note"), [(steady, ""), (widely_spread, "spread 50 %")])
def test_a_time_that_cannot_be_trusted_is_ringed_in_the_figure_of_times(small_run, change, note):
    run = timed(small_run, change)
    first = run.cheapest.iloc[0]
    # the fastest of its situation, so that it is drawn
    names = ["model", "method", "detection", "engine", "stimulus", "level", "tolerance"]
    own = (run.table[names] == first[names]).all(axis=1)
    assert own.sum() == 1
    table = run.table.assign(ns_per_ms=run.table["ns_per_ms"].mask(own, run.table["ns_per_ms"].min() / 2))
    times, said = ringed(time_precision(dataclasses.replace(run, table=table)))
    drawn_twice = 2 if first["detection"] == "grid" else 1
    assert times == pytest.approx([table["ns_per_ms"].min()] * drawn_twice if note else [])
    assert said == bool(note)


@pytest.mark.parametrize(("change", "note"), [(steady, ""), (widely_spread, "spread 50 %")])
def test_a_recommendation_has_the_note(small_run, change, note):
    run = timed(small_run, change)
    first = run.cheapest.iloc[0]
    rate, tolerance = float(first["level"].removesuffix(" Hz")) * Hz, first["tolerance"] * ms
    # at its largest dt, the one that was timed
    run = dataclasses.replace(run, table=run.table.assign(round_dt_ms=np.nan))
    choice = recommend(rate, tolerance, run=run, models=[first["model"]]).to_json()["choice"]
    assert choice["ns_per_ms"] == first["ns_per_ms"]
    assert choice["ns_per_ms_note"] == note
