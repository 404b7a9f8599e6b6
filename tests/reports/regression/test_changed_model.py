"""A repository with its own model: the gate reports the cost of a change of the model."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from spikecost import cli

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
    """A folder with a model, a suite, and a baseline of both; a function that runs ``spikecost`` in it."""
    monkeypatch.chdir(tmp_path)
    Path("my_model.py").write_text(MODEL)
    Path("suite.toml").write_text(SUITE)

    def run(*arguments):
        given = ["--suite", "suite.toml", "--models", "my_model.py:model", "--jobs", "1", "--baseline", "costs.json"]
        status = cli.main([*arguments, *given])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    assert run("baseline", "update")[0] == 0
    return run


def figures():
    return json.loads(Path("costs.json").read_text())["figures"]


def test_one_more_tanh(repository, monkeypatch, tmp_path):
    assert repository("check")[0] == 0
    before = figures()
    Path("my_model.py").write_text(MODEL.replace("I - v/tau", "I - v/tau - 1e-6*tanh(v/mV)*mV/ms"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    status, said = repository("check", "--github", "--junit", "junit.xml")
    assert status == 1
    # in each of four stages: an exp and operations for tanh, its scaling, the subtraction, and its argument
    line = next(line for line in said.splitlines() if line.startswith(f"{STEP} "))
    now = float(re.search(r"regressed +[\d.]+ +([\d.]+) ", line)[1])
    assert f"(+{100 * (now / before[STEP] - 1):.3g} %)" in line
    assert now >= before[STEP] + 4 * 5
    assert re.search(r"mine/rk4/hermite/exp_per_step +regressed +0 +4 +\+4", said)
    assert "mine: the definition differs from that in the baseline" in said
    number = 1 + MODEL.splitlines().index("model = NeuronModel(")
    assert said.count(f"::error file=my_model.py,line={number},title=mine/") == 9  # GitHub shows no more
    assert "| regressed |" in (tmp_path / "summary.md").read_text()
    assert int(ElementTree.parse("junit.xml").getroot().find("testsuite").get("failures")) > 2

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
