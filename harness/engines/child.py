"""Another simulator in a process of its own: it may print, crash, hang, or keep global state.

A program in `programs` reads one question as JSON from its standard input and writes its answer as JSON to the file
that the question names. What it prints is only read if it fails.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from ...models.ground.bounded import patience, run_bounded
from ...models.ground.errors import UserError
from ...models.ground.process_folder import scratch

#: The programs; they import the simulator and nothing of this package, so that they start quickly.
_PROGRAMS = Path(__file__).with_name("programs")
#: A run may take this many times as long as a compiler.
_RUNS = 5
_QUIET = {"PYNEST_QUIET": "1", "OMP_NUM_THREADS": "1", "NEURON_MODULE_OPTIONS": "-nogui", "DISPLAY": ""}


def ask(title: str, program: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """Run a program and return its answer.

    Parameters
    ----------
    title : str
        The simulator's name, for messages.
    program : str
        The file name in `programs`, or the path of another program.
    question : mapping
        JSON must be able to hold it; ``answer`` is added, the file for the answer.

    Raises
    ------
    UserError
        If the simulator fails, hangs or does not answer.
    """
    with scratch() as folder:
        file = folder / "answer.json"
        given = json.dumps({**question, "answer": str(file), "folder": str(folder)}).encode()
        # -P: the program's folder must not hide modules of the simulator; what is unset is set for this process only
        quiet = [f"{name}={value}" for name, value in _QUIET.items() if name not in os.environ]
        command = ["/usr/bin/env", *quiet, sys.executable, "-P", "-W", "ignore", str(_PROGRAMS / program)]
        answer = run_bounded(command, _RUNS * patience(), given)
        if answer.failure:
            raise UserError(f"{title} failed: {_last_line(answer.text) or answer.failure}")
        try:
            found = json.loads(file.read_bytes())
        except (OSError, ValueError):
            raise UserError(
                f"{title} ended without an answer: {_last_line(answer.text) or 'it printed nothing'}"
            ) from None
    if not isinstance(found, dict):
        raise UserError(f"{title} gave an answer that is not a table of values")
    return found


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:200] if lines else ""


def script_of(package: str, name: str) -> str:
    """Return a command that a package installed, such as ``nrnivmodl``: its path, or its name if that is not known."""
    try:
        found = files(package) or []
    except PackageNotFoundError:
        return name
    paths = (Path(str(file.locate())).resolve() for file in found if file.name == name)
    return next((str(path) for path in paths if path.exists() and os.access(path, os.X_OK)), name)
