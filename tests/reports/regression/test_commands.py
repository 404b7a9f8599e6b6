"""Checks, baselines and the history as a user types them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from argparse import _SubParsersAction
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from spikecost import cli
from spikecost.reports.regression.small_suite import SMALL, run_small
from spikecost.reports.results.suite_file import read_suite

from ...messages import mentions
from .planted import multiply_once_more

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "ci"
TINY = """
models = ["lif"]
methods = ["rk4"]
detections = ["hermite"]
rates = [50]
horizons = ["200ms"]
trials = 2
repeats = 12
time_lanes = false
"""
STEP = "lif/rk4/hermite/operations_per_step"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A suite, a run of it, and the baseline made from it."""
    path = tmp_path_factory.mktemp("check")
    suite = path / "suite.toml"
    suite.write_text(TINY + 'tolerances = ["0.1ms"]\nfinest = "0.01ms"\nthorough = false\n')
    run_small(read_suite(suite, SMALL)).write(path / "run")  # without the page and figures of `spikecost run`
    assert cli.main(["baseline", "update", str(path / "run"), "--baseline", str(path / "baseline.json")]) == 0
    return path


@pytest.fixture
def said(capsys, folder, monkeypatch):
    """Run a command in that folder; return its status and what it printed."""
    monkeypatch.chdir(folder)

    def run(*arguments):
        try:
            status = cli.main(list(arguments))
        except SystemExit as stop:  # argparse
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    capsys.readouterr()
    return run


def test_a_run_holds_against_its_own_baseline(said):
    status, out, err = said("check", "run", "--baseline", "baseline.json", "--gate-times")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"\d+ figures hold against baseline\.json \(\d+ reported\)\n", out)


def test_a_suite_run_anew_holds_against_it(said):
    status, out, err = said("check", "--suite", "suite.toml", "--baseline", "baseline.json", "--quiet")
    assert (status, err) == (0, "")
    assert "figures hold" in out


def test_a_regression_is_a_table_and_status_1(said, monkeypatch, tmp_path):
    multiply_once_more(monkeypatch)
    status, out, err = said(
        *("check", "--quiet", "--suite", "suite.toml", "--baseline", "baseline.json"),
        *("--junit", str(tmp_path / "junit.xml")),
    )
    assert (status, err) == (1, "")
    line = next(line for line in out.splitlines() if line.startswith(STEP))
    assert re.search(r"regressed +23 +24 +\+1 \(\+4\.35 %\) +\+0 %$", line)
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert int(suite.get("failures")) >= 2


def test_json(said):
    status, out, _ = said("check", "run", "--baseline", "baseline.json", "--json")
    found = json.loads(out)
    assert (status, found["status"], found["verdict"]) == (0, 0, "holds")
    kinds = {each["figure"].rpartition("/")[2] for each in found["figures"]}
    assert kinds >= {"operations_per_step", "instrumented_per_step", "error_ms", "dt_ms", "flops_per_ms", "time"}
    status, out, _ = said("baseline", "update", "run", "--baseline", "baseline.json", "--json")
    assert (status, json.loads(out)) == (0, {"baseline": "baseline.json", "added": [], "changed": [], "removed": []})


def test_the_baseline_is_a_figure_a_line(folder):
    lines = (folder / "baseline.json").read_text().splitlines()
    assert f'  "{STEP}": 23.0,' in lines
    assert len(max(lines, key=len)) < 400
    models = json.loads((folder / "baseline.json").read_text())["models"]
    assert list(models) == ["lif"]


def mistake(said, *arguments):
    status, out, err = said(*arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    return err


def test_a_run_that_is_incomplete_or_of_another_version(said, folder):
    broken = folder / "broken"
    shutil.copytree(folder / "run", broken)
    manifest = broken / "run.json"
    content = json.loads(manifest.read_text())
    before = (folder / "baseline.json").read_bytes()
    checks = (
        ("check", "broken", "--baseline", "baseline.json"),
        ("history", "add", "broken"),
        ("baseline", "update", "broken", "--baseline", "baseline.json"),
    )
    manifest.write_text(json.dumps({**content, "version": 99}))
    for arguments in checks:
        assert "is of format version 99" in mistake(said, *arguments)
    manifest.unlink()
    for arguments in checks:
        assert "is incomplete: it has no run.json" in mistake(said, *arguments)
    shutil.rmtree(broken)
    for arguments in checks:
        assert mistake(said, *arguments).startswith("spikecost: there is no folder broken; ")
    assert (folder / "baseline.json").read_bytes() == before
    assert not (folder / "spikecost-history.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "run", "--baseline", "none.json"], "spikecost: cannot read the baseline none.json: No such file"),
        (["check", "run", "--baseline", "suite.toml"], "spikecost: the baseline suite.toml is not JSON: "),
        (["baseline", "update", "run", "--baseline", "suite.toml"], "spikecost: the baseline suite.toml is not JSON: "),
        (["check", "run", "--baseline", "baseline.json", "--only", "hh/*"], "spikecost: no figure is named 'hh/*'; "),
        (["check", "run", "--baseline", "baseline.json", "--suite", "suite.toml"], "spikecost: --suite suite.toml is "),
        (["check", "run", "--baseline", "baseline.json", "--jobs", "0"], "spikecost: jobs = 0: give 1 or more"),
        (["check", "run"], "spikecost check: the following arguments are required: --baseline; see "),
        (["history"], "spikecost: there is no history spikecost-history.sqlite; add a run with "),
        (["history", "--store", "suite.toml"], "spikecost: cannot use the history suite.toml: file is not a database"),
        (["history", "add"], "spikecost history add: the following arguments are required: RUN; "),
        (
            ["run", "--suite", "suite.toml", "--out", "never", "--history", "suite.toml"],
            "spikecost: cannot use the history suite.toml: file is not a database",
        ),
    ],
)
def test_a_mistake_is_one_line_and_status_2(said, folder, arguments, message):
    before = sorted(path.name for path in folder.iterdir())
    suite = (folder / "suite.toml").read_bytes()
    assert mistake(said, *arguments).startswith(message)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "suite.toml").read_bytes() == suite


