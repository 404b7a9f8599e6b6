"""A folder used only by this process, from which it loads compiled code."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import UserError
from .private import cache_folder, is_unlocked, why_replaceable

#: Names of folders of processes, in the temporary folder: while being made, and in use.
_NEW, _USED = "spikecost-new-", "spikecost-run-"
#: A mapped library with a longer path crashes PAPI, which copies the path into an array of fixed length.
_LONGEST_PATH = 500
_DAY = 86400

_lock = threading.RLock()
#: Folders of this process by process number (a forked process makes its own), with the open file that holds its lock.
_folders: dict[int, dict[Path, int]] = {}


def _forked() -> None:
    """Give a forked process its own lock: another thread may have held the old one."""
    global _lock  # noqa: PLW0603 - there is one per process
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_forked)


def place(name: str, content: bytes) -> Path:
    """Write compiled code into a folder used only by this process, to be loaded from there; once per name.

    The loaded bytes are exactly those that were checked: later changes of the cache do not affect them.

    Parameters
    ----------
    name : str
        Name of the file, made from its content.
    content : bytes

    Raises
    ------
    UserError
        If there is no private folder with free space from which code may be run.
    """
    with _lock:
        reasons: list[str] = []
        for folder in _process_folders(reasons):
            path = folder / name
            if path.exists():
                return path
            aside = path.with_name(f"{name}.part")
            try:
                aside.write_bytes(content)
                aside.chmod(0o700)
                aside.replace(path)
            except OSError as error:
                aside.unlink(missing_ok=True)
                reasons.append(f"{folder}: {error.strerror}")
            else:
                return path
    raise _no_place(reasons)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Make a working folder that no other user can read, and remove it afterwards.

    Raises
    ------
    UserError
        If there is no private folder for it.
    """
    reasons: list[str] = []
    for folder in _process_folders(reasons):
        try:
            made = tempfile.mkdtemp(dir=folder)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
            continue
        try:
            yield Path(made)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return
    raise _no_place(reasons)


def _no_place(reasons: list[str]) -> UserError:
    return UserError(
        f"no private folder to run compiled code from ({'; '.join(reasons)}); set TMPDIR to a folder of "
        "your own with free space, from which programs may be started"
    )


def _process_folders(reasons: list[str]) -> Iterator[Path]:
    """Yield this process's folder in the temporary folder, then one in the cache; add reasons for failures."""
    bases = [cache_folder()]
    try:
        bases.insert(0, Path(os.path.realpath(tempfile.gettempdir())))
    except OSError:
        reasons.append("no folder for temporary files can be written")
    for base in bases:
        with _lock:
            mine = _folders.setdefault(os.getpid(), {})
            made = next((folder for folder in mine if folder.parent == base and folder.exists()), None)
            if made is None:
                reason = _why_unfit(base)
                if reason:
                    reasons.append(reason)
                    continue
                try:
                    made = _make(base, mine)
                except OSError as error:
                    reasons.append(f"{base}: {error.strerror}")
                    continue
        yield made


def _why_unfit(base: Path) -> str:
    """Return why code should not be loaded from a folder; empty if it may."""
    if len(str(base)) > _LONGEST_PATH:
        return f"{str(base)[:40]}...: its path is longer than {_LONGEST_PATH} characters"
    try:
        if os.statvfs(base).f_flag & os.ST_NOEXEC:
            return f"{base}: mounted without permission to run programs (noexec)"
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{base}: {error.strerror}"
    return why_replaceable(base)


def _make(base: Path, mine: dict[Path, int]) -> Path:
    """Make a folder for this process in `base`, locked as long as the process lives."""
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep_processes(base)
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=base))
    handle = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
    with contextlib.suppress(OSError):  # a file system without locks: leftovers are not removed there
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # it gets a name that `sweep_processes` looks for only now that it is locked
    folder = new.with_name(_USED + new.name.removeprefix(_NEW))
    new.rename(folder)
    mine[folder] = handle
    atexit.register(_leave, folder, os.getpid())
    return folder


def _leave(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not in a process forked from it
        shutil.rmtree(folder, ignore_errors=True)


def sweep_processes(base: Path) -> None:
    """Remove folders that killed processes of this user left.

    A living process holds a lock on its folder, wherever it runs. Process numbers cannot be used: another container on
    this machine has its own numbers.
    """
    for folder in base.glob("spikecost-*-*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                continue
            if folder.name.startswith(_USED):
                over = is_unlocked(folder)
            else:
                over = folder.name.startswith(_NEW) and time.time() - found.st_mtime > _DAY
            if over:
                shutil.rmtree(folder, ignore_errors=True)
