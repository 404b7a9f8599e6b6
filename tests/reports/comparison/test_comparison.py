import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from brian2 import Hz, ms, mV, second

import spikecost as sc
from spikecost.accuracy.study import ahead
from spikecost.accuracy.study.cost import cost
from spikecost.accuracy.study.phases import measuring
from spikecost.accuracy.study.suite import Suite
from spikecost.harness.engines.brian2_operations import Executed
from spikecost.models.methods import METHODS
from spikecost.reports.tables.table import COLUMNS

from ...archetypes import choose

SUITE = Suite(
    methods=("euler", "rk4", "exponential_euler"),
    detections=("grid", "hermite"),
    rates=(50.0, 100.0),
    tolerances=(1.0,),
    horizons=(300.0,),
    trials=3,
    per_decade=6,
    repeats=1,
    thorough=False,
    features=False,
)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def comparison():
    return sc.compare(["lif", "izhikevich", "hodgkin_huxley"], suite=SUITE)


def test_the_table_has_every_case(comparison):
    table = comparison.table
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 3 * 3 * 2 * 2
    assert set(table["status"]) <= {"reached", "at least", "not reached", "not applicable", "rate not reachable"}
    failed = table[~table["status"].isin(["reached", "at least"])]
    assert (failed["reason"] != "").all()
    assert failed["flops_per_ms"].isna().all()
    reached = table[table["status"] == "reached"]
    assert (reached["error_ms"] <= reached["tolerance"]).all()
    assert (reached["fails_at_dt_ms"] > reached["dt_ms"]).all()
    assert (reached["dt_median_of_trials"] >= reached["dt_ms"]).all()
    assert (reached["checked_down_to_dt_ms"] <= reached["dt_ms"]).all()
    assert (reached["checked_settings"] >= 19).all()
    rounded = reached.dropna(subset=["round_dt_ms"])
    assert len(rounded)
    assert (rounded["round_dt_ms"] <= rounded["dt_ms"]).all()
    assert (rounded["round_error_ms"] <= rounded["tolerance"]).all()
    assert (reached["flops_per_ms_low"] <= reached["flops_per_ms"] * (1 + 1e-12)).all()
    assert (reached["flops_per_ms"] <= reached["flops_per_ms_high"] * (1 + 1e-12)).all()
    assert ((reached["missing"] == 0) & (reached["extra"] == 0)).all()
    assert (reached["ns_per_ms"] > 0).all()


def test_features_are_looked_for_if_the_suite_says_so(comparison):
    suite = replace(SUITE, methods=("rk4",), detections=("hermite",), rates=(50.0,), features=True)
    run = sc.compare(["lif"], suite=suite, jobs=1).run
    found = run.features.query("outcome == 'found'")
    assert set(found["feature"]) == {"tonic_spiking", "class_1", "integrator"}
    assert set(found["model"]) == {"lif"}
    assert not len(run.demos)  # they belong to another model
    assert not len(comparison.features)


@pytest.mark.slow
def test_the_demos_are_run_where_their_model_is():
    suite = replace(SUITE, methods=("rk4",), detections=("hermite",), rates=(50.0,), features=True)
    comparison = sc.compare(["izhikevich"], suite=suite, jobs=1)
    pd.testing.assert_frame_equal(comparison.demos, sc.demo_table())
    pd.testing.assert_frame_equal(comparison.features, sc.features(["izhikevich"]))


def test_where_a_method_diverges_is_in_the_table(comparison):
    table = comparison.table.query("level == '100 Hz' and detection == 'grid'").set_index(["model", "method"])
    limits = table["diverges_at_dt_ms"]
    # Hodgkin-Huxley: forward Euler near 0.04 ms in a spike, RK4 at about twice that; exponential Euler never
    assert 0.03 < limits["hodgkin_huxley", "euler"] < 0.15
    assert limits["hodgkin_huxley", "euler"] < limits["hodgkin_huxley", "rk4"] < 0.3
    assert np.isnan(limits["hodgkin_huxley", "exponential_euler"])
    # |1 - dt/tau| < 1 up to 20 ms, which is above the coarsest step of the sweep
    assert np.isnan(limits["lif", "euler"])
    stable = table["stable_dt_ms"]
    squid = "hodgkin_huxley", "euler"
    assert stable[squid] < limits[squid] < 1.03 * stable[squid]
    assert stable["lif", "euler"] == pytest.approx(comparison.study.suite.coarsest, rel=0.1)  # first dt of the sweep


