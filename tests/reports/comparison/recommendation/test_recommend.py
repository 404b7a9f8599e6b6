"""``spikecost recommend``: the cheapest way, and a Brian2 program that is as accurate as it says."""

import dataclasses
import subprocess
import sys
from fractions import Fraction

import brian2
import numpy as np
import pandas as pd
import pytest
from brian2 import Hz, farad, kelvin, kilogram, metre, mole, ms, mV, second, siemens, uA, volt
from brian2.units.fundamentalunits import get_dimensions

from spikecost.accuracy.measures.spike_trains import SpikeTrain, spike_time_error
from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.search.status import Status
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.suite import Suite
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import as_it_stands, constant
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not
from spikecost.reports.comparison.comparison import compare
from spikecost.reports.comparison.recommendation import recommend as recommend_module
from spikecost.reports.comparison.recommendation.budget import read_budget, share
from spikecost.reports.comparison.recommendation.engines import ENGINES
from spikecost.reports.comparison.recommendation.recommend import recommend
from spikecost.reports.comparison.recommendation.ways import WAY
from spikecost.reports.comparison.run_comparison import compare_runs
from spikecost.reports.comparison.run_folder import TABLES, RunFolder
from spikecost.reports.papers.methods_text import methods_text
from spikecost.reports.regression.of_run import figures_of
from spikecost.reports.results import brian2_code as brian2_code_module
from spikecost.reports.results.brian2_code import brian2_code, brian2_unit
from spikecost.reports.results.description import describe_model

from ....archetypes import DEEP, choose, is_archetype
from ....harness.neurons_of_networks import CUBA
from ....messages import mentions
from ....noisy_models import THREAD


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
    assert found.choice["flops_per_ms"] == rows["round_flops_per_ms"].fillna(rows["flops_per_ms"]).min()
    best = rows.loc[rows["round_flops_per_ms"].fillna(rows["flops_per_ms"]).idxmin()]
    assert [found.choice[name] for name in ("model", "method", "detection")] == list(
        best[["model", "method", "detection"]]
    )
    assert found.choice["largest_dt_ms"] == best["dt_ms"]
    assert found.choice["dt_ms"] == (best["dt_ms"] if np.isnan(best["round_dt_ms"]) else best["round_dt_ms"])
    assert found.choice["flops_per_s"] == 1000 * found.choice["flops_per_ms"]
    assert list(found.others["model"]) == ["lif", "izhikevich:RS"]
    assert found.others["times"].iloc[0] == 1


def test_a_looser_tolerance_is_judged_at_the_next_stricter(small_run):
    strict, loose = recommend(50 * Hz, 0.3 * ms, run=small_run), recommend(50 * Hz, 0.5 * ms, run=small_run)
    assert strict.choice == loose.choice
    assert any(reason.startswith("judged at 0.3 ms") for reason in loose.why)


def test_a_seed_chooses_the_stimuli_of_what_is_run(small_run, monkeypatch):
    suites = []
    monkeypatch.setattr(recommend_module, "compare", lambda _, *, suite, **__: suites.append(suite) or small_run)
    assert "the seed 7" in recommend(50 * Hz, 0.3 * ms, seed=7).why[0]
    recommend(50 * Hz, 0.3 * ms, atlas=False)
    assert [suite.seed for suite in suites] == [7, 0]
    with pytest.raises(UserError, match="seed = -1: give a whole number from 0"):
        recommend(50 * Hz, 0.3 * ms, seed=-1)
    for given in ({"run": small_run}, {"atlas": "constant"}):
        with pytest.raises(UserError, match="leave out the run and the atlas"):
            recommend(50 * Hz, 0.3 * ms, seed=7, **given)


