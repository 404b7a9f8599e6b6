"""A user's own models, methods and counters, as named on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import spikecost as sc
from spikecost.reports.comparison.run_folder import RunFolder
from spikecost.reports.regression.guard import Guard

from .messages import mentions, tells

pytestmark = pytest.mark.slow

GROUP = """\
from brian2 import *

area = 20000*umetre**2
Cm = 1*ufarad*cm**-2*area
gl, El = 5e-5*siemens*cm**-2*area, -65*mV
tau = Cm/gl
G = NeuronGroup(1, '''
dv/dt = (gl*(El - v) + I)/Cm : volt (unless refractory)
I : amp
''', threshold='v > -50*mV', reset='v = El', refractory=2*ms, method='exact')
G.v = El
"""
TOML = """\
equations = '''
dv/dt = (EL - v + I)/tau : volt
I : volt
'''
threshold = "v > -50*mV"
reset = "v = EL"
constants = { EL = "-65*mV", tau = "20*ms" }
initial = { v = "-65*mV" }
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text(GROUP)
    (tmp_path / "leaky.toml").write_text(TOML)
    return tmp_path


def test_count(said, folder):
    status, out, err = said("count", "script.py:G", "--method", "euler", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["model"] == "G"
    # gl*(El - v) + I, over Cm, v + dt*...; the threshold, and whether it is refractory
    assert {kind: n for kind, n in found["as_run"].items() if n} == {"add": 2, "sub": 1, "mul": 3, "compare": 2}


@pytest.fixture
def told(caplog):
    """Return what was told in lines of our own; Brian2 tells much."""
    return lambda: [record.message for record in caplog.records if record.name == "spikecost"]


EXECUTED = "spikecost: the Python file script.py was executed, with your rights"


@pytest.mark.parametrize("command", [["count"], ["show"], ["methods", "--model"]])
@pytest.mark.usefixtures("folder")
def test_a_command_says_which_python_file_it_executed(said, told, command):
    for model in ("script.py:G", "leaky.toml"):  # the other is only read
        assert said(*command, model)[0] == 0
    assert told() == [EXECUTED]


def test_a_function_that_is_given_a_python_file_says_that_it_was_executed_once_per_change(folder, told):
    for changed in (False, False, True):
        if changed:
            (folder / "script.py").write_text(f"{GROUP}\n")
        assert Guard().operations("script.py:G", "euler") > 0
    assert told() == [EXECUTED] * 2


def test_show_and_measure(said, folder):
    status, out, err = said("show", "leaky.toml", "--method", "rk4")
    assert (status, err) == (0, "")
    assert "    dv/dt = (EL - v + I)/tau : volt" in out.splitlines()
    status, out, err = said("measure", "leaky.toml", "--steps", "100", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["witnesses"][0]["ratio"] == 1


def test_run(said, folder):
    assert (
        said(
            "run",
            "--models",
            "script.py:G",
            "leaky.toml",
            "--methods",
            "rk4",
            "--detections",
            "hermite",
            "--rates",
            "50",
            "--tolerances",
            "0.1ms",
            "--quick",
            "--out",
            "report",
        )[0]
        == 0
    )
    table = pd.read_csv("report/table.csv")
    assert list(table["model"]) == ["G", "leaky"]
    assert table["status"].isin({"reached", "at least"}).all()


#: What is wrong: (what is replaced in leaky.toml, by what, the message).
BAD = {
    "an equation that Brian2 refuses": (
        "(EL - v + I)/tau",
        "(EL - v + I/tau",
        "leaky.toml:2: leaky: Brian2 cannot read the equations at 'dv/dt = (EL",
    ),
    "units that do not match": (
        "(EL - v + I)",
        "(EL - v + I/tau)",
        "leaky.toml:2: leaky: equation of 'v': units do not fit in '(EL - v + I/tau)/tau': ",
    ),
    "an endless reset": (
        '"v = EL"',
        '"v = -40*mV"',
        "leaky.toml:6: leaky: reset: 'v = -40*mV' leaves v at -40 mV, where 'v > -50*mV' still ",
    ),
    "a mistake in TOML": ('"v = EL"', '"v = EL', "leaky.toml:6: not TOML: "),
}


@pytest.mark.parametrize("command", ["count", "show", "measure", "run"])
@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_status_2(said, folder, command, old, new, message):
    (folder / "leaky.toml").write_text(TOML.replace(old, new))
    before = sorted(folder.iterdir())
    status, out, err = said(command, *(["--models"] if command == "run" else []), "leaky.toml")
    assert (status, out) == (2, "")
    assert err.startswith(f"spikecost: {message}")
    assert err.count("\n") == 1
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("command", ["count", "run"])
def test_code_that_is_no_model(said, folder, command):
    status, out, err = said(command, *(["--models"] if command == "run" else []), "script.py:tau")
    assert (status, out) == (2, "")
    assert tells(err, "spikecost: script.py:6: tau is of type Quantity, not a model; write tau = sc.NeuronModel(...)")
    assert "script.py:6: tau" in err
    assert "sc.NeuronModel(name=..., equations=..., threshold=..., reset=...)" in err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "v > -50*mV",
            "v > 1e9*mV",
            "leaky: it never spikes, for drives up to 32768: v > 1e9*mV is not reached; lower the "
            "threshold, or see how I enters the equations",
        ),
        # a little above its rheobase it fires thousands of times a second
        ("v = EL", "v = v - 0.001*mV", "leaky: no constant drive found at which it fires at 49.69 Hz"),
    ],
)
def test_what_shows_only_when_it_runs(said, folder, old, new, message):
    (folder / "leaky.toml").write_text(TOML.replace(old, new))
    status, out, err = said(
        "run", "--models", "leaky.toml", "--methods", "rk4", "--rates", "50", "--quick", "--horizons", "0.1second"
    )
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"spikecost: nothing to compare: {message}")


