"""Run other programs, which may fail, hang, or print something that is not text."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import UserError

_TIMEOUT = "SPIKECOST_COMPILER_TIMEOUT"
#: The variable that limits the time of a task of a sweep.
TASK_TIMEOUT = "SPIKECOST_TASK_TIMEOUT"


@dataclass(frozen=True)
class Answer:
    """The output of a program."""

    text: str
    """Standard output, then standard error."""
    failure: str
    """How the program failed, as in "it ended with status 1: ..."; empty if it did not fail."""


def run_bounded(command: Sequence[str], seconds: float, given: bytes = b"", folder: Path | None = None) -> Answer:
    """Run a program. After `seconds`, or if interrupted, stop it and all processes that it started.

    Parameters
    ----------
    command : sequence of str
    seconds : float
    given : bytes
        Its standard input.
    folder : Path, optional
        Where it runs.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, ValueError) as error:
        return Answer("", f"could not be started ({getattr(error, 'strerror', None) or error})")
    try:
        out, err = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Answer("", f"did not end within {seconds:g} s and was stopped ({_TIMEOUT} sets this limit in seconds)")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(BrokenPipeError):
                if stream:
                    stream.close()
    printed, complaint = out.decode(errors="replace"), err.decode(errors="replace")
    failure = _failure(process.returncode, complaint if complaint.strip() else printed) if process.returncode else ""
    return Answer(f"{printed}\n{complaint}", failure)


def _failure(status: int, printed: str) -> str:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    lines = [line for line in printed.splitlines() if line.strip()]
    if not lines:
        return f"{how} and printed nothing"
    line = next((line for line in lines if "error" in line), lines[0])
    return f"{how}: {brief(line.split('error: ')[-1])}"


def brief(text: str) -> str:
    """Return a text as one line, shortened if it is long."""
    text = " ".join(text.split())
    return text if len(text) <= 200 else f"{text[:200]}..."


def patience() -> float:
    """Return the time that a compiler may take, in seconds.

    Raises
    ------
    UserError
        If SPIKECOST_COMPILER_TIMEOUT is not a number of seconds above 0.
    """
    return _seconds(_TIMEOUT, 120)


def task_patience() -> float:
    """Return the time that a task of a sweep, such as one curve, may take, in seconds of wall time.

    Raises
    ------
    UserError
        If SPIKECOST_TASK_TIMEOUT is not a number of seconds above 0.
    """
    return _seconds(TASK_TIMEOUT, 3600)


def _seconds(variable: str, usual: int) -> float:
    given = os.environ.get(variable) or str(usual)
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e7:
        raise UserError(f"{variable}={brief(given)}: give a number of seconds above 0, such as {usual}")
    return seconds
