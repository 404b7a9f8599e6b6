"""Faults of ``spikecost run`` with models of the user's own: what is lost, what is wrong, and what is said.

A try gives the command a Python file and a TOML file of models, in folders with spaces in their names, and lets
something go wrong. Then the store is checked, and the same command is given again: it must end well, use every result
that the store has, and write the tables of a run in which nothing went wrong.
``python -m tests.accuracy.study.faults_of_commands`` tries each fault and writes the second table of
docs/reliability.md; with the names of faults as arguments, only their rows are written.
"""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from spikecost import cli
from spikecost.accuracy.search import kept_runs
from spikecost.models.ground import private, threads
from spikecost.reports.comparison import run_folder
from spikecost.reports.comparison.run_folder import RunFolder

from .faults import Outcome, Result, are_same, forked, noted_of, settings_in, write_rows

BEGIN, END = "<!-- written by tests/accuracy/study/faults_of_commands.py -->\n", "<!-- end of commands -->\n"
TRIES = int(os.environ.get("TRIES", "10"))

#: Models of a user: an adaptive exponential one as a Brian2 group, and a leaky one as a text.
GROUP = """
from brian2 import *

tau, v_peak = 9*ms, -40*mV
eqs = '''
dv/dt = (-(v + 70*mV) + 2*mV*exp((v + 50*mV)/(2*mV)) + I - w)/tau : volt
dw/dt = (0.3*(v + 70*mV) - w)/(100*ms) : volt
I : volt
'''
cells = NeuronGroup(1, eqs, threshold='v > v_peak', reset='v = -58*mV; w += 1.5*mV', method='euler')
cells.v = -70*mV
cells.I = 30*mV
"""
LEAKY = """
equations = '''
dv/dt = (EL - v + I)/tau : volt (unless refractory)
I : volt
'''
threshold = "v > -50*mV"
reset = "v = EL"
refractory = "3*ms"
drive = "25*mV"
constants = { EL = "-65*mV", tau = "20*ms" }
initial = { v = "-65*mV" }
"""
SUITE = """
methods = ["euler", "rk4", "dormand_prince"]
detections = ["grid", "hermite", "dense"]
rates = [50]
tolerances = ["1ms", "0.1ms"]
horizons = ["200ms"]
trials = 3
finest = "0.005ms"
per_decade = 4
witnessed = false
thorough = false
features = false
"""

#: Lines that the same command says when nothing goes wrong.
USUAL = re.compile(r"spikecost: the Python file .* was executed, with your rights")

KILLED = "`spikecost run` is killed (SIGKILL)"
FULL_DISK = "the disk of store and report is full"
NO_MEMORY = "the system refuses memory (RLIMIT_AS, as `ulimit -v` does)"
SLOW = "every write to a file takes 5 ms longer, and then `spikecost run` is killed"

#: A command that meets a fault ends within this many seconds.
LONGEST = 300

#: Gives the command in this folder and lets something go wrong.
Fault = Callable[["Place", random.Random], None]
FAULTS: dict[str, Fault] = {}


@dataclass(frozen=True)
class Place:
    """A folder of a user: models, a suite, and where the store and the report are."""

    folder: Path

    @property
    def store(self) -> Path:
        """Where results are kept."""
        return self.folder / "my results" / "spikecost.db"

    @property
    def notes(self) -> Path:
        """Where the test notes what commands say and commit: beside this file."""
        return self.folder / "notes" / "of a command"

    def make(self) -> Place:
        """Write the files."""
        models = self.folder / "my models"
        models.mkdir(parents=True)
        (models / "adaptive.py").write_text(GROUP)
        (models / "leaky.toml").write_text(LEAKY)
        (self.folder / "suite.toml").write_text(SUITE)
        self.store.parent.mkdir()
        self.notes.parent.mkdir()
        return self

    def arguments(self, out: str = "out of it") -> list[str]:
        """Return the command."""
        models = [f"{self.folder / 'my models' / 'adaptive.py'}:cells", str(self.folder / "my models" / "leaky.toml")]
        given = [
            "--suite",
            str(self.folder / "suite.toml"),
            "--store",
            str(self.store),
            "--out",
            str(self.folder / out),
        ]
        return ["run", "--quiet", "--jobs", "2", "--models", *models, *given]

    def said(self) -> list[str]:
        """Return the lines on the standard error of commands that met a fault, and those that were logged."""
        texts = [
            each.read_text() for ending in ("told", "err") for each in sorted(self.notes.parent.glob(f"*.{ending}"))
        ]
        lines = list(dict.fromkeys(line for text in texts for line in text.splitlines()))
        return [line for line in lines if line.strip() and not USUAL.fullmatch(line)]

    def tables(self, out: str = "out of it") -> tuple[Any, ...]:
        """Return what does not depend on how fast this machine is."""
        found = RunFolder.read(self.folder / out)
        timed = [name for name in found.table if str(name).startswith("ns_per_ms")]
        return found.table.drop(columns=timed), found.points, found.by_stimulus