def test_cost_is_steps_plus_spikes():
    # Izhikevich, forward Euler, grid: 15 operations per step, 1 more per spike; 10 steps per ms, 0.1 spikes per ms
    count = sc.count("izhikevich", "euler")
    tallies = METHODS["euler"].tallies(count.step, {}, steps=10_000, spikes=100, horizon=1000)
    found = cost(count, tallies, 100, 1000)
    assert found.per_ms == pytest.approx(15 * 10 + 1 * 0.1)
    assert (found.steps, found.spike) == (pytest.approx(150), 1)


def test_counters_see_what_is_counted(comparison):
    counters = comparison.counters
    assert len(counters) == 8  # exponential Euler does not apply to Izhikevich
    assert (counters["ratio"] == 1).all()
    euler = counters.set_index(["model", "method"]).loc[("izhikevich:RS", "euler")]
    assert euler["counted"] == euler["instrumented"] == 15


def test_without_an_exact_counter_the_report_says_so_at_its_top(monkeypatch, tmp_path):
    monkeypatch.setattr("spikecost.harness.measuring.measure.auto.best", lambda exact=None: None)
    monkeypatch.setattr(
        "spikecost.harness.measuring.measure.auto.reasons", lambda: {"instrumented": "PyQBDI is not installed"}
    )
    result = sc.compare(["lif"], suite=replace(SUITE, methods=("euler",), detections=("grid",), rates=(50.0,)))
    assert result.table.loc[0, "status"] == "reached"
    text = result.save(tmp_path).read_text()
    note = "only counted from the Step: no exact counter works here (instrumented: PyQBDI is not installed)"
    assert note in text
    assert text.index(note) < text.index("Which model is cheapest?")


@pytest.fixture(params=choose(["as measured", "anew"], lambda each: each == "as measured"))
def brian2s_operations(request, monkeypatch):
    """What Brian2 executes for the LIF model: as tests of the engine find it, or measured, which takes long."""
    if request.param == "anew":
        request.getfixturevalue("callgrind")
        request.getfixturevalue("compiled_brian2")
        return
    known = [
        Executed("cpp_standalone", "ours", sc.count("lif", "euler").as_run.present, {}, 12.0),
        Executed("cpp_standalone", "brian2", sc.count("lif", "euler").as_fused, {}, 8.0),
        Executed("cython", "brian2", {"add": 1.0, "fma": 2.0, "compare": 1.008}, {}, 8.0),
    ]
    for module in (measuring, ahead):
        monkeypatch.setattr(module, "executed", lambda ways, done: [known for _ in ways if done() is None])


@pytest.mark.slow
@pytest.mark.usefixtures("brian2s_operations")
def test_a_thorough_suite_looks_at_brian2_and_at_other_builds():
    suite = replace(SUITE, methods=("euler",), detections=("grid",), rates=(50.0,), thorough=True)
    result = sc.compare(["lif"], suite=suite, jobs=1)
    row = result.counters.iloc[0]
    # v + dt*(I + a - b*v) and the threshold: Brian2 computes nothing else
    assert row["brian2"] == pytest.approx(6, abs=0.1)
    assert row["brian2_overhead"] == pytest.approx(1, abs=0.02)
    assert row["brian2_cython"] == pytest.approx(6, abs=0.1)
    builds = result.builds.set_index("build")
    assert list(builds.index) == ["scalar", "simd", "fused", "fast-math"]
    assert builds.loc["scalar", "changes"] == ""
    assert builds.loc["fused", "fma"] == 2


def test_time_spent_refractory_costs_less():
    # LIF with 2 ms at 100 Hz: a fifth of the steps needs a comparison and a subtraction, the others 7 operations
    held = sc.get_model("lif").replace(refractory=2 * ms)
    count = sc.count(held, "euler")
    tallies = METHODS["euler"].tallies(count.step, {}, steps=10_000, spikes=100, horizon=1000)
    assert cost(count, tallies, 100, 1000).per_ms == pytest.approx((0.8 * 7 + 0.2 * 2) * 10)


