"""Files that are written to a temporary place and then moved to their final one."""

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

from ...models.ground.errors import UserError, check_path, shortened
from ...models.ground.interruption import keeping
from .drawn import drawn
from .encoded import to_figure
from .escape import to_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def writable(folder: str | Path) -> Path:
    """Make a folder and check that it can be written.

    Raises
    ------
    UserError
        If it cannot be made or written.
    """
    check_path(folder, "folder", "a folder, such as 'spikecost-report'")
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # without a name: nothing is left if the process is killed here
            pass
    except (OSError, ValueError) as error:
        raise _cannot_write("the folder ", folder, error) from error
    return folder


class CannotWrite(UserError):
    """A folder or a file cannot be written because of missing space or permissions: what is wrong, and what to do."""

    def __init__(self, problem: str, instead: str) -> None:
        super().__init__(f"{problem}; {instead}")
        self.problem = problem


def _cannot_write(what: str, path: str | Path, error: OSError | ValueError, instead: str = "one") -> CannotWrite:
    """Return the error to raise; a ValueError comes from a path that no file system accepts."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return CannotWrite(f"cannot write {what}{shortened(str(path))}: {reason}", f"give another {instead}")


#: How long to wait for another process that writes into the same folder, in s.
PATIENCE = 60.0
#: Folders that a thread of this process has locked, by device and inode.
_held: dict[tuple[int, int], int] = {}


@contextmanager
def alone_in(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Lock a folder so that no other process or thread writes into it; a caller that has the lock already keeps it.

    The operating system locks the folder itself: the lock ends with the process, however that ends, and also works
    between containers. If the file system has no locks, there is no lock.

    Parameters
    ----------
    folder : Path
    patience : float
        How long to wait for it, in s.

    Raises
    ------
    UserError
        If another process or thread has the lock for longer.
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
                raise UserError(
                    f"another run writes into the folder {shortened(str(folder))}: wait until it "
                    "has ended, or give another folder"
                )
            time.sleep(0.05)
        _held[key] = threading.get_ident()
        try:
            yield
        finally:
            del _held[key]
    finally:
        os.close(handle)  # this also releases the lock


def _locked(handle: int) -> bool:
    """Take the lock of an open folder; return whether no other process has it (always true without locks)."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network file system without locks
        return True
    return True


def replace_all(folder: Path, files: Mapping[str, bytes], last: str, sign: bytes) -> None:
    """Write files into a folder, all of them or none.

    They are first written to a temporary folder, so a full disk leaves the folder unchanged. The file `last` is the
    sign that the folder is complete: it is deleted before the first file is moved and written after the last. Signals
    wait.

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
                            _to_disk(folder)  # its files are on the disk before the sign
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
    """Make sure that the content of a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can do so for a folder
            raise
    finally:
        os.close(handle)


def _prefix() -> str:
    """Return the start of the names of temporary folders that processes of this machine make."""
    return f".spikecost-{platform.node()}-"


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Make a temporary folder within another; it is locked while its process lives."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=_prefix(), dir=folder))
        handle = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        _locked(handle)
        if made.exists():
            break
        os.close(handle)  # it was deleted as a leftover before it was locked
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Delete temporary folders of processes of this machine that have ended; touch nothing else.

    The lock shows whether a process has ended: a process number has no meaning in another container.
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
    """Write a file, or replace it; a link to a file stays a link, and a device or a pipe is written to."""
    is_stream = any(
        map(path.is_relative_to, ("/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"))
    )  # it may be a file, too
    if is_stream or (path.exists() and not path.is_file()):
        path.write_bytes(content)
        return
    path = path.resolve()
    # a new name: the given one may already have the maximum length
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
    """Return the permissions of an existing file, or of a new one."""
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
    """Write a figure in the format given by the file name and, if requested, the drawn numbers as CSV.

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
