"""The command line, as typed by a user."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import inspect
import io
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import termios
from argparse import _SubParsersAction
from fractions import Fraction
from importlib import metadata
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest
from brian2 import Hz
from rich.cells import cell_len

from spikecost import STANDARD, cli
from spikecost.accuracy.features import FEATURES
from spikecost.accuracy.search.criterion import Run
from spikecost.accuracy.search.kept_runs import version
from spikecost.accuracy.search.runs_as_bytes import encoded
from spikecost.cli import main
from spikecost.cli.options import ListOfNames
from spikecost.cli.printing import make_streams_usable, show_text
from spikecost.flops import toolchain
from spikecost.flops.conventions import CONVENTIONS
from spikecost.flops.operations import count
from spikecost.harness.store import Store
from spikecost.models.algebra.expression import KINDS
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS
from spikecost.models.step import why_not
from spikecost.reports.atlas import kept as atlas
from spikecost.reports.writing.text import WIDTH

from .archetypes import choose
from .messages import mentions, tells

REPORT = {"index.html", "provenance.json", "run.json", "data", "table.csv", "cheapest.md", "work_precision.png"}
TINY = [
    "run",
    "--models",
    "lif",
    "--methods",
    "rk4",
    "--detections",
    "hermite",
    "--rates",
    "50",
    "--tolerances",
    "0.1ms",
    "--quick",
]


def command() -> list[str]:
    """Return the installed script or, if the package is not installed, the module that it calls."""
    script = Path(sys.executable).with_name("spikecost")
    return [str(script)] if script.exists() else [sys.executable, "-m", "spikecost.cli"]


def typed(*arguments, folder):
    return subprocess.run([*command(), *arguments], cwd=folder, capture_output=True, text=True, check=False)


# --- what is asked for and had ---------------------------------------------------------------------------------------


def test_models(said):
    status, out, err = said("models")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[1].split() == [
        "model",
        "variables",
        "Euler",
        "step",
        "features",
        "presets",
        "what",
        "it",
        "is",
        "source",
    ]
    for name, model in MODELS.items():
        row = next(line for line in lines[2:] if line.split()[:1] == [name])
        assert ", ".join(model.system.state) in row
    # the hand counts of tests/flops
    assert [
        next(line for line in lines if line.startswith(f"{name} ")).split()[3 if name == "izhikevich" else 2]
        for name in ("lif", "izhikevich")
    ] == ["6", "15"]
    assert next(line for line in lines if line.startswith("lif ")).split()[3] == "3"  # features
    assert "RS, IB, CH, FS, TC, RZ, LTS" in out
    assert f"detections: {', '.join(DETECTIONS)}" in lines
    for name in CONVENTIONS:
        assert any(line.startswith(f"convention {name}: counts ") for line in lines)


def test_show(said):
    status, out, err = said("show", "izhikevich:CH", "--method", "euler", "--detection", "linear")
    assert (status, err) == (0, "")
    for line in (
        "            0.04⋅v  + 5⋅v + 140 - u + I",
        "    dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1",
        "    parameters a = 0.02, b = 0.2, c = -50, d = 2",
        "    drive I = 10",
        "    threshold v >= 30",
        "    reset v = c; u += d",
        "per step of euler, in ms and the units above: 5 add, 2 sub, 7 mul, 1 compare",
        "    v_next = v + dt*(0.04*(v*v) + 5*v + 140 - u + I)",
        "    u_next = u + dt*(a*(b*v - u))",
        "    above = 30 <= v_next",
        "    v_reset = c",
        "    then the step is run again over the rest of dt",
        "per step, as written: 5 add, 2 sub, 7 mul, 1 compare",
    ):
        assert line in out.splitlines()


@pytest.mark.parametrize("name", MODELS)
def test_show_every_model(said, name):
    status, out, err = said("show", name)
    assert (status, err) == (0, "")
    assert f"    threshold {MODELS[name].threshold}" in out.splitlines()


@pytest.mark.parametrize(("name", "panels"), [("izhikevich", 2), ("hodgkin_huxley", 1)])
def test_show_draws(said, tmp_path, name, panels):
    status, _, err = said("show", name, "--plot", str(tmp_path / "figure.png"), "--data", str(tmp_path / "figure.csv"))
    assert (status, err) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.csv", "figure.png"]
    assert pd.read_csv(tmp_path / "figure.csv")["panel"].nunique() == panels
    height, width, _ = matplotlib.image.imread(tmp_path / "figure.png").shape
    assert (width, height) == (825 * panels, 630)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("figure", "spikecost: cannot draw figure: give a name that ends in .avif, .eps, .gif, .jpeg, .jpg, .pdf, "),
        ("none/figure.png", "spikecost: cannot write none/figure.png: No such file or directory; give another file\n"),
    ],
)
def test_a_figure_that_cannot_be_written(said, tmp_path, monkeypatch, file, message):
    monkeypatch.chdir(tmp_path)
    status, out, err = said("show", "lif", "--plot", file)
    assert (status, out) == (2, "")
    assert err.startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_count(said):
    status, out, err = said("count", "izhikevich", "--method", "euler", "--dt", "1ms", "--convention", "izhikevich2004")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    parts = [
        ("izhikevich:RS, euler, grid", "dt = 1 ms"),
        ("13 FLOPs per step", "13 per ms", "izhikevich2004", "as written"),
        ("5 add + 2 sub + 5 mul + 1 compare",),
        ("published", "13 per step of 1 ms", "Izhikevich 2004"),
        ("as run", "per step", "5 add, 2 sub, 7 mul, 1 compare"),
        ("as run", "per spike", "1 add"),
        ("as run", "per run", "nothing"),
        ("as written", "per step", "5 add, 2 sub, 5 mul, 1 compare"),
    ]
    assert all(mentions(line, *each) for line, each in zip(lines, parts, strict=True))


def test_published(said):
    status, out, err = said("published")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    row = next(line.split() for line in lines if line.startswith("morris_lecar "))
    assert row == ["morris_lecar", "0.1", "60", "72", "12", "600", "720"]
    assert "izhikevich: 5 add + 2 sub + 5 mul + 1 compare = 13" in lines
    why = lines[lines.index("wilson: 12 add + 9 sub + 21 mul + 3 div + 1 compare = 46") + 1]
    assert why.startswith("    +1 a comparison to find the spike")
    assert lines[-1].startswith("counted from the equations, never fitted. Izhikevich 2004, ")


def test_published_as_json(said):
    rows = {row["model"]: row for row in json.loads(said("published", "--json")[1])}
    assert rows["hodgkin_huxley"]["published_per_ms"] == pytest.approx(1200)
    assert rows["qif"]["difference"] == 0


@pytest.mark.parametrize(
    ("model", "dt", "per_step", "per_ms"),
    [
        ("izhikevich", "1ms", 13, 13),
        ("lif", "1ms", 5, 5),
        ("hodgkin_huxley", "0.1ms", 124, 1240),
        ("izhikevich", "0.5 ms", 15, 30),
    ],
)
def test_count_json(said, model, dt, per_step, per_ms):
    status, out, err = said("count", model, "--dt", dt, "--convention", "izhikevich2004", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["flops_per_step"] == per_step
    assert found["flops_per_ms"] == pytest.approx(per_ms, rel=1e-15)
    for counts in ("as_run", "as_run_spike", "as_run_once", "as_written"):
        assert list(found[counts]) == list(KINDS)
        assert all(isinstance(n, int) for n in found[counts].values())


def test_count_takes_what_the_library_gives(said):
    found = json.loads(
        said("count", "hodgkin_huxley", "--method", "rk4", "--detection", "hermite", "--dt", "0.05ms", "--json")[1]
    )
    assert (found["model"], found["method"], found["detection"], found["dt_ms"], found["convention"]) == (
        "hodgkin_huxley",
        "rk4",
        "hermite",
        0.05,
        "unit",
    )
    one_each = sum(n for kind, n in found["as_run"].items() if kind != "sign")
    assert found["flops_per_step"] == one_each
    assert found["flops_per_ms"] == pytest.approx(20 * one_each, rel=1e-15)


def test_doctor(said):
    status, out, err = said("doctor")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert any(line.startswith("yes  C compiler: ") for line in lines)
    for what in ("SIMD", "exp in SIMD lanes", "cache of compiled kernels", "engine Brian2, cython"):
        assert any(line[5:].startswith(f"{what}: ") for line in lines)
    assert all(line.startswith(("yes  ", "no   ")) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "key", "names"),
    [(["models"], "model", list(MODELS)), (["methods", "--model", "lif"], "method", list(METHODS))],
)
def test_lists_in_json(said, arguments, key, names):
    status, out, err = said(*arguments, "--json")
    assert (status, err) == (0, "")
    assert [row[key] for row in json.loads(out)] == names


def test_doctor_in_json(said):
    status, out, err = said("doctor", "--json")
    assert (status, err) == (0, "")
    assert {"what": "C compiler", "here": True} in [
        {name: row[name] for name in ("what", "here")} for row in json.loads(out)
    ]


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent")
    for found in (toolchain.find_compiler, toolchain.has_vector_exp):
        found.cache_clear()
    yield
    for found in (toolchain.find_compiler, toolchain.has_vector_exp):
        found.cache_clear()


def test_doctor_says_why_there_is_no_compiler(said, no_compiler):
    status, out, err = said("doctor")
    assert (status, err) == (0, "")
    assert "no   C compiler: no C compiler: CC=/nonexistent not found; install one" in out


def test_features(said):
    status, out, _ = said("features", "lif")
    assert status == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["A", "tonic_spiking", "found"] in rows
    assert ["C", "tonic_bursting", "cannot"] in rows
    assert ["found", "3", "of", "20"] in rows
    # for a single model, the reasons too
    assert "one linear variable, reset to a fixed value: " in out


def test_features_of_the_demos(said, tmp_path):
    table = tmp_path / "demos.csv"
    status, out, _ = said("features", "--demos", "--csv", str(table))
    assert status == 0
    assert "time step: bistability (at dt = 0.25 ms, gone at 0.125 ms); depolarizing" in " ".join(out.split())
    rows = [line.split() for line in out.splitlines()]
    assert [
        "C",
        "tonic_bursting",
        "28",
        "->",
        "29",
        "25",
        "->",
        "24.494",
        "shown,",
        "with",
        "other",
        "spikes",
        "0.25",
        "–",  # noqa: RUF001
        "–",  # noqa: RUF001
        "0.125",
    ] in rows
    assert pd.read_csv(table)["spikes_as_published"].sum() == 111
    assert [file.name for file in tmp_path.iterdir()] == ["demos.csv"]


@pytest.mark.slow
def test_the_picture_of_features(said, tmp_path):
    status, out, _ = said(
        "features", "lif", "--plot", str(tmp_path / "picture.png"), "--data", str(tmp_path / "picture.csv")
    )
    assert pd.read_csv(tmp_path / "picture.csv").query("curve == 'lif'")["y"].tolist() == [3, 3]
    assert (status, (tmp_path / "picture.png").read_bytes()[:4]) == (0, b"\x89PNG")
    assert "3 of 20" in out


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["count", "--help"]])
def test_help(said, arguments):
    status, out, err = said(*arguments)
    assert (status, err) == (0, "")
    assert out.startswith("usage: spikecost")


# --- mistakes --------------------------------------------------------------------------------------------------------

MISTAKES = {
    "unknown model": (["count", "izhikevic"], "spikecost: unknown model 'izhikevic': did you mean 'izhikevich'? known"),
    "unknown model to show": (["show", "adex0"], "spikecost: unknown model 'adex0': "),
    "unknown preset": (["count", "izhikevich:XX"], "spikecost: unknown preset 'XX' of izhikevich: known are RS, IB, "),
    "unknown method": (["count", "lif", "--method", "rk5"], "spikecost: unknown method 'rk5': did you mean 'rk4'? "),
    "unknown detection": (["show", "lif", "--detection", "cubic"], "spikecost: unknown detection 'cubic': "),
    "unknown convention": (
        ["count", "lif", "--convention", "izhikevich2003"],
        "spikecost: unknown convention 'izhikevich2003': did you mean 'izhikevich2004'? known are ",
    ),
    "dt without a unit": (
        ["count", "lif", "--dt", "0.1"],
        "spikecost: dt = 0.1 is not a time; give one such as 0.1*ms",
    ),
    "unknown unit": (["count", "lif", "--dt", "1msec"], "spikecost: unknown unit 'msec' in '1msec': use Brian2's"),
    "another unit": (["count", "lif", "--dt", "1mV"], "spikecost: dt = 1 mV is not a time; give one"),
    "no number": (["count", "lif", "--dt", "ms"], "spikecost: cannot read 'ms': expected a number and a unit"),
    "dt of zero": (["count", "lif", "--dt", "0ms"], "spikecost: dt = 0 s is not positive; give a time such as 0.1*ms"),
    "infinite dt": (["count", "lif", "--dt", "1e400ms"], "spikecost: the number in '1e400ms' is too large; give one "),
    "method that does not apply": (
        ["count", "izhikevich", "--method", "exponential_euler"],
        "spikecost: exponential_euler does not apply to izhikevich:RS: dv/dt is not linear in v; take esr_midpoint, ",
    ),
    "unknown model to look at": (["features", "izh"], "spikecost: unknown model 'izh': "),
    "picture of no kind": (
        ["features", "lif", "--plot", "p.jpg"],
        "spikecost: --plot p.jpg: give a file that ends in .p",
    ),
    "file in no folder": (
        ["features", "lif", "--csv", "no/f.csv"],
        "spikecost: cannot write no/f.csv: give a file in a ",
    ),
    "numbers of no picture": (
        ["show", "lif", "--data", "d.csv"],
        "spikecost: --data d.csv: it writes the numbers of a plot; give --plot, too",
    ),
    "unknown counter": (["measure", "lif", "--counter", "papy"], "spikecost: unknown counter 'papy': did you mean "),
    "negative tolerance": (["run", "--tolerances=-0.1ms"], "spikecost: tolerance = -100 us is not positive; give a"),
    "tolerance without a unit": (["run", "--tolerances", "0.1"], "spikecost: tolerance = 0.1 is not a time; give o"),
    "negative rate": (["run", "--rates", "-5"], "spikecost: rate = -5 is not positive"),
    "no jobs": (["run", "--jobs", "0"], "spikecost: jobs = 0: give 1 or more"),
    "a run that is not there": (["report", "nowhere"], "spikecost: there is no folder nowhere; give one that "),
    "a report of no run": (["report", ".", "--format", "md"], "spikecost: the folder . is not a run: it has no run.js"),
    "two runs that are not there": (["compare", "one", "two"], "spikecost: there is no folder one; give one that "),
    "one run": (["compare", "one"], "spikecost compare: the following arguments are required: RUN_B; see "),
    "no rate": (["recommend", "--tolerance", "1ms"], "spikecost recommend: the following arguments are required: --r"),
    "a rate in another unit": (
        ["recommend", "--rate", "20ms", "--tolerance", "1ms"],
        "spikecost: '20ms' is not a rate; ",
    ),
    "a budget without a number": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--budget", "little"],
        "spikecost: cannot read the budget 'little': expected operations per second, such",
    ),
    "unknown model in a suite": (["run", "--models", "lif", "izh"], "spikecost: unknown model 'izh': "),
    "a convention without published costs": (
        ["published", "--convention", "unit"],
        "spikecost: no model has a published cost under 'unit'; give ",
    ),
    "unknown method in a suite": (["run", "--methods", "eular"], "spikecost: unknown method 'eular': did you mean "),
    "unknown detection in a suite": (["run", "--detections", "gird"], "spikecost: unknown detection 'gird': did you "),
    # argparse's own
    "no command": ([], "spikecost: the following arguments are required: COMMAND; see spikecost --help"),
    "unknown command": (["weigh"], "spikecost: unknown command 'weigh': known are run, report, compare"),
    "mistyped command": (["recomend"], "spikecost: unknown command 'recomend': did you mean 'recommend'"),
    "mistyped command below": (["atlas", "inf"], "spikecost atlas: unknown command 'inf': did you mean 'info'"),
    "mistyped option": (["models", "--jsno"], "spikecost models: unrecognized arguments: --jsno; did you mean --json"),
    "beginning of a name": (["count", "izh"], "spikecost: unknown model 'izh': did you mean 'izhikevich'"),
    "model that the atlas cannot have": (["atlas", "show", "lif2"], "spikecost: unknown model 'lif2': did you mean '"),
    "no presets": (["methods", "--model", "lif:XX"], "spikecost: unknown preset 'XX' of lif: there are none"),
    "only commas": (["run", "--models", ","], "spikecost run: argument --models: expected at least one name"),
    "unknown option": (["count", "lif", "--step", "1ms"], "spikecost count: unrecognized arguments: --step 1ms; "),
    "jobs that are no number": (["run", "--jobs", "two"], "spikecost run: argument --jobs: 'two' is not a whole"),
    "a part of a stimulus": (["run", "--trials", "2.5"], "spikecost run: argument --trials: '2.5' is not a whole"),
    "a drive that is no number": (["run", "--rheobases", "x"], "spikecost run: argument --rheobases: 'x' is not a n"),
    "a negative time": (
        ["recommend", "--rate", "20Hz", "--tolerance", "-1ms"],
        "spikecost: tolerance = -1 ms is not positive; give a time such as 0.1*ms",
    ),
    "a rate that is a word": (
        ["recommend", "--rate", "fast", "--tolerance", "1ms"],
        "spikecost: 'fast' is not a rate; give one such as 20 or 20Hz",
    ),
    "an engine that is none": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--engine", "brain2"],
        "spikecost: unknown engine 'brain2': did you mean 'brian2'? known are brian2, nest, ",
    ),
    "a drive of the atlas that is none": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--atlas", "constnt"],
        "spikecost: the atlas has no drive 'constnt': did you mean 'constant'? known are ",
    ),
    "a drive that the atlas has not": (
        ["atlas", "show", "lif", "--drive", "konstant"],
        "spikecost: the atlas has no drive 'konstant': did you mean 'constant'? known are ornstein_uhlenbeck, ",
    ),
    "a drive of simulations that the atlas has not": (
        ["atlas", "show", "lif", "--drive", "sine"],
        "spikecost: the atlas has no drive 'sine': known are ornstein_uhlenbeck, ",
    ),
    "no drive of the atlas": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--atlas", ""],
        "spikecost: the atlas has no drive '': known are ",
    ),
    "no features": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--features", ""],
        "spikecost: --features '': expected at least one name",
    ),
    "no engine": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--engine", ""],
        "spikecost: unknown engine '': known are ",
    ),
    "no folder": (["recommend", "", "--rate", "20Hz", "--tolerance", "1ms"], "spikecost: folder = '': give "),
    "an unknown feature after a blank": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--features", "tonic_bursting, mixed_mod"],
        "spikecost: unknown feature 'mixed_mod': did you mean 'mixed_mode'? ",
    ),
    **{
        f"{option} of no script, {name}": (
            [*arguments, f"--{option}", "x"],
            f"spikecost: --{option} 'x': it is for a Brian2 group in a script; name one, as script.py:group",
        )
        for option in ("input", "synapses")
        for name, arguments in {
            "recommend": ["recommend", "--rate", "20Hz", "--tolerance", "1ms"],
            "recommend lif": ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--models", "lif"],
            "run": ["run"],
            "run lif": ["run", "--models", "lif"],
            "features": ["features"],
            "methods": ["methods"],
        }.items()
    },
    "capital letters": (["count", "LIF"], "spikecost: unknown model 'LIF': did you mean 'lif'? known are lif, "),
    "thousandths of operations": (
        ["recommend", "--rate", "20Hz", "--tolerance", "1ms", "--budget", "5 mFLOP/s"],
        "spikecost: cannot read the budget '5 mFLOP/s': m is milli; give M for a million",
    ),
    "a rate that overflows": (
        ["recommend", "--rate", "1e308kHz", "--tolerance", "1ms"],
        "spikecost: the number in '1e308kHz' is too large; give one below 1e308",
    ),
    "a folder that holds no atlas": (["atlas", "info", "--folder", "none"], "spikecost: there is no folder none; "),
    "a duration of zero": (["engines", "lif", "--for", "0ms"], "spikecost: duration = 0 s is not positive; give a"),
    "a suite that is not there": (
        ["run", "--suite", "none.toml"],
        "spikecost: cannot read the suite none.toml: No such file or directory; give the path of a file",
    ),
    "a model file that is not there": (
        ["run", "--models", "none.toml"],
        "spikecost: cannot read the model file none.toml: No such file or directory; give the path of a file",
    ),
    "no model": (["count"], "spikecost count: the following arguments are required: model; see "),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_status_2(said, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, out, err = said(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith(message)
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_written(said, tmp_path):
    # a file stands where the folder should be; permissions would not stop root
    blocked = tmp_path / "file"
    blocked.write_text("mine")
    for out_folder in (blocked, blocked / "report"):
        status, out, err = said(*TINY, "--out", str(out_folder))
        assert (status, out) == (2, "")
        assert err.startswith(f"spikecost: cannot write the folder {out_folder}: ")
        assert err.endswith("; give another one\n")
        assert err.count("\n") == 1
    assert blocked.read_text() == "mine"


def test_a_method_that_applies_to_none_of_the_models(said, tmp_path):
    status, out, err = said(
        "run",
        "--models",
        "izhikevich",
        "--methods",
        "exponential_euler",
        "--detections",
        "grid",
        "--rates",
        "50",
        "--quick",
        "--out",
        str(tmp_path / "out"),
    )
    assert (status, out) == (2, "")
    assert mentions(
        err.splitlines()[-1], "spikecost: ", "exponential_euler on izhikevich:RS", "not linear in v; ", "--model"
    )
    assert list(tmp_path.iterdir()) == []


def test_drives_relative_to_the_rheobase_stand_in_place_of_rates(said, tmp_path):
    options = ["--detections", "hermite", "--tolerances", "0.1ms", "--trials", "1", "--quick", "--out"]
    status, *_ = said("run", "--models", "lif", "--methods", "rk4", "--rheobases", "2", *options, str(tmp_path))
    assert status == 0
    found = pd.read_csv(tmp_path / "table.csv")
    assert list(found["level"]) == ["2 x rheobase"]
    # v' = I + (-65 - v)/10 comes to rest at the threshold of -50 mV under 1.5 mV/ms
    assert found["drive"][0] == pytest.approx(2 * 1.5, rel=1e-6)


# --- the real script -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A tiny suite, run once by the script."""
    folder = tmp_path_factory.mktemp("run")
    return folder, typed(*TINY, "--out", "out", folder=folder)