def why_not(name: str) -> str:
    """Return why a fault cannot be made here; empty if it can."""
    if name == FULL_DISK and os.geteuid():
        return "only root can mount a small disk"
    if name == SLOW and not shutil.which("strace"):
        return "there is no strace, which delays writes: install it"
    return ""


def fault(name: str) -> Callable[[Fault], Fault]:
    """Register a fault."""

    def register(break_it: Fault) -> Fault:
        FAULTS[name] = break_it
        return break_it

    return register


def started(place: Place, out: str = "out of it", before: Callable[[], object] = lambda: None) -> int:
    """Give the command in another process, which notes what it has committed; return the number of the process."""

    def command(path: Path) -> None:
        streams = [path.with_name(f"{os.getpid()}.{ending}").open("w", buffering=1) for ending in ("out", "err")]
        for stream, number in zip(streams, (1, 2), strict=True):
            os.dup2(stream.fileno(), number)
        sys.stdout, sys.stderr = streams
        before()
        with mock.patch.object(run_folder, "render", return_value={"index.html": b"a page"}):
            status = cli.main(place.arguments(out))
        path.with_name(f"{os.getpid()}.status").write_text(str(status))

    return forked(place.notes, command)


def ended(child: int, place: Place) -> int | None:
    """Wait for a command and return its status; None if it was killed."""
    deadline = time.monotonic() + LONGEST
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            raise AssertionError(f"it did not end within {LONGEST} s; it said {place.said()}")
        time.sleep(0.002)
    told = place.notes.with_name(f"{child}.status")
    return int(told.read_text()) if told.exists() else None


@cache
def undisturbed(folder: Path) -> tuple[tuple[Any, ...], float]:
    """Return the tables of a run in which nothing goes wrong, and the seconds that it takes."""
    place = Place(folder).make()
    assert ended(started(place), place) == 0
    assert not place.said()
    place.store.unlink()
    begun = time.monotonic()
    assert ended(started(place), place) == 0
    return place.tables(), time.monotonic() - begun


def try_fault(name: str, tries: int, folder: Path) -> Outcome:
    """Try a fault several times."""
    found, chance = Outcome(name), random.Random(name)
    right, _ = undisturbed(folder / "undisturbed")
    for i in range(tries):
        place = Place(folder / f"try {i}").make()
        private._told.clear()
        with mock.patch.object(kept_runs, "BATCH", 0.0):
            FAULTS[name](place, chance)
        committed, said = noted_of(place.notes), place.said()
        found.statuses |= {int(each.read_text()) for each in place.notes.parent.glob("*.status")}
        left = settings_in(place.store)
        for each in place.notes.parent.iterdir():
            each.unlink()
        again = started(place)
        status = ended(again, place)
        assert status == 0, place.said()
        # without memory, each curve may have been begun and given up
        begun = sys.maxsize if name == NO_MEMORY else 2
        assert _is_resumed(place.notes.with_name(f"{again}.out").read_text(), left, begun)
        found.tries += 1
        found.kept += len(committed)
        found.lost += len(committed - left)
        found.wrong += not are_same(place.tables(), right)
        found.most_lines = max(found.most_lines, len(said))
        found.message = said[-1] if said else found.message
        shutil.rmtree(place.folder)
    return found


