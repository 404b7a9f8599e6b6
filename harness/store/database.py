"""The file of the store: a new one is made, an earlier one is brought up to date, a foreign or damaged one is named."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from ...models.ground.errors import UserError, shortened
from ...models.ground.private import tell_once

#: In the header of the file, so that no other program's database is taken for a store: "spkc".
APPLICATION = 0x73706B63
#: Statements that make the tables of each version from those of the one before.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE results (
            identity TEXT NOT NULL, part TEXT NOT NULL, about TEXT NOT NULL, code TEXT NOT NULL,
            content BLOB NOT NULL, made REAL NOT NULL, used REAL NOT NULL, PRIMARY KEY (identity, part))""",
        "CREATE INDEX results_by_use ON results (used)",
        """CREATE TABLE set_aside (
            identity TEXT, part TEXT, about TEXT, content BLOB, reason TEXT NOT NULL, found REAL NOT NULL)""",
    ),
    (
        "ALTER TABLE results ADD COLUMN kind TEXT NOT NULL DEFAULT 'result'",
        "CREATE INDEX results_by_kind ON results (kind)",
        # how the kinds of rows are named for people who open the file with another program
        *(
            f"CREATE VIEW {view} AS SELECT identity, about, content, made FROM results WHERE kind = '{kind}'"  # noqa: S608
            for view, kind in (
                ("runs", "run"),
                ("trials", "trial"),
                ("sweeps", "result"),
                ("spike_trains", "train"),
                ("counts", "count"),
                ("timings", "timing"),
                ("provenance", "provenance"),
            )
        ),
    ),
)
#: How long another process may hold the lock of the file, in s.
PATIENCE = 5.0
#: Ending of the name of a damaged file that was set aside.
DAMAGED = ".damaged-"
_MAGIC = b"SQLite format 3\0"
_APPLICATION_AT = 68


def connect(path: Path) -> sqlite3.Connection:
    """Open the file of a store, or make it. A store that is damaged is set aside, and a new one is made.

    Raises
    ------
    UserError
        If it is not a store of spikecost, or one of a later version.
    OSError, sqlite3.OperationalError
        If it cannot be used now: no permission, no space, locked.
    """
    _check_kind(path)
    for folder in reversed([each for each in path.parents if not each.exists()]):
        with contextlib.suppress(FileExistsError):  # another process was faster
            folder.mkdir(mode=0o700)
    _make(path)
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        set_file_aside(path, str(error))
        _make(path)
        return _opened(path)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is damaged, and not that it cannot be used now."""
    code = getattr(error, "sqlite_errorcode", 0)  # errors of Python's module itself have none
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_file_aside(path: Path, reason: str) -> None:
    """Give a damaged file another name, with what belongs to it, and say so."""
    stem = f"{path.name}{DAMAGED}{time.strftime('%Y%m%d-%H%M%S')}"
    other, n = path.with_name(stem), 1
    while other.exists():
        n += 1
        other = path.with_name(f"{stem}-{n}")
    # the file last: a new one that another process makes meanwhile would get the old one's latest changes
    for ending in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(other.with_name(other.name + ending))
    tell_once(
        f"damaged store {other}",
        f"the store {shortened(str(path))} is damaged ({reason}): it was set aside as {other.name}, and a new one is "
        "made",
    )


def _check_kind(path: Path) -> None:
    """Refuse a file that is not a store; a store that was cut short is recognized by its first bytes."""
    if path.exists() and not path.is_file():
        raise UserError(
            f"{shortened(str(path))} is no file; give a file with --store or SPIKECOST_STORE, or --store off"
        )
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return
    if head and not head.startswith(_MAGIC):
        raise UserError(
            f"{shortened(str(path))} is not a store of spikecost: it is no SQLite file; give another with --store or "
            "SPIKECOST_STORE, or remove it"
        )
    application = int.from_bytes(head[_APPLICATION_AT : _APPLICATION_AT + 4], "big")
    if head and application != APPLICATION and len(head) == 100:
        raise UserError(
            f"{shortened(str(path))} is a database of another program, not a store of spikecost; give another file "
            "with --store or SPIKECOST_STORE"
        )


def _make(path: Path) -> None:
    """Make a new store under another name, and give it its name when it is whole: two runs may begin at once."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size:
            return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # for the user alone
    os.close(handle)
    aside = Path(name)
    try:
        made = _connected(aside)
        try:
            made.execute("PRAGMA auto_vacuum = INCREMENTAL")  # so that a store that is pruned becomes smaller
            made.execute(f"PRAGMA application_id = {APPLICATION}")
            _prepare(made, aside)
        finally:
            made.close()
        try:
            os.link(aside, path)
        except FileExistsError:
            if not path.stat().st_size:
                aside.replace(path)
            # else another process was faster
        except OSError:  # a file system without links
            if not path.exists():
                aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _connected(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    made.text_factory = lambda text: text.decode(errors="replace")  # a damaged row can be read, and named
    return made


def _opened(path: Path) -> sqlite3.Connection:
    made = _connected(path)
    try:
        _prepare(made, path)
    except BaseException:
        made.close()
        raise
    return made


def _prepare(made: sqlite3.Connection, path: Path) -> None:
    (version,) = made.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise UserError(
            f"the store {shortened(str(path))} was written by a later version of spikecost (schema {version}, this one "
            f"knows {len(MIGRATIONS)}); update spikecost, or give another file with --store"
        )
    made.execute("PRAGMA journal_mode = WAL")  # two runs can use it at once
    made.execute("PRAGMA synchronous = NORMAL")  # what is committed outlives the process; the file is always whole
    if version == len(MIGRATIONS):
        made.execute("SELECT COUNT(*) FROM (SELECT 1 FROM results LIMIT 1)")  # notices a file that was cut short
        return
    made.execute("BEGIN IMMEDIATE")
    with contextlib.closing(made.cursor()) as cursor:
        (version,) = cursor.execute("PRAGMA user_version").fetchone()  # another process may have been faster
        if not version and cursor.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
            damage = sqlite3.DatabaseError("its tables have no version")
            damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise damage
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                cursor.execute(statement)
        cursor.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    made.execute("COMMIT")
