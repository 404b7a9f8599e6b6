"""Files that are written beside and moved into place."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import platform
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...models.ground.errors import UserError, shortened
from ...models.ground.interruption import keeping
from .drawn import drawn
from .encoded import to_figure
from .escape import to_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def writable(folder: str | Path) -> Path:
    """Make a folder and make sure that it can be written.

    Raises
    ------
    UserError
        If not.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # without a name: nothing is left if the process is killed here
            pass
    except (OSError, ValueError) as error:
        raise _cannot_write("the folder ", folder, error) from error
    return folder


class CannotWrite(UserError):
    """A folder or a file cannot be written, for want of room or of rights."""


def _cannot_write(what: str, path: str | Path, error: OSError | ValueError, instead: str = "one") -> CannotWrite:
    """Return the error to raise; a ValueError is of a path that no file system takes."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return CannotWrite(f"cannot write {what}{shortened(str(path))}: {reason}; give another {instead}")


#: How long to wait for another process that writes into the same folder, in s.
PATIENCE = 60.0
#: Folders that a thread of this process holds, by device and inode.
_held: dict[tuple[int, int], int] = {}


@contextmanager
def alone_in(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a folder so that no other process or thread writes into it; one that holds it already holds it on.

    The lock is the operating system's, on the folder itself: it ends with the process, whatever ends that, and other
    namespaces of processes see it. Where the file system has no locks there is none.

    Parameters
    ----------
    folder : Path
    patience : float
        How long to wait for it, in s.

    Raises
    ------
    UserError
        If another one holds it for longer.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        key = status.st_dev, status.st_ino
        if _held.get(key) == threading.get_ident():
            yield
            return
        until = time.monotonic() + patience
        while not _locked(handle):
            if time.monotonic() >= until:
                raise UserError(f"another run writes into the folder {shortened(str(folder))}: wait until it has "
                                "ended, or give another folder")
            time.sleep(0.05)
        _held[key] = threading.get_ident()
        try:
            yield
        finally:
            del _held[key]
    finally:
        os.close(handle)  # this gives up the lock, too


def _locked(handle: int) -> bool:
    """Take the lock of an open folder; return whether nobody else has it, which is taken for so without locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network file system without locks
        return True
    return True


def replace_all(folder: Path, files: Mapping[str, bytes], last: str, sign: bytes) -> None:
    """Write files into a folder, all of them or none.

    They are written aside first, so that a full disk leaves the folder as it was. The file `last`, the sign that the
    folder is whole, is taken away before the first is moved into place, and put there after the last. Signals wait.

    Parameters
    ----------
    folder : Path
    files : mapping
        Contents by path within the folder.
    last : str
        Name of the sign.
    sign : bytes
        Its content.

    Raises
    ------
    UserError
        If the folder cannot be written (`CannotWrite`), or another process keeps writing into it.
    """
    folder = writable(folder)
    with keeping():
        try:
            with alone_in(folder):
                _sweep(folder)
                with _aside(folder) as aside:
                    for name, content in {**files, last: sign}.items():
                        _write(aside / name, content)
                    (folder / last).unlink(missing_ok=True)
                    for name in (*files, last):
                        (folder / name).parent.mkdir(parents=True, exist_ok=True)
                        if name == last:
                            _to_disk(folder)  # its files are there before the sign that they are
                        (aside / name).replace(folder / name)
                    _to_disk(folder)
        except OSError as error:
            raise _cannot_write("", error.filename or folder, error) from error


def _write(path: Path, content: bytes) -> None:
    """Write a new file so that it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    _to_disk(path)


def _to_disk(path: Path) -> None:
    """See to it that what is in a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can do so for a folder
            raise
    finally:
        os.close(handle)


def _prefix() -> str:
    """Return how a folder begins that a process of this machine writes aside."""
    return f".spikecost-{platform.node()}-"


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Make a folder within another to write aside in; it is locked as long as its process lives."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=_prefix(), dir=folder))
        handle = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        _locked(handle)
        if made.exists():
            break
        os.close(handle)  # taken for a leftover before it was locked
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Take away what a process of this machine that is gone had written aside; nothing else is touched.

    Whether it is gone is told by its lock: a number of a process means nothing in another container.
    """
    for found in folder.iterdir():
        if not found.name.startswith(_prefix()) or found.is_symlink() or not found.is_dir():
            continue
        try:
            handle = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(found, ignore_errors=True)
        except OSError:  # in use, or there are no locks here: it stays
            pass
        finally:
            os.close(handle)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, or replace it."""
    # a name of its own: the path's may be as long as names can be
    handle, name = tempfile.mkstemp(prefix=".spikecost-", dir=path.parent)
    aside = Path(name)
    os.close(handle)
    try:
        aside.write_bytes(content)
        _to_disk(aside)
        aside.chmod(_rights(path))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _rights(path: Path) -> int:
    """Return the rights of a file that is there, or of a new one."""
    with contextlib.suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    now = os.umask(0)
    os.umask(now)
    return 0o666 & ~now


def write_file(path: str | Path, content: bytes) -> None:
    """Write a file that a user named, or replace it.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    try:
        replace_file(Path(path), content)
    except (OSError, ValueError) as error:
        raise _cannot_write("", path, error, "file") from error


def save_figure(figure: Figure, path: str | Path, data: str | Path | None = None) -> None:
    """Write a figure in the format that its file's name says and, if they are asked for, the numbers drawn as CSV.

    Raises
    ------
    UserError
        If there is no such format, or a file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.removeprefix(".")
    known = sorted(figure.canvas.get_supported_filetypes())
    if kind not in known:
        raise UserError(f"cannot draw {path}: give a name that ends in {', '.join('.' + each for each in known)}")
    content = to_figure(figure, kind)
    if data is not None:
        write_file(data, to_csv(drawn(figure)))
    write_file(path, content)
