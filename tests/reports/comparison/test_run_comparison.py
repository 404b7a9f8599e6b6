"""``spikecost compare``: what changed, and by how much, with intervals."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from spikecost.models.ground.errors import UserError
from spikecost.reports.comparison.run_comparison import CASE, compare_runs


def changed(run, **frames):
    return dataclasses.replace(run, **frames)


def test_a_run_is_the_same_as_itself(small_run):
    found = compare_runs(small_run, small_run)
    assert not len(found.changed)
    assert not len(found.apart)
    assert (found.summary["differ"] == 0).all()
    assert (found.cells[["ratio", "low", "high"]] == 1).to_numpy()[found.cells["figure"] != "scalar"].any()
    assert found.text.startswith("Nothing changed: suite, models, machine and installation are the same.")


def test_what_changed_comes_first(small_run):
    about = json.loads(json.dumps(small_run.about))
    about["models"]["lif"]["content"] = "0" * 64
    about["suite"]["trials"] = 5
    other = changed(small_run, about=about, provenance={**small_run.provenance, "compiler": "other 1.0", "numpy": "9"})
    found = compare_runs(small_run, other)
    assert list(found.changed["what"]) == ["model: lif", "suite: trials", "machine: compiler", "machine: numpy"]
    row = found.changed.set_index("what").loc["machine: compiler"]
    assert tuple(row) == (small_run.provenance["compiler"], "other 1.0")
    assert found.text.splitlines()[0].startswith("What changed")


def test_ratios_are_the_second_over_the_first_stimuli_paired(small_run):
    factors = np.where(small_run.by_stimulus["trial"] == 0, 4.0, 1.0)
    frame = small_run.by_stimulus.assign(flops_per_ms=small_run.by_stimulus["flops_per_ms"] * factors)
    cells = compare_runs(small_run, changed(small_run, by_stimulus=frame)).cells
    flops = cells[cells["figure"] == "flops_per_ms"]
    # three stimuli, one of them four times as expensive: the geometric mean of 4, 1 and 1; resamples reach from 1 to 4
    assert list(flops["ratio"]) == pytest.approx([4 ** (1 / 3)] * len(flops))
    assert (flops["low"] == 1).all()
    assert list(flops["high"]) == pytest.approx([4] * len(flops))


def test_times_are_compared_repeat_by_repeat_no_more(small_run):
    slower = small_run.timings.assign(ns_per_ms=small_run.timings["ns_per_ms"] * 2)
    found = compare_runs(small_run, changed(small_run, timings=slower))
    times = found.summary[found.summary["figure"].str.startswith("ns")]
    assert list(times["ratio"]) == pytest.approx([2, 2])
    assert (times["cells"] == times["differ"]).all()
    assert (found.summary.loc[~found.summary.index.isin(times.index), "differ"] == 0).all()


def test_cells_with_a_number_in_one_run_alone(small_run):
    lost = small_run.table.copy()
    row = lost.index[lost["flops_per_ms"].notna()][0]
    lost.loc[row, ["status", "flops_per_ms"]] = ["not reached", np.nan]
    found = compare_runs(small_run, changed(small_run, table=lost))
    assert list(found.apart["status_second"]) == ["not reached"]
    fewer = compare_runs(small_run, changed(small_run, table=small_run.table[small_run.table["model"] != "lif"]))
    assert set(fewer.apart["model"]) == {"lif"}
    assert set(fewer.apart["status_second"]) == {"not run"}


def test_runs_without_a_common_cell(small_run):
    other = small_run.table.assign(level="7 Hz")
    with pytest.raises(UserError, match="no case in common"):
        compare_runs(small_run, changed(small_run, table=other))


def test_json_has_all_of_it(small_run):
    found = compare_runs(small_run, small_run).to_json()
    assert set(found) == {"changed", "summary", "cells", "apart"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_what_was_not_run_is_one_line(small_run):
    table = small_run.table
    without = changed(small_run, table=table[(table["model"] != "lif") & (table["detection"] != "grid")])
    found = compare_runs(small_run, without)
    lines = [line for line in found.text.splitlines() if "not run in the second" in line]
    cases = table[table["flops_per_ms"].notna() & ((table["model"] == "lif") | (table["detection"] == "grid"))]
    assert len(lines) == 1
    assert lines[0].startswith(f"{len(cases)} cases with a number in the first run not run in the second: ")
    assert "With a number in only one run" not in found.text
    assert len(compare_runs(without, small_run).not_run) == 1
    alone = compare_runs(small_run, changed(small_run, table=table[table["model"] != "lif"])).not_run
    assert len(alone) == 1


@pytest.mark.parametrize(
    ("spread", "slower", "says"),
    [(0.2, 1.0, "within the noise"), (0.01, 1.5, "beyond the noise"), (0.0, 1.0, "the same")],
)
def test_differences_of_times_within_the_noise_are_said(small_run, spread, slower, says):
    rng = np.random.default_rng(1)

    def timed(factor):
        rows = small_run.timings[small_run.timings["build"] == "scalar"].drop_duplicates(CASE)
        rows = pd.concat([rows.assign(repeat=repeat) for repeat in range(10)], ignore_index=True)
        noise = np.exp(spread * rng.standard_normal(len(rows)))
        return changed(small_run, timings=rows.assign(ns_per_ms=rows["ns_per_ms"] * factor * noise))

    found = compare_runs(timed(1.0), timed(slower)).summary
    said = found.loc[found["figure"].str.startswith("ns"), "says"].iloc[0]
    assert says in said
    # counts have no noise
    assert set(found.loc[~found["figure"].str.startswith("ns"), "says"]) == {"the same"}