@pytest.mark.slow
def test_run_writes_the_report_and_says_where(report):
    folder, finished = report
    assert finished.returncode == 0
    assert "Traceback" not in finished.stderr
    written = {path.name for path in (folder / "out").iterdir()}
    assert written >= REPORT
    assert not any(name.startswith(".") for name in written)  # temporary files are moved to their final names
    assert all(path.stat().st_size > 0 for path in (folder / "out").rglob("*"))
    assert "out/index.html" in finished.stdout.splitlines()[-1]
    assert [path.name for path in folder.iterdir()] == ["out"]  # nothing else is left behind


def test_run_in_json(said, kept, monkeypatch):
    monkeypatch.chdir(kept)
    found = json.loads(said(*TINY, "--out", "json", "--json")[1])
    assert (found["report"], found["page"], found["interrupted"]) == ("json", "json/index.html", False)
    assert [(row["model"], row["method"], row["detection"]) for row in found["cheapest"]] == [("lif", "rk4", "hermite")]
    assert found["cheapest"][0]["flops_per_ms"] == pd.read_parquet("json/data/table.parquet").loc[0, "flops_per_ms"]


def test_show_in_json(said):
    found = json.loads(said("show", "izhikevich:CH", "--detection", "linear", "--json")[1])
    assert found["parts"]["step"]["operations"] == json.loads(said("count", "izhikevich:CH", "--json")[1])["as_run"]
    assert "above = 30 <= v_next" in found["parts"]["step"]["assignments"]
    assert found["parameters"]["d"] == {"value": 2.0, "unit": "1"}
    assert found["restarts"] is True


