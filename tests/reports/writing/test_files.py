"""A file that a user names is replaced as a whole; what is no file is written to, and stays what it is."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from spikecost.harness.store import Store
from spikecost.models.ground.errors import UserError
from spikecost.reports.writing.files import writable, write_file


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/file")
    for content in (b"new", b"replaced"):  # the first makes the file
        write_file(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "file").read_bytes() == content


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    found = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_file(tmp_path / "pipe", b"content")
    reader.join(30)
    assert found == [b"content"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("to_file", [False, True])
def test_the_output_of_the_program(tmp_path, to_file):
    program = "from spikecost.reports.writing.files import write_file; write_file('/dev/stdout', b'content')"
    with (tmp_path / "out").open("wb") as out:
        where = out if to_file else subprocess.PIPE
        ended = subprocess.run([sys.executable, "-c", program], stdout=where, check=True)
    assert (ended.stdout or (tmp_path / "out").read_bytes()) == b"content"


def test_a_device_stays_a_device(tmp_path):
    """As root, to replace /dev/null by a file would break the machine."""
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:  # others cannot replace it
        device = Path(os.devnull)
    before = device.stat()
    write_file(device, b"content")
    after = device.stat()
    assert (after.st_ino, after.st_rdev) == (before.st_ino, before.st_rdev)


def test_a_store_is_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(UserError, match=r"pipe is no file; give a file with --store"),
        Store(tmp_path / "pipe") as store,
    ):
        store.keep("a", b"content", {}, "1")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("given", ["", 5, b"x", None], ids=repr)
def test_a_folder_is_named(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^folder = .*: give a folder, such as"):
        writable(given)
