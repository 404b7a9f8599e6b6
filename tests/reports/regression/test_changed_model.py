"""A repository with its own model: the gate reports the cost of a change of the model."""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from spikecost import cli
from spikecost.models.ground.errors import UserError
from spikecost.models.ground.named_files import named_in, seen_from_here
from spikecost.reports.regression import command
from spikecost.reports.regression.judge import judge

from .figures import baseline
from .figures import figures as small_figures

MODEL = """
from brian2 import ms, mV

from spikecost import NeuronModel

model = NeuronModel(
    name="mine",
    equations='''
        dv/dt = I - v/tau : volt
        tau : second
        I : volt/second
    ''',
    threshold="v > 15*mV", reset="v = 0*mV", parameters={"tau": 20*ms}, initial={"v": 0*mV},
)
"""
SUITE = """
models = ["../my_model.py:model"]
methods = ["euler", "rk4"]
detections = ["hermite"]
rates = [50]
horizons = ["100ms"]
tolerances = ["0.1ms"]
finest = "0.05ms"
trials = 1
repeats = 1
time_lanes = false
thorough = false
"""
STEP = "mine/rk4/hermite/operations_per_step"


@pytest.fixture
def repository(tmp_path, monkeypatch, capsys):
    """A repository with a model, a suite, and a baseline of both; a function that runs ``spikecost`` in it."""
    if not shutil.which("git"):
        pytest.skip("git is not installed; install it (Debian: apt-get install git)")
    monkeypatch.chdir(tmp_path)
    Path("my_model.py").write_text(MODEL)
    Path("ci").mkdir()
    Path("ci/suite.toml").write_text(SUITE)

    def run(*arguments):
        given = ["--quiet", "--suite", "ci/suite.toml", "--allow-python", "--jobs", "1", "--baseline", "costs.json"]
        status = cli.main([*arguments, *given])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    assert run("baseline", "update")[0] == 0
    if shutil.which("git"):
        git("init", "--quiet")
        git("add", "--all")
        git("-c", "user.name=me", "-c", "user.email=me@here", "commit", "--quiet", "--message", "a model and its costs")
    return run


def git(*arguments):
    if shutil.which("git") is None:
        pytest.skip("git is not installed; install it (Debian: apt-get install git)")
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def figures():
    return json.loads(Path("costs.json").read_text())["figures"]


