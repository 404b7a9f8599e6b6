"""Faults that a run may meet, tried many times: what is lost, what is wrong, and what is said.

Each try begins a run with a store, lets something go wrong, and then runs again without the fault. What the run said
to have committed is looked for in the store right after the fault, and the tables of the next run are compared with
those of an undisturbed one.
``python tests/accuracy/study/faults.py`` tries each fault 17 times, so that there are 51 random kill points, and writes
the table of docs/reliability.md. With the names of faults as arguments, only their rows are written.
"""

from __future__ import annotations

import errno
import logging
import os
import pickle
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from spikecost.accuracy.search import kept_runs, runs_as_bytes
from spikecost.accuracy.study.phases.progress import Progress
from spikecost.accuracy.study.runner import run_suite
from spikecost.accuracy.study.suite import Suite
from spikecost.flops import toolchain
from spikecost.harness.executors import processes
from spikecost.harness.store import Store, database
from spikecost.harness.store.store import RESULT
from spikecost.models.ground import private
from spikecost.models.ground.errors import UserError
from spikecost.models.ground.interruption import as_ctrl_c, keeping
from spikecost.reports.comparison import run as run_of_command
from spikecost.reports.comparison import run_folder
from spikecost.reports.tables.points import points
from spikecost.reports.tables.repeats import by_stimulus
from spikecost.reports.tables.table import table

SUITE = Suite(
    models=("lif", "izhikevich"),
    methods=("euler", "rk4", "dormand_prince"),
    detections=("grid", "hermite", "dense"),
    rates=(50.0,),
    tolerances=(1.0, 0.1),
    horizons=(200.0,),
    trials=3,
    finest=5e-3,
    per_decade=4,
    witnessed=False,
    thorough=False,
    features=False,
)
#: A part of it: with its results in the store, a run of `SUITE` has both to recall and to compute.
PART = replace(SUITE, methods=("euler",))

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
BEGIN, END = "<!-- written by tests/accuracy/study/faults.py -->\n", "<!-- end -->\n"

#: How often each fault is tried for the table.
TRIES = int(os.environ.get("TRIES", "17"))

#: A flip may be where nothing looks, such as in the name of a row, which is then not found: `verify` tells.
FLIPPED = "a bit of the file flips"

#: Faults that damage the file itself: what was in the damaged part is computed again.
DAMAGE = (FLIPPED, "the file is cut short")

#: A result: its identity in the store, and the setting.
Result = tuple[str, Any]

#: Breaks a run with a store in this file; the random numbers choose where and when. Returns the results that had been
#: committed before.
Fault = Callable[[Path, random.Random], set[Result]]
FAULTS: dict[str, Fault] = {}


class WrongTablesError(Exception):
    """The run in which something went wrong ended, and its tables differ from those of an undisturbed run."""


@dataclass
class Outcome:
    """The result of all tries of a fault."""

    fault: str
    tries: int = 0
    lost: int = 0
    """Results that had been committed and are not in the store after the fault."""
    wrong: int = 0
    """Runs whose tables differ from those of an undisturbed run: the next one, or the one that went on."""
    kept: int = 0
    """Results that had been committed before the fault."""
    message: str = ""
    """The last line that was said."""
    most_lines: int = 0
    """The largest number of lines that one try said."""
    statuses: set[int] = field(default_factory=set)
    """The exit statuses of commands that met the fault and were not killed."""


def tables(study: Any) -> tuple[Any, ...]:
    """Return the tables of a run, which contain only deterministic columns."""
    return table(study), points(study), by_stimulus(study)