def test_features_in_json(said):
    found = json.loads(said("features", "lif", "--json")[1])["features"]
    assert [row["feature"] for row in found if row["outcome"] == "found"] == ["tonic_spiking", "class_1", "integrator"]
    assert len(found) == 20


def test_run_compares_what_was_asked_for(report):
    folder, _ = report
    table = pd.read_csv(folder / "out" / "table.csv", keep_default_na=False)
    assert table[["model", "method", "detection", "level", "tolerance"]].to_numpy().tolist() == [
        ["lif", "rk4", "hermite", "50 Hz", 0.1]
    ]
    assert 0 < table.loc[0, "error_ms"] <= 0.1
    # 23 operations per step (a test in tests/flops counts them by hand)
    assert table.loc[0, "flops_per_ms"] >= 23 / table.loc[0, "dt_ms"]
    parquet = pd.read_parquet(folder / "out" / "data" / "table.parquet")
    assert list(parquet.columns) == list(table.columns)
    numbers = table.select_dtypes("number")
    assert {"tolerance", "dt_ms", "flops_per_ms", "ns_per_ms", "error_ms"} <= set(numbers.columns)
    pd.testing.assert_frame_equal(parquet[numbers.columns], numbers, check_dtype=False, rtol=1e-12)


def test_report_compare_and_recommend_read_the_run(report, said, monkeypatch):
    folder, _ = report
    monkeypatch.chdir(folder)
    status, out, err = said("report", "out", "--format", "bib,txt", "--out", "paper")
    assert (status, out.split(), err) == (0, ["paper/references.bib", "paper/methods.txt"], "")
    assert "izhikevich2004" in (folder / "paper" / "references.bib").read_text()
    status, out, err = said("report", "out", "--format", "tex,doc", "--out", "paper")
    assert (status, out) == (2, "")
    assert err.startswith("spikecost: unknown format 'doc': known are html, md, tex, ")
    assert {path.name for path in (folder / "paper").iterdir()} == {"references.bib", "methods.txt", "report.json"}
    status, out, err = said("compare", "out", "out")
    assert (status, err) == (0, "")
    assert out.startswith("Nothing changed: ")
    assert json.loads(said("compare", "out", "out", "--json")[1])["changed"] == []
    status, out, err = said("recommend", "out", "--rate", "50Hz", "--tolerance", "0.1ms")
    assert (status, err.strip()) == (0, "")
    assert out.startswith("lif with rk4, hermite detection, dt = ")
    found = json.loads(said("recommend", "out", "--rate", "50Hz", "--tolerance", "0.1ms", "--json")[1])
    assert found["choice"]["model"] == "lif"
    shutil.rmtree(folder / "paper")


