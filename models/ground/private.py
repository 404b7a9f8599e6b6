"""Folders that no other user can write to.

A loaded shared library runs with the user's rights. So the cache is read only if it belongs to the user, and if nobody
else can change its content or replace it by another folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import logging
import os
import pwd
import stat
import tempfile
from functools import cache
from pathlib import Path

from platformdirs import user_cache_dir

from .errors import UserError, visible

_told: set[str] = set()


def cache_folder() -> Path:
    """Return the folder of the cache: SPIKECOST_CACHE, or the user's cache folder; without symbolic links."""
    return Path(os.path.realpath(os.environ.get("SPIKECOST_CACHE") or user_cache_dir("spikecost")))


def tell_once(topic: str, message: str) -> None:
    """Write one line to the log (standard error unless logging is set up), once per process and topic."""
    if topic in _told:
        return
    _told.add(topic)
    logging.getLogger("spikecost").warning("spikecost: %s", visible(message))


def require_private(folder: Path) -> None:
    """Refuse a folder that other users can write to, or can replace by another folder.

    Parameters
    ----------
    folder : Path
        Without symbolic links; a folder that does not exist yet is not checked.

    Raises
    ------
    UserError
        If another user can write to it or owns it, or the same holds for a folder above it.
    """
    reason = why_not_private(folder)
    if reason:
        raise UserError(
            f"{reason}, who could put code there that runs as you; make it private and your own "
            f"(chmod go-w), or set SPIKECOST_CACHE to another folder of your own"
        )


def why_not_private(folder: Path) -> str:
    """Return which folder, this one or one above it, another user can change; empty if none."""
    found = _look_at(folder)
    if found:
        if stat.S_ISLNK(found.st_mode):
            return f"the cache folder {folder} is a symbolic link, perhaps made by others"
        if found.st_uid not in (os.geteuid(), 0):
            return f"the cache folder {folder} belongs to another user ({_user_name(found.st_uid)})"
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"the cache folder {folder} (mode {stat.S_IMODE(found.st_mode):04o}) can be written by others"
    return why_replaceable(folder.parent)


def why_replaceable(parent: Path) -> str:
    """Return which folder, this one or one above it, lets others rename its content; empty if none."""
    for above in (parent, *parent.parents):
        found = _look_at(above)
        if found is None:
            continue
        if found.st_uid not in {os.geteuid(), 0, _unmapped_owner()}:
            return f"the folder {above} above the cache belongs to another user ({_user_name(found.st_uid)})"
        shared = found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _own_group(found.st_gid))
        if shared and not found.st_mode & stat.S_ISVTX:  # sticky: only owners rename
            return (
                f"the folder {above} (mode {stat.S_IMODE(found.st_mode):04o}) above the cache can be written by others"
            )
    return ""


def _look_at(path: Path) -> os.stat_result | None:
    """Return the status of a file; None if it cannot be read, since then nothing can be read through it either."""
    try:
        return path.lstat()
    except OSError:
        return None


def make_private(folder: Path) -> None:
    """Make a folder, and missing folders above it, for the user alone; remove other users' access if it exists.

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
    """Return why nothing can be written into a folder, which may not exist yet; empty if it can be written."""
    try:
        for each in (folder, *folder.parents):
            if each.exists():
                with tempfile.TemporaryFile(dir=each):
                    return ""
    except OSError as error:
        return error.strerror or "it cannot be written"
    return "it cannot be made"


def is_unlocked(path: Path) -> bool:
    """Whether no living process holds a lock on a file or folder; False if this cannot be determined."""
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
    """Whether the user is the only member of a group, as many systems make one for each user; root's is shared."""
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
    """Return the apparent owner of the system's folders in a container that does not map root; 0 elsewhere."""
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