@pytest.mark.slow
def test_without_a_run_the_models_are_run_for_their_costs_alone():
    phases = []
    found = recommend(
        50 * Hz, 1 * ms, models=["lif"], atlas=False, progress=Progress(begin=lambda phase, _: phases.append(phase))
    )
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
def test_the_program_is_as_accurate_as_it_says(small_run, tmp_path, features, executed):
    found = recommend(50 * Hz, 0.3 * ms, features=features, run=small_run, engine="brian2")
    assert found.choice == found.brian2
    assert found.brian2["detection"] == "grid"
    assert found.brian2["error_ms"] <= 0.3
    # dt is a number that people type
    assert found.code.count(f"defaultclock.dt = {found.choice['dt_ms']!r}*ms") == 1
    assert f"{found.choice['dt_ms']:.3g}" == repr(found.choice["dt_ms"])
    model = get_model(found.brian2["model"])
    drive = units.quantity(found.brian2["drive"], model.system.dimensions[model.input])
    expected = reference(model, constant(drive, 200 * ms)).train
    # every day one program runs as a user runs it
    times = executed(found.code) if features and not DEEP else run_program(found.code, tmp_path)
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
    ("quantity", "written"),
    [
        (30 * brian2.nS, "30.0*nS"),
        (281 * brian2.pF, "281.0*pF"),
        (80.5 * brian2.pA, "80.5*pA"),
        (-65 * mV, "-65.0*mV"),
        (0.5 * ms, "0.5*ms"),
        (3 * brian2.nsecond, "3.0*nsecond"),
        (1 * second, "1.0*second"),
        (0 * mV, "0.0*mV"),
        (1.25 * uA / brian2.cm**2, "1.25*uA/cm**2"),
    ],
)
def test_quantities_as_people_write_them(quantity, written):
    value, unit = float(units.internal(quantity)), units.unit_name(get_dimensions(quantity))
    assert brian2_code_module._quantity(value, unit) == written
    program = {}
    exec(f"from brian2 import *\nfound = {written}", program)
    assert units.internal(program["found"]) == units.internal(quantity)


@pytest.mark.parametrize(
    ("budget", "operations"),
    [("5e5 FLOP/s", 5e5), ("500 kFLOP/s", 5e5), ("0.5MFLOPS", 5e5), ("500000", 5e5), (5e5, 5e5), (None, np.inf)],
)
def test_budgets(budget, operations):
    assert read_budget(budget) == operations


@pytest.mark.parametrize("budget", ["5 mFLOP/s", "0.5m", "much", "-1 FLOP/s", "0", "1e400", "5 mV", "1.2.3"])
def test_budgets_that_cannot_be_read(budget):
    with pytest.raises(UserError, match="cannot read the budget"):
        read_budget(budget)


@pytest.mark.parametrize(
    ("cost", "said"), [(1.0, "0.1 % of the budget"), (1990.0, "199 % of the budget"), (12000.0, "12 times the budget")]
)
def test_the_part_of_a_budget_is_written_as_people_do(cost, said):
    row = pd.Series({"flops_per_ms": cost, "status": Status.REACHED})
    assert share(row, 1e6) == said
    assert share(row.replace(Status.REACHED, Status.AT_LEAST), 1e6) == f"\u2264 {said}"


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
    run = dataclasses.replace(small_run, table=table)
    found = recommend(50 * Hz, 0.3 * ms, run=run)
    assert (found.brian2, found.code) == ({}, "")
    assert any("none of its methods meets the request" in reason for reason in found.why)
    with pytest.raises(UserError, match=r"Brian2 has no way of this run that reaches 0\.3 ms at 50 Hz"):
        recommend(50 * Hz, 0.3 * ms, run=run, engine="brian2")


def test_program_headline_and_budget_are_of_the_same_way(small_run):
    found = recommend(50 * Hz, 0.3 * ms, run=small_run, budget="1e9 FLOP/s")
    assert found.choice["detection"] != "grid"
    assert found.code == ""  # Brian2 cannot run this way
    assert any("no Brian2 program" in reason and "--engine brian2" in reason for reason in found.why)
    of_brian2 = recommend(50 * Hz, 0.3 * ms, run=small_run, budget="1e9 FLOP/s", engine="brian2")
    assert of_brian2.choice["detection"] == "grid"
    share = f"{of_brian2.choice['flops_per_s'] / 1e7:.3g} % of the budget of 1 GFLOP/s"
    assert any(share in reason for reason in of_brian2.why)
    needs = share.removesuffix(" of 1 GFLOP/s")
    assert any(needs in reason for reason in found.why)  # what the program would need
    assert of_brian2.code.startswith(f"# {of_brian2.text.splitlines()[0]}")
    # a budget that the program does not keep is not kept
    with pytest.raises(UserError, match="nothing costs at most"):
        recommend(50 * Hz, 0.3 * ms, run=small_run, engine="brian2", budget=of_brian2.choice["flops_per_s"] / 2)


