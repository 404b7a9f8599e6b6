"""Ways to pass the gate with a worse program, another machine or a changed file: each ends with 1 or 2 and a reason."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from spikecost import cli
from spikecost.accuracy.references import taylor
from spikecost.accuracy.search import shared_runs
from spikecost.accuracy.search.criterion import Run
from spikecost.flops import toolchain
from spikecost.flops.counters import auto
from spikecost.harness.kernels.kernel import Kernel
from spikecost.harness.measuring import timing
from spikecost.reports.regression.small_suite import SMALL, run_small
from spikecost.reports.results.suite_file import read_suite

from .planted import count_one_too_few, halve_errors, multiply_once_more

SUITE = """
models = ["izhikevich"]
methods = ["rk4"]
detections = ["hermite"]
rates = [50]
horizons = ["100ms"]
trials = 1
repeats = 12
time_lanes = false
tolerances = ["0.1ms"]
finest = "0.05ms"
thorough = false
"""
WAY = "izhikevich:RS/rk4/hermite"
STEP = f"{WAY}/operations_per_step"
CASE = f"{WAY}/constant/50 Hz/100 ms/maximum 0.1 ms"


@pytest.fixture(scope="module", autouse=True)
def steady_times():
    """Every run of a kernel takes as long as any other, however busy the machine is: only edits change times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kernel, "seconds", lambda *_: 1e-3)
        patch.setattr(timing, "calibrate", lambda: 1e-3)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a suite, a run of it, and the text of the baseline made from it."""
    folder = tmp_path_factory.mktemp("attacks")
    (folder / "suite.toml").write_text(SUITE)
    run_small(read_suite(folder / "suite.toml", SMALL), jobs=1).write(folder / "run")
    assert cli.main(["baseline", "update", str(folder / "run"), "--baseline", str(folder / "kept.json")]) == 0
    return folder, (folder / "kept.json").read_text()


@pytest.fixture
def check(made, capsys, monkeypatch):
    """Run ``spikecost check`` in that folder; return its status and its output."""
    folder, text = made
    monkeypatch.chdir(folder)
    Path("kept.json").write_text(text)
    capsys.readouterr()

    def run(*arguments, suite="suite.toml", folder=None):
        given = [folder] if folder else ["--suite", suite]
        status = cli.main(["check", *given, "--quiet", "--jobs", "1", "--baseline", "kept.json", *arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out + printed.err

    return run


def edit(section, **changes):
    """Change entries of a section of the baseline; None deletes one."""
    path = Path("kept.json")
    content = json.loads(path.read_text())
    content[section] = {name: value for name, value in {**content[section], **changes}.items() if value is not None}
    path.write_text(json.dumps(content))


def edited(section, keep):
    """Keep some entries of a section of the baseline."""
    path = Path("kept.json")
    content = json.loads(path.read_text())
    content[section] = {name: value for name, value in content[section].items() if keep(name)}
    path.write_text(json.dumps(content))


def test_unchanged_twice(check):
    assert [check()[0], check("--gate-times")[0], check("--gate-times", folder="run")[0]] == [0, 0, 0]


# --- a worse program -------------------------------------------------------------------------------------------------


def test_a_count_that_is_one_multiplication_too_low(check, monkeypatch):
    count_one_too_few(monkeypatch)
    status, said = check()
    assert status == 1
    line = next(line for line in said.splitlines() if line.startswith(f"{WAY}/retired/mul_per_step"))
    counted = json.loads(Path("kept.json").read_text())["figures"][f"{WAY}/mul_per_step"]
    assert f"mul: {counted - 1:g} counted, {counted:g} retired" in line


def test_such_a_count_becomes_no_baseline(made, check, monkeypatch, capsys):
    count_one_too_few(monkeypatch)
    assert cli.main(["baseline", "update", "--suite", "suite.toml", "--baseline", "kept.json"]) == 2
    assert "retired by the processor" in capsys.readouterr().err
    assert Path("kept.json").read_text() == made[1]


def test_a_multiplication_more(check, monkeypatch):
    multiply_once_more(monkeypatch)
    status, said = check()
    assert status == 1
    assert STEP in said
    assert "contradicted" not in said


def test_errors_halved(check, monkeypatch):
    halve_errors(monkeypatch)
    status, said = check()
    assert status == 2
    assert "improved" in said.splitlines()[0]
    assert "spikecost baseline update" in said


@pytest.mark.parametrize("name", ["FIRST", "SECOND"])
def test_a_looser_reference(check, monkeypatch, name):
    monkeypatch.setattr(taylor, name, replace(getattr(taylor, name), tolerance=2.0**-48))
    status, said = check()
    assert status == 1
    assert "/reference_tolerance" in said


def test_a_reference_whose_stated_error_is_wrong(check, monkeypatch):
    def worse(self):
        return 1e-6

    monkeypatch.setattr("spikecost.accuracy.regimes.regime.Regime.certified", property(worse))
    status, said = check()
    assert status == 1
    assert "/reference_checked_ms" in said


def test_a_model_that_fails_to_run(check, monkeypatch):
    monkeypatch.setattr(
        shared_runs,
        "judged",
        lambda trials, outcomes, measures: tuple(Run(None, "diverged", {}, 0, each.tallies) for each in outcomes),
    )
    status, said = check()
    assert status == 1
    assert f"{CASE}/dt_ms" in said
    assert "no longer a number" in said


@pytest.mark.parametrize(
    "place",
    [
        "accuracy.study.phases.sweeping._searched",
        "accuracy.study.phases.sweeping.kernels_of",
        "accuracy.study.phases.measuring.kept_step_and_spike",
        "accuracy.regimes.regime.reference",
    ],
)
def test_a_program_that_crashes_has_not_regressed(check, monkeypatch, place):
    def crash(*_, **__):
        raise ImportError("no such library")

    monkeypatch.setattr(f"spikecost.{place}", crash)
    if place.endswith("reference"):
        monkeypatch.setattr(
            "spikecost.accuracy.regimes.regime.recall", lambda kind, model, request, compute, **_: compute()
        )
    status, said = check()
    assert status == 2
    assert ("no such library" in said) == (not place.endswith("spike"))  # else only a figure is missing


# --- another machine, another environment ----------------------------------------------------------------------------


def in_new_process(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "spikecost", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=300,
    )


def test_a_compiler_that_leaves_out_the_optimisation(check, monkeypatch, tmp_path):
    real = toolchain.find_compiler()
    other = tmp_path / "cc"
    other.write_text(f'#!/bin/bash\nexec {shlex.join(real.command)} "${{@/#-O2/-O0}}"\n')
    other.chmod(0o755)
    # a variable such as CC can make it claim to be the same
    monkeypatch.setattr(toolchain, "find_compiler", lambda: replace(real, command=(str(other),)))
    status, said = check()
    assert status == 1
    assert "/instructions_per_step" in said


def test_other_flags(check, monkeypatch):
    flags = ("-O0", *toolchain.SCALAR.flags[1:])
    monkeypatch.setitem(vars(toolchain.SCALAR), "flags", flags)
    status, said = check("--gate-times")
    assert status == 2
    assert "flags: -O2" in said
    assert "not comparable" in said
    status, said = check("--only", "*_per_step")  # the flags of spikecost do not depend on the machine
    assert status == 2
    assert "flags: -O2" in said


@pytest.mark.parametrize("fact", ["compiler", "libc", "processor", "vector instructions"])
def test_another_toolchain_passes_no_gate_of_times(check, fact):
    edit("environment", **{fact: "another"})
    status, said = check(folder="run")
    assert (status, "not comparable" in said) == (0, True)
    status, said = check("--gate-times", folder="run")
    assert status == 2
    assert f"{fact}: another in the baseline" in said


def test_no_exact_counter(check, monkeypatch):
    real = auto.best
    monkeypatch.setattr(auto, "best", lambda exact=None: None if exact else real(exact))
    status, said = check()
    assert status == 2
    assert "no exact counter" in said
    assert "--without-counter" in said
    assert check("--without-counter")[0] == 0


def test_a_dependency_that_is_missing(made, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['brian2'] = None\n")
    found = in_new_process(made[0], "check", "run", "--baseline", "kept.json", PYTHONPATH=str(tmp_path))
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("spikecost: ")
    assert found.stderr.count("\n") == 1
    assert "brian2" in found.stderr


def test_a_model_that_ends_the_program(check):
    Path("ends.py").write_text("import sys\nsys.exit(1)\n")
    assert check("--models", "ends.py:model")[0] == 2


def test_code_that_ends_the_program_later(check, monkeypatch):
    monkeypatch.setattr("spikecost.reports.regression.command.check", lambda *_, **__: sys.exit(1))
    assert check()[0] == 2


@pytest.mark.slow
def test_a_reader_that_has_gone(made, check):
    edit("figures", **{STEP: 1.0})
    command = f'"{sys.executable}" -m spikecost check run --baseline kept.json --all | true; exit ${{PIPESTATUS[0]}}'
    assert subprocess.run(["bash", "-c", command], cwd=made[0], check=False, capture_output=True).returncode == 1


# --- another file ----------------------------------------------------------------------------------------------------


def test_an_empty_baseline(check):
    edited("figures", lambda name: False)
    assert check(folder="run")[0] == 2


@pytest.mark.parametrize(
    "gone",
    [
        STEP,
        f"{CASE}/dt_ms",
        f"{CASE}/flops_per_ms",
        "izhikevich:RS/rk4/instructions_per_step",
        "izhikevich:RS/reference/constant/50 Hz/100 ms/reference_error_ms",
    ],
)
def test_a_figure_that_was_deleted_from_the_baseline(check, gone):
    edit("figures", **{gone: None})
    status, said = check(folder="run")
    assert status == 2
    assert f"{gone}  not judged" in said


def test_figures_that_were_deleted_from_the_baseline(check):
    for part in ("/error_ms", "maximum", "/instr", "/reference/", "_per_s"):
        edited("figures", lambda name, part=part: part not in name)
        assert check(folder="run")[0] == 2, part


def test_times_that_were_deleted_from_the_baseline(check):
    edited("times", lambda name: False)
    assert check(folder="run")[0] == 0
    assert check("--gate-times", folder="run")[0] == 2


def test_times_that_cannot_be_judged(check):
    assert check("--gate-times", "--only", "*/dt_ms", folder="run")[0] == 2
    edit("times", **{WAY: [1.0, 2.0]})
    assert check("--gate-times", folder="run")[0] == 2


def test_times_that_became_much_shorter(check):
    content = json.loads(Path("kept.json").read_text())
    # on a busy machine, single times are several times the others: each of these is longer than all that were measured
    longest = max(content["times"][WAY])
    edit("times", **{WAY: [6 * longest + i for i in range(len(content["times"][WAY]))]})
    status, said = check("--gate-times", folder="run")
    assert status == 2
    assert f"{WAY}/time" in said
    # a baseline that was made on a busy machine
    edit("times", **{WAY: [1.6 * each for each in content["times"][WAY]]})
    assert check("--gate-times", folder="run")[0] == 0


def test_a_baseline_that_does_not_name_its_definitions(check):
    edited("models", lambda name: False)
    status, said = check(folder="run")
    assert (status, said.count("\n")) == (2, 1)
    assert "definition" in said


@pytest.mark.parametrize("field", ["trials = 2", "per_decade = 3", 'finest = "0.2ms"', 'coarsest = "2ms"'])
def test_a_baseline_of_another_suite(check, field):
    name = field.partition(" ")[0]
    kept = [line for line in SUITE.splitlines() if not line.startswith(name)]
    Path("other.toml").write_text("\n".join([*kept, field]))
    status, said = check(suite="other.toml")
    assert (status, said.count("\n")) == (2, 1)
    assert f"another suite: {name} = " in said


def test_a_baseline_that_does_not_name_its_suite(check):
    edited("suite", lambda name: False)
    status, said = check(folder="run")
    assert (status, said.count("\n")) == (2, 1)


def test_a_renamed_model(check):
    Path("own.py").write_text("from spikecost import get_model\nmodel = get_model('izhikevich').replace(name='own')\n")
    status, said = check("--models", "own.py:model")
    assert status == 2
    assert "not in this run" in said


def test_a_setting_that_is_there_twice(check):
    Path("twice.toml").write_text(SUITE.replace("[50]", "[50, 50]"))
    status, said = check(suite="twice.toml")
    assert (status, said.count("\n")) == (2, 1)


def test_a_limit_of_no_figure(check):
    edit("limits", **{"*/operations_per_stp": {"hard": 10}})
    status, said = check(folder="run")
    assert (status, said.count("\n")) == (2, 1)
    assert "'*/operations_per_stp'" in said


def test_everything_only_reported(check):
    edit("limits", **{"*": {"soft_percent": None}})
    assert check(folder="run")[0] == 2


def test_a_pattern_of_no_figure(check):
    assert check("--only", "lif/*", folder="run")[0] == 2
