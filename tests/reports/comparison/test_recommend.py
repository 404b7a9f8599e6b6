"""``spikecost recommend``: the cheapest way, and a Brian2 program that is as accurate as it says."""

import dataclasses
import subprocess
import sys
from fractions import Fraction

import brian2
import numpy as np
import pytest
from brian2 import Hz, farad, kelvin, kilogram, metre, mole, ms, mV, second, siemens, uA, volt
from brian2.units.fundamentalunits import get_dimensions

from spikecost.accuracy.measures.spike_trains import SpikeTrain, spike_time_error
from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.catalogue import MODELS, get_model
from spikecost.models.ground.errors import UserError
from spikecost.models.language import units
from spikecost.models.step import make_step, why_not
from spikecost.reports.comparison.recommend import read_budget, recommend
from spikecost.reports.comparison.run_comparison import compare_runs
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.regression.of_run import figures_of
from spikecost.reports.results.brian2_code import brian2_code, brian2_unit
from spikecost.reports.results.description import describe_model

from ...archetypes import choose, is_archetype


def run_program(code, tmp_path):
    """Run a program as a user does; return the spike times that it prints."""
    path = tmp_path / "program.py"
    # saves the time of a compiler; this is the only line that is not the user's
    path.write_text(code.replace("from brian2 import *", "from brian2 import *\nprefs.codegen.target = 'numpy'", 1))
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return np.array(done.stdout.split(), dtype=float)


def test_it_is_the_cheapest(small_run):
    found = recommend(50 * Hz, 0.3 * ms, run=small_run)
    rows = small_run.table[(small_run.table["level"] == "50 Hz") & (small_run.table["tolerance"] == 0.3)]
    assert found.choice["flops_per_ms"] == rows["flops_per_ms"].min()
    best = rows.loc[rows["flops_per_ms"].idxmin()]
    assert [found.choice[name] for name in ("model", "method", "detection")] == list(
        best[["model", "method", "detection"]]
    )
    assert found.choice["dt_ms"] == best["dt_ms"]
    assert found.choice["flops_per_s"] == 1000 * best["flops_per_ms"]
    assert list(found.others["model"]) == ["lif", "izhikevich:RS"]
    assert found.others["times"].iloc[0] == 1


def test_a_looser_tolerance_is_judged_at_the_next_stricter(small_run):
    strict, loose = recommend(50 * Hz, 0.3 * ms, run=small_run), recommend(50 * Hz, 0.5 * ms, run=small_run)
    assert strict.choice == loose.choice
    assert any(reason.startswith("judged at 0.3 ms") for reason in loose.why)


@pytest.mark.slow
def test_without_a_run_the_models_are_run_for_their_costs_alone():
    phases = []
    found = recommend(50 * Hz, 1 * ms, models=["lif"], progress=Progress(begin=lambda phase, _: phases.append(phase)))
    assert phases == ["finding drives and references", "compiling kernels", "sweeping dt"]
    assert found.choice["model"] == "lif"
    assert 0 < found.choice["error_ms"] <= 1
    # the exact propagator, at the longest step of the sweep: two multiplications and an addition, the test
    assert found.choice["flops_per_ms"] < 10
    assert found.to_json()["choice"]["ns_per_ms"] is None


def test_a_feature_picks_the_model(small_run):
    found = recommend(50 * Hz, 1 * ms, features=["spike_frequency_adaptation"], run=small_run)
    assert found.choice["model"] == "izhikevich:RS"
    assert any("not shown by lif" in reason for reason in found.why)


@pytest.mark.slow
@pytest.mark.parametrize("features", [[], ["spike_frequency_adaptation"]], ids=["lif", "izhikevich"])
def test_the_program_is_as_accurate_as_it_says(small_run, tmp_path, features):
    found = recommend(50 * Hz, 0.3 * ms, features=features, run=small_run)
    assert found.brian2["detection"] == "grid"
    assert found.brian2["error_ms"] <= 0.3
    assert any("spikes at the end of a step" in reason and "times the operations" in reason for reason in found.why)
    model = get_model(found.brian2["model"])
    drive = units.quantity(found.brian2["drive"], model.system.dimensions[model.input])
    expected = reference(model, constant(drive, 200 * ms)).train
    times = run_program(found.code, tmp_path)
    error = spike_time_error(SpikeTrain(times, 201), expected)
    assert len(times) > 5
    # the program has the drive of the middle stimulus, which was not run
    assert error.within(0.3 * 1.5)


@pytest.fixture
def executed(capsys):
    """Run a program in this process, which is faster; return the spike times that it prints."""
    clock, target = brian2.defaultclock.dt, brian2.prefs.codegen.target

    def run(code):
        brian2.prefs.codegen.target = "numpy"
        capsys.readouterr()
        exec(compile(code, "program", "exec"), {})
        return np.array(capsys.readouterr().out.split(), dtype=float)

    yield run
    brian2.defaultclock.dt, brian2.prefs.codegen.target = clock, target