def test_models_and_engines_restrict_a_run(small_run):
    found = recommend(50 * Hz, 0.3 * ms, run=small_run, models=["izhikevich"])
    assert found.choice["model"] == "izhikevich:RS"
    assert "asked for" in found.not_recommended["lif"]
    nest = recommend(50 * Hz, 1 * ms, run=small_run, engine="nest")
    assert (nest.choice["model"], nest.choice["detection"]) == ("izhikevich:RS", "grid")
    assert "NEST has no way" in nest.not_recommended["lif"]
    for arguments, message in (
        ({"models": ["adex"]}, "the run has no model 'adex': it has lif, izhikevich:RS"),
        ({"engine": "neuron"}, r"backward_euler, .*\) are not among"),
        ({"engine": "genesis"}, "unknown engine 'genesis'; give brian2 or nest"),
    ):
        with pytest.raises(UserError, match=message):
            recommend(50 * Hz, 0.3 * ms, run=small_run, **arguments)


def test_every_other_model_has_its_reason(small_run):
    found = recommend(50 * Hz, 0.3 * ms, run=small_run)
    assert set(found.not_recommended) == set(small_run.models) - {found.choice["model"]}
    assert all("times the operations" in why for why in found.not_recommended.values())
    assert found.to_json()["not_recommended"] == found.not_recommended
    featured = recommend(50 * Hz, 1 * ms, features=["spike_frequency_adaptation"], run=small_run)
    assert mentions(featured.not_recommended["lif"], "spike_frequency_adaptation", "cannot")
    # a model that does not fire, and one that no way holds
    table = small_run.table.copy()
    table.loc[table["model"] == "lif", "flops_per_ms"] = np.nan
    table.loc[table["model"] == "lif", "status"] = "not reached"
    run = dataclasses.replace(small_run, table=table)
    assert "not reached" in recommend(50 * Hz, 0.3 * ms, run=run).not_recommended["lif"]
    regimes = small_run.regimes.copy()
    regimes.loc[regimes["model"] == "lif", "reason"] = "it is asleep"
    run = dataclasses.replace(run, regimes=regimes)
    assert recommend(50 * Hz, 0.3 * ms, run=run).not_recommended["lif"] == "it is asleep"


def of_two_horizons(run, change):
    """The run, and the same at ten times the horizon, where `change` returns which rows are not reached."""
    longer = run.table.assign(horizon_ms=10 * run.table["horizon_ms"])
    lost = change(longer)
    longer.loc[lost, "flops_per_ms"] = np.nan
    longer.loc[lost, ["status", "reason"]] = ["not reached", "it loses a spike"]
    return dataclasses.replace(run, table=pd.concat([run.table, longer], ignore_index=True))


def test_of_two_horizons_the_longer_answers(small_run):
    run = of_two_horizons(small_run, lambda table: table["model"] != "")
    with pytest.raises(UserError, match=r"^no model reaches 0\.3 ms at 50 Hz, constant, 2 s in this run; "):
        recommend(50 * Hz, 0.3 * ms, run=run)
    run = of_two_horizons(small_run, lambda table: table["model"] == "none of them")
    found = recommend(50 * Hz, 0.3 * ms, run=run)
    assert found.choice["horizon_ms"] == 2000
    assert any("over 2 s" in said for said in found.why)


def of_two_drives(run):
    """The run, and the same under another drive: twice the cost, half the dt, another error."""
    other = run.table.assign(stimulus="ornstein_uhlenbeck")
    for name, factor in (("flops_per_ms", 2), ("dt_ms", 0.5), ("error_ms", 0.7)):
        columns = [name, f"round_{name}"]
        other[columns] = factor * other[columns]
    # with rk4 the coarser dt is under this one: the strictest regime of each way is another
    rk4 = other["method"] == "rk4"
    other.loc[rk4, ["dt_ms", "round_dt_ms"]] *= 4
    return dataclasses.replace(run, table=pd.concat([run.table, other], ignore_index=True))


