"""The history of figures: the runs of a project, kept in one SQLite file.

It keeps deterministic figures, relative times of kernels, and where they come from. A run is added once, even if it is
offered more often.
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

#: Where runs are kept unless another file is given.
STORE = "spikecost-history.sqlite"
#: The facts of a run contain a checksum of everything that is kept of the run, under this name.
CHECKSUM = "checksum"
#: "spkc": marks a SQLite file as a history.
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

_SERIES = 'SELECT name, runs.id, date, "commit", value FROM figures JOIN runs ON run = runs.id'


@dataclass(frozen=True)
class _Facts:
    """What is kept of a run in addition to its figures."""

    environment: Mapping[str, str]
    made: Mapping[str, str]
    models: Mapping[str, str]
    checksum: str = ""


@dataclass(frozen=True)
class Entry:
    """A figure in one run."""

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
        Created when the first run is added.
    """

    def __init__(self, path: str | Path = STORE) -> None:
        self.path = Path(path)

    def add(self, figures: Figures, commit: str = "") -> bool:
        """Add a run; return whether it was new.

        Parameters
        ----------
        figures : Figures
        commit : str
            Commit of the code that ran, for a run that does not record it.

        Raises
        ------
        UserError
            If there is no figure, the file cannot be written, or the file is not a history.
        """
        values = {name: value for name, value in figures.values.items() if not isinstance(value, NoValue)}
        values |= {f"{kernel}/{TIME}": median(samples) for kernel, samples in figures.times.items()}
        if not values:
            raise UserError("the run has no figures to keep: every case failed; nothing was added")
        made = dict(figures.made)
        commit = commit or made.get("commit", "")
        known = {"made": made, "environment": dict(figures.environment), "models": dict(figures.models)}
        content = json.dumps(
            [commit, json.dumps(known, sort_keys=True), values, {k: list(v) for k, v in figures.times.items()}],
            sort_keys=True,
        )
        digest = hashlib.sha256(content.encode()).hexdigest()
        date = made.get("date", "")
        with self._open(make=True) as store, store:  # one transaction: a run is stored completely or not at all
            facts = {**known, CHECKSUM: _checksum(digest, date, commit, known, values)}
            cursor = store.execute(
                'INSERT OR IGNORE INTO runs (digest, date, "commit", facts) VALUES (?, ?, ?, ?)',
                (digest, date, commit, json.dumps(facts, sort_keys=True)),
            )
            if not cursor.rowcount:
                return False
            store.executemany(
                "INSERT INTO figures VALUES (?, ?, ?)",
                [(cursor.lastrowid, name, value) for name, value in sorted(values.items())],
            )
        return True

    def check(self) -> None:
        """Check, before a long run, that the file is a history; a missing file is fine.

        Raises
        ------
        UserError
            If it is not a history.
        """
        if _holds_something(self.path):
            len(self)

    def names(self, pattern: str = "*") -> list[str]:
        """Return the figures whose name matches a pattern, sorted."""
        return list(self.all_series(pattern))

    def series(self, name: str) -> list[Entry]:
        """Return a figure in every run that has it, in the order in which the runs were added."""
        with self._open() as store:
            found = store.execute(f"{_SERIES} WHERE name = ? ORDER BY runs.id", (name,))
            return [Entry(*row) for _, *row in found]

    def all_series(self, pattern: str = "*") -> dict[str, list[Entry]]:
        """Return every figure whose name matches a pattern, sorted by name, as `series` does.

        The file is read and checked once for all of them.
        """
        found: dict[str, list[Entry]] = {}
        with self._open() as store:
            for name, *row in store.execute(f"{_SERIES} WHERE name GLOB ? ORDER BY name, runs.id", (pattern,)):
                found.setdefault(name, []).append(Entry(*row))
        return found

    def __len__(self) -> int:
        with self._open() as store:
            return int(store.execute("SELECT count(*) FROM runs").fetchone()[0])

    @contextmanager
    def _open(self, make: bool = False) -> Iterator[sqlite3.Connection]:
        if not make and not _holds_something(self.path):
            raise UserError(f"there is no history {self.path}; add a run with spikecost history add RUN")
        # reading needs no write permission: a history may be on a read-only disk
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
        """Refuse a file that was changed or damaged in any part: nothing is read from it, nothing is added to it."""
        try:
            store.execute("BEGIN")  # one state of the file, even if others add runs meanwhile
            ((found,),) = store.execute("PRAGMA integrity_check(1)")
            problem = "" if found == "ok" else str(found).replace("*** in database main ***", "")
            problem = problem or _structure(store) or _contents(store)
            store.rollback()
        except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError, RecursionError, MemoryError) as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise
            problem = str(error)
        if problem:
            raise UserError(
                f"the history {self.path} is damaged: {' '.join(problem.split())}; restore a copy of it, "
                "or start another file"
            )

    def _refuse_others(self, store: sqlite3.Connection) -> None:
        version = store.execute("PRAGMA user_version").fetchone()[0]
        if store.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise UserError(f"{self.path} is not a history of spikecost; give another file")
        if version != _VERSION:
            raise UserError(
                f"the history {self.path} has format {version}, this spikecost reads {_VERSION}; "
                "use the spikecost that made it, or start another file"
            )


