"""The documents run: Python blocks as doctests, console blocks as commands of spikecost."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
from collections.abc import Generator
from doctest import ELLIPSIS, OutputChecker

import brian2
import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from spikecost import cli

os.environ["SPIKECOST_STORE"] = "off"  # an example computes what it shows, and leaves nothing behind


def typed(example: Example) -> str | None:
    """Run the commands of a console block; return the difference between their output and the output shown."""
    for part in example.parsed.removeprefix("$ ").split("\n$ "):
        command, _, shown = part.partition("\n")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = cli.main(shlex.split(command)[1:])
        if status or not OutputChecker().check_output(shown, printed.getvalue(), ELLIPSIS):
            return f"{command} gives status {status} and prints\n{printed.getvalue()}"
    return None


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), CodeBlockParser("console", typed)],
    patterns=["*.md"],
    fixtures=["elsewhere"],  # an example sees only the fixtures named here, even autouse ones
).pytest()


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Let documents write to an empty folder, and restore the Brian2 settings that they change."""
    before, target = os.getcwd(), brian2.prefs.codegen.target
    os.chdir(tmp_path_factory.mktemp("docs"))
    yield
    os.chdir(before)
    brian2.prefs.codegen.target = target