def test_two_models_of_one_name(said, folder):
    (folder / "lif.toml").write_text(TOML)
    status, out, err = said("run", "--models", "lif", "lif.toml")
    assert (status, out) == (2, "")
    assert tells(err, "spikecost: two of the models are called lif; give one of them another name")
    assert "lif" in err


# --- another package -------------------------------------------------------------------------------------------------

PACKAGE = """\
from brian2 import ms, mV

import spikecost as sc
from spikecost.flops.counters.machine_code.stepped import Stepped
from spikecost.models.methods.euler import Euler

model = sc.NeuronModel(
    name="tiny", description="A tiny model", equations="dv/dt = (I - v)/(10*ms) : volt\\nI : volt",
    threshold="v > 10*mV", reset="v = 0*mV", initial={"v": 0*mV},
)


class TinyEuler(Euler):
    '''Euler under another name.'''

    name = "tiny_euler"


class TinyCounter(Stepped):
    '''The trap flag under another name.'''

    name = "tiny_counter"


method, counter = TinyEuler(), TinyCounter()
"""
ENTRY_POINTS = """\
[spikecost.models]
tiny = tiny_package:model

[spikecost.methods]
tiny_euler = tiny_package:method

[spikecost.counters]
tiny_counter = tiny_package:counter
"""


@pytest.fixture
def installed(tmp_path):
    """Install a package as pip does; return a function that runs spikecost with the package installed."""
    (tmp_path / "tiny_package.py").write_text(PACKAGE)
    metadata = tmp_path / "tiny_package-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)

    def typed(*commands):
        """Type commands, all in one process: to start takes seconds."""
        script = "import sys; from spikecost.cli import main; sys.exit(max(main(x.split()) for x in sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-c", script, *commands],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(sys.executable).parent,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )

    return typed


def test_another_packages_model_method_and_counter(installed):
    done = installed("measure tiny --method tiny_euler --counter tiny_counter --steps 10", "models")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert mentions(lines[0], "tiny, tiny_euler, grid", "10 steps")
    assert mentions(lines[1], "counted", "10 add, 10 sub, 20 mul, 10 compare")
    assert mentions(lines[2], "tiny_counter", "10 add, 10 sub, 20 mul, 10 compare")
    listed = "\n".join(lines[3:])
    assert "tiny" in listed
    assert "A tiny model" in listed