#: Arguments with which each command is quick, in a folder with a run, a baseline and a history.
QUICK = {
    "engines": ("lif", "--engines", "arbor", "--for", "50ms", "--shortest", "0.1ms", "--neurons", "0"),
    "run": [*TINY[1:], "--out", "again"],
    "report": ["out", "--format", "txt", "--out", "paper"],
    "compare": ["out", "out"],
    "recommend": ["out", "--rate", "50Hz", "--tolerance", "0.1ms"],
    "models": [],
    "methods": ["--model", "lif"],
    "show": ["lif"],
    "count": ["lif"],
    "published": [],
    "measure": ["lif", "--steps", "10"],
    "features": ["lif"],
    "check": ["out", "--baseline", "baseline.json"],
    "baseline update": ["out", "--baseline", "new.json"],
    "history": ["--store", "kept.sqlite"],
    "history add": ["out", "--store", "kept.sqlite", "--commit", "c0ffee"],
    "doctor": [],
    "cache info": [],
    "cache verify": [],
    "cache clear": [],
    "store info": ["--store", "kept.db"],
    "store verify": ["--store", "kept.db"],
    "store export": ["kept.csv", "--store", "kept.db"],
    "store prune": ["--store", "kept.db"],
    "claims": ["costs_2004"],
    "atlas info": [],
    "atlas show": ["lif"],
    "atlas page": [],
    "atlas make": ["--models", "lif", "--drives", "constant", "--for", "1ms", "--folder", "atlas"],
    "atlas check": ["--fraction", "0.01", "--folder", "some"],
}


