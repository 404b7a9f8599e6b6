"""The store: what is kept, and what damage, other programs and other processes do to it."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from spikecost.harness.store import OFF, Store, database, open_store, store, store_path
from spikecost.harness.store.database import APPLICATION, DAMAGED
from spikecost.models.ground import private
from spikecost.models.ground.errors import UserError

ABOUT = {"model": "lif", "method": "rk4"}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(private, "_told", set())
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    return tmp_path / "folder" / "spikecost.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A store with 30 results."""
    chance = random.Random(1)
    with Store(path) as made:
        for i in range(30):
            made.keep(f"result {i}", chance.randbytes(3000), ABOUT | {"i": i}, "code 1")
    return path


def contents(path: Path) -> dict[str, bytes]:
    with Store(path) as made:
        return {f"result {i}": row.content for i in range(30) for row in made.recall(f"result {i}")}


def test_what_was_kept_is_recalled(path: Path) -> None:
    with Store(path) as made:
        made.keep("a", b"one", ABOUT, "code")
        made.keep("a", b"two", ABOUT, "code")
        made.keep("a", b"two", ABOUT, "code")
        assert made.recall("b") == []
    with Store(path) as made:
        assert sorted(row.content for row in made.recall("a")) == [b"one", b"two"]
        assert {(row.identity, row.code, row.damage) for row in made.recall("a")} == {("a", "code", "")}
        assert made.recall("a")[0].about == ABOUT


def test_the_file_is_private(path: Path) -> None:
    before = os.umask(0)
    try:
        Store(path).close()
    finally:
        os.umask(before)
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent)] == [0o600, 0o700]


def test_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPIKECOST_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store_path() == tmp_path / "spikecost" / "spikecost.db"
    monkeypatch.setenv("SPIKECOST_STORE", str(tmp_path / "other.db"))
    assert store_path() == tmp_path / "other.db"
    assert store_path(tmp_path / "given.db") == tmp_path / "given.db"
    monkeypatch.setenv("SPIKECOST_STORE", OFF)
    assert store_path() is None
    with open_store() as nothing:
        nothing.keep("a", b"one", ABOUT, "code")
        assert (nothing.is_open, nothing.recall("a")) == (False, [])


def test_a_flip_anywhere_changes_no_result(filled: Path, caplog: pytest.LogCaptureFixture) -> None:
    sound, whole = contents(filled), filled.read_bytes()
    assert len(sound) == 30
    chance, kinds = random.Random(2), set()
    for at in [*range(0, 100, 7), *(chance.randrange(len(whole)) for _ in range(60))]:
        filled.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        private._told.clear()
        caplog.clear()
        try:
            found = contents(filled)
        except UserError:  # the first bytes say what the file is
            kinds.add("refused" if at < 100 else "refused in the middle")
            continue
        assert found.items() <= sound.items()
        if len(found) < 30:
            with Store(filled) as left:
                is_aside = left.numbers()["set_aside"] + len(list(filled.parent.glob(f"*{DAMAGED}*")))
            # a row whose name is damaged is not found any more; `verify` names it
            kinds.add("aside" if is_aside else "not found")
            assert is_aside or len(found) == 29
            assert bool(is_aside) == ("damaged" in caplog.text)
        for leftover in filled.parent.iterdir():
            leftover.unlink()
    assert {"aside", "refused"} <= kinds <= {"aside", "refused", "not found"}


@pytest.mark.parametrize("share", [0.0, 0.002, 0.1, 0.5, 0.9])
def test_a_store_that_was_cut_short_is_set_aside_and_begun_anew(filled: Path, share: float) -> None:
    sound = contents(filled)
    os.truncate(filled, int(share * filled.stat().st_size))
    assert contents(filled).items() <= sound.items()
    with Store(filled) as made:
        made.keep("new", b"new", ABOUT, "code")
        assert [row.content for row in made.recall("new")] == [b"new"]
        assert not made.why_damaged()