@pytest.mark.parametrize(
    "name",
    choose([*MODELS, "izhikevich_mv:CH"], lambda name: is_archetype(name) or name in ("izhikevich_mv:CH", "adex")),
)
def test_the_program_of_every_model_gives_the_spikes_that_were_judged(name, executed, drive_of):
    model = get_model(name)
    method = next(each for each in ("exact", "exponential_euler", "midpoint") if not why_not(model, each, "grid"))
    drive, dt = drive_of(model.name), Fraction(1, 16)
    kernel = compile_kernels([make_step(model, method, "grid")])[0]
    expected = kernel.run([constant(drive, 60 * ms)], dt)[0].spike_times
    code = brian2_code(
        describe_model(model),
        method,
        dt_ms=float(dt),
        drive=float(units.internal(drive)),
        drive_unit=units.unit_name(model.system.dimensions[model.input]),
        horizon_ms=60.0,
        title="a\ntitle",
    )
    assert len(expected) > 0
    # Brian2 evaluates the rates that the kernel looks up: a crossing may be in a neighbouring step
    assert executed(code) == pytest.approx(expected, abs=1.001 * float(dt) if model.tables else 1e-6)


@pytest.mark.parametrize(
    "dimensions",
    [
        ms.dim,
        mV.dim,
        uA.dim,
        siemens.dim,
        farad.dim,
        (siemens / volt).dim,
        (farad / metre**2).dim,
        (1 / second).dim,
        (kilogram * kelvin * mole).dim,
    ],
    ids=units.unit_name,
)
def test_a_unit_in_a_program_is_the_internal_one(dimensions):
    program = {}
    exec(f"from brian2 import *\nfound = 1.0*{brian2_unit(units.unit_name(dimensions))}", program)
    assert units.internal(program["found"]) == pytest.approx(1)
    assert get_dimensions(program["found"]) is dimensions


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        ("mV", "mV"),
        ("uA/cm2", "uA/cm**2"),
        ("1/ms", "1/ms"),
        ("cm^-2 uA^1", "(cm)**(-2)*(uA)**(1)"),
        ("1e-14 kg^1 ms^-2", "(1e-14*kilogram)**(1)*(ms)**(-2)"),
    ],
)
def test_units_as_brian2_writes_them(unit, written):
    assert brian2_unit(unit) == written


@pytest.mark.parametrize(
    ("budget", "operations"),
    [("5e5 FLOP/s", 5e5), ("500 kFLOP/s", 5e5), ("0.5MFLOPS", 5e5), ("500000", 5e5), (5e5, 5e5), (None, np.inf)],
)
def test_budgets(budget, operations):
    assert read_budget(budget) == operations


@pytest.mark.parametrize("budget", ["much", "-1 FLOP/s", "0", "1e400", "5 mV", "1.2.3"])
def test_budgets_that_cannot_be_read(budget):
    with pytest.raises(UserError, match="cannot read the budget"):
        read_budget(budget)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 20 * Hz}, "the run has no 20 Hz: it has 50 Hz, 100 Hz; give one of them, or run with --rates 20"),
        ({"rate": 20 * ms}, "is not a positive firing rate"),
        ({"rate": -20 * Hz}, "is not a positive firing rate"),
        ({"tolerance": 0.01 * ms}, "the run has no tolerance as strict as 0.01 ms: it has 0.3 ms, 1 ms"),
        ({"tolerance": 1 * Hz}, "is not a time"),
        ({"features": ["bursting"]}, "unknown feature 'bursting'"),
        (
            {"features": ["bistability", "tonic_bursting"]},
            "no model that is cheap enough shows bistability, tonic_bursti",
        ),
        ({"budget": "1 FLOP/s"}, "nothing costs at most 1 FLOP/s: the cheapest is lif with"),
    ],
)
def test_bad_input_is_named(small_run, arguments, message):
    with pytest.raises(UserError, match=message):
        recommend(**{"rate": 50 * Hz, "tolerance": 0.3 * ms, "run": small_run, **arguments})


def test_a_run_in_which_brian2_does_not_get_there(small_run):
    table = small_run.table.copy()
    grid = table["detection"] == "grid"
    table.loc[grid, "flops_per_ms"] = np.nan
    found = recommend(50 * Hz, 0.3 * ms, run=dataclasses.replace(small_run, table=table))
    assert found.brian2["detection"] == "grid"
    assert any("none of its methods meets the request" in reason for reason in found.why)
    points = small_run.points.query("model == 'lif' and level == '50 Hz' and detection == 'grid'")
    assert found.brian2["error_ms"] == points["error_ms"].min()


@pytest.mark.parametrize("label", ["evil.py:m", "./sub/evil.py:m", "x.toml", "__import__('os')"])
def test_the_label_of_a_run_names_no_file(tmp_path, monkeypatch, small_run, label):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for evil in (tmp_path / "evil.py", tmp_path / "sub" / "evil.py"):
        evil.write_text("from pathlib import Path\nPath('touched').touch()\n")

    def renamed(frame):
        return frame.replace({"lif": label})

    about = {
        **small_run.about,
        "models": {label if name == "lif" else name: each for name, each in small_run.about["models"].items()},
    }
    run = dataclasses.replace(small_run, about=about, **{name: renamed(getattr(small_run, name)) for name in TABLES})
    run.write(tmp_path / "run")
    read = RunFolder.read(tmp_path / "run")
    found = recommend(50 * Hz, 1 * ms, features=["tonic_spiking"], run=read)
    assert found.choice["model"] == label
    recommend(50 * Hz, 1 * ms, features=["spike_frequency_adaptation"], run=read)
    compare_runs(read, read)
    figures_of(read)
    assert not (tmp_path / "touched").exists()
