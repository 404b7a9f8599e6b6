"""The history of figures: the runs of a project, kept in one SQLite file.

Deterministic figures, kernels' relative times and where they come from are kept; a run is added once, however often it
is offered.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ....models.ground.errors import NoValue, UserError
from ....models.reading.data import read_json, structure
from .figures import TIME, Figures

#: Where runs are kept unless another file is named.
STORE = "spikecost-history.sqlite"
#: Under this name the facts of a run keep the checksum of all that is kept of it.
CHECKSUM = "checksum"
#: "spkc": what says that a SQLite file is ours.
_APPLICATION, _VERSION = 0x73706B63, 1
_TABLES = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, digest TEXT UNIQUE NOT NULL, date TEXT NOT NULL, "commit" TEXT NOT NULL,
        facts TEXT NOT NULL
    )""",
    """CREATE TABLE figures (
        run INTEGER NOT NULL REFERENCES runs (id), name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (name, run)
    ) WITHOUT ROWID""",
)


@dataclass(frozen=True)
class _Facts:
    """What is kept of a run beside its figures."""

    environment: Mapping[str, str]
    made: Mapping[str, str]
    models: Mapping[str, str]
    checksum: str = ""


@dataclass(frozen=True)
class Entry:
    """A figure at one run."""

    run: int
    """Counted from 1, in the order in which runs were added."""
    date: str
    commit: str
    value: float


class History:
    """A file of runs.

    Parameters
    ----------
    path : str or Path
        Made when the first run is added.
    """

    def __init__(self, path: str | Path = STORE) -> None:
        self.path = Path(path)

    def add(self, figures: Figures, commit: str = "") -> bool:
        """Add a run; return whether it was new.

        Parameters
        ----------
        figures : Figures
        commit : str
            Of the code that was run, where the run does not say.

        Raises
        ------
        UserError
            If there is no figure, or the file cannot be written or is no history.
        """
        values = {name: value for name, value in figures.values.items() if not isinstance(value, NoValue)}
        values |= {f"{kernel}/{TIME}": median(samples) for kernel, samples in figures.times.items()}
        if not values:
            raise UserError("the run has no figure to keep: every case failed; nothing was added")
        made = dict(figures.made)
        commit = commit or made.get("commit", "")
        known = {"made": made, "environment": dict(figures.environment), "models": dict(figures.models)}
        content = json.dumps([commit, json.dumps(known, sort_keys=True), values,
                              {k: list(v) for k, v in figures.times.items()}], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()
        date = made.get("date", "")
        with self._open(make=True) as store, store:  # one transaction: a run is there whole, or not at all
            facts = {**known, CHECKSUM: _checksum(digest, date, commit, known, values)}
            cursor = store.execute('INSERT OR IGNORE INTO runs (digest, date, "commit", facts) VALUES (?, ?, ?, ?)',
                                   (digest, date, commit, json.dumps(facts, sort_keys=True)))
            if not cursor.rowcount:
                return False
            store.executemany("INSERT INTO figures VALUES (?, ?, ?)",
                              [(cursor.lastrowid, name, value) for name, value in sorted(values.items())])
        return True

    def check(self) -> None:
        """Make sure, before a long run, that what is there is a history; nothing there is no mistake.

        Raises
        ------
        UserError
            If it is none.
        """
        if _holds_something(self.path):
            len(self)

    def names(self, pattern: str = "*") -> list[str]:
        """Return the figures whose name matches a pattern, sorted."""
        with self._open() as store:
            found = store.execute("SELECT DISTINCT name FROM figures WHERE name GLOB ? ORDER BY name", (pattern,))
            return [name for (name,) in found]

    def series(self, name: str) -> list[Entry]:
        """Return a figure over the runs that have it, in the order in which they were added."""
        with self._open() as store:
            found = store.execute('SELECT runs.id, date, "commit", value FROM figures JOIN runs ON run = runs.id '
                                  "WHERE name = ? ORDER BY runs.id", (name,))
            return [Entry(*row) for row in found]

    def __len__(self) -> int:
        with self._open() as store:
            return int(store.execute("SELECT count(*) FROM runs").fetchone()[0])

    @contextmanager
    def _open(self, make: bool = False) -> Iterator[sqlite3.Connection]:
        if not make and not _holds_something(self.path):
            raise UserError(f"there is no history {self.path}; add a run with spikecost history add RUN")
        # who only reads needs no right to write: a history may lie on a disk that cannot be written
        where = f"{self.path.absolute().as_uri()}?mode={'rwc' if make else 'ro'}"
        new = make and not _holds_something(self.path)
        try:
            with closing(sqlite3.connect(where, timeout=30, isolation_level="IMMEDIATE", uri=True)) as store:
                if new:
                    _make(store)
                self._refuse_others(store)
                self._refuse_damaged(store)
                yield store
        except sqlite3.Error as error:
            raise UserError(f"cannot use the history {self.path}: {error}; give another file") from error

    def _refuse_damaged(self, store: sqlite3.Connection) -> None:
        """Refuse a file of which any part is not as it was written: nothing is read from it, nothing added."""
        try:
            store.execute("BEGIN")  # one state of the file, whatever others add meanwhile
            ((found,),) = store.execute("PRAGMA integrity_check(1)")
            problem = "" if found == "ok" else str(found).replace("*** in database main ***", "")
            problem = problem or _structure(store) or _contents(store)
            store.rollback()
        except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError, RecursionError, MemoryError) as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise
            problem = str(error)
        if problem:
            raise UserError(f"the history {self.path} is damaged: {' '.join(problem.split())}; put back a copy of it, "
                            "or start another file")

    def _refuse_others(self, store: sqlite3.Connection) -> None:
        version = store.execute("PRAGMA user_version").fetchone()[0]
        if store.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise UserError(f"{self.path} is no history of spikecost's; give another file")
        if version != _VERSION:
            raise UserError(f"the history {self.path} has format {version}, this spikecost reads {_VERSION}; "
                            "use the spikecost that made it, or start another file")


