"""Another simulator in a process of its own: it may print, crash, hang, or keep global state.

A program in `programs` reads one question as JSON from its standard input and writes its answer as JSON to the file
that the question names. What it prints is only read if it fails.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, files, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...models.ground import cache as kept
from ...models.ground.bounded import Answer, patience, run_bounded
from ...models.ground.errors import UserError
from ...models.ground.process_folder import place, scratch

#: The programs; they import the simulator and nothing of this package, so that they start quickly.
_PROGRAMS = Path(__file__).with_name("programs")
#: A run may take this many times as long as a compiler.
_RUNS = 5
#: What Python prints between an error and the one that it caused.
_CAUSED = "\nThe above exception was the direct cause"
_QUIET = {"PYNEST_QUIET": "1", "OMP_NUM_THREADS": "1", "NEURON_MODULE_OPTIONS": "-nogui", "DISPLAY": ""}


def ask(
    title: str,
    program: str,
    question: Mapping[str, Any],
    arrays: Mapping[str, NDArray[np.float64]] | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Run a program and return its answer.

    Parameters
    ----------
    title : str
        The simulator's name, for messages.
    program : str
        The file name in `programs`, or the path of another program.
    question : mapping
        JSON must be able to hold it; ``answer`` is added, the file for the answer.
    arrays : mapping, optional
        Arrays that the program reads with numpy: the question gets the file of each under its name.
    seconds : float, optional
        How long the program may take (s); five times as long as a compiler unless given.

    Raises
    ------
    UserError
        If the simulator fails, hangs or does not answer.
    """
    with scratch() as folder:
        file = folder / "answer.json"
        saved = {name: str(folder / f"{name}.npy") for name in arrays or {}}
        for name, path in saved.items():
            np.save(path, (arrays or {})[name])
        given = json.dumps({**question, **saved, "answer": str(file), "folder": str(folder)}).encode()
        # -P: the program's folder must not hide modules of the simulator; what is unset is set for this process only
        quiet = [f"{name}={value}" for name, value in _QUIET.items() if name not in os.environ]
        command = ["/usr/bin/env", *quiet, sys.executable, "-P", "-W", "ignore", str(_PROGRAMS / program)]
        answer = run_bounded(command, _RUNS * patience() if seconds is None else seconds, given)
        if answer.failure:
            raise UserError(f"{title} failed: {_why(answer)}")
        try:
            found = json.loads(file.read_bytes())
        except (OSError, ValueError):
            raise UserError(
                f"{title} ended without an answer: {_last_line(answer.text) or 'it printed nothing'}"
            ) from None
    if not isinstance(found, dict):
        raise UserError(f"{title} gave an answer that is not a table of values")
    return found


def _why(answer: Answer) -> str:
    """Return the last line that was printed, which says what went wrong, or the signal, and that line.

    Of an error in Python that caused others, the first one says it.
    """
    ended, last = answer.failure.partition(":")[0], _last_line(answer.text.split(_CAUSED)[0])
    if "by signal" in ended and last:
        return f"it {ended}, after it printed: {last if len(last) <= 60 else f'{last[:60]}...'}"
    return last or answer.failure


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:200] if lines else ""


def compiled(title: str, package: str, sources: Mapping[str, str], command: Sequence[str], product: str) -> Path:
    """Compile mechanisms to a library, once per text and version of the simulator.

    Parameters
    ----------
    title, package : str
        The simulator, for messages, and its Python package.
    sources : mapping
        The text of each file, in the folder in which the command runs.
    command : sequence of str
    product : str
        The pattern of the library's name.

    Raises
    ------
    UserError
        If the compiler fails or makes nothing.
    """
    key = "\0".join([package, version(package), sys.version, *map(repr, sources.items())])
    library = kept.read("mechanisms", key)
    if library is None:
        with scratch() as folder:
            for name, text in sources.items():
                path = folder / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, "utf-8")
            answer = run_bounded(["/usr/bin/env", "-C", str(folder), *command], patience())
            found = next(folder.glob(product), None)
            if answer.failure or found is None:
                raise UserError(
                    f"{title} could not compile a generated mechanism: it {answer.failure or 'made nothing'}"
                )
            library = found.resolve().read_bytes()
        kept.write("mechanisms", key, library)
    return place(f"{kept.digest_of('mechanisms', key)[:24]}.so", library)


def script_of(package: str, name: str) -> str:
    """Return the path of a script that a package installed, or its name if that is not known.

    Parameters
    ----------
    package : str
    name : str
        The name of a console script, or the path of a file in the package.
    """
    try:
        found = files(package) or []
    except PackageNotFoundError:
        return name
    for file in found:
        path = file.as_posix()
        if path == name or (file.name == name and path.startswith("..")):
            return str(file.locate())
    return name