def test_the_points_have_every_run_and_a_front(comparison):
    points = comparison.points
    assert len(points) == sum(len(curve.points) for curve in comparison.study.curves)
    known = points[points["error_ms"].notna() & (points["level"] == "100 Hz")]
    for _, point in known.iterrows():
        better = known[(known["flops_per_ms"] <= point["flops_per_ms"]) & (known["error_ms"] <= point["error_ms"])]
        dominated = ((better["flops_per_ms"] < point["flops_per_ms"]) | (better["error_ms"] < point["error_ms"])).any()
        assert dominated != point["front"]
    failed = points[points["failed"] > 0]
    assert (failed["failure"] != "").all()
    assert failed["error_ms"].isna().all()


def test_the_winner_of_a_map_is_the_cheapest(comparison):
    winners = comparison.winners
    assert set(winners["level"]) == {"50 Hz", "100 Hz"}
    assert (winners["tolerance"].max(), winners["tolerance"].min()) == (10.0, 1.0)
    at = winners[(winners["tolerance"] == 1.0) & (winners["level"] == "100 Hz")].iloc[0]
    best = comparison.cheapest.query("level == '100 Hz'").set_index("model")
    assert at["winner"] == best["flops_per_ms"].idxmin() == "lif"
    assert at["second"] == "izhikevich:RS"
    # the map has the dt of the sweep, here 6 per decade; the table has the bisected dt
    assert at["flops_per_ms"] == pytest.approx(best["flops_per_ms"].min(), rel=10 ** (1 / 6) - 1)
    assert at["ranked"]
    assert at["lead_low"] < at["lead"] < at["lead_high"]


def test_cheapest_is_the_cheapest(comparison):
    table = comparison.table
    for _, row in comparison.cheapest.iterrows():
        same = table[(table["model"] == row["model"]) & (table["level"] == row["level"])]
        assert row["flops_per_ms"] == same["flops_per_ms"].min()


def test_the_verdict_divides_by_the_baseline(comparison):
    verdict = comparison.verdict
    assert comparison.baseline == "izhikevich:RS"
    assert (verdict["izhikevich:RS"] == 1).all()
    first = verdict.iloc[0]  # 5, 13 and 1240 per ms
    assert first["lif"] == pytest.approx(5 / 13)
    assert first["hodgkin_huxley"] == pytest.approx(1240 / 13)
    best = comparison.cheapest.set_index(["level", "model"])["flops_per_ms"]
    row = verdict[(verdict["level"] == "100 Hz") & (verdict["view"] == "cheapest method and detection")].iloc[0]
    assert row["hodgkin_huxley"] == pytest.approx(best["100 Hz", "hodgkin_huxley"] / best["100 Hz", "izhikevich:RS"])