def test_of_two_drives_one_is_named_and_all_numbers_are_of_it(small_run):
    """What was run in one regime was not run in another; a ratio of costs compares ways in one regime."""
    run = of_two_drives(small_run)
    several = r"^the run has several drives at 50 Hz, .*: constant, ornstein_uhlenbeck; name one with --drive constant$"
    with pytest.raises(UserError, match=several):
        recommend(50 * Hz, 0.3 * ms, run=run)
    with pytest.raises(UserError, match=r"^the run has no drive 'constnt' at 50 Hz: did you mean 'constant'\?"):
        recommend(50 * Hz, 0.3 * ms, run=run, drive="constnt")
    for drive in ("constant", "ornstein_uhlenbeck"):
        found = recommend(50 * Hz, 0.3 * ms, run=run, drive=drive)
        alone = dataclasses.replace(run, table=run.table[run.table["stimulus"] == drive])
        assert found.choice == recommend(50 * Hz, 0.3 * ms, run=alone).choice
        assert found.choice["stimulus"] == found.asked["drive"] == drive
        rows = alone.table[(alone.table["level"] == "50 Hz") & (alone.table["measure"] == "maximum")]
        way = rows[(rows[["model", "method", "detection"]] == [found.choice[x] for x in WAY]).all(axis=1)]
        way = way[way["tolerance"] == found.choice["tolerance_ms"]]
        dt, cost, error = (way[f"round_{x}"].fillna(way[x]).item() for x in ("dt_ms", "flops_per_ms", "error_ms"))
        assert [found.choice[x] for x in ("dt_ms", "flops_per_ms", "error_ms")] == [dt, cost, error]
        for other in found.others.to_dict("records"):
            costs = rows[(rows["model"] == other["model"]) & (rows["tolerance"] <= 0.3)]
            least = costs["round_flops_per_ms"].fillna(costs["flops_per_ms"]).min()
            assert other["times"] == least / cost
        assert any(f"({drive})" in said for said in found.why)


def test_the_cheapest_holds_for_a_stricter_tolerance_too(small_run):
    """Of the runs for two tolerances, that for the stricter one is cheaper: it holds for the looser one."""
    table = small_run.table.copy()
    strict = table["tolerance"] == 0.3
    table.loc[strict, ["flops_per_ms", "round_flops_per_ms"]] /= 1000
    found = recommend(50 * Hz, 1 * ms, run=dataclasses.replace(small_run, table=table))
    assert found.choice["tolerance_ms"] == 0.3
    assert found.choice["error_ms"] <= 0.3
    assert any(said.startswith("judged at 0.3 ms: what holds there holds at 1 ms, too") for said in found.why)


def test_a_reason_is_one_of_a_regime_that_was_not_reached_at_the_tolerance_that_was_judged(small_run):
    """Not of the shorter horizon, where it is reached, nor of a stricter tolerance, for which the reason is another."""
    run = of_two_horizons(small_run, lambda table: table["model"] == "lif")
    table = run.table.copy()
    table.loc[(table["model"] == "lif") & (table["tolerance"] < 1), "reason"] = "of a stricter tolerance"
    run = dataclasses.replace(run, table=table)
    found = recommend(50 * Hz, 1 * ms, run=run)
    assert mentions(found.not_recommended["lif"], "not reached", "it loses a spike")


def test_models_and_engine_have_their_own_reasons(small_run):
    found = recommend(50 * Hz, 1 * ms, run=small_run, models=["izhikevich"], engine="brian2")
    assert found.not_recommended.keys() == {"lif"}
    assert "asked for" in found.not_recommended["lif"]


@pytest.mark.parametrize(
    ("model", "runs"),
    [("izhikevich", True), ("izhikevich:CH", True), ("izhikevich2007:RS", False), ("izhikevich_mv:CH", False)],
)
def test_nest_was_only_compared_for_one_model(model, runs):
    assert ENGINES["nest"].runs({"model": model, "method": "euler", "detection": "grid"}) is runs


def test_a_model_named_without_a_preset_is_every_preset_of_the_run(small_run):
    more = small_run.table[small_run.table["model"] == "izhikevich:RS"].assign(model="izhikevich:CH")
    about = {**small_run.about, "models": {**small_run.about["models"]}}
    about["models"]["izhikevich:CH"] = about["models"]["izhikevich:RS"]
    run = dataclasses.replace(small_run, about=about, table=pd.concat([small_run.table, more], ignore_index=True))
    found = recommend(50 * Hz, 0.3 * ms, run=run, models=["izhikevich"])
    assert set(found.others["model"]) == {"izhikevich:RS", "izhikevich:CH"}


def test_the_budget_holds_for_a_preset_that_was_run_for_its_features(small_run, monkeypatch):
    """With features, presets are run, without those that are known not to show them."""
    costs = small_run.table["flops_per_ms"]
    one = small_run.table["model"] == "izhikevich:RS"
    dear = small_run.table[one].assign(model="izhikevich:CH", flops_per_ms=100 * costs, round_dt_ms=np.nan)
    made = []
    monkeypatch.setattr(
        recommend_module,
        "_made",
        lambda models, *_, **__: made.extend(models) or dataclasses.replace(small_run, table=dear),
    )
    with pytest.raises(UserError, match=r"nothing costs at most .*: the cheapest is izhikevich:CH"):
        recommend(
            50 * Hz,
            0.3 * ms,
            models=["izhikevich"],
            features=["tonic_bursting"],
            budget=1000 * float(costs[one].max()),
            atlas=False,
        )
    labels = [model.label for model in made]
    assert "izhikevich:CH" in labels
    assert "izhikevich:RS" not in labels