def commands(parser=None, name=""):
    """Every command that the parser knows and that runs something."""
    parser = parser or cli._parser()
    if name and parser.get_default("run"):
        yield name
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for each, of in action.choices.items():
                yield from commands(of, f"{name} {each}".strip())


def options_of(command):
    """The options of a command."""
    parser = cli._parser()
    for name in command.split():
        below = next(action for action in parser._actions if isinstance(action, _SubParsersAction))
        parser = below.choices[name]
    return {option for action in parser._actions for option in action.option_strings}


@pytest.fixture(scope="module")
def kept(report, tmp_path_factory):
    """A folder with a run, a baseline, a history, a store of one result, and a part of the atlas, to change."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copytree(report[0] / "out", folder / "out")
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        assert cli.main(["baseline", "update", "out", "--baseline", "baseline.json"]) == 0
        assert cli.main(["history", "add", "out", "--store", "kept.sqlite", "--commit", "c0ffee"]) == 0
    atlas.add(atlas.read(models=["lif"], wanted={"stimulus": "constant", "method": "euler"}), folder / "some")
    with Store(folder / "kept.db") as store:
        store.keep("a", encoded({Fraction(1, 10): (Run(None, "diverged", {}, 0, {}),)}), {"model": "lif"}, version())
    return folder


@pytest.mark.parametrize("command", [*commands()])
def test_every_command_prints_one_json_document(said, kept, monkeypatch, command):
    monkeypatch.chdir(kept)
    if command.startswith("cache "):  # not that of all other tests
        monkeypatch.setenv("SPIKECOST_CACHE", str(kept / "cache"))
    quiet = ["--quiet"] if "--quiet" in options_of(command) else []
    status, out, err = said(*command.split(), *QUICK[command], "--json", *quiet)
    assert (status, err) == (0, "")

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(out, parse_constant=refuse)


#: Commands that print tables, and more arguments that give long ones.
TABLES = {
    **{
        name: [*name.split(), *QUICK[name]]
        for name in (
            "models",
            "methods",
            "published",
            "features",
            "compare",
            "recommend",
            "history",
            "engines",
            "measure",
            "claims",
            "show",
            "atlas show",
            "atlas info",
            "doctor",
            "store info",
            "cache info",
        )
    },
    "methods of a model": ["methods", "--model", "hodgkin_huxley"],
    "check": [*QUICK["check"], "--all"],
    "history": [*QUICK["history"], "--figure", "*"],
    "features of two": ["features", "lif", "qif"],
    "count": ["lif", "--method", "parker_sochacki"],
}
NAMES = {*MODELS, *METHODS, *DETECTIONS, *CONVENTIONS, *FEATURES}


def words(text):
    """The names and numbers of a text, without the punctuation around them."""
    found = {word.strip(",;:.()") for word in text.split()}
    return {word for word in found if word in NAMES or re.fullmatch(r"[-+]?\d[\d.,e+-]*", word)}


#: Commands that take seconds: every day they are tried at one width.
SLOW = ("run", "engines", "measure", "claims")


def is_quick_or_narrow(way):
    """Whether everyday tests try a command at a width."""
    command, columns = way
    return columns == 80 or command not in SLOW


@pytest.mark.parametrize(
    ("command", "columns"), choose(((each, columns) for each in TABLES for columns in (80, 120)), is_quick_or_narrow)
)
def test_every_table_fits_the_terminal_and_cuts_no_name_and_no_number(
    said, kept, monkeypatch, tmp_path, command, columns
):
    monkeypatch.chdir(kept)
    arguments = TABLES[command] if command.split()[0] in TABLES[command] else [command, *TABLES[command]]
    if command in {"doctor", "cache info"}:  # they count the kernels, to which other tests add at the same time
        monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path / "cache"))
        said("doctor")
    status, whole, _ = said(*arguments)
    monkeypatch.setenv("COLUMNS", str(columns))
    again, narrow, _ = said(*arguments)
    assert (status, again) == (0, 0)
    too_long = [line for line in narrow.splitlines() if cell_len(line) > columns]
    assert all(whole.count(line.strip()) and "/" in line for line in too_long), too_long  # only names of figures
    missing = words(whole) - words(narrow)
    assert not missing
    assert words(whole)


@pytest.mark.parametrize(
    ("command", "columns"),
    choose(((each, columns) for each in commands() for columns in (80, 120)), is_quick_or_narrow),
)
def test_no_command_prints_a_line_wider_than_the_terminal(said, kept, monkeypatch, command, columns):
    monkeypatch.chdir(kept)
    monkeypatch.setenv("COLUMNS", str(columns))
    if command.startswith("cache "):  # not that of all other tests
        monkeypatch.setenv("SPIKECOST_CACHE", str(kept / "cache"))
    status, out, err = said(*command.split(), *QUICK[command])
    assert status == 0
    assert not err or "--quiet" in options_of(command)  # progress
    # one thing is not several: "1 runs" (a ratio of 1 is "1 times")
    assert set(re.findall(r"(?<![\w.,])1 ([a-z]{3,}s)\b", out + err)) <= {"times"}
    wide = [line for line in f"{out}\n{err}".splitlines() if cell_len(line) > columns]
    # a path or the name of a figure is never cut
    assert all("/" in line and len(line.strip().split("  ")) == 1 for line in wide), wide


def test_what_a_run_prints_fits_the_terminal(report):
    said = report[1].stdout  # without a terminal and without COLUMNS
    assert len(said.splitlines()) > 10
    assert max(map(cell_len, said.splitlines())) <= WIDTH


def test_a_terminal_and_a_pipe_show_the_same(said, monkeypatch):
    """A pseudoterminal of 80 columns, and a pipe with COLUMNS."""
    script = Path(sys.executable).with_name("spikecost")
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    try:
        shown, terminal = pty.openpty()
    except OSError as failed:
        pytest.skip(f"there are no pseudoterminals here ({failed}); mount them (mount -t devpts devpts /dev/pts)")
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([script, "methods"], stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    printed = b""
    with contextlib.suppress(OSError):  # the end of a pseudoterminal
        while part := os.read(shown, 65536):
            printed += part
    os.close(shown)
    assert process.wait() == 0
    monkeypatch.setenv("COLUMNS", "80")
    piped = said("methods")[1]
    assert printed.decode().replace("\r\n", "\n") == piped
    assert 72 < max(map(len, piped.splitlines())) <= 80


def test_every_option_and_command_is_described():
    def look(parser, name):
        for action in parser._actions:
            assert action.help or isinstance(action, _SubParsersAction), f"{name}: {action.dest}"
            if isinstance(action, _SubParsersAction):
                assert {listed.dest for listed in action._choices_actions} == set(action.choices)
                for each, of in action.choices.items():
                    assert of.description, f"{name} {each}"
                    look(of, f"{name} {each}")

    look(cli._parser(), "spikecost")


def actions(parser):
    for action in parser._actions:
        yield parser, action
        for below in action.choices.values() if isinstance(action, _SubParsersAction) else ():
            yield from actions(below)


def test_names_have_spaces_or_commas_between_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a, b.py").write_text("")
    lists = [(of, each) for of, each in actions(cli._parser()) if each.nargs in ("+", "*")]
    named = [(of, each) for of, each in lists if isinstance(each, ListOfNames)]
    # the others take numbers, which may have a decimal comma, files and patterns
    assert {each.metavar for _, each in lists if not isinstance(each, ListOfNames)} <= {
        "RATE", "MULTIPLE", "TIME", "MEASURE=VALUE", "FILE", "N", "PATTERN",
    }  # fmt: skip
    assert len(named) > 12
    for of, each in named:
        for written in (["x", "y"], ["x,y"], ["x,", "y"], ["x", ",y"]):
            found = argparse.Namespace()
            each(of, found, written)
            assert getattr(found, each.dest) == ["x", "y"]
        each(of, found, ["a, b.py:model", "lif"])
        assert getattr(found, each.dest) == ["a, b.py:model", "lif"]


def test_what_a_run_does_without_options_is_in_its_help(said):
    _, out, _ = said("run", "--help")
    varying, constant = (
        listed([f"{rate:g}" for rate in STANDARD.rates_of.get(kind, STANDARD.rates)])
        for kind in ("ornstein_uhlenbeck", "constant")
    )
    limits = f"{max(STANDARD.tolerances):g} to {min(STANDARD.tolerances):g} ms"
    assert mentions(
        " ".join(out.split()),
        f"Without options: {listed(list(STANDARD.models))}, with every method and detection, ",
        f"under {STANDARD.trials} fluctuating currents at {varying} Hz ",
        f"and {STANDARD.trials} constant ones at {constant} Hz, ",
        f"each for {STANDARD.horizons[0] / 1000:g} s; spike-time errors from {limits}.",
    )
    assert STANDARD.stimuli == ("ornstein_uhlenbeck", "constant")


def listed(names):
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


@pytest.mark.parametrize("command", [*commands()])
def test_commands_alike_have_the_same_options_and_an_error_names_its_own_help(said, command):
    options = options_of(command)
    assert {"--help", "--json"} <= options
    if "--jobs" in options:  # it computes for more than a moment
        assert "--quiet" in options
    assert ("--open" in options) == (command in ("run", "report", "atlas page"))
    if "--plot" in options:
        assert "--data" in options
    status, out, err = said(*command.split(), *QUICK[command], "--no-such-option")
    assert (status, out) == (2, "")
    assert err == f"spikecost {command}: unrecognized arguments: --no-such-option; see spikecost {command} --help\n"


def test_every_method_that_a_verdict_may_name_can_be_counted_and_shown(said):
    for method in METHODS:
        models = [
            name
            for name in ("lif", "izhikevich", "hodgkin_huxley", "adex")
            if any(not why_not(MODELS[name], method, detection) for detection in DETECTIONS)
        ]
        model = next(iter(models), None)
        if model is None:  # methods for noise alone
            assert "noise" in inspect.getdoc(type(METHODS[method]))
            continue
        status, out, err = said("count", model, "--method", method)
        assert (status, err) == (0, "")
        assert said("show", model, "--method", method)[0] == 0
        found = json.loads(said("count", model, "--method", method, "--json")[1])
        if "blocks" in found:
            blocks = count(model, method, found["detection"]).by_block
            assert found["blocks"] == {name: dict(operations) for name, operations in blocks.items()}
            assert all(name in out for name in blocks)
        else:
            assert f"{found['flops_per_step']:g} operations per step" in out


def test_json_may_stand_before_the_command(said, kept, monkeypatch):
    monkeypatch.chdir(kept)
    for arguments in (["--json", "history", "add"], ["history", "--json", "add"], ["history", "add", "--json"]):
        added = json.loads(said(*arguments, *QUICK["history add"])[1])
        assert added == {"history": "kept.sqlite", "added": False, "runs": 1}


def test_a_failed_run_leaves_an_earlier_report_as_it_was(report, no_compiler, said, monkeypatch):
    folder, _ = report
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    status, out, err = said(*TINY, "--out", "out")
    assert (status, out) == (2, "")
    # the progress bar goes to stderr too; the message is its last line
    assert tells(err.splitlines()[-1], "spikecost: no C compiler: CC=/nonexistent not found; install one")
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()} == before


def test_a_failed_run_leaves_no_empty_folder(no_compiler, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    for out in ("new", "new/one/two", "there", "there/new"):
        assert said(*TINY, "--out", out)[0] == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_mistake_in_the_real_script(tmp_path):
    failed = typed("count", "lif", "--dt", "1", folder=tmp_path)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert tells(failed.stderr, "spikecost: dt = 1.0 is not a time; give one such as 0.1*ms")


def test_a_reader_that_has_seen_enough(tmp_path):
    # spikecost models | head -1
    with subprocess.Popen(
        [*command(), "models"], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


FULL = "spikecost: cannot write the output: 'No space left on device'; free some space"


def test_a_full_disk_is_one_line_and_status_2(tmp_path):
    with Path("/dev/full").open("w") as full:
        failed = subprocess.run(
            [*command(), "count", "lif"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert failed.returncode == 2
    assert tells(failed.stderr, FULL)


def test_a_full_disk_under_a_long_output(capsys, monkeypatch):
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        assert main(["models", "--json"]) == 2
    assert tells(capsys.readouterr().err, FULL)


def test_a_terminal_without_a_sign(monkeypatch):
    shown = io.BytesIO()
    with io.TextIOWrapper(shown, encoding="latin-1") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        assert main(["methods", "--model", "lif"]) == 0
        assert b"euler" in shown.getvalue()


def test_a_terminal_without_a_sign_shows_that_a_bound_is_one(monkeypatch):
    shown = io.BytesIO()
    with io.TextIOWrapper(shown, encoding="ascii") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        make_streams_usable()
        show_text("dt ≥ 1 ms: ≤ 5 FLOP/s, ± µ")
        terminal.flush()
        assert shown.getvalue() == b"dt >= 1 ms: <= 5 FLOP/s, +- ?\n"


def test_a_closed_output_is_no_error(tmp_path):
    asked = shlex.join([*command(), "count", "lif"])
    ended = subprocess.run(["sh", "-c", f"{asked} >&-"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("asked", [("report", "out", "--out", "plain"), ("atlas", "page", "--out", "plain.html")])
def test_pages_are_written_whatever_the_locale(kept, asked):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = subprocess.run(
        [*command(), *asked], cwd=kept, env=os.environ | plain, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_an_error_of_our_own_is_no_regression(said, kept, monkeypatch):
    # status 1 says that figures regressed, and Python's own status of an error is 1
    monkeypatch.chdir(kept)
    monkeypatch.setattr("spikecost.reports.regression.command.judge", lambda *_, **__: 1 / 0)
    status, out, err = said("check", "out", "--baseline", "baseline.json")
    assert (status, out) == (2, "")
    assert err.startswith("Traceback")
    assert err.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"spikecost {metadata.version('spikecost')}\n")


@pytest.mark.parametrize("rate", ["50", "50Hz", "50*Hz", "0.05/ms"])
def test_a_rate_is_written_with_or_without_its_unit(rate):
    assert units.number_in(units.parse_rate(rate), Hz, "rate") == pytest.approx(50, rel=1e-15)


@pytest.mark.parametrize("time", ["1s", "1*s", "1second", "1000ms"])
def test_a_time_is_written_as_people_write_it(time):
    assert units.in_ms(units.parse_quantity(time), "time") == 1000


def test_what_is_no_rate_is_refused(capsys):
    assert main(["run", "--models", "lif", "--rates", "20ms"]) == 2
    assert "'20ms'" in capsys.readouterr().err


def test_quiet_shows_no_progress_and_open_opens_the_page(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    suite = tmp_path / "suite.toml"
    suite.write_text(
        'methods = ["euler"]\ndetections = ["grid"]\ntolerances = ["1ms"]\ntrials = 1\n'
        "witnessed = false\nthorough = false\n"
    )
    out = tmp_path / "report"
    asked = ["run", "--suite", str(suite), "--models", "lif", "--rates", "50Hz", "--horizons", "0.1s", "--no-features"]
    assert main([*asked, "--out", str(out), "--quiet", "--open"]) == 0
    assert capsys.readouterr().err == ""
    assert opened == [(out / "index.html").resolve().as_uri()]
    assert main(["report", str(out), "--format", "html", "--open"]) == 0
    assert main(["atlas", "page", "--out", str(tmp_path / "atlas.html"), "--open"]) == 0
    assert opened[1:] == [(out / "report" / "index.html").resolve().as_uri(), (tmp_path / "atlas.html").as_uri()]
    assert main(["report", str(out), "--format", "md", "--open"]) == 2
    assert "--open" in capsys.readouterr().err
    assert len(opened) == 3


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], False),
        (["--full"], False),
        (["--quick"], True),
        (["--quick", "--jobs", "1"], False),
        (["--quick", "--models", "lif"], False),
        (["--quick", "--suite", "mine.toml"], False),
    ],
)
def test_only_a_quick_run_has_memory_and_time_for_a_second_process(monkeypatch, options, expected):
    asked = []

    def started(*, worth_it):
        asked.append(worth_it)
        raise UserError("enough")

    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("spikecost.harness.executors.beside.second_process", started)
    assert main(["run", *options]) == 2
    assert asked == [expected]
