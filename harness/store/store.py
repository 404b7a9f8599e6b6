"""Results kept in one file, each under the digest of everything that it was computed from.

A result consists of parts, which are added as they are computed; a part is never changed. Its name is the checksum of
its row, which is compared whenever it is read. A row that is damaged is named, set aside, and computed again. Whatever
happens to the file, a run goes on without it: then results are computed again, and this is said once.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from platformdirs import user_data_dir

from ...models.ground.errors import UserError, check_kind, shortened
from ...models.ground.private import tell_once
from .database import MIGRATIONS, connect, is_damage, set_file_aside

#: The value of SPIKECOST_STORE with which nothing is kept.
OFF = "off"
#: The store is kept below this size: the results that were not used for the longest time are removed.
MOST_BYTES = 8e9

#: Kinds of rows: runs of a sweep; those of the others are kept for people, or are used only by their own kind.
RESULT = "result"
#: Rows that are no result of a computation that could be done again, and so are not removed with earlier versions.
LASTING = ("run", "timing", "provenance")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Row:
    """A part of a result."""

    identity: str
    part: str
    """The checksum."""
    about: Mapping[str, Any]
    code: str
    """Version of the code that computed it."""
    content: bytes
    damage: str = ""
    """Why it cannot be trusted; empty if it can."""
    place: int = 0
    """Its number in the file."""
    kind: str = RESULT


def store_path(given: str | Path | None = None) -> Path | None:
    """Return the file of the store: the given one, SPIKECOST_STORE, or one in the user's data folder; None if off."""
    check_kind(given, (str, Path, type(None)), "store", f"a file, such as 'spikecost.db', or '{OFF}'")
    chosen = given or os.environ.get("SPIKECOST_STORE") or Path(user_data_dir("spikecost")) / "spikecost.db"
    return None if str(chosen) == OFF else Path(chosen).absolute()


def open_store(given: str | Path | None = None) -> Store:
    """Open the store (see `store_path`). One that cannot be used now keeps nothing, and says so.

    Raises
    ------
    UserError
        If the file is not a store of spikecost, or one of a later version.
    """
    return Store(store_path(given))