def test_one_more_tanh(repository, monkeypatch, tmp_path):
    assert repository("check")[0] == 0
    before = figures()
    Path("my_model.py").write_text(MODEL.replace("I - v/tau", "I - v/tau - 1e-6*tanh(v/mV)*mV/ms"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    status, said = repository("check", "--github", "--junit", "junit.xml", "--markdown", "check.md")
    assert status == 1
    # tanh x = 1 - 2/(exp(2 x) + 1): exp, add, div, sub, and the factor of its argument; and the factor of tanh, and the
    # subtraction from I - v/tau: 7 operations in addition to 5, in each of the four stages of rk4 to 22
    assert (before["mine/euler/hermite/operations_per_step"], before[STEP]) == (5, 22)
    assert re.search(r"mine/euler/hermite/operations_per_step +regressed +5 +12 +\+7 \(\+140 %\) +\+0 %", said)
    assert re.search(rf"{STEP} +regressed +22 +50 +\+28 \(\+127 %\) +\+0 %", said)
    assert re.search(r"mine/rk4/hermite/exp_per_step +regressed +0 +4 +\+4", said)
    assert "mine: the definition differs from that in the baseline" in said
    number = 1 + MODEL.splitlines().index("model = NeuronModel(")
    assert said.count(f"::error file=my_model.py,line={number},title=mine/") == 9  # GitHub shows no more
    assert "| regressed |" in (tmp_path / "summary.md").read_text()
    assert int(ElementTree.parse("junit.xml").getroot().find("testsuite").get("failures")) > 2
    assert "| regressed | 22 | 50 | +28 (+127 %) |" in Path("check.md").read_text().replace("\\", "")

    # the command that the text shows accepts it
    accept = next(line for line in said.splitlines() if line.strip().startswith("spikecost baseline update"))
    assert shlex.split(accept)[1:] == [
        *("baseline", "update", "--suite", "ci/suite.toml", "--allow-python", "--baseline", "costs.json")
    ]

    # a part of the change is accepted: the rest is still checked
    status, said = repository("baseline", "update", "--figures", "mine/euler/*")
    assert status == 0
    assert {name for name, value in figures().items() if before.get(name) != value} <= {
        name for name in figures() if name.startswith("mine/euler/")
    }
    assert figures()["mine/euler/hermite/exp_per_step"] == 1
    status, said = repository("check")
    assert status == 1
    assert "mine/euler/hermite/operations_per_step" not in said
    assert repository("baseline", "update")[0] == 0
    assert repository("check")[0] == 0


def test_one_more_tanh_instead_of_a_line_is_91_percent(repository):
    """The leak becomes mV*tanh(v/mV)/tau: exp, add, div, sub and a sum in each of the four stages, 20 more than 22."""
    Path("my_model.py").write_text(MODEL.replace("v/tau", "mV*tanh(v/mV)/tau"))
    status, said = repository("check")
    assert status == 1
    assert re.search(rf"{STEP} +regressed +22 +42 +\+20 \(\+90\.9 %\) +\+0 %", said)


def test_what_is_accepted_must_be_there(repository):
    before = Path("costs.json").read_text()
    status, said = repository("baseline", "update", "--figures", "yours/*")
    assert (status, said.count("\n")) == (2, 1)
    content = json.loads(before)
    content["environment"]["compiler"] = "another"
    Path("costs.json").write_text(json.dumps(content))
    status, said = repository("baseline", "update", "--figures", "mine/*")
    assert status == 2
    assert "made elsewhere" in said
    Path("costs.json").unlink()
    assert repository("baseline", "update", "--figures", "mine/*")[0] == 2


def test_a_cheaper_model_must_be_accepted(repository):
    Path("my_model.py").write_text(MODEL.replace("I - v/tau", "I"))
    status, said = repository("check")
    assert status == 2
    assert re.search(rf"{STEP} +improved ", said)


def test_the_history_knows_the_commit_of_the_repository(repository):
    head = git("rev-parse", "HEAD")
    assert cli.main(["history", "add", "run", "--store", "h.sqlite"]) == 2  # there is no run
    figures_now = command.source(None, "ci/suite.toml", 1, allow_python=True)()
    assert figures_now.made["commit"] == head
    assert list(figures_now.places) == ["mine"]
    Path("my_model.py").write_text(MODEL.replace("20*ms", "25*ms"))
    assert command.source(None, "ci/suite.toml", 1, allow_python=True)().made["commit"] == f"{head}, with changes"


def test_annotations_name_files_as_the_repository_does(repository, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "ci")
    Path("../my_model.py").write_text(MODEL.replace("I - v/tau", "I - 2*v/tau"))
    status = cli.main(
        ["check", "--suite", "suite.toml", "--allow-python", "--baseline", "../costs.json", "--jobs", "1", "--github"]
    )
    assert status == 1
    assert "::error file=my_model.py,line=" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("named", "folder", "here"),
    [
        ("my_model.py:model", "ci", "ci/my_model.py:model"),
        ("../my_model.py:model:fast", "ci", "my_model.py:model:fast"),
        ("my_model.toml", ".", "my_model.toml"),
        ("lif", "ci", "lif"),
        ("izhikevich:CH", "ci", "izhikevich:CH"),
        ("/abs/my_model.py:model", "ci", "/abs/my_model.py:model"),
    ],
)
def test_a_path_is_relative_to_the_file_that_names_it(named, folder, here):
    assert seen_from_here(named, Path(folder)) == here
    assert seen_from_here(named_in(here, Path(folder)), Path(folder)) == here


def test_a_check_without_a_model_says_whose_figures_it_judges(monkeypatch):
    monkeypatch.setattr(command, "run_small", lambda *_: pytest.fail("not run here"))
    assert "lif, izhikevich, hodgkin_huxley" in command.source(None).whose
    assert command.source(None, models=["qif"]).whose == ""
    judgement = replace(judge(baseline(), small_figures()), whose=command.source(None).whose)
    assert "figures of spikecost's own models lif, izhikevich, hodgkin_huxley" in judgement.text
    assert "--models my_model.py:model" in judgement.text
    assert judgement.to_json()["whose"]


def test_figures_in_another_convention_are_not_compared():
    kept = baseline()
    kept = replace(kept, figures=replace(kept.figures, suite={"convention": "unit 1"}))
    with pytest.raises(UserError, match="another suite: convention = unit 1 in the baseline, unit 2 in this run"):
        judge(kept, replace(small_figures(), suite={"convention": "unit 2"}))
