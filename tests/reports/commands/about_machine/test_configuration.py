"""Options from ``[tool.spikecost]`` in ``pyproject.toml``."""

import argparse
import os
from pathlib import Path

import pytest

from spikecost import cli
from spikecost.cli.options import OUT
from spikecost.harness.store.store import OFF
from spikecost.models.ground.errors import UserError
from spikecost.reports.commands.about_machine.configuration import configure, settle


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a configuration, and a folder in it; a function that parses a command line there."""
    (tmp_path / "sub").mkdir()

    def parse(text, *arguments, folder="."):
        (tmp_path / "pyproject.toml").write_text(text)
        monkeypatch.chdir(tmp_path / folder)
        parser = cli._parser()
        given = configure(parser)
        options = parser.parse_args(arguments, argparse.Namespace(status=0))
        settle(options, given)
        return options

    return parse


CHECK = """
[tool.spikecost]
jobs = 1
[tool.spikecost.check]
baseline = "ci/costs.json"
models = ["lif", "sub/m.toml"]
gate-times = true
"""


def test_options_are_configured(project):
    options = project(CHECK, "check")
    assert (options.baseline, options.models, options.gate_times, options.jobs) == (
        "ci/costs.json",
        ["lif", "sub/m.toml"],
        True,
        1,
    )
    # an option for every command, and not one of another command
    run = project(CHECK, "run")
    assert (run.jobs, run.models, run.out) == (1, None, OUT)


def test_the_command_line_comes_first(project):
    options = project(CHECK, "check", "--baseline", "other.json", "--models", "qif", "--jobs", "3")
    assert (options.baseline, options.models, options.jobs) == ("other.json", ["qif"], 3)
    # a run that is given is read, so that no model is run
    assert project(CHECK, "check", "RUN").models is None
    assert project(CHECK, "check", "RUN", "--models", "qif").models == ["qif"]


def test_paths_are_relative_to_the_file(project):
    options = project(CHECK, "check", folder="sub")
    assert options.baseline == "../ci/costs.json"
    assert options.models[0] == "lif"
    assert Path(options.models[1]).resolve() == Path("m.toml").resolve()


def test_the_store_of_results_is_not_the_history(project):
    text = '[tool.spikecost]\nstore = "mine.db"\n'
    assert project(text, "run").store == "mine.db"
    assert project(text, "history").history is None
    assert project(text, "history", "--store", "kept.sqlite").history == "kept.sqlite"
    configured = '[tool.spikecost]\nhistory = "kept.sqlite"\n'
    for command in (["history"], ["history", "add", "RUN"], ["run"]):
        assert project(configured, *command).history == "kept.sqlite"
    assert project(configured, "run").store is None
    # this is no path
    assert project(f'[tool.spikecost]\nstore = "{OFF}"\n', "run", folder="sub").store == OFF


def test_what_is_configured_can_be_undone(project):
    options = project('[tool.spikecost]\nstore = "mine.db"\n', "run", "--fresh")
    assert (options.fresh, options.store) == (True, None)
    both = project('[tool.spikecost]\nstore = "mine.db"\n', "run", "--fresh", "--store", "other.db")
    assert (both.fresh, both.store) == (True, "other.db")  # the command refuses it
    for name in ("quick", "full", "fresh"):
        with pytest.raises(UserError, match=f"{name} can only be given on the command line"):
            project(f"[tool.spikecost.run]\n{name} = true\n", "run")


def test_configured_models_do_not_replace_those_of_a_suite_that_was_typed(project):
    text = '[tool.spikecost]\nmodels = ["lif"]\n'
    assert project(text, "run").models == ["lif"]
    assert project(text, "run", "--suite", "mine.toml").models is None
    assert project(text, "run", "--suite", "mine.toml", "--models", "qif").models == ["qif"]
    both = project(text + 'suite = "mine.toml"\n', "run")
    assert (both.models, both.suite) == (["lif"], "mine.toml")


def test_a_deleted_working_folder_has_no_configuration(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main(["models"]) == 0
    assert capsys.readouterr().err == ""
    os.chdir(tmp_path)


def test_without_a_configuration(project):
    for text in ("", "[project]\nname = 'spikecost'\n", "not TOML [", "[tool.spikecost]\n"):
        assert project(text, "run").jobs == cli._parser().parse_args(["run"]).jobs
    with pytest.raises(SystemExit):  # --baseline is required
        project("", "check")


@pytest.mark.parametrize(
    "text",
    [
        '[tool.spikecost]\nhistory = "kept.sqlite"\n',
        '[tool.spikecost.history]\nhistory = "kept.sqlite"\n',
        '[tool.spikecost.history]\nhistory = "all.sqlite"\n[tool.spikecost."history add"]\nhistory = "kept.sqlite"\n',
    ],
)
def test_a_file_that_was_typed_before_the_command_below_stays(project, text):
    assert project(text, "history", "--history", "typed.sqlite", "add", "out").history == "typed.sqlite"
    assert project(text, "history", "add", "out", "--history", "typed.sqlite").history == "typed.sqlite"
    assert project(text, "history", "add", "out").history == "kept.sqlite"
    assert project(text, "history", "--history", "typed.sqlite").history == "typed.sqlite"


def test_python_files_are_not_run_without_consent(project):
    text = '[tool.spikecost.check]\nbaseline = "b.json"\nmodels = ["evil.py:model"]\n'
    with pytest.raises(UserError, match=r"evil\.py:model is Python code, which would be run"):
        project(text, "check")
    everywhere = '[tool.spikecost]\nmodels = ["evil.py:model"]\n'
    with pytest.raises(UserError, match="is Python code") as refused:  # recommend has no --allow-python
        project(everywhere, "recommend", "--rate", "20", "--tolerance", "1ms")
    assert "--allow-python" not in str(refused.value)
    assert project(text, "check", "--allow-python").models == ["evil.py:model"]
    assert project(text, "check", "--models", "lif").models == ["lif"]
    assert project(text, "check", "--models", "evil.py:model").models == ["evil.py:model"]  # the user named it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.spikecost]\njob = 2", "pyproject.toml: unknown option 'job'; did you mean 'jobs'\\? known are "),
        ("[tool.spikecost.chek]\njobs = 2", "unknown command 'chek'; give one of run, "),
        ('[tool.spikecost]\njobs = "two"', "jobs = 'two': give a number, such as 2"),
        ("[tool.spikecost]\njobs = true", "jobs = True: give a number"),
        ('[tool.spikecost.run]\nmodels = "lif"', "run: models = 'lif': give a list"),
        ("[tool.spikecost.run]\nmodels = [[]]", "give text"),
        ("[tool.spikecost.check]\ngate-times = 1", "gate-times = 1: give true or false"),
        ("[tool.spikecost.check]\nallow-python = true", "allow-python can only be given on the command line"),
        ("[tool]\nspikecost = 3", "tool.spikecost is not a table"),
        ("[tool.spikecost\n", "is not TOML"),
    ],
)
def test_mistakes_are_named(project, text, message):
    with pytest.raises(UserError, match=message.replace(".", r"\.").replace("[", r"\[")):
        project(text, "run")


def test_a_mistake_is_one_line_and_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.spikecost]\njob = 2\n")
    assert cli.main(["doctor"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
