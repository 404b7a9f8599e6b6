"""Folders that no other user can write to.

A shared library that is loaded runs with the user's rights. So the cache is read only where it belongs to the user,
and where nobody else can change what is in it or put another folder in its place.
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

from ..models.errors import UserError, visible

_told: set[str] = set()


def cache_folder() -> Path:
    """Return where everything is kept: SPIKECOST_CACHE, or the user's cache folder; without symbolic links."""
    return Path(os.path.realpath(os.environ.get("SPIKECOST_CACHE") or user_cache_dir("spikecost")))


def tell_once(topic: str, message: str) -> None:
    """Write one line to the log (standard error unless logging is set up), once per process and topic."""
    if topic in _told:
        return
    _told.add(topic)
    logging.getLogger("spikecost").warning("spikecost: %s", visible(message))


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
    return why_replaceable(folder.parent)


def why_replaceable(parent: Path) -> str:
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
