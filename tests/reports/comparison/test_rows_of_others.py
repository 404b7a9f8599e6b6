"""Rows of other simulators and number formats in a run: what they need, what they cost, and what happens if they fail.

The simulators are made for the test, and come from another package by its entry points: each runs forward Euler on the
LIF model in a process of its own, prints to its standard output, and one of them fails in every way there is.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pandas as pd
import pytest
from brian2 import Hz, ms

from spikecost import cli
from spikecost.accuracy.search.criterion import Criterion
from spikecost.accuracy.study.study import OURS
from spikecost.accuracy.study.suite import Suite
from spikecost.harness.engines import ENGINES
from spikecost.models.ground import registry
from spikecost.models.ground.errors import UserError
from spikecost.reports.comparison.comparison import compare
from spikecost.reports.comparison.recommendation import recommend as recommend_module
from spikecost.reports.comparison.recommendation.recommend import recommend
from spikecost.reports.comparison.run import found, summary
from spikecost.reports.comparison.run_folder import RunFolder
from spikecost.reports.page import page
from spikecost.reports.tables.peers import headlines
from spikecost.reports.writing.records import records

pytestmark = pytest.mark.slow

#: How the simulators differ: the lines that the program runs after it has printed, for each dt that it was asked for.
FAULTS = {
    "fake": "",
    "crashes": "if dt < 0.1: os.abort()",
    "leaves": "if dt < 0.1: print('no license'); sys.exit(3)",
    "breaks": "raise ValueError('no such neuron')",
    "hangs": "time.sleep(60)",
    "half": "if dt > 0.4: raise ValueError('dt is too long')",
    "default": "if dt > 0.15: raise ValueError('dt is too long')",
}
PROGRAM = """
import json, os, sys, time
question = json.load(sys.stdin)
print("Welcome to the simulator", "{}" * 1000, flush=True)
runs = []
for dt in question["dts"]:
    FAULT
    v, times = question["v"], []
    for step in range(round(question["end"] / dt)):
        v += dt * (question["a"] + question["b"] * v)
        if v > question["threshold"]:
            v = question["reset"]
            times.append((step + 1) * dt)
    runs.append({"times": times})
json.dump({"runs": runs}, open(question["answer"], "w"))
"""
MODULE = """
from fractions import Fraction
from pathlib import Path
import numpy as np
from spikecost.harness.engines import Engine, EngineRun, Labels, Scheme
from spikecost.harness.engines.child import ask

class Fake(Engine):
    default_dt, default_dt_source = Fraction(1, 5), "its source"
    labels = Labels("a spike is found at the end of a step", "its source")
    schemes = {"steps": Scheme("forward Euler", "its source")}

    def __init__(self, name):
        self.name, self.title = name, f"The {name} simulator"

    def why_not_here(self):
        return "it is not installed; install it" if self.name == "missing" else ""

    def why_not_model(self, model, method):
        return "" if model.name == "lif" else "it has a leaky model only"

    def text(self, model, method):
        return f"a neuron of {model.label}"

    def run_each(self, model, method, dts, stimulus, neurons):
        v = model.system.threshold.variable
        slope = [float(stimulus.values[0]), 0.0]
        question = {"dts": list(map(float, dts)), "end": float(stimulus.horizon), "v": model.initial_values[v],
                    **constants(model, stimulus.values[0])}
        limit = 1.0 if self.name == "hangs" else None
        answer = ask(self.title, str(Path(__file__).with_name(f"{self.name}.py")), question, seconds=limit)
        return [EngineRun(np.array(run["times"]), 0.5 + 1e-6 * neurons * float(stimulus.horizon / dt), 0.1,
                          self.text(model, method), "it 1") for dt, run in zip(dts, answer["runs"])]

def constants(model, value):
    from spikecost.harness.engines.nest import _leaky
    found = _leaky(model).parameters
    scale = _leaky(model).scale
    return {"a": found["E_L"] / found["tau_m"] + scale * value, "b": -1 / found["tau_m"],
            "threshold": found["V_th"], "reset": found["V_reset"]}