def test_save_writes_everything_and_formats_agree(comparison, tmp_path):
    page = comparison.save(tmp_path / "report")
    names = {path.name for path in page.parent.iterdir()}
    assert names == {
        "index.html",
        "run.json",
        "suite.toml",
        "data",
        "engines.csv",
        "floors.csv",
        "table.csv",
        "cheapest.md",
        "work_precision.png",
        "work_precision_voltage_rms.png",
        "cost_ratios.png",
        "winners.png",
        "points.csv",
        "ranking.csv",
        "ratios.csv",
        "winners.csv",
        "provenance.json",
        "parity.png",
        "counters.csv",
        "builds.csv",
        "features.csv",
        "demos.csv",
    }
    pd.testing.assert_frame_equal(pd.read_parquet(page.parent / "data" / "table.parquet"), comparison.table)
    read = pd.read_csv(page.parent / "table.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_series_equal(read["dt_ms"], comparison.table["dt_ms"])
    assert len((page.parent / "cheapest.md").read_text().splitlines()) == 2 + len(comparison.cheapest)
    facts = json.loads((page.parent / "provenance.json").read_text())
    assert {"processor", "compiler", "brian2", "heyoka"} <= facts.keys()


def test_a_failed_save_leaves_the_earlier_report(small_comparison, small_folder, monkeypatch):
    before = contents(small_folder)
    monkeypatch.setattr(
        "spikecost.reports.comparison.rendering.page", lambda *_: (_ for _ in ()).throw(OSError(28, "No space"))
    )
    with pytest.raises(OSError, match="No space"):
        small_comparison.save(small_folder)
    assert contents(small_folder) == before


def test_a_full_disk_leaves_the_earlier_report(small_run, tmp_path, monkeypatch):
    files = {"work_precision.svg": b"<svg/>"}
    small_run.write(tmp_path, files)
    before = contents(tmp_path)
    write = Path.write_bytes

    def full(path, content):
        if path.name == "work_precision.svg":
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(sc.UserError, match=r"cannot write .*work_precision.svg: No space left on device"):
        small_run.write(tmp_path, files)
    assert contents(tmp_path) == before


def test_an_unwritable_folder_is_named(comparison, tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(sc.UserError, match=r"cannot write the folder .*file: .*; give another one"):
        comparison.save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_the_figure_has_a_panel_a_rate_and_a_line_a_curve(comparison):
    axes = comparison.plot().axes
    assert [axis.get_title() for axis in axes] == ["constant current, 50 Hz, 0.3 s", "constant current, 100 Hz, 0.3 s"]
    drawn = [line for line in axes[1].lines if line.get_alpha() is not None]
    assert len(drawn) == 2 * 3 + 2 * 2 + 2 * 3  # Izhikevich has no exponential Euler
    fronts = [line for line in axes[1].lines if line.get_drawstyle() == "steps-post"]
    assert len(fronts) == 3
    for front in fronts:  # a more expensive point is more accurate
        assert (np.diff(front.get_xdata()) > 0).all()
        assert (np.diff(front.get_ydata()) < 0).all()


def test_costs_are_drawn_against_any_measure():
    criteria = sc.Criterion("rms", 0.5), sc.Criterion("voltage_rms", 0.1)
    suite = replace(
        SUITE, measures=("gamma_2ms",), criteria=criteria, methods=("rk4",), detections=("hermite",), rates=(100.0,)
    )
    result = sc.compare(["lif", "izhikevich"], suite=suite)
    points, table = result.points, result.table
    assert (points["gamma_2ms"].dropna() <= 1 + 1e-12).all()
    finest = points.groupby("model").tail(1)
    assert (finest["gamma_2ms"] > 0.999).all()
    for measure, label in (
        ("gamma_2ms", "1 - gamma_2ms, mean"),
        ("voltage_rms", "error of the voltage between spikes, median stimulus"),
    ):
        assert result.plot(measure).axes[0].get_ylabel() == label
    by_rms = table[table["measure"] == "rms"].set_index("model")
    assert (by_rms["rms_error_ms"] <= 0.5).all()
    by_voltage = table[table["measure"] == "voltage_rms"].set_index("model")
    assert (by_voltage["voltage_error"] <= 0.1).all()
    # the voltage is a stricter criterion than the spike times: its tolerance is a small part of its range
    assert (by_voltage["flops_per_ms"] > by_rms["flops_per_ms"]).all()
    with pytest.raises(sc.UserError, match="the measure 'van_rossum_10ms' was not taken; run the suite with measures"):
        result.plot("van_rossum_10ms")


def test_users_can_compare_their_own_model():
    model = sc.NeuronModel(
        name="mine",
        equations="dv/dt = I - v/(20*ms) : volt\nI : volt/second",
        threshold="v > 15*mV",
        reset="v = 0*mV",
        refractory=2 * ms,
        initial={"v": 0 * mV},
    )
    result = sc.compare(
        [model],
        0.1 * ms,
        methods=["rk4"],
        detections=["hermite"],
        rates=[20 * Hz],
        horizon=0.5 * second,
        suite=replace(SUITE, finest=0.01),
    )
    assert result.table.loc[0, "status"] in ("reached", "at least")
    assert result.table.loc[0, "error_ms"] <= 0.1
    assert len(result.verdict) == 0  # nothing to compare it with


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"models": "lif"}, "give a list"),
        ({"models": ["lif"], "tolerance": -1 * ms}, "tolerance = .* is not positive"),
        ({"models": ["lif"], "tolerance": 0.1}, "tolerance = 0.1 is not a time"),
        ({"models": ["lif"], "horizon": 1 * mV}, "horizon = .* is not a time"),
        ({"models": [3]}, "expected a model's name"),
        (
            {
                "models": ["hodgkin_huxley"],
                "rates": [10],
                "methods": ["euler"],
                "detections": ["grid"],
                "horizon": 300 * ms,
                "jobs": 1,
            },
            "nothing to compare: hodgkin_huxley: no constant drive found",
        ),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(sc.UserError, match=message):
        sc.compare(**arguments)
