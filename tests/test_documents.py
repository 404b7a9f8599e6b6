"""What the documents name exists: commands, options, and what is in blocks of every language.

Python and console blocks of the documents are executed (docs/conftest.py); these are the other blocks, and sentences.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import re
import shlex
import shutil
import subprocess
import tomllib
from argparse import _SubParsersAction
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path

import pytest

import spikecost as sc
from spikecost import cli
from spikecost.flops.counters import COUNTERS
from spikecost.models.methods import METHODS
from spikecost.reports.commands.about_machine.configuration import configure, settle
from spikecost.reports.commands.about_machine.store import SCHEMA
from spikecost.reports.regression.guard import Guard
from spikecost.reports.regression.kept.limits import given_limits

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
}
#: Options in the documents that are those of other programs.
OF_OTHERS = {"--head": "ray start --head"}


def blocks(text):
    """The fenced blocks of a document: language and content."""
    return re.findall(r"^```(\S*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def without_blocks(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def typed_commands(text):
    """The commands that a document shows alone on a line: in an indented block, or at a prompt."""
    lines = re.findall(r"^(?:    |\$ |    \$ )(spikecost .*)$", text, re.MULTILINE)
    lines += [f"spikecost run {rest}" for rest in re.findall(r"tox -e suite -- ([^`\n]*)", text)]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def mentioned_commands(text):
    """The commands in sentences, which may be only the beginning of one."""
    spans = re.findall(r"`(spikecost [^`]*)`", without_blocks(text))
    return [shlex.split(" ".join(span.split()))[1:] for span in spans]


def below(parser):
    return next((action.choices for action in parser._actions if isinstance(action, _SubParsersAction)), {})


def everything(parser):
    """Every option of a parser and of the commands below it."""
    options = {option for action in parser._actions for option in action.option_strings}
    return options.union(*map(everything, below(parser).values()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_a_document_is_one(name):
    for arguments in typed_commands(DOCUMENTS[name]):
        cli._parser().parse_args(arguments)  # exits if it is not a command
    for arguments in mentioned_commands(DOCUMENTS[name]):
        parser, rest = cli._parser(), list(arguments)
        while below(parser) and rest and not rest[0].startswith("-"):
            assert rest[0] in below(parser), f"spikecost {' '.join(arguments)}"
            parser = below(parser)[rest.pop(0)]
        options = {each for each in rest if each.startswith("--")}
        assert options <= everything(parser), f"spikecost {' '.join(arguments)}"


def test_commands_are_found():
    """What the test above looks for would be found."""
    assert sum(map(len, map(typed_commands, DOCUMENTS.values()))) > 25
    assert sum(map(len, map(mentioned_commands, DOCUMENTS.values()))) > 60
    assert typed_commands("    spikecost run --out 'my run'   # a run\n") == [["run", "--out", "my run"]]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_option_of_a_document_is_one(name):
    known = everything(cli._parser()) | set(OF_OTHERS)
    plugin = {"--spikecost-baseline", "--spikecost-update", "--spikecost-without-counter"}
    text = re.sub(r"https?://\S+", "", DOCUMENTS[name])
    options = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text))
    scripts = re.findall(r"python (tests/\S+\.py)[^`]*", text)
    own = {each for path in scripts for each in options if each in (ROOT / path.rstrip("`")).read_text()}
    assert options - known - plugin - own == set()


def test_what_readme_shows_is_printed():
    shown = re.findall(r"^    \$ (spikecost .*)\n((?:    (?!\$).+\n)+)", DOCUMENTS["README.md"], re.MULTILINE)
    assert shown
    for command, output in shown:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            assert cli.main(shlex.split(command)[1:]) == 0
        expected = re.sub("^    ", "", output, flags=re.MULTILINE)
        assert OutputChecker().check_output(expected, printed.getvalue(), ELLIPSIS), printed.getvalue()


def test_what_readme_says_of_a_step():
    said = " ".join(DOCUMENTS["README.md"].split())
    made = sc.count("hodgkin_huxley", "rk4").as_run.present
    assert (
        f"It finds {made['add']} additions, {made['sub']} subtractions, {made['mul']} multiplications, "
        f"{made['div']} divisions and {made['exp']} exponentials per step"
    ) in said


# --- blocks in other languages ---------------------------------------------------------------------------------------


def entry_points(content, tmp_path, monkeypatch):
    """Each group is one of a registry, and an entry point names an object."""
    groups = tomllib.loads(content)["project"]["entry-points"]
    known = {group: registry for registry in (sc.MODELS, METHODS, COUNTERS) for group in registry._groups}
    assert groups.keys() <= known.keys()
    assert all(re.fullmatch(r"\w+:\w+", each) for of in groups.values() for each in of.values())


def limits(content, tmp_path, monkeypatch):
    """A baseline file may have these limits."""
    import json

    given_limits(json.loads(f"{{{content}}}")["limits"], "the document")


def configuration(content, tmp_path, monkeypatch):
    """The options are read, and a command needs no arguments."""
    (tmp_path / "pyproject.toml").write_text(content)
    monkeypatch.chdir(tmp_path)
    for command in ("check", "baseline update"):
        parser = cli._parser()
        given = configure(parser)
        options = parser.parse_args(command.split(), argparse.Namespace(status=0))
        settle(options, given)
        assert (options.baseline, options.models, options.jobs) == ("ci/costs.json", ["my_model.toml"], 2)


def completion(content, tmp_path, monkeypatch):
    """The shell completes the command afterwards."""
    script = f"{content}\ncomplete -p spikecost"
    done = subprocess.run([shutil.which("bash"), "-c", script], capture_output=True, text=True, check=False)
    assert "-F _python_argcomplete spikecost" in done.stdout, done.stderr


def columns(content, tmp_path, monkeypatch):
    """The names that the question asks for are columns of an export."""
    asked = set(re.findall(r"\b(model|method|detection|setting|maximum)\b", content))
    assert asked == {"model", "method", "detection", "setting", "maximum"} <= set(SCHEMA.names)
    assert "PARTITION_BY (model, method)" in content


def not_tried(content, tmp_path, monkeypatch):
    """What cannot be tried here says so."""
    said = " ".join(DOCUMENTS["docs/cluster.md"].partition(content)[0].split())
    assert "We had neither, so these examples are from their documentation, and nothing here has been run." in said


def elsewhere(content, tmp_path, monkeypatch):
    """tests/reports/results/test_suite_schema.py reads it."""
    assert "the_example_of_the_documents" in (ROOT / "tests/reports/results/test_suite_schema.py").read_text()


#: How blocks are checked that are not executed, by document and language.
CHECKS = {
    ("docs/bring_your_own.md", "toml"): entry_points,
    ("docs/ci/README.md", "json"): limits,
    ("docs/cluster.md", "text"): not_tried,
    ("docs/command_line.md", "sh"): completion,
    ("docs/command_line.md", "toml"): configuration,
    ("docs/scaling.md", "text"): columns,
    ("docs/suite.md", "toml"): elsewhere,
}
#: Executed, or read by Sphinx, which reports mistakes.
EXECUTED = {"python", "console", "{eval-rst}", "{toctree}"}


def test_every_block_is_executed_or_checked():
    found = [(name, language) for name, text in DOCUMENTS.items() for language, _ in blocks(text)]
    others = [each for each in found if each[1] not in EXECUTED]
    assert sorted(others) == sorted(CHECKS)  # each once: a block without a check, or a check without its block
    assert len(found) - len(others) > 80


@pytest.mark.parametrize(("name", "language"), CHECKS)
def test_a_block_that_is_not_executed(name, language, tmp_path, monkeypatch):
    (content,) = (each for of, each in blocks(DOCUMENTS[name]) if of == language)
    CHECKS[name, language](content, tmp_path, monkeypatch)


def test_the_example_for_own_tests_calls_what_there_is():
    (example,) = (each for language, each in blocks(DOCUMENTS["docs/ci/README.md"]) if language == "python")
    called = re.findall(r"spikecost\.(\w+)\((.*?)\) <=", example)
    assert [name for name, _ in called] == ["cost", "operations"]
    for name, arguments in called:
        given, named = eval(f"(lambda *given, **named: (given, named))({arguments})")
        inspect.signature(getattr(Guard, name)).bind(None, *given, **named)