def _other_database(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"my thesis" * 50), _other_database])
def test_files_of_others_are_refused_and_not_touched(path: Path, make) -> None:
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="not a store of spikecost") as refused:
        Store(path)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_later_version_is_refused_and_an_earlier_one_brought_up_to_date(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = contents(filled)
    with monkeypatch.context() as later:
        more = (*database.MIGRATIONS, ("ALTER TABLE results ADD COLUMN remark TEXT",))
        later.setattr(database, "MIGRATIONS", more)
        Store(filled).close()
        assert contents(filled) == sound
    with pytest.raises(UserError, match="later version"):
        Store(filled)


def test_a_store_of_the_first_schema_keeps_its_results(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(database, "MIGRATIONS", database.MIGRATIONS[:1])
        Store(path).close()
    checksum = store._checksum("result 3", "{}", "code", b"kept")
    with sqlite3.connect(path) as opened:
        opened.execute("INSERT INTO results VALUES ('result 3', ?, '{}', 'code', ?, 1.0, 1.0)", (checksum, b"kept"))
    opened.close()
    assert contents(path) == {"result 3": b"kept"}


def test_kinds_do_not_mix_and_what_was_kept_before_an_error_stays(path: Path) -> None:
    with Store(path) as made:
        with suppress(RuntimeError), made.together():
            made.keep("a", b"one", ABOUT, "code")
            made.keep("a", b"two", ABOUT, "code", kind="count")
            raise RuntimeError
        assert [row.content for row in made.recall("a")] == [b"one"]
        assert [row.content for row in made.recall("a", "count")] == [b"two"]
        assert [row.content for row in made.rows("count")] == [b"two"]
        with made.together():
            made.set_aside(made.recall("a")[0], "a test")
        assert made.recall("a") == []
        assert made.is_open


def test_a_migration_that_fails_changes_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = contents(filled)
    with monkeypatch.context() as later:
        wrong = (*database.MIGRATIONS, ("ALTER TABLE results ADD COLUMN remark TEXT", "not SQL"))
        later.setattr(database, "MIGRATIONS", wrong)
        assert not Store(filled).is_open
    assert contents(filled) == sound


def test_a_locked_store_is_done_without(filled: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store(filled) as made:
        assert len(made.recall("result 1")) == 1  # readers do not wait for a writer
        made.keep("new", b"new", ABOUT, "code")
        assert made.recall("new") == []
        made.keep("newer", b"new", ABOUT, "code")
    other.execute("ROLLBACK")
    other.close()
    assert len(caplog.records) == 1
    assert "database is locked" in caplog.text
    assert len(contents(filled)) == 30


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_costs_only_time(path: Path, monkeypatch, caplog, reason: int) -> None:
    def fails(*_: object, **__: object) -> int:
        raise OSError(reason, os.strerror(reason), str(path))

    with monkeypatch.context() as full:
        full.setattr(database.tempfile, "mkstemp", fails)
        with Store(path) as made:
            made.keep("a", b"one", ABOUT, "code")
            assert made.recall("a") == []
    assert [os.strerror(reason) in record.getMessage() for record in caplog.records] == [True]


def test_a_full_disk_loses_nothing_that_was_kept(filled: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Store(filled) as made:
        assert made._database is not None
        (pages,) = made._database.execute("PRAGMA page_count").fetchone()
        made._database.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says that the disk is full
        for i in range(5):
            made.keep(f"new {i}", bytes(100_000), ABOUT, "code")
        assert not made.is_open
    assert len(caplog.records) == 1
    assert "full" in caplog.text
    assert len(contents(filled)) == 30


def test_several_processes_write_at_once(path: Path) -> None:
    def write(who: int) -> None:
        with Store(path) as made:
            for i in range(20):
                made.keep(f"{who} {i}", bytes([who, i]), ABOUT, "code")

    children = []
    for who in range(3):
        child = os.fork()
        if not child:
            status = 1
            try:
                write(who)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    with Store(path) as made:
        assert made.numbers()["results"] == 60
        assert not made.why_damaged()


def test_the_size_is_bounded_and_what_was_used_last_stays(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(filled) as made:
        made.recall("result 3")
    monkeypatch.setattr(store, "MOST_BYTES", 40_000)
    before = filled.stat().st_size
    Store(filled).close()
    left = contents(filled)
    assert "result 3" in left
    assert 0 < sum(map(len, left.values())) <= 30_000
    assert filled.stat().st_size < before / 2


def test_pruning_removes_other_versions_and_what_was_set_aside(filled: Path) -> None:
    with Store(filled) as made:
        made.keep("new", b"new", ABOUT, "code 2")
        made.keep("new", b"when", ABOUT, "code 1", kind="run")  # when something was run is no result
        made.keep("new", b"train", ABOUT, "code 1", kind="train")
        made.set_aside(made.recall("result 1")[0], "a test")
        assert made.prune("code 2") == 31
        assert made.numbers() | {"bytes": 0} == {
            "results": 1,
            "parts": 1,
            "runs": 1,
            "trials": 0,
            "trains": 0,
            "counts": 0,
            "timings": 0,
            "set_aside": 0,
            "bytes_of_results": 7,
            "bytes": 0,
            "schema": 2,
        }


def test_the_file_says_what_it_is(filled: Path) -> None:
    assert int.from_bytes(filled.read_bytes()[68:72], "big") == APPLICATION