@pytest.mark.parametrize(
    ("old", "new", "what", "message"),
    [
        ("from brian2", "from brain2", "model 'tiny'", "ModuleNotFoundError: No module named 'brain2'"),
        ('name="tiny",', 'name="lif",', "model 'tiny'", "ValueError: the model 'lif' is registered already"),
        (
            "method, counter =",
            "model = 3; method, counter =",
            "model 'tiny'",
            "AttributeError: 'int' object has no attribute 'name'",
        ),
    ],
)
def test_another_package_that_cannot_be_used(installed, tmp_path, old, new, what, message):
    (tmp_path / "tiny_package.py").write_text(PACKAGE.replace(old, new))
    done = installed("count lif")
    assert (done.returncode, done.stdout) == (2, "")
    assert tells(done.stderr, f"spikecost: the {what} of the package tiny-package 1.0 cannot be used; mend the package")
    assert "tiny-package 1.0" in done.stderr
    assert message in done.stderr


WITH_ARGUMENTS = """
import argparse
import sys

from brian2 import NeuronGroup, ms

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=1)
arguments = parser.parse_args()
assert sys.argv == ["cell.py"]
G = NeuronGroup(1, "dv/dt = (Iext + J - v)/(10*ms) : 1\\nIext : 1\\nJ : 1",
                threshold="v > 1", reset="v = 0", method="exact")
"""


def test_a_script_with_arguments_of_its_own_and_an_input_to_name(said, tmp_path, monkeypatch):
    (tmp_path / "cell.py").write_text(WITH_ARGUMENTS)
    monkeypatch.chdir(tmp_path)
    # as typed, and then in this process
    script = [sys.executable, "-m", "spikecost.cli", "count", "cell.py:G", "--input", "Iext"]
    done = subprocess.run(script, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, f"{EXECUTED}\n".replace("script", "cell"))
    status, _, err = said("count", "cell.py:G")
    assert status == 2
    assert "--input Iext" in err
    status, _, err = said("count", "cell.py:G", "--input", "K")
    assert status == 2
    assert "'K' is not a parameter or constant" in err
    assert sc.get_model("lif", None).input == "I"
    with pytest.raises(sc.UserError, match="can only be given for a Brian2 group"):
        sc.get_model("lif", "J")


def test_the_fixture_names_the_input(tmp_path, monkeypatch):
    (tmp_path / "cell.py").write_text(WITH_ARGUMENTS)
    monkeypatch.chdir(tmp_path)
    arguments = list(sys.argv)
    assert Guard().operations("cell.py:G", "euler", input="Iext") > 0
    assert sys.argv == arguments


def test_a_run_is_read_from_another_working_folder(said, folder, tmp_path_factory, monkeypatch):
    tiny = ("--methods", "rk4", "--detections", "hermite", "--rates", "50", "--tolerances", "0.1ms", "--trials", "1")
    assert said("run", "--quick", "--models", "script.py:G", "leaky.toml", *tiny, "--out", "out")[0] == 0
    monkeypatch.chdir(tmp_path_factory.mktemp("else where"))
    out = os.path.relpath(folder / "out")
    named = [str(model).removesuffix(":G") for model in RunFolder.read(out).about["suite"]["models"]]
    assert [Path(model).resolve() for model in named] == [folder / "script.py", folder / "leaky.toml"]
    assert said("report", out, "--format", "txt")[0] == 0
    assert json.loads(said("recommend", out, "--rate", "50", "--tolerance", "0.1ms", "--json")[1])["choice"][
        "model"
    ] in ("G", "leaky")
    assert said("baseline", "update", out, "--baseline", "kept.json")[0] == 0
    assert said("check", out, "--baseline", "kept.json")[0] == 0
