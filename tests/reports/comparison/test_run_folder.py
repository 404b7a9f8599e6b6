"""The folder of a run: reading returns the results of the run; an incomplete folder is refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import spikecost as sc
from spikecost.accuracy.study.intervals import interval
from spikecost.flops.operations import count_step
from spikecost.harness.measuring.roofline import bound, peaks
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step
from spikecost.reports.comparison.files_of_run import ABOUT, VERSION
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.writing.files import replace_all

from ..conftest import SUITE


@pytest.fixture
def copy(small_run, tmp_path):
    small_run.write(tmp_path)
    return tmp_path


def test_what_is_read_is_what_was_found(small_folder, small_run):
    read = RunFolder.read(small_folder)
    assert read.about == small_run.about
    assert read.provenance == small_run.provenance
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(read, name), getattr(small_run, name), check_dtype=False)
    pd.testing.assert_frame_equal(read.cheapest, small_run.cheapest, check_dtype=False)
    pd.testing.assert_frame_equal(read.verdict, small_run.verdict, check_dtype=False)
    assert (read.baseline, read.models) == ("izhikevich:RS", ["lif", "izhikevich:RS"])
    assert read.measures == ["maximum", "voltage_rms", "rms", "mean", "drift", "gamma_2ms"]


def test_features_and_demos_are_read_back(looked_at, tmp_path):
    looked_at.write(tmp_path)
    read = RunFolder.read(tmp_path)
    assert read.demos["artefact_from_ms"].dropna().tolist() == [0.25, 0.1, 0.5]
    for name in ("features", "demos"):
        pd.testing.assert_frame_equal(getattr(read, name), getattr(looked_at, name), check_dtype=False)


def test_what_is_said_about_a_run_is_what_is_asked_for(small_run):
    assert sorted(small_run.about) == sorted(ABOUT)


def test_nothing_else_lies_in_the_folder(small_folder):
    hidden = [path.name for path in small_folder.iterdir() if path.name.startswith(".")]
    assert hidden == []
    manifest = json.loads((small_folder / "run.json").read_text())
    there = {str(path.relative_to(small_folder)) for path in small_folder.rglob("*") if path.is_file()}
    assert {f"data/{name}.parquet" for name in TABLES} | {"provenance.json", "table.csv", "index.html"} <= there
    assert set(manifest["files"]) == there - {"run.json"}


def test_the_stimuli_of_a_case_give_its_row(small_run):
    keys = ["model", "method", "detection", "level", "tolerance"]
    stimuli = small_run.by_stimulus.groupby(keys)
    reached = small_run.table[small_run.table["flops_per_ms"].notna()].set_index(keys)
    assert len(reached)
    for key, row in reached.iterrows():
        each = stimuli.get_group(key)
        assert list(each["trial"]) == [0, 1, 2]
        assert row["flops_per_ms"] == pytest.approx(interval(list(each["flops_per_ms"])).mean)
        assert row["error_ms"] == each["error_ms"].max()
        assert each["own_dt_ms"].min() >= row["dt_ms"]
        assert each["own_dt_ms"].median() == row["dt_median_of_trials"]
    timed = small_run.timings.query("build == 'scalar'").groupby(keys)["ns_per_ms"]
    assert (timed.size() == 2).all()
    assert timed.median().to_dict() == pytest.approx(reached["ns_per_ms"].to_dict())


def test_kernels_in_lanes_are_compared_with_the_peaks_of_the_processor(small_run):
    timed = small_run.table[small_run.table["ns_per_ms_simd"].notna()]
    assert (small_run.table["peak_share"].notna() == small_run.table["ns_per_ms_simd"].notna()).all()
    assert timed["peak_share"].between(0, 2, inclusive="neither").all()
    # the shortest time of a step is that of its operations, whatever dt
    shortest = timed.assign(step=timed["peak_share"] * timed["ns_per_ms_simd"] * timed["dt_ms"])
    for (model, method, detection), rows in shortest.groupby(["model", "method", "detection"]):
        known = bound(count_step(make_step(model, method, detection)).as_run, peaks())
        assert rows["step"].to_numpy() == pytest.approx(known)


def test_the_kinds_of_a_case_add_up(small_run):
    # Izhikevich, forward Euler, grid: 5 add, 2 sub, 7 mul, 1 compare per step, 1 add per spike
    cases = small_run.by_kind.query("model == 'izhikevich:RS' and method == 'euler' and detection == 'grid'")
    for _, case in cases.groupby(["level", "tolerance"]):
        kinds = case.set_index("kind")["per_ms"]
        assert kinds["mul"] / kinds["compare"] == pytest.approx(7)
        assert kinds["sub"] / kinds["compare"] == pytest.approx(2)
        assert 5 < kinds["add"] / kinds["compare"] < 5.1
    step = small_run.operations.query("model == 'izhikevich:RS' and method == 'euler' and detection == 'grid'")
    parts = step.set_index(["part", "kind"])["operations"]
    assert dict(parts["step"]) == {"add": 5, "sub": 2, "mul": 7, "compare": 1}
    assert dict(parts["spike"]) == {"add": 1}
    # the kinds of a stimulus add up to all its operations: the sums differ only by the kind of mean
    sums = small_run.by_kind.groupby(["model", "method", "detection", "level", "tolerance"])["per_ms"].sum()
    means = small_run.by_stimulus.groupby(sums.index.names)["flops_per_ms"].mean().to_dict()
    assert sums.to_dict() == pytest.approx({key: means[key] for key in sums.index})


def test_counted_equals_retired_kind_by_kind(small_run):
    parity = small_run.parity.query("model == 'izhikevich:RS' and method == 'euler'").set_index("kind")
    assert parity.loc["mul", "counted"] == parity.loc["mul", "retired"] == 7
    assert set(small_run.parity["method"]) == {"euler", "rk4"}


def test_costs_of_a_point(small_run):
    points = small_run.points.query("model == 'izhikevich:RS' and method == 'euler' and detection == 'grid'")
    # 7 add and sub and 1 compare at 0.9 pJ, 7 mul at 3.7 pJ; a spike needs one more addition
    spikes = points["flops_per_ms"] - 15 / points["dt_ms"]
    assert (spikes.abs() < 0.2).all()
    expected = (8 * 0.9 + 7 * 3.7) / points["dt_ms"] + 0.9 * spikes
    assert points["energy45nm_per_ms"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)
    assert points["instrumented_per_ms"].to_numpy() == pytest.approx(points["flops_per_ms"].to_numpy())
    # counters do not see the choice between two values, which is part of locating a crossing
    elsewhere = small_run.points.query("model == 'izhikevich:RS' and detection == 'hermite' and failed == 0")
    found = elsewhere["instrumented_per_ms"] / elsewhere["flops_per_ms"]
    assert len(found) > 20
    assert found.between(0.9, 1).all()
    assert (found < 1).any()


def test_errors_of_a_point(small_run):
    points = small_run.points
    whole = points[points["error_ms"].notna()]
    assert (whole["rms"] <= whole["error_ms"] * (1 + 1e-12)).all()
    assert (whole["mean"].abs() <= whole["rms"] * (1 + 1e-12)).all()
    # on its way to the threshold LIF slows down, which forward Euler sees one step late: each spike is earlier by more
    early = whole.query("model == 'lif' and method == 'euler' and detection == 'hermite'")
    assert len(early) > 3
    assert (early[["mean", "drift"]] < 0).all(axis=None)
    # if a spike is missing, the differences of the others are not errors
    assert points.loc[points["error_ms"].isna(), ["rms", "mean", "drift"]].isna().all(axis=None)
    assert points["gamma_2ms"].notna().sum() > len(whole)


def test_a_step_and_a_spike_apart(small_run):
    found = small_run.step_and_spike.set_index(["model", "method", "detection"])
    assert len(found) == 8
    assert (found["counter"] == "instrumented").all()
    assert (found["reason"] == "").all()
    assert (found["instrumented_step"] == found["counted_step"]).all()
    assert (found["instrumented_spike"] == found["counted_spike"]).all()
    # by hand: u += d
    by_hand = found.loc[("izhikevich:RS", "euler", "grid"), ["instrumented_step", "instrumented_spike"]]
    assert by_hand.tolist() == [15, 1]
    # after a spike the rest of the step is computed again: 15 operations and more
    assert found.loc[("izhikevich:RS", "euler", "hermite"), "instrumented_spike"] > 16


def test_what_compare_returns_is_what_a_folder_holds(small_comparison, tmp_path):
    assert isinstance(small_comparison, RunFolder)
    small_comparison.write(tmp_path)
    again = RunFolder.read(tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(small_comparison, name), check_dtype=False)
    assert small_comparison.study.cases
    with pytest.raises(UserError, match="no study"):
        _ = again.study


def test_a_run_without_witnesses_has_the_same_costs(small_run):
    alone = sc.compare(SUITE.models, suite=replace(SUITE, witnessed=False)).run
    timed = [name for name in small_run.table if name.startswith("ns_per_ms")] + ["peak_share"]
    pd.testing.assert_frame_equal(alone.table.drop(columns=timed), small_run.table.drop(columns=timed))
    pd.testing.assert_frame_equal(alone.ranking, small_run.ranking)
    for name in ("counters", "step_and_spike", "timings", "spikes", "voltages"):
        assert len(getattr(alone, name)) == 0


def test_recorded_spikes_are_those_that_were_judged(small_run):
    keys = ["model", "method", "detection", "level", "tolerance"]
    reference = {
        key: group["time_ms"].to_numpy()
        for key, group in small_run.spikes[small_run.spikes["method"] == ""].groupby(["model", "level"])
    }
    first = small_run.by_stimulus[(small_run.by_stimulus["trial"] == 0) & small_run.by_stimulus["flops_per_ms"].notna()]
    assert len(first)
    found = small_run.spikes[small_run.spikes["method"] != ""].groupby(keys)["time_ms"]
    for _, row in first.iterrows():
        times = found.get_group(tuple(row[keys])).to_numpy()
        right = reference[row["model"], row["level"]][: int(row["spikes"])]
        assert np.abs(times[: len(right)] - right).max() == pytest.approx(row["error_ms"], rel=1e-9, abs=1e-12)


def test_recorded_voltages_are_near_the_reference(small_run):
    voltages = small_run.voltages
    assert voltages["voltage"].notna().all()
    keys = ["model", "level"]
    reference = voltages[voltages["method"] == ""].groupby(keys)
    spikes = small_run.spikes[small_run.spikes["method"] == ""].groupby(keys)["time_ms"]
    compared = 0
    for (model, level, *_), case in voltages[voltages["method"] != ""].groupby(
        [*keys, "method", "detection", "tolerance"]
    ):
        right = reference.get_group((model, level))
        assert case["time_ms"].min() >= right["time_ms"].min() - 5
        assert case["time_ms"].max() <= right["time_ms"].max() + 1e-9
        # away from spikes, because close to a spike the voltage changes within a millisecond
        apart = np.abs(case["time_ms"].to_numpy()[:, None] - spikes.get_group((model, level)).to_numpy()).min(axis=1)
        far = case[apart > 4]
        expected = np.interp(far["time_ms"], right["time_ms"], right["voltage"])
        assert (np.abs(far["voltage"] - expected) < 3).all()
        compared += len(far)
    assert compared > 500


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda folder: (folder / "run.json").unlink(),
            "the folder .* is incomplete: it has no run.json; give one that `spikecost run --out` wrote",
        ),
        (
            lambda folder: (folder / "data" / "points.parquet").unlink(),
            "the run .* is incomplete: data/points.parquet: No such file or directory; run it again",
        ),
        (
            lambda folder: (folder / "data" / "points.parquet").write_bytes(b"PAR1"),
            "the run .* was changed after it was written: data/points.parquet differs; run it again",
        ),
        (lambda folder: (folder / "run.json").write_text("{"), "cannot read .*run.json: Expecting property name"),
        (lambda folder: (folder / "run.json").write_text("[]"), "cannot read .*run.json: .*; give a folder that"),
        (
            lambda folder: edit(folder, version=VERSION + 1),
            f"is of format version {VERSION + 1}, this spikecost reads version {VERSION}; run it again",
        ),
        (
            lambda folder: edit(folder, format="other"),
            "cannot read .*run.json: it is not of a run of spikecost; give a folder",
        ),
        (lambda folder: edit(folder, files={}), "is incomplete: run.json does not list provenance.json; run it again"),
        (lambda folder: edit(folder, about={}), "is incomplete: run.json does not say made; run it again"),
        (lambda folder: edit(folder, files=None), "is incomplete: run.json lists no files; run it again"),
    ],
)
def test_a_run_that_is_not_whole_is_refused_in_one_line(copy, harm, message):
    harm(copy)
    with pytest.raises(sc.UserError, match=message) as refused:
        RunFolder.read(copy)
    assert "\n" not in str(refused.value)


def edit(folder, **changes):
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(sc.UserError, match=r"is not a run: it has no run.json"):
        RunFolder.read(tmp_path)
    with pytest.raises(sc.UserError, match=r"there is no folder .*nowhere; give one that `spikecost run --out` wrote"):
        RunFolder.read(tmp_path / "nowhere")


def test_where_an_interrupted_run_is_is_said(small_run, tmp_path):
    small_run.write(tmp_path / "interrupted")
    with pytest.raises(sc.UserError, match=r"no run.json; what an interrupted run finished is in .*/interrupted$"):
        RunFolder.read(tmp_path)
    assert len(RunFolder.read(tmp_path / "interrupted").table)


def test_a_run_that_was_broken_off_while_writing_is_no_run(copy, small_run, monkeypatch):
    # the first file is moved into place, then the process ends
    def ends(_path, _target):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", ends)
    with pytest.raises(KeyboardInterrupt):
        small_run.write(copy)
    with pytest.raises(sc.UserError, match=r"is incomplete: it has no run.json"):
        RunFolder.read(copy)


KILLED = """
import os, signal, sys
from pathlib import Path
from spikecost.reports.writing.files import replace_all

move, moved = Path.replace, []

def replace(self, target):
    moved.append(target)
    if len(moved) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return move(self, target)

Path.replace = replace
replace_all(Path(sys.argv[1]), {"data/a": b"new", "data/b": b"new"}, "run.json", b"new")
"""


@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_process_that_is_killed_leaves_no_folder_that_seems_whole(tmp_path, when):
    files = {"data/a": b"old", "data/b": b"old"}
    replace_all(tmp_path, files, "run.json", b"old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(when)], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(UserError, match=r"is incomplete: it has no run\.json"):
        RunFolder.read(tmp_path)
    replace_all(tmp_path, files, "run.json", b"old")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "run.json"]  # the temporary files are gone, too


@pytest.mark.parametrize("name", [".2024", ".4194999", ".spikecost-another-machine-4194999"])
def test_only_what_was_written_aside_here_is_taken_away(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "kept").write_text("mine")
    replace_all(tmp_path, {"data/a": b"new"}, "run.json", b"new")
    assert (tmp_path / name / "kept").read_text() == "mine"