def are_same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether tables are equal to the last bit."""
    return all(a.equals(b) for a, b in zip(one, other, strict=True))


def settings_in(path: Path, *, sound: bool = True) -> set[Result]:
    """Return every result in a store; `sound` says whether the store must be sound."""
    if not path.exists():
        return set()
    with Store(path) as made:
        assert made.is_open
        assert not (sound and made.why_damaged())
        every = list(made.rows())
    assert not [row for row in every if row.damage and sound]
    rows = [row for row in every if row.kind == RESULT]
    return {
        (row.identity, setting) for row in rows if not row.damage for setting in runs_as_bytes.ReadRuns(row.content)
    }


def fault(name: str) -> Callable[[Fault], Fault]:
    """Register a fault."""

    def register(break_it: Fault) -> Fault:
        FAULTS[name] = break_it
        return break_it

    return register


def try_fault(name: str, tries: int, undisturbed: tuple[Any, ...], folder: Path) -> Outcome:
    """Try a fault several times."""
    found, chance = Outcome(name), random.Random(name)
    said = logging.getLogger("spikecost")
    for i in range(tries):
        path = folder / str(i) / "spikecost.db"
        path.parent.mkdir(parents=True)
        lines: list[str] = []
        heard = _Heard(lines)
        said.addHandler(heard)
        private._told.clear()
        # each setting is written at once: many moments at which a fault could lose something
        committed, is_wrong = set[Result](), False
        with mock.patch.object(kept_runs, "BATCH", 0.0), mock.patch.object(database, "PATIENCE", 1.0):
            try:
                committed = FAULTS[name](path, chance)
                path = next(path.parent.glob("next/*.db"), path)
                left = settings_in(path, sound=name != FLIPPED)
                is_wrong = not are_same(tables(run_suite(SUITE, jobs=2, store=path)), undisturbed)
            except WrongTablesError:
                left, is_wrong = committed, True
            finally:
                said.removeHandler(heard)
        for told in sorted((folder / str(i)).glob("*.told")):
            lines += told.read_text().splitlines()
        found.tries += 1
        found.kept += len(committed)
        found.lost += len(committed - left)
        found.wrong += is_wrong
        found.most_lines = max(found.most_lines, len(lines))
        found.message = lines[-1] if lines else found.message
        shutil.rmtree(folder / str(i))
    return found


class _Heard(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self._lines.append(record.getMessage())


@cache
def undisturbed_tables() -> tuple[Any, ...]:
    """Return the tables of a run in which nothing goes wrong."""
    run_suite(SUITE, jobs=2, store="off")  # references are then read from the cache by every run
    return tables(run_suite(SUITE, jobs=2, store="off"))


def _run(path: Path) -> None:
    run_suite(SUITE, jobs=2, store=path)


def forked(path: Path, run: Callable[[Path], None] = _run) -> int:
    """Run the suite in another process, which notes what it has committed, and what it says, in files."""
    child = os.fork()
    if not child:
        os.close(2)
        os.open(os.devnull, os.O_WRONLY)
        kept, told = (path.with_name(f"{os.getpid()}.{ending}").open("a", buffering=1) for ending in ("kept", "told"))
        logging.getLogger("spikecost").addHandler(logging.StreamHandler(told))
        keep = Store.keep

        def noted(store: Store, identity: str, content: bytes, *more: Any, kind: str = RESULT) -> None:
            keep(store, identity, content, *more, kind=kind)
            if store.is_open and kind == RESULT:
                kept.writelines(f"{identity} {setting}\n" for setting in runs_as_bytes.ReadRuns(content))

        try:
            with mock.patch.object(Store, "keep", noted), as_ctrl_c(), keeping() as came:
                with suppress(KeyboardInterrupt):
                    run(path)
                came.clear()
        finally:
            os._exit(0)
    return child


def noted_of(path: Path) -> set[Result]:
    """Return what processes have committed so far."""
    lines = [line.split() for each in path.parent.glob("*.kept") for line in each.read_text().splitlines()]
    return {(line[0], Fraction(line[1])) for line in lines if len(line) == 2}


def _part(path: Path) -> set[Result]:
    """Run a part of the suite, and return what is then in the store."""
    run_suite(PART, jobs=2, store=path)
    return settings_in(path)


@cache
def _seconds() -> float:
    """Return how long an undisturbed run takes now."""
    undisturbed_tables()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run_suite(SUITE, jobs=2, store=Path(folder) / "spikecost.db")
    return time.monotonic() - begun


def _moment(chance: random.Random) -> None:
    time.sleep(chance.uniform(0.02, 1.0) * _seconds())


def _signalled(number: int, path: Path, chance: random.Random) -> set[Result]:
    child = forked(path)
    _moment(chance)
    os.kill(child, number)
    os.waitpid(child, 0)
    return noted_of(path)


@fault("killed (SIGKILL) at a random moment")
def _killed(path: Path, chance: random.Random) -> set[Result]:
    return _signalled(signal.SIGKILL, path, chance)


@fault("ended (SIGTERM) at a random moment")
def _ended(path: Path, chance: random.Random) -> set[Result]:
    return _signalled(signal.SIGTERM, path, chance)


@fault("Ctrl-C at a random moment")
def _interrupted(path: Path, chance: random.Random) -> set[Result]:
    return _signalled(signal.SIGINT, path, chance)


@fault("files copied while a run writes, and the copy used")
def _copied(path: Path, chance: random.Random) -> set[Result]:
    child = forked(path)
    _moment(chance)
    copy = path.parent / "next"
    copy.mkdir()
    committed = noted_of(path)
    for each in sorted(path.parent.glob("spikecost.db*")):
        shutil.copy(each, copy / each.name)
    os.waitpid(child, 0)
    return committed


@fault("two runs at once on one store")
def _two(path: Path, _chance: random.Random) -> set[Result]:
    for child in [forked(path), forked(path)]:
        os.waitpid(child, 0)
    return noted_of(path)


def _into_one_folder(path: Path) -> None:
    # what is drawn takes longer than the run, and is written like the other files
    with mock.patch.object(run_folder, "render", return_value={"index.html": b"a page"}):
        try:
            run_of_command.run(SUITE, path.parent / "out", jobs=2, quiet=True, store=str(path))
        except UserError as refused:
            logging.getLogger("spikecost").warning("%s", refused)


@fault("two runs at once on one store and into one folder")
def _two_into_a_folder(path: Path, _chance: random.Random) -> set[Result]:
    for child in [forked(path, _into_one_folder), forked(path, _into_one_folder)]:
        os.waitpid(child, 0)
    found = run_folder.RunFolder.read(path.parent / "out")  # it is whole, and nothing is mixed
    if found.points.to_csv() != undisturbed_tables()[1].to_csv():
        raise WrongTablesError
    return noted_of(path)


@fault("a worker process is killed (SIGKILL, as the system does without memory)")
def _worker_killed(path: Path, chance: random.Random) -> set[Result]:
    number, given, do = chance.randrange(1, 15), count(1), processes._Process.do

    def killed(worker: Any, work: bytes) -> Any:
        if next(given) == number:
            threading.Timer(chance.uniform(0, 0.1), os.kill, [worker.number, signal.SIGKILL]).start()
        return do(worker, work)

    say = logging.getLogger("spikecost").warning
    with mock.patch.object(processes._Process, "do", killed):
        found = run_suite(SUITE, jobs=2, store=path, executor="processes", progress=Progress(say=say))
    if not are_same(tables(found), undisturbed_tables()):
        raise WrongTablesError
    return settings_in(path)


@fault("a task does not end in time")
def _late(path: Path, chance: random.Random) -> set[Result]:
    committed = _part(path)
    with mock.patch.dict(os.environ, {"SPIKECOST_TASK_TIMEOUT": f"{chance.uniform(0.001, 0.05):.3f}"}):
        study = run_suite(SUITE, jobs=2, store=path)
    reasons = sorted(case.reason for case in study.cases if "SPIKECOST_TASK_TIMEOUT" in case.reason)
    if reasons:
        logging.getLogger("spikecost").warning("%s", reasons[0])
    return committed


@fault("the clock goes back and forth")
def _clock(path: Path, chance: random.Random) -> set[Result]:
    clock = time.time

    def jumping() -> float:
        return clock() + chance.uniform(-1e9, 1e9)

    with mock.patch.object(time, "time", jumping):
        found = run_suite(SUITE, jobs=2, store=path)
    if not are_same(tables(found), undisturbed_tables()):
        raise WrongTablesError
    return settings_in(path)


@fault("an entry of the cache flips")
def _cache_flipped(path: Path, chance: random.Random) -> set[Result]:
    whole = path.parent.parent / "cache"
    if not whole.exists():
        _elsewhere(path, whole)
    entries = sorted(each for each in whole.rglob("*") if each.is_file() and each.stat().st_size > 1)
    copy = path.parent / "cache"
    shutil.copytree(whole, copy)
    entry = copy / chance.choice(entries).relative_to(whole)
    content = bytearray(entry.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    entry.write_bytes(content)
    path.unlink(missing_ok=True)
    if not are_same(_elsewhere(path, copy), undisturbed_tables()):
        raise WrongTablesError
    return settings_in(path)


def _elsewhere(path: Path, folder: Path) -> tuple[Any, ...]:
    """Run the suite in a new process with this cache; return its tables. What it says is noted."""
    environment = {**os.environ, "SPIKECOST_CACHE": str(folder)}
    answer, said = path.with_name("tables"), path.with_name("other.told")
    with said.open("w") as errors:
        command = [sys.executable, __file__, "--tables", str(path), str(answer)]
        subprocess.run(command, env=environment, check=True, stderr=errors)
    found: tuple[Any, ...] = pickle.loads(answer.read_bytes())
    return found


@fault("the disk is full")
def _full(path: Path, _chance: random.Random) -> set[Result]:
    committed = _part(path)
    connect = database.connect

    def small(given: Path) -> sqlite3.Connection:
        made = connect(given)
        (pages,) = made.execute("PRAGMA page_count").fetchone()
        made.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says of a full disk
        return made

    with mock.patch("spikecost.harness.store.store.connect", small):
        run_suite(SUITE, jobs=2, store=path)
    return committed


@fault("the system refuses longer files (RLIMIT_FSIZE)")
def _limited(path: Path, chance: random.Random) -> set[Result]:
    committed = _part(path)
    most = path.stat().st_size + chance.randrange(30_000)

    def run(path: Path) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        _run(path)

    os.waitpid(forked(path, run), 0)
    return committed | noted_of(path)


@fault("the folder cannot be written")
def _read_only(path: Path, _chance: random.Random) -> set[Result]:
    refused = OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
    with mock.patch.object(database.tempfile, "mkstemp", side_effect=refused):
        run_suite(PART, jobs=2, store=path)
    return set()


@fault("another program locks the file")
def _locked(path: Path, _chance: random.Random) -> set[Result]:
    committed = _part(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        run_suite(SUITE, jobs=2, store=path)
    finally:
        other.execute("ROLLBACK")
        other.close()
    return committed


@fault("the file is cut short")
def _cut(path: Path, chance: random.Random) -> set[Result]:
    committed = _part(path)
    os.truncate(path, int(chance.uniform(0.01, 0.99) * path.stat().st_size))
    run_suite(replace(PART, models=("lif",)), jobs=2, store=path)  # finds the damage
    return committed


@fault(FLIPPED)
def _flipped(path: Path, chance: random.Random) -> set[Result]:
    committed = _part(path)
    whole = bytearray(path.read_bytes())
    whole[chance.randrange(100, len(whole))] ^= 1 << chance.randrange(8)
    path.write_bytes(whole)
    return committed


@fault("the file belongs to another program")
def _foreign(path: Path, chance: random.Random) -> set[Result]:
    with sqlite3.connect(path) as other:
        other.execute(f"CREATE TABLE mine_{chance.randrange(1000)} (a)")
    other.close()
    before = path.read_bytes()
    try:
        run_suite(PART, jobs=2, store=path)
    except UserError as refused:
        logging.getLogger("spikecost").warning("%s", refused)
    assert path.read_bytes() == before
    (path.parent / "next").mkdir()
    return _part(path.parent / "next" / "own.db")


@contextmanager
def _compiler(path: Path, then: str) -> Iterator[None]:
    """Use a compiler that states its version and then does something else, and a cache without kernels."""
    made = path.parent / "cc"
    made.write_text(f'#!/bin/sh\ncase "$*" in *--version*) echo "cc 1.0"; exit 0;; esac\n{then}\n')
    made.chmod(0o700)
    changed = {"CC": str(made), "SPIKECOST_CACHE": str(path.parent / "cache"), "SPIKECOST_COMPILER_TIMEOUT": "0.5"}
    toolchain.find_compiler.cache_clear()
    try:
        with mock.patch.dict(os.environ, changed):
            yield
    finally:
        toolchain.find_compiler.cache_clear()


def _badly_compiled(path: Path, then: str) -> set[Result]:
    committed = _part(path)
    with _compiler(path, then):
        study = run_suite(replace(PART, models=("lif",)), jobs=2, store=path)
    reasons = {case.reason for case in study.cases if case.curve.method == "euler"}
    logging.getLogger("spikecost").warning("; ".join(sorted(reason for reason in reasons if "compiler" in reason)))
    return committed


@fault("the compiler fails")
def _compiler_fails(path: Path, _chance: random.Random) -> set[Result]:
    return _badly_compiled(path, "echo 'internal error' >&2; exit 4")


@fault("the compiler hangs")
def _compiler_hangs(path: Path, _chance: random.Random) -> set[Result]:
    return _badly_compiled(path, "sleep 60")


@fault("the compiler vanishes")
def _compiler_vanishes(path: Path, _chance: random.Random) -> set[Result]:
    return _badly_compiled(path, 'rm -f "$0"; exit 1')


HEAD = """\
| fault | tries | committed results | not found after the fault | wrong tables | what is said |
|---|---|---|---|---|---|
"""


def as_row(outcome: Outcome) -> str:
    """Return a row of the table of the page."""
    counts = f"{outcome.tries} | {outcome.kept} | {outcome.lost} | {outcome.wrong}"
    said = essential(outcome.message)
    if outcome.statuses:
        said += f" (status {' or '.join(map(str, sorted(outcome.statuses)))})"
    return f"| {outcome.fault} | {counts} | {said} |\n"


def essential(message: str) -> str:
    """Return a message without the folder of the test."""
    words = message.removeprefix("spikecost: ").split()
    return " ".join(Path(word).name if word.startswith(tempfile.gettempdir()) else word for word in words) or "nothing"


def write_rows(marks: tuple[str, str], names: Iterable[str], try_it: Callable[[str, Path], Outcome]) -> None:
    """Try every fault, or those that are arguments of the program, and write their rows between two marks."""
    every = list(names)
    with tempfile.TemporaryDirectory() as folder:
        for i, name in enumerate(sys.argv[1:] or every):
            found = try_it(name, Path(folder) / str(i))
            sys.stdout.write(f"{found}\n")
            sys.stdout.flush()
            before, _, rest = PAGE.read_text().partition(marks[0])
            written, _, after = rest.partition(marks[1])
            rows = {line.removeprefix("| ").split(" | ")[0]: f"{line}\n" for line in written.splitlines()}
            rows[name] = as_row(found)
            table = HEAD + "".join(rows[each] for each in every if each in rows)
            PAGE.write_text(before + marks[0] + table + marks[1] + after)


def main() -> None:
    """Try every fault, or those that are named, and write the table."""
    if sys.argv[1:2] == ["--tables"]:
        path, answer = map(Path, sys.argv[2:])
        answer.write_bytes(pickle.dumps(tables(run_suite(SUITE, jobs=2, store=path))))
        return
    write_rows((BEGIN, END), FAULTS, lambda name, folder: try_fault(name, TRIES, undisturbed_tables(), folder))


if __name__ == "__main__":
    main()