def test_a_baseline_of_another_suite_is_stale(said, folder, tmp_path):
    content = json.loads((folder / "baseline.json").read_text())
    content["suite"]["trials"] = 3
    (tmp_path / "stale.json").write_text(json.dumps(content))
    assert "trials = 3 in the baseline, 2 in this run" in mistake(
        said, "check", "run", "--baseline", str(tmp_path / "stale.json")
    )


def test_history(said, tmp_path):
    store = str(tmp_path / "history.sqlite")
    status, out, _ = said("history", "add", "run", "--store", store, "--commit", "c0ffee")
    assert status == 0
    assert mentions(out, store, "added", "1")
    assert mentions(said("history", "add", "run", "--store", store, "--commit", "c0ffee")[1], store, "already", "1 run")
    status, out, _ = said("history", "--store", store, "--figure", STEP, "--json")
    assert json.loads(out)["figures"][STEP] == {
        "runs": [
            {"run": 1, "date": json.loads(out)["figures"][STEP]["runs"][0]["date"], "commit": "c0ffee", "value": 23.0}
        ],
        "changes": [],
    }
    status, out, _ = said("history", "--store", store, "--figure", STEP, "--plot", str(tmp_path / "step.png"))
    assert status == 0
    assert (tmp_path / "step.png").read_bytes().startswith(b"\x89PNG")
    said(
        "history",
        "--store",
        store,
        "--figure",
        STEP,
        "--plot",
        str(tmp_path / "step.svg"),
        "--data",
        str(tmp_path / "step.csv"),
    )
    assert (tmp_path / "step.csv").read_text().splitlines()[1].endswith(f",{STEP},1.0,23.0")


def test_a_run_adds_itself_to_the_history(said, tmp_path):
    store, once = str(tmp_path / "history.sqlite"), tmp_path / "once.toml"
    once.write_text(Path("suite.toml").read_text().replace("repeats = 12", "repeats = 1"))
    status, out, _ = said("run", "--suite", str(once), "--out", str(tmp_path / "run"), "--history", store)
    assert status == 0
    assert f"{store}: added as run 1" in out.splitlines()


# --- what the documentation for CI says ------------------------------------------------------------------------------


def commands():
    """Every ``spikecost`` command in the documents and files for CI."""
    text = "\n".join(path.read_text() for path in sorted(DOCS.rglob("*")) if path.is_file())
    found = re.findall(r"^(?:    |      - run: )(spikecost .*)$", text, re.MULTILINE)
    return [re.sub(r" >> .*|\s+#.*", "", line).replace('"', "").replace("'", "").split()[1:] for line in found]


def test_every_command_of_the_documents_is_one():
    assert len(commands()) > 6
    for arguments in commands():
        if "${arguments[@]}" not in arguments:
            cli._parser().parse_args(arguments)  # exits if it is not a command


def test_every_command_has_its_exit_codes_in_the_documents():
    table = (DOCS / "README.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    parser = next(action for action in cli._parser()._actions if isinstance(action, _SubParsersAction))
    assert {"check", "baseline", "history"} <= parser.choices.keys()
    for name in ("check", "baseline update", "history", "history add", "run"):
        assert f"`spikecost {name}`" in table


def test_the_workflow_uses_the_action_with_inputs_that_it_has():
    workflow = yaml.safe_load((DOCS / "workflow.yml").read_text())
    action = yaml.safe_load((DOCS / "action" / "action.yml").read_text())
    used = [
        step
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses") == "./.github/actions/spikecost"
    ]
    assert len(used) == 1
    assert used[0]["with"].keys() <= action["inputs"].keys()
    assert {name for name, given in action["inputs"].items() if given.get("required")} <= used[0]["with"].keys()
    assert action["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" for step in action["runs"]["steps"])


@pytest.mark.parametrize(("status", "only", "gate"), [(0, "*", "true"), (2, "no such/*", "false"), (2, "*", "True")])
def test_the_steps_of_the_action_run(folder, tmp_path, status, only, gate):
    """Do what GitHub's runner does: put inputs into the variables that a step names, and give its script to bash -e."""
    action = yaml.safe_load((DOCS / "action" / "action.yml").read_text())
    inputs = {name: given.get("default", "") for name, given in action["inputs"].items()} | {
        "baseline": "baseline.json",
        "run": "run",
        "only": only,
        "gate-times": gate,
        "junit": str(tmp_path / "junit.xml"),
    }
    step = next(step for step in action["runs"]["steps"] if step.get("id") == "check")
    given = {
        name: inputs[re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)[1]] for name, value in step["env"].items()
    }
    output, summary = tmp_path / "output", tmp_path / "summary"
    script = Path(sys.executable).parent
    found = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            **given,
            "PATH": f"{script}:{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
    )
    assert found.returncode == status, found.stderr
    assert output.read_text() == f"status={status}\n"
    if gate == "True":
        assert "neither true nor false" in found.stderr
    else:
        assert summary.read_text().startswith("### spikecost: " + ("" if status == 0 else "could not be judged"))
    assert (tmp_path / "junit.xml").exists() == (status == 0)


def test_the_plugin_is_announced():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"spikecost": "spikecost.pytest_plugin"}