class Store:
    """The store; it can be used by several threads, and by several processes at once.

    Parameters
    ----------
    path : Path or None
        The file; without one, nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._read: set[str] = set()
        if path is not None:
            self._safely(lambda: setattr(self, "_database", connect(path)), None, opened=False)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether results are kept."""
        return self._database is not None

    def recall(self, identity: str, kind: str = RESULT) -> list[Row]:
        """Return the sound parts of a result; damaged ones are named and set aside."""

        def read() -> list[Row]:
            rows = self._rows("WHERE identity = ?", identity)
            return [row for row in rows if row.kind == kind and (not row.damage or self.set_aside(row))]

        nothing: list[Row] = []
        found = self._safely(read, nothing)
        if found:
            self._read.add(identity)
        return found

    def keep(self, identity: str, content: bytes, about: Mapping[str, Any], code: str, *, kind: str = RESULT) -> None:
        """Add a part of a result; when this returns, it outlives the process."""
        described = json.dumps(dict(about), sort_keys=True)
        part, now = _checksum(identity, described, code, content, kind), time.time()
        self._safely(
            lambda: self._run(
                "INSERT OR REPLACE INTO results (identity, part, about, code, content, made, used, kind) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (identity, part, described, code, content, now, now, kind),
            ),
            None,
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is kept in a block with one commit, if the file can be used."""
        self._safely(lambda: self._run("BEGIN IMMEDIATE"), None)
        try:
            yield
        finally:
            self._safely(lambda: self._run("COMMIT") if self._in_transaction else None, None)

    @property
    def _in_transaction(self) -> bool:
        return self._database is not None and self._database.in_transaction

    def set_aside(self, row: Row, reason: str = "") -> bool:
        """Move a row to the damaged ones, and say so; return False."""
        why = reason or row.damage

        def move() -> None:
            begun = self._in_transaction  # in `together`
            if not begun:
                self._run("BEGIN IMMEDIATE")
            self._run(
                "INSERT INTO set_aside SELECT identity, part, about, content, ?, ? FROM results WHERE rowid = ?",
                (why, time.time(), row.place),
            )
            self._run("DELETE FROM results WHERE rowid = ?", (row.place,))
            if not begun:
                self._run("COMMIT")

        self._safely(move, None)
        tell_once(
            f"damaged row {row.part}",
            f"a result in the store is damaged and is computed again: {named(row)} in {shortened(str(self.path))} "
            f"({why}); it was set aside, and `spikecost store verify` lists all",
        )
        return False

    def rows(self, kind: str | None = None) -> Iterator[Row]:
        """Yield every part of every result, damaged ones too, without holding them all in memory.

        Parameters
        ----------
        kind : str, optional
            Only rows of this kind.
        """
        nothing: list[Row] = []
        where = "" if kind is None else "WHERE kind = ?"
        for (name,) in self._all(
            f"SELECT rowid FROM results {where} ORDER BY identity, part",  # noqa: S608
            () if kind is None else (kind,),
        ):
            yield from self._safely(partial(self._rows, "WHERE rowid = ?", name), nothing)

    def why_damaged(self) -> list[str]:
        """Return what is wrong with the file as a whole; nothing if it is sound."""
        checked = self._all("PRAGMA integrity_check(10)") or [("it cannot be read",)]
        return [str(line) for (line,) in checked if line != "ok"]

    def numbers(self) -> dict[str, int]:
        """Return how much it holds: results, their parts, rows set aside, bytes, and the version of its tables."""
        questions = {
            "results": "SELECT COUNT(DISTINCT identity) FROM results WHERE kind = 'result'",
            "parts": "SELECT COUNT(*) FROM results WHERE kind = 'result'",
            **{
                f"{kind}s": f"SELECT COUNT(*) FROM results WHERE kind = '{kind}'"  # noqa: S608
                for kind in ("run", "trial", "train", "count", "timing")
            },
            "set_aside": "SELECT COUNT(*) FROM set_aside",
            "bytes_of_results": "SELECT COALESCE(SUM(LENGTH(content)), 0) FROM results",
        }
        found = {name: sum(number for (number,) in self._all(asked)) for name, asked in questions.items()}
        return found | {"bytes": self._size(), "schema": len(MIGRATIONS)}

    def prune(self, code: str | None = None, most: float = MOST_BYTES) -> int:
        """Remove what is not needed; return the number of rows removed.

        Parameters
        ----------
        code : str, optional
            Also remove rows set aside, and results of code of other versions than this one.
        most : float
            Remove the results that were not used for the longest time until their contents are at most this large, in
            bytes.
        """

        def remove() -> int:
            removed = 0
            if code is not None:
                kept = ", ".join("?" * len(LASTING))
                removed += self._run(
                    f"DELETE FROM results WHERE code != ? AND kind NOT IN ({kept})",  # noqa: S608
                    (code, *LASTING),
                ).rowcount
                removed += self._run("DELETE FROM set_aside").rowcount
            excess = self._run("SELECT COALESCE(SUM(LENGTH(content)), 0) FROM results").fetchone()[0] - most
            if excess > 0:
                for name, size in self._run("SELECT rowid, LENGTH(content) FROM results ORDER BY used").fetchall():
                    if excess <= 0:
                        break
                    self._run("DELETE FROM results WHERE rowid = ?", (name,))
                    excess -= size
                    removed += 1
            if removed:
                assert self._database is not None
                self._database.executescript("PRAGMA incremental_vacuum")  # `execute` would free only one page
                self._run("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return removed

        return self._safely(remove, 0)

    def close(self) -> None:
        """Note what was used, keep the size within its limit, and close the file."""
        if self._database is None:
            return
        now = time.time()

        def note() -> None:
            self._run("BEGIN IMMEDIATE")
            for identity in self._read:
                self._run("UPDATE results SET used = ? WHERE identity = ?", (now, identity))
            self._run("COMMIT")

        if self._read:
            self._safely(note, None)
        if self._size() > MOST_BYTES:
            self.prune(most=0.75 * MOST_BYTES)
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    def _size(self) -> int:
        with suppress(OSError):
            return self.path.stat().st_size if self.path is not None else 0
        return 0

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        assert self._database is not None
        return self._database.execute(statement, values)

    def _all(self, question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the answer to a question; nothing if the file cannot be used."""
        nothing: list[tuple[Any, ...]] = []
        return self._safely(lambda: self._run(question, values).fetchall(), nothing)

    def _rows(self, where: str, value: object) -> list[Row]:
        found = self._run(f"SELECT rowid, identity, part, about, code, kind, content FROM results {where}", (value,))  # noqa: S608
        return [_row(*values) for values in found.fetchall()]

    def _safely(self, work: Callable[[], Value], otherwise: Value, opened: bool = True) -> Value:
        """Use the file; if it cannot be used, say so once, and go on without it."""
        with self._lock:
            if opened and self._database is None:
                return otherwise
            try:
                return work()
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
                return otherwise

    def _give_up(self, error: Exception) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()  # also ends a transaction
            self._database = None
        assert self.path is not None
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            try:
                set_file_aside(self.path, str(error))
                self._database = connect(self.path)
            except (sqlite3.Error, OSError) as again:
                error = again
            else:
                return
        tell_once(
            f"store {self.path}",
            f"the store {shortened(str(self.path))} cannot be used ({_reason(error)}): from now on the results of this "
            "run are not kept in it; free some space or give another file with --store or SPIKECOST_STORE",
        )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _row(place: int, *values: object) -> Row:
    """Return a row as it was found; damage may also have changed the types of its values."""
    *named_so, content = values
    texts = [each if isinstance(each, str) else repr(each) for each in named_so]
    found = content if isinstance(content, bytes) else repr(content).encode()
    damage = "" if texts[1] == _checksum(texts[0], texts[2], texts[3], found, texts[4]) else "its checksum is wrong"
    try:
        described = json.loads(texts[2])
    except ValueError:
        described = None
    return Row(
        texts[0], texts[1], described if isinstance(described, dict) else {}, texts[3], found, damage, place, texts[4]
    )


def _checksum(identity: str, about: str, code: str, content: bytes, kind: str = RESULT) -> str:
    kinds = () if kind == RESULT else (kind,)  # results were kept before there were other kinds
    head = "\0".join((identity, about, code, *kinds)).encode(errors="surrogateescape")
    return hashlib.sha256(head + b"\0" + content).hexdigest()


def named(row: Row) -> str:
    """Return which result a row is of, for people."""
    wanted = ("model", "level", "stimulus", "method", "detection")
    return ", ".join(str(row.about[name]) for name in wanted if name in row.about) or row.identity[:12]


def checked_open(given: str | Path | None = None) -> Store:
    """Open a store that exists, for commands about it.

    Raises
    ------
    UserError
        If there is none, it is not a store, or it cannot be read.
    """
    path = store_path(given)
    if path is None or not path.exists():
        raise UserError(f"there is no store {path or OFF}; `spikecost run` makes it, --store FILE names another")
    store = Store(path)
    if not store.is_open:
        raise UserError(f"the store {shortened(str(path))} cannot be read; see the message above")
    return store
