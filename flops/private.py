"""Folders that no other user can write to: where the cache is, and from where compiled code is loaded.

A shared library that is loaded runs with the user's rights. So it is loaded only from a folder that belongs to the
user, whose content and whose place in the file system nobody else can change.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import grp
import logging
import os
import pwd
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from platformdirs import user_cache_dir

from ..models.errors import UserError

#: Folders of processes, in the folder for temporary files: one that is being made, and one that is in use.
_NEW, _USED = "spikecost-new-", "spikecost-run-"
#: A longer path of a mapped library crashes PAPI, which copies it into an array of fixed length.
_LONGEST_PATH = 500
_DAY = 86400

_lock = threading.RLock()
#: Folders of this process by process number (a forked process makes its own), with the open file that holds the lock.
_folders: dict[int, dict[Path, int]] = {}
_told: set[str] = set()


def _forked() -> None:
    """Give a forked process a lock of its own: another thread may have held it."""
    global _lock  # noqa: PLW0603 - there is one per process
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_forked)


def cache_folder() -> Path:
    """Return where everything is kept: SPIKECOST_CACHE, or the user's cache folder; without symbolic links."""
    return Path(os.path.realpath(os.environ.get("SPIKECOST_CACHE") or user_cache_dir("spikecost")))


def tell_once(topic: str, message: str) -> None:
    """Write one line to the log (standard error unless logging is set up), once per process and topic."""
    with _lock:
        if topic in _told:
            return
        _told.add(topic)
    logging.getLogger("spikecost").warning("spikecost: %s", message)


def require_private(folder: Path) -> None:
    """Refuse a folder that other users can write to, or can put another folder in the place of.

    Parameters
    ----------
    folder : Path
        Without symbolic links; what does not exist yet is not looked at.

    Raises
    ------
    UserError
        If another user can write to it or owns it, or the same holds for a folder above it.
    """
    reason = why_not_private(folder)
    if reason:
        raise UserError(f"{reason}, who could put code there that runs as you; make it your own and private "
                        f"(chmod go-w), or set SPIKECOST_CACHE to a folder that is")


def why_not_private(folder: Path) -> str:
    """Return which folder, this one or one above, can be changed by another user; empty if none."""
    found = _look_at(folder)
    if found:
        if stat.S_ISLNK(found.st_mode):
            return f"the cache folder {folder} is a symbolic link, perhaps made by others"
        if found.st_uid not in (os.geteuid(), 0):
            return f"the cache folder {folder} belongs to another user ({_user_name(found.st_uid)})"
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"the cache folder {folder} (mode {stat.S_IMODE(found.st_mode):04o}) can be written by others"
    return _replaceable(folder.parent)


def _replaceable(parent: Path) -> str:
    """Return which folder, this one or one above, lets others rename what is in it; empty if none."""
    for above in (parent, *parent.parents):
        found = _look_at(above)
        if found is None:
            continue
        if found.st_uid not in {os.geteuid(), 0, _unmapped_owner()}:
            return f"the folder {above} above the cache belongs to another user ({_user_name(found.st_uid)})"
        shared = found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _own_group(found.st_gid))
        if shared and not found.st_mode & stat.S_ISVTX:  # sticky: only owners rename
            return (f"the folder {above} (mode {stat.S_IMODE(found.st_mode):04o}) above the cache can be written by "
                    "others")
    return ""


def _look_at(path: Path) -> os.stat_result | None:
    """Return what is known of a file; None if it cannot be looked at: nothing can be read through it either."""
    try:
        return path.lstat()
    except OSError:
        return None


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone; close one that others can read.

    Raises
    ------
    UserError
        If other users can write to it.
    OSError
        If it cannot be made.
    """
    require_private(folder)
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process was faster
            each.mkdir(mode=0o700)
    require_private(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(20, "Not a directory", str(folder))
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        folder.chmod(0o700)


def why_not_written(folder: Path) -> str:
    """Return why nothing can be written into a folder that may be missing; empty if it can."""
    try:
        for each in (folder, *folder.parents):
            if each.exists():
                with tempfile.TemporaryFile(dir=each):
                    return ""
    except OSError as error:
        return error.strerror or "it cannot be written"
    return "it cannot be made"


def place(name: str, content: bytes) -> Path:
    """Write compiled code into a folder of this process alone, from where it is loaded; once per name.

    What is loaded are exactly the bytes that were checked: what happens to the cache afterwards does not reach them.

    Parameters
    ----------
    name : str
        Of the file; made from its content.
    content : bytes

    Raises
    ------
    UserError
        If there is no private folder with room from which code may be run.
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
    """Make a folder to work in, which no other user can read, and take it away afterwards.

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
    return UserError(f"no private folder to run compiled code from ({'; '.join(reasons)}); set TMPDIR to a folder of "
                     "your own with room, from which programs may be started")


def _process_folders(reasons: list[str]) -> Iterator[Path]:
    """Yield this process's folder among the temporary files, then one in the cache; add why one cannot be had."""
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
                reason = _unfit(base)
                if reason:
                    reasons.append(reason)
                    continue
                try:
                    made = _make(base, mine)
                except OSError as error:
                    reasons.append(f"{base}: {error.strerror}")
                    continue
        yield made


def _unfit(base: Path) -> str:
    """Return why code should not be loaded from a folder; empty if it may."""
    if len(str(base)) > _LONGEST_PATH:
        return f"{str(base)[:40]}...: its path is longer than {_LONGEST_PATH} characters"
    try:
        if os.statvfs(base).f_flag & os.ST_NOEXEC:
            return f"{base}: mounted without leave to run programs (noexec)"
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{base}: {error.strerror}"
    return _replaceable(base)


def _make(base: Path, mine: dict[Path, int]) -> Path:
    """Make a folder for this process below `base`, locked as long as the process lives."""
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep_processes(base)
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=base))
    handle = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
    with contextlib.suppress(OSError):  # a file system without locks: nobody sweeps there
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # named as one to be swept only now that it is locked
    folder = new.with_name(_USED + new.name.removeprefix(_NEW))
    new.rename(folder)
    mine[folder] = handle
    atexit.register(_leave, folder, os.getpid())
    return folder


def _leave(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not in a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)


def sweep_processes(base: Path) -> None:
    """Take away folders that processes of this user left when they were killed.

    A living process holds a lock on its folder, wherever it runs: its number says nothing, since another container on
    this machine numbers its own.
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


def is_unlocked(path: Path) -> bool:
    """Whether no living process holds a lock on a file or folder; False if that cannot be told."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def _own_group(group: int) -> bool:
    """Whether a group has the user as its only member, as many systems make one for each user; root's is shared."""
    user = os.geteuid()
    if not user:
        return False
    try:
        name, listed = pwd.getpwuid(user), grp.getgrgid(group)
    except KeyError:
        return False
    return listed.gr_gid == name.pw_gid and listed.gr_name == name.pw_name and set(listed.gr_mem) <= {name.pw_name}


@cache
def _unmapped_owner() -> int:
    """Return who seems to own the system's folders in a container that has no number for their owner; 0 elsewhere."""
    try:
        if Path("/proc/self/uid_map").read_text().split()[:3] == ["0", "0", "4294967295"]:
            return 0
        return int(Path("/proc/sys/fs/overflowuid").read_text())
    except (OSError, ValueError):
        return 0


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"