NAMES
"""
SUITE = Suite(
    models=("lif", "izhikevich"),
    methods=("euler", "rk4"),
    detections=("grid", "hermite"),
    rates=(100.0,),
    tolerances=(1.0, 0.3),
    horizons=(60.0,),
    trials=2,
    finest=0.02,
    per_decade=4,
    witnessed=False,
    thorough=False,
    features=False,
    repeats=1,
    precisions=("single", "double"),
)


NAMES = [*FAULTS, "missing"]


def write_package(folder):
    """Write the other package, and return its entry points."""
    items = "\n".join(f"{name} = Fake({name!r})" for name in NAMES)
    (folder / "other_simulators.py").write_text(MODULE.replace("NAMES", items))
    for name, fault in FAULTS.items():
        (folder / f"{name}.py").write_text(PROGRAM.replace("FAULT", fault or "pass"))
    return [EntryPoint(name, f"other_simulators:{name}", "spikecost.engines") for name in NAMES]


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Make the simulators known by entry points of another package."""
    folder, names = tmp_path_factory.mktemp("package"), NAMES
    points = write_package(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setattr(registry, "entry_points", lambda group: points if group == "spikecost.engines" else [])
        patch.setattr(ENGINES, "_outside_loaded", False)
        patch.setattr(ENGINES, "_items", dict(ENGINES._items))
        yield names
    sys.modules.pop("other_simulators", None)


@pytest.fixture(scope="module")
def run(others):
    return compare(SUITE.models, suite=SUITE, engines=others, jobs=1, store="off")


def rows_of(run, engine, model="lif"):
    return run.table[(run.table["engine"] == engine) & (run.table["model"] == model)].set_index("tolerance")


def test_a_simulator_is_rows_of_the_same_table(run):
    rows = rows_of(run, "fake")
    same = run.table[
        (run.table["model"] == "lif") & (run.table["method"] == "euler") & (run.table["detection"] == "grid")
    ]
    same = same[same["engine"] == OURS].set_index("tolerance")
    assert list(rows.index) == [1.0, 0.3]
    assert set(rows["status"]) <= {"reached", "at least"}, rows["reason"].iloc[0]
    for tolerance, row in rows.iterrows():
        # it is forward Euler with spikes at the end of a step: the errors are those of our kernel at this dt
        assert row["error_ms"] <= tolerance
        assert row["dt_ms"] == row["round_dt_ms"]
        assert row["dt_ms"] <= row["fails_at_dt_ms"] or np.isnan(row["fails_at_dt_ms"])
        # our search adds a margin for the dt between round ones; both are the same within it
        assert same.loc[tolerance, "dt_ms"] / 2 < row["dt_ms"] < 4 * same.loc[tolerance, "dt_ms"]
        # one microsecond per step and neuron, whatever it takes to start
        assert row["ns_per_ms"] == pytest.approx(1000 / row["dt_ms"])
        assert row["ns_per_ms_simd"] == pytest.approx(1000 / row["dt_ms"])
        assert np.isnan(row["flops_per_ms"])
    points = run.points[(run.points["engine"] == "fake") & (run.points["model"] == "lif")]
    assert points["dt_ms"].is_monotonic_decreasing
    assert not points["front"].any()
    assert not points["model_front"].any()
    default = run.engines.set_index(["engine", "model"]).loc[("fake", "lif")]
    at = points[np.isclose(points["dt_ms"], 0.2)].iloc[0]
    assert default["default_dt_ms"] == 0.2
    assert default["default_error_ms"] == pytest.approx(at["error_ms"])
    assert run.about["engines"]["fake"]["texts"] == {"lif": "a neuron of lif"}


def test_what_cannot_run_is_one_line_and_the_other_rows_stay(run):
    said = run.engines.set_index(["engine", "model"])["reason"]
    assert said["breaks", "lif"] == "The breaks simulator failed: ValueError: no such neuron"
    assert "did not end within" in said["hangs", "lif"]
    assert said["missing", "lif"] == "it is not installed; install it"
    assert said["fake", "izhikevich:RS"] == "it has a leaky model only"
    statuses = {name: set(rows_of(run, name)["status"]) for name in ("breaks", "hangs", "missing")}
    assert statuses == {"breaks": {"failed"}, "hangs": {"failed"}, "missing": {"not here"}}
    assert set(rows_of(run, "fake", "izhikevich:RS")["status"]) == {"not applicable"}
    assert not run.table["reason"].fillna("").str.contains("\n").any()
    assert (run.table["engine"] == OURS).sum() == 2 * 2 * 2 * 2


def test_half_way(run):
    # these fail below 0.1 ms only: what they needed there is not known, and the row says so
    for name, why in {"crashes": "failed", "leaves": "no license"}.items():
        points = run.points[run.points["engine"] == name].set_index("dt_ms")
        assert points["error_ms"][0.2] == pytest.approx(rows_of_points(run)[0.2])
        assert (points.loc[points.index < 0.099, "failed"] == 2).all()
        assert set(rows_of(run, name)["status"]) == {"not reached"}
        assert rows_of(run, name)["reason"].str.contains(why).all()
    # this one fails at long steps, which does not matter
    assert list(rows_of(run, "half")["dt_ms"]) == [min(0.4, dt) for dt in rows_of(run, "fake")["dt_ms"]]
    assert (run.points[(run.points["engine"] == "half") & (run.points["dt_ms"] > 0.45)]["failed"] == 2).all()


def test_a_simulator_that_fails_at_its_default_dt_has_the_rows_of_shorter_ones(run):
    assert list(rows_of(run, "default")["dt_ms"]) == [min(0.1, dt) for dt in rows_of(run, "fake")["dt_ms"]]
    row = run.engines.set_index(["engine", "model"]).loc[("default", "lif")]
    assert row["status"] == "ran"
    assert row["reason"] == "The default simulator failed: ValueError: dt is too long"
    assert np.isnan(row["default_error_ms"])
    said = (
        "The default simulator at its default dt of 0.2 ms is off by: lif: it failed (The default simulator failed: Val"
    )
    assert any(line.startswith(said) for line in headlines(run.engines, run.about["engines"]))


def rows_of_points(run):
    return run.points[run.points["engine"] == "fake"].set_index("dt_ms")["error_ms"]


def test_models_are_ranked_by_our_kernels_alone(run):
    alone = compare(SUITE.models, suite=SUITE, precisions=["double"], store="off", jobs=1)
    for name in ("ranking", "ratios", "winners", "candidates", "cheapest"):
        one, other = (getattr(each, name).drop(columns=["engine"], errors="ignore") for each in (run, alone))
        assert len(one)
        assert records(one) == records(other)


def test_single_precision_is_rows_with_an_error_floor(run):
    single = run.table[run.table["engine"] == f"{OURS}:single"]
    double = run.own
    keys = ["model", "method", "detection", "tolerance"]
    both = double.merge(single, on=keys, suffixes=("", "_single"))
    assert len(both) == len(double) == len(single)
    known = both.dropna(subset=["dt_ms", "dt_ms_single"])
    assert len(known) > 8
    # the same operations per step
    per_step = known["flops_per_ms_steps"] * known["dt_ms"]
    assert per_step.to_numpy() == pytest.approx(
        (known["flops_per_ms_steps_single"] * known["dt_ms_single"]).to_numpy(), rel=0.1
    )
    floors = run.floors.set_index(["model", "method", "detection"])
    row = floors.loc["lif", "rk4", "hermite"]
    assert row["finest_dt_ms"] == pytest.approx(0.02, rel=0.3)
    # rounding errors of 24 bits, against those of 53 bits
    assert 1e-6 < row["floor_ms"] < 1e-2
    # the sweep in double precision ends where its errors are far below the tolerances, that in single does not
    assert 0 < row["double_ms"] < 1e-2
    assert row["strictest_ms"] == 0.3


def test_it_is_written_read_shown_and_compared(run, tmp_path, others):
    folder = run.save(tmp_path / "report").parent
    again = RunFolder.read(folder)
    for name in ("table", "points", "engines", "floors"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(run, name), check_dtype=False)
    assert (folder / "models" / "fake.lif.txt").read_text() == "a neuron of lif"
    assert (folder / "time_precision.png").exists()
    text = summary(run, folder / "index.html")
    flat = " ".join(text.split())
    assert "The fake simulator at its default dt of 0.2 ms is off by: lif: " in flat
    assert "The breaks simulator did not run lif: The breaks simulator failed: ValueError: no such neuron" in flat
    assert f"{OURS}:single" in flat
    html = page(again)
    assert "The fake simulator at its default dt of 0.2 ms is off by" in html
    assert "a neuron of lif" in html
    assert {row["engine"] for row in json.loads(json.dumps(found(run, folder / "index.html")))["engine_cases"]} == {
        f"{OURS}:single",
        *others,
    }


def test_recommend_says_which_dt_a_simulator_needs(run):
    best = recommend(100 * Hz, 0.3 * ms, run=run, engine="fake")
    assert best.choice["dt_ms"] == rows_of(run, "fake").loc[0.3, "dt_ms"]
    assert best.choice["engine"] == "fake"
    assert best.choice["flops_per_ms"] is None
    said = " ".join(best.text.split())
    assert f"lif in The fake simulator, steps, dt = {best.choice['dt_ms']:g} ms: " in said
    assert "ns of wall time per ms of model time" in said
    assert "at its default dt of 0.2 ms is off by" in said
    assert best.not_recommended == {"izhikevich:RS": "not applicable: it has a leaky model only"}
    # a cost in ns and a ratio of two carry the doubts about these times
    doubted = dataclasses.replace(run, table=run.table.assign(ns_per_ms_note="machine busy"))
    choice = recommend(100 * Hz, 0.3 * ms, run=doubted, engine="fake")
    assert choice.to_json()["choice"]["ns_per_ms_note"] == "machine busy"
    assert "ns of wall time per ms of model time (machine busy)" in " ".join(choice.text.split())
    with pytest.raises(
        UserError, match=r"reaches 0\.3 ms at 100 Hz with no model of this run: lif: failed: The breaks"
    ):
        recommend(100 * Hz, 0.3 * ms, run=run, engine="breaks")
    with pytest.raises(UserError, match="leave them out"):
        recommend(100 * Hz, 0.3 * ms, run=run, engine="fake", budget=1e9)


def test_on_the_command_line_with_two_threads_in_folders_with_spaces_and_capitals(tmp_path, monkeypatch, capfd):
    package = tmp_path / "Other Package"
    about = package / "Other_Simulators-1.0.dist-info"
    about.mkdir(parents=True)
    points = "\n".join(f"{point.name} = {point.value}" for point in write_package(package))
    (about / "entry_points.txt").write_text(f"[spikecost.engines]\n{points}\n")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: Other-Simulators\nVersion: 1.0\n")
    work = tmp_path / "New Folder"
    work.mkdir()
    fields = {"models": ["lif"], "methods": ["euler"], "detections": ["grid"], "rates": [100], "tolerances": ["1ms"]}
    fields |= {"horizons": ["60ms"], "trials": 1, "finest": "0.02ms", "per_decade": 4, "repeats": 1, "engines": NAMES}
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    lines += [f"{name} = false" for name in ("witnessed", "thorough", "features")]
    (work / "Suite File.toml").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.setattr(registry, "entry_points", importlib.metadata.entry_points)
    monkeypatch.setattr(ENGINES, "_outside_loaded", False)
    ours = {name: item for name, item in ENGINES._items.items() if name not in NAMES}
    monkeypatch.setattr(ENGINES, "_items", ours)
    for name in [name for name in sys.modules if name == "other_simulators"]:
        monkeypatch.delitem(sys.modules, name)
    status = cli.main(["run", "--suite", "Suite File.toml", "--jobs", "2", "--out", "My Run"])
    said = capfd.readouterr()
    assert status == 0, said.err
    assert "Traceback" not in said.out + said.err
    assert "{}" * 100 not in said.out + said.err
    table = RunFolder.read(work / "My Run").table.set_index("engine")
    assert table["status"].to_dict() == {
        OURS: "reached",
        **dict.fromkeys(("fake", "half", "default"), "reached"),
        **dict.fromkeys(("crashes", "leaves"), "not reached"),
        **dict.fromkeys(("breaks", "hangs"), "failed"),
        "missing": "not here",
    }
    assert "did not end within" in table["reason"]["hangs"]
    assert "it was ended by signal 6, after it printed: Welcome" in table["reason"]["crashes"]


def test_recommend_without_a_run_makes_one(others, monkeypatch):
    def briefly(models, *, suite, **more):
        return compare(models, suite=dataclasses.replace(suite, horizons=(200.0,)), **more)

    monkeypatch.setattr(recommend_module, "compare", briefly)
    # it runs the models with the simulator, and our rk4 for comparison
    best = recommend(100 * Hz, 1 * ms, engine="fake", models=["lif", "izhikevich:RS"], jobs=1)
    assert best.choice["engine"] == "fake"
    assert best.choice["model"] == "lif"
    assert best.choice["error_ms"] <= 1
    assert 0 < best.choice["dt_ms"] <= 1
    assert best.not_recommended == {"izhikevich:RS": "not applicable: it has a leaky model only"}
    assert best.asked["engine"] == "fake"
    with pytest.raises(UserError, match=r"lif: not here: it is not installed; install it"):
        recommend(100 * Hz, 1 * ms, engine="missing", models=["lif"], jobs=1)


def test_names_that_are_not_known():
    with pytest.raises(UserError, match="unknown engine 'genesis'"):
        Suite(engines=("genesis",))
    with pytest.raises(UserError, match="neuron has no method 'rk4'"):
        Suite(engines=("neuron:rk4",))
    with pytest.raises(UserError, match="unknown precision 'half'"):
        Suite(precisions=("half",))
    with pytest.raises(UserError, match="engines: nest is there twice"):
        Suite(engines=("nest", "nest"))
    assert Suite(precisions=("single",)).precisions == ("double", "single")
    assert Criterion("maximum", 1.0) in Suite(precisions=("single",)).all_criteria