def _is_resumed(said: str, left: set[Result], begun: int) -> bool:
    """Whether a command says that it used what the store has: curves that are finished; some have only been begun."""
    told = re.search(r"(\d+) of (\d+) results\s+from the\s+store", said)
    curves = len({identity for identity, _ in left})
    return max(curves - begun, 0) <= (int(told[1]) if told else 0) <= curves


def _moment(place: Place, chance: random.Random) -> None:
    """Wait for a random share of the time that the command takes."""
    _, seconds = undisturbed(place.folder.parent / "undisturbed")
    time.sleep(chance.uniform(0.05, 1.0) * seconds)


def _signalled(number: int, place: Place, chance: random.Random) -> None:
    child = started(place)
    _moment(place, chance)
    os.kill(child, number)
    assert ended(child, place) in (None, 0, 130), place.said()


@fault(KILLED)
def _killed(place: Place, chance: random.Random) -> None:
    _signalled(signal.SIGKILL, place, chance)


@fault("`spikecost run` is ended (SIGTERM)")
def _terminated(place: Place, chance: random.Random) -> None:
    _signalled(signal.SIGTERM, place, chance)


@fault("`spikecost run` meets Ctrl-C")
def _interrupted(place: Place, chance: random.Random) -> None:
    _signalled(signal.SIGINT, place, chance)


@fault("two `spikecost run` at once on one store")
def _two(place: Place, _chance: random.Random) -> None:
    children = [started(place), started(place, "another folder")]
    assert [ended(child, place) for child in children] == [0, 0]
    assert are_same(place.tables(), place.tables("another folder"))


@fault("two `spikecost run` at once into one folder")
def _two_into_a_folder(place: Place, _chance: random.Random) -> None:
    children = [started(place), started(place)]
    assert sorted(ended(child, place) or 0 for child in children) in ([0, 0], [0, 2])


@fault(FULL_DISK)
def _full(place: Place, chance: random.Random) -> None:
    with _small_disk(place.store.parent, chance.randrange(150, 400)):
        child = started(place)
        ended(child, place)


@contextmanager
def _small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """Put a file system of this size in the place of a folder; only root can."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], check=True)
    copy = folder.with_name("kept")
    try:
        yield
        shutil.copytree(folder, copy)
    finally:
        subprocess.run(["umount", folder], check=True)
    shutil.copytree(copy, folder, dirs_exist_ok=True)


@fault(NO_MEMORY)
def _no_memory(place: Place, chance: random.Random) -> None:
    room = int(2 ** chance.uniform(20, 28))

    def limit() -> None:
        threads.PATIENCE = 5.0
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room,) * 2)

    assert ended(started(place, before=limit), place) in (0, 2), place.said()
    assert not [line for line in place.said() if "Traceback" in line]


@fault("the clock goes back and forth under `spikecost run`")
def _clock(place: Place, chance: random.Random) -> None:
    clock = time.time

    def jump() -> None:
        time.time = lambda: clock() + chance.uniform(-1e9, 1e9)  # type: ignore[assignment]

    assert ended(started(place, before=jump), place) == 0


@fault(SLOW)
def _slow(place: Place, chance: random.Random) -> None:
    child = started(place)
    slow = "pwrite64,write,fsync,fdatasync,rename,ftruncate"
    delayed = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={slow}", "-e", f"inject={slow}:delay_exit=5000"]
    tracer = subprocess.Popen([*delayed, "-p", str(child)], stderr=subprocess.DEVNULL)
    _moment(place, chance)
    os.kill(child, signal.SIGKILL)
    ended(child, place)
    tracer.wait()


def main() -> None:
    """Try every fault, or those that are named, and write the table."""
    write_rows((BEGIN, END), FAULTS, lambda name, folder: try_fault(name, TRIES, folder))


if __name__ == "__main__":
    main()