def _structure(store: sqlite3.Connection) -> str:
    """Return how the tables differ from `_TABLES`; empty if they do not."""
    found = [text for (text,) in store.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]
    return "" if found == list(_TABLES) else "it has other tables"


def _contents(store: sqlite3.Connection) -> str:
    """Return which run differs from what was added; empty if none does."""
    values: dict[int, dict[str, float]] = {}
    for run, name, value in store.execute("SELECT run, name, value FROM figures"):
        if not (isinstance(run, int) and isinstance(name, str) and isinstance(value, float)):
            return f"a figure of run {run} is not a number"
        values.setdefault(run, {})[name] = value
    for run, digest, date, commit, text in store.execute('SELECT id, digest, date, "commit", facts FROM runs'):
        if not all(isinstance(each, str) for each in (digest, date, commit, text)):
            return f"run {run} has changed since it was added"
        facts = read_json(text)
        structure(facts, _Facts, f"run {run}")
        known = {name: value for name, value in facts.items() if name != CHECKSUM}
        found = _checksum(digest, date, commit, known, values.pop(run))
        # runs that were added before checksums existed have none
        if facts.get(CHECKSUM, found) != found:
            return f"run {run} has changed since it was added"
    return "some figures belong to no run" if values else ""


def _checksum(digest: str, date: str, commit: str, facts: Mapping[str, Any], values: Mapping[str, float]) -> str:
    """Return the checksum of everything that is kept of a run."""
    content = [digest, date, commit, facts, {name: float(value) for name, value in values.items()}]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _holds_something(path: Path) -> bool:
    return path.exists() and (not path.is_file() or path.stat().st_size > 0)


def _is_new(store: sqlite3.Connection) -> bool:
    return not (
        store.execute("PRAGMA application_id").fetchone()[0]
        or store.execute("PRAGMA user_version").fetchone()[0]
        or store.execute("SELECT 1 FROM sqlite_master").fetchone()
    )


def _make(store: sqlite3.Connection) -> None:
    """Create the tables, unless another process created them while this one waited."""
    with store:
        store.execute("BEGIN IMMEDIATE")
        if _is_new(store):
            for statement in (*_TABLES, f"PRAGMA application_id = {_APPLICATION}", f"PRAGMA user_version = {_VERSION}"):
                store.execute(statement)


def store_path(given: str | Path | None) -> Path:
    """Return the file of the history: the given one, SPIKECOST_HISTORY, or `STORE` in the working folder."""
    return Path(given or os.environ.get("SPIKECOST_HISTORY") or STORE)