def test_a_bound_is_not_printed_as_exact(small_run):
    table = small_run.table.copy()
    table.loc[table["status"] == "reached", "status"] = "at least"
    found = recommend(50 * Hz, 0.3 * ms, run=dataclasses.replace(small_run, table=table), budget="1e9")
    assert "dt \u2265 " in found.text.splitlines()[0]
    assert ": \u2264 " in found.text.splitlines()[0]
    assert any(reason.startswith("\u2264 ") and "of the budget" in reason for reason in found.why)
    assert not any("interval" in reason for reason in found.why)


RANDOM = {
    "noise": (THREAD, "constant", 0.1, "other random numbers"),
    "arrivals": (CUBA, "poisson_arrivals", 1.0, "other spikes that arrive"),
}


@pytest.mark.parametrize(("model", "stimulus", "tolerance", "said"), RANDOM.values(), ids=RANDOM)
def test_a_model_with_random_numbers_or_arrivals_has_no_program(model, stimulus, tolerance, said):
    suite = Suite(
        models=(model,),
        stimuli=(stimulus,),
        rates=(20.0,),
        horizons=(200.0,),
        trials=2,
        methods=("rk4",),
        detections=("grid", "hermite"),
        tolerances=(tolerance,),
        witnessed=False,
        thorough=False,
        features=False,
        seed=5,
    )
    run = compare([model], suite=suite)
    found = recommend(20 * Hz, tolerance * ms, run=run)
    assert (found.brian2, found.code) == ({}, "")
    assert sum(said in reason for reason in found.why) == 1
    # the seeds of the run are those that were asked for
    noise, stimuli = run.references["noise_seed"], run.references["seed"]
    assert noise.dropna().tolist() == ([5, 6] if model is THREAD else [])
    assert stimuli.dropna().tolist() == ([] if model is THREAD else [5, 6])
    text = methods_text(run)
    assert ("of the models' noise 5 to 6" in text) == (model is THREAD)
    assert ("of the stimuli 5 to 6" in text) == (model is CUBA)


def test_a_program_of_a_model_without_input(executed):
    model = NeuronModel(
        name="alone",
        equations="dv/dt = (20*mV - v)/(10*ms) : volt (unless refractory)",
        threshold="v > 15*mV",
        reset="v = 0*mV",
        refractory=2 * ms,
        initial={"v": 0 * mV},
        input="",
    )
    suite = Suite(
        models=(model,),
        horizons=(100.0,),
        methods=("exact", "euler"),
        detections=("grid",),
        tolerances=(1.0,),
        witnessed=False,
        thorough=False,
        features=False,
    )
    run = compare([model], suite=suite)
    row = run.table.query("method == 'exact'").iloc[0]
    dt = Fraction(1, 8)
    code = brian2_code(
        run.about["models"]["alone"],
        "exact",
        title="alone",
        dt_ms=float(dt),
        drive=float(row["drive"]),
        drive_unit=row["drive_unit"],
        horizon_ms=100.0,
    )
    assert "neuron.I" not in code
    expected = compile_kernels([make_step(model, "exact", "grid")])[0].run([as_it_stands(100 * ms)], dt)[0].spike_times
    assert len(expected) > 3
    assert executed(code) == pytest.approx(expected, abs=1e-6)


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


def test_a_name_alone_is_any_preset_where_models_are_run_too(small_run, monkeypatch):
    made = []
    monkeypatch.setattr(recommend_module, "_made", lambda models, *_, **__: made.append(models) or small_run)
    recommend(50 * Hz, 0.3 * ms, models=["izhikevich"], atlas=False)
    recommend(50 * Hz, 0.3 * ms, models=["izhikevich:RS", MODELS["izhikevich_mv"]], atlas=False)
    presets, named = ([model.label for model in models] for models in made)
    assert set(presets) == {f"izhikevich:{preset}" for preset in MODELS["izhikevich"].presets}
    assert named == ["izhikevich:RS", MODELS["izhikevich_mv"].label]
    with pytest.raises(UserError, match=r"^no model that is cheap enough shows tonic_bursting \(lif: it does not show"):
        recommend(50 * Hz, 0.3 * ms, models=["lif"], features=["tonic_bursting"], atlas=False)
    assert len(made) == 2
