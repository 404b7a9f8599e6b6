"""The cache on disk: what is damaged, swapped, planted or cut short is never used."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spikecost.models.ground import cache, private, process_folder
from spikecost.models.ground.code_version import version_of
from spikecost.models.ground.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a separate cache."""
    made = tmp_path / "cache"
    monkeypatch.setenv("SPIKECOST_CACHE", str(made))
    monkeypatch.setattr(private, "_told", set())
    return made


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def forked(work: Callable[[], object]) -> int:
    """Run a function in another process; return the process number. Its status is 0 unless an error was raised."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def test_what_was_written_is_read(folder: Path) -> None:
    cache.write("references", "a", b"content")
    assert cache.read("references", "a") == b"content"
    assert cache.read("references", "b") is None
    assert cache.read("brian2", "a") is None


def test_the_cache_is_private(folder: Path) -> None:
    before = os.umask(0)
    try:
        cache.write("kernels", "a", b"content")
    finally:
        os.umask(before)
    assert [each.stat().st_mode & 0o777 for each in (folder, folder / "kernels")] == [0o700, 0o700]
    assert only(folder / "kernels").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_could_read_is_closed(folder: Path) -> None:
    (folder / "kernels").mkdir(parents=True, mode=0o755)
    cache.write("kernels", "a", b"content")
    assert (folder / "kernels").stat().st_mode & 0o777 == 0o700


def test_every_flip_of_a_byte_is_found(folder: Path) -> None:
    content = random.Random(1).randbytes(20)
    cache.write("references", "a", content)
    path = only(folder / "references")
    kept = path.read_bytes()
    for i in range(len(kept)):
        for flip in (1, 128, 255):
            path.write_bytes(kept[:i] + bytes([kept[i] ^ flip]) + kept[i + 1 :])
            assert cache.read("references", "a") is None, (i, flip)
    path.write_bytes(kept)
    assert cache.read("references", "a") == content


def test_every_length_but_the_right_one_is_found(folder: Path) -> None:
    cache.write("references", "a", b"0.123456789")
    path = only(folder / "references")
    kept = path.read_bytes()
    for damaged in (*(kept[:n] for n in range(len(kept))), kept + b"\n", kept + b"\0", kept * 2, b"[" + kept):
        path.write_bytes(damaged)
        assert cache.read("references", "a") is None


def test_swapped_entries_are_found(folder: Path) -> None:
    cache.write("references", "a", b"1.0")
    a = only(folder / "references")
    kept = a.read_bytes()
    cache.write("references", "b", b"2.0")
    (b,) = set((folder / "references").iterdir()) - {a}
    a.write_bytes(b.read_bytes())
    b.write_bytes(kept)
    assert cache.read("references", "a") is None
    assert cache.read("references", "b") is None
    assert ["another key" in reason for _, reason in cache.holdings()[2].damaged] == [True, True]


def test_an_entry_of_another_kind_is_found(folder: Path) -> None:
    cache.write("references", "a", b"1.0")
    cache.write("brian2", "a", b"2.0")
    only(folder / "references").write_bytes(only(folder / "brian2").read_bytes())
    assert cache.read("references", "a") is None


def test_what_is_damaged_is_computed_again_and_said_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    computed = []

    def compute() -> list[float]:
        computed.append(1)
        return [0.1]

    for key in "abc":
        cache.recall("references", key, compute)
    for path in (folder / "references").iterdir():
        path.write_bytes(path.read_bytes().replace(b"0.1", b"0.2"))
    assert [cache.recall("references", key, compute) for key in "abcabc"] == [[0.1]] * 6
    assert len(computed) == 6
    assert len(caplog.records) == 1
    assert "damaged" in caplog.text


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o775, 0o722, 0o702])
def test_a_folder_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    cache.write("kernels", "a", b"content")
    for shared in (folder, folder / "kernels"):
        shared.chmod(mode)
        for use in (
            lambda: cache.read("kernels", "a"),
            lambda: cache.write("kernels", "b", b""),
            cache.holdings,
            cache.clear,
        ):
            with pytest.raises(UserError, match=r"can be written by others.*SPIKECOST_CACHE") as refused:
                use()
            assert "\n" not in str(refused.value)
        shared.chmod(0o700)
    assert cache.read("kernels", "a") == b"content"


def test_a_folder_below_one_that_others_can_write_is_refused(folder: Path) -> None:
    cache.write("kernels", "a", b"content")
    folder.parent.chmod(0o777)
    with pytest.raises(UserError, match="above the cache can be written by others"):
        cache.read("kernels", "a")
    folder.parent.chmod(0o1777)  # like /tmp: users can only rename their own files
    assert cache.read("kernels", "a") == b"content"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away: run the tests as root")
def test_what_belongs_to_another_user_is_not_used(folder: Path) -> None:
    cache.write("kernels", "a", b"content")
    path = only(folder / "kernels")
    os.chown(path, 12345, 12345)
    assert cache.read("kernels", "a") is None
    os.chown(path, 0, 0)
    for planted in (folder / "kernels", folder, folder.parent):
        os.chown(planted, 12345, 12345)
        with pytest.raises(UserError, match="belongs to another user"):
            cache.read("kernels", "a")
        os.chown(planted, 0, 0)


def test_links_and_what_is_no_file_are_not_followed(folder: Path, tmp_path: Path) -> None:
    cache.write("kernels", "a", b"content")
    path = only(folder / "kernels")
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert cache.read("kernels", "a") is None
    path.unlink()
    os.mkfifo(path)
    assert cache.read("kernels", "a") is None  # and does not wait for a writer
    path.unlink()
    (folder / "kernels").rmdir()
    (tmp_path / "planted").mkdir()
    (folder / "kernels").symlink_to(tmp_path / "planted")
    with pytest.raises(UserError, match="symbolic link"):
        cache.read("kernels", "a")


def test_a_file_that_others_can_write_is_not_used(folder: Path) -> None:
    cache.write("kernels", "a", b"content")
    only(folder / "kernels").chmod(0o666)
    assert cache.read("kernels", "a") is None


def test_two_writers_never_show_half_an_entry(folder: Path) -> None:
    def write(letter: str) -> Callable[[], None]:
        def several() -> None:
            for _ in range(60):
                cache.write("references", "a", letter.encode() * 20000)
                found = cache.read("references", "a")
                assert found
                assert len(found) == 20000
                assert len(set(found)) == 1

        return several

    writers = [forked(write(letter)) for letter in "xyz"]
    assert [os.waitpid(writer, 0)[1] for writer in writers] == [0, 0, 0]
    assert len(list((folder / "references").iterdir())) == 1


def kill_writers(folder: Path, tries: int) -> None:
    chance = random.Random(5)

    def write() -> None:
        for i in range(10**6):
            cache.write("references", str(i % 5), bytes([i % 5]) * 300_000)

    for _ in range(tries):
        process = forked(write)
        time.sleep(chance.uniform(0.001, 0.05))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        assert [each.damaged for each in cache.holdings()] == [()] * len(cache.KINDS)
        for i in range(5):
            assert cache.read("references", str(i)) in (None, bytes([i]) * 300_000)
    cache._swept.clear()
    cache.write("references", "0", b"")
    assert not list((folder / "references").glob("aside-*"))


def test_a_killed_writer_leaves_no_damage(folder: Path) -> None:
    kill_writers(folder, 20)


@pytest.mark.deep
def test_no_killed_writer_of_many_leaves_damage(folder: Path) -> None:
    kill_writers(folder, 500)


def test_a_cache_that_cannot_be_written_costs_only_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(cache.os, "fsync", full)
        assert cache.recall("references", "a", lambda: 1.5) == 1.5
        assert cache.recall("references", "b", lambda: 2.5) == 2.5
    assert list((folder / "references").iterdir()) == []
    assert len(caplog.records) == 1
    assert "No space left on device" in caplog.text
    for path in (folder / "file", Path("/proc/none"), folder / ("x" * 300), folder / ("y" * 200 + "/") / ("z/" * 3000)):
        (folder / "file").touch()
        monkeypatch.setenv("SPIKECOST_CACHE", str(path))
        assert cache.recall("references", "a", lambda: 1.5) == 1.5
        assert sum(each.entries for each in cache.holdings()) == 0


def test_leftovers_of_killed_processes_are_swept_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = folder / "kernels"
    kernels.mkdir(parents=True)
    old = time.time() - 2 * 86400
    left = [kernels / "aside-killed", kernels / "tmpabcd1234", kernels / f"{'a' * 64}.4711"]
    stay = [
        kernels / "aside-alive",
        kernels / "tmpyoung123",
        kernels / f"{'b' * 64}.4711",
        kernels / "thesis.2024",
        kernels / "tmp-notes.txt",
    ]
    for path in (*left, *stay):
        if path.name.startswith("tmp") and path.suffix != ".txt":
            path.mkdir()
        else:
            path.touch()
    for path in (left[1], left[2], stay[3], stay[4]):
        os.utime(path, (old, old))
    with stay[0].open() as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        monkeypatch.setattr(cache, "_swept", set())
        cache.write("kernels", "a", b"")
    assert not [path for path in left if path.exists()]
    assert all(path.exists() for path in stay)


@pytest.mark.parametrize("moment", ["mkstemp", "flock", "fsync"])
def test_a_file_that_another_process_sweeps_is_written_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], moment: str
) -> None:
    cache.write("references", "a", b"1")
    module = {"mkstemp": cache.tempfile, "flock": cache.fcntl, "fsync": cache.os}[moment]
    real, calls = getattr(module, moment), 0

    def swept(*given: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        found = real(*given, **options)
        if calls < 3:
            for path in (folder / "references").glob(f"{cache._ASIDE}*"):
                path.unlink()
        return found

    monkeypatch.setattr(module, moment, swept)
    cache.write("references", "b", b"2")
    assert [cache.read("references", key) for key in "ab"] == [b"1", b"2"]
    assert calls >= 3
    assert len(list((folder / "references").iterdir())) == 2
    assert capsys.readouterr().err == ""


def test_folders_of_killed_processes_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_folder.tempfile, "tempdir", str(tmp_path))
    said, says = os.pipe()

    def place() -> None:
        os.write(says, f"{process_folder.place('a.so', b'content')}\n".encode())
        time.sleep(60)

    def started() -> tuple[int, Path]:
        process = forked(place)
        return process, Path(os.read(said, 4096).decode().strip())

    def killed(process: int) -> None:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    first, placed = started()
    assert placed.read_bytes() == b"content"
    assert placed.parent.stat().st_mode & 0o777 == 0o700
    second, other = started()
    killed(second)
    assert placed.exists()
    assert other.exists()
    third, _ = started()
    assert placed.exists()  # it belongs to a living process
    assert not other.exists()
    killed(first)
    killed(third)
    process_folder.sweep_processes(tmp_path)
    assert list(tmp_path.iterdir()) == []
    os.close(said)
    os.close(says)


def test_a_process_that_ends_leaves_nothing(tmp_path: Path) -> None:
    program = "from spikecost.models.ground.process_folder import place\nprint(place('a.so', b'content').exists())"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "True\n"
    assert list(tmp_path.glob("spikecost*")) == []


def test_code_is_loaded_from_a_folder_of_ones_own(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr(process_folder.tempfile, "tempdir", str(shared))
    shared.chmod(0o777)
    assert process_folder.place("a", b"1").parent.parent == folder
    monkeypatch.setenv("SPIKECOST_CACHE", str(shared / "cache"))
    with pytest.raises(UserError, match="TMPDIR"):
        process_folder.place("b", b"1")
    shared.chmod(0o1777)
    assert process_folder.place("c", b"1").parent.parent == shared


def test_comments_and_docstrings_do_not_make_another_version(tmp_path: Path, folder: Path) -> None:
    source = tmp_path / "models" / "a.py"
    source.parent.mkdir()
    versions = []
    for text in (
        '"""One."""\nclass A:\n    """Two."""\n    x: int = 1\n    """Three."""\n\n    def f(self):\n'
        '        """Four."""\n        return 2\n',
        "# said otherwise\nclass A:\n    x: int = 1\n\n    def f(self):\n\n        return 2  # so\n",
        "class A:\n    x: int = 1\n\n    def f(self):\n        return 3\n",
        "class A:\n    x: int = 1\n\n    def f(self):\n        return '2'\n",
    ):
        source.write_text(text)
        versions.append(version_of(tmp_path, ("models",)))
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3


def test_the_command_tells_what_there_is(folder: Path, said) -> None:  # type: ignore[no-untyped-def]
    for key in "abc":
        cache.write("references", key, b"1")
    (folder / "references" / "thesis.json").write_text("mine")
    assert said("cache", "verify")[0] == 0
    assert json.loads(said("cache", "info", "--json")[1])["entries"]["references"] == 3
    path = min((folder / "references").iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    status, out, err = said("cache", "verify")
    assert (status, err) == (2, "")
    assert str(path) in out
    assert len(json.loads(said("cache", "verify", "--json")[1])["damaged"]) == 1
    assert "1 damaged" in said("doctor")[1]
    assert said("cache", "clear")[0] == 0
    assert [each.name for each in (folder / "references").iterdir()] == ["thesis.json"]
    assert said("cache", "verify")[0] == 0
    folder.chmod(0o777)
    status, out, err = said("cache", "verify")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "no   cache of compiled kernels" in said("doctor")[1]


def test_entries_of_every_kind_are_listed(folder: Path, said: Callable[..., tuple[int, str, str]]) -> None:
    for kind in cache.KINDS:
        cache.write(kind, "a", b"1")
    status, out, err = said("cache", "info")
    assert (status, err) == (0, "")
    assert out.count(": 1 entry, ") == len(cache.KINDS)