def _structure(store: sqlite3.Connection) -> str:
    """Return what of the tables is not as `_TABLES` says; empty if nothing is."""
    found = [text for (text,) in store.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]
    return "" if found == list(_TABLES) else "its tables are others"


def _contents(store: sqlite3.Connection) -> str:
    """Return what of the runs is not as it was added; empty if nothing is."""
    values: dict[int, dict[str, float]] = {}
    for run, name, value in store.execute("SELECT run, name, value FROM figures"):
        if not (isinstance(run, int) and isinstance(name, str) and isinstance(value, float)):
            return f"a figure of run {run} is no number"
        values.setdefault(run, {})[name] = value
    for run, digest, date, commit, text in store.execute('SELECT id, digest, date, "commit", facts FROM runs'):
        if not all(isinstance(each, str) for each in (digest, date, commit, text)):
            return f"run {run} is not as it was added"
        facts = read_json(text)
        structure(facts, _Facts, f"run {run}")
        known = {name: value for name, value in facts.items() if name != CHECKSUM}
        found = _checksum(digest, date, commit, known, values.pop(run))
        # runs that were added before there were checksums have none
        if facts.get(CHECKSUM, found) != found:
            return f"run {run} is not as it was added"
    return "figures are of no run" if values else ""


def _checksum(digest: str, date: str, commit: str, facts: Mapping[str, Any], values: Mapping[str, float]) -> str:
    """Return the checksum of all that is kept of a run."""
    content = [digest, date, commit, facts, {name: float(value) for name, value in values.items()}]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _holds_something(path: Path) -> bool:
    return path.exists() and (not path.is_file() or path.stat().st_size > 0)


def _is_new(store: sqlite3.Connection) -> bool:
    return not (store.execute("PRAGMA application_id").fetchone()[0]
                or store.execute("PRAGMA user_version").fetchone()[0]
                or store.execute("SELECT 1 FROM sqlite_master").fetchone())


def _make(store: sqlite3.Connection) -> None:
    """Make the tables, unless another process has made them while this one waited for its turn."""
    with store:
        store.execute("BEGIN IMMEDIATE")
        if _is_new(store):
            for statement in (*_TABLES, f"PRAGMA application_id = {_APPLICATION}", f"PRAGMA user_version = {_VERSION}"):
                store.execute(statement)


def store_path(given: str | Path | None) -> Path:
    """Return the file of the history: the one given, SPIKECOST_HISTORY, or `STORE` in the working folder."""
    return Path(given or os.environ.get("SPIKECOST_HISTORY") or STORE)
