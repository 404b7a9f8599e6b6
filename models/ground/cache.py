"""The cache on disk. Each entry has its key and a checksum, which are verified whenever the entry is read.

An entry is one file: the stored bytes, then a line with the digest of its key and a checksum of both. (A shared
library with such a line at its end can still be loaded.) An entry is written to another file first, synchronized to
disk, and renamed. An entry that is damaged, cut short, or stored under another entry's name is made again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .private import cache_folder, is_unlocked, make_private, require_private, tell_once

#: Kinds of entries: a folder for each kind, and the ending of its file names.
KINDS = {
    "kernels": ".so",
    "programs": ".program",
    "references": ".json",
    "counts": ".json",
    "brian2": ".json",
    "libm": ".json",
    "code": ".json",
    "mechanisms": ".so",
    "simulators": ".json",
}

_DIGITS = 40
_FORMAT = re.compile(rb"\nspikecost-entry-1 ([0-9a-f]{64}) ([0-9a-f]{64})\n")
_FOOT = len(b"\nspikecost-entry-1 ") + 64 + 1 + 64 + 1
_ENTRY = re.compile(r"[0-9a-f]{40}\.(so|program|json)")
#: Entries of earlier versions, which are no longer read.
_EARLIER = re.compile(r"[0-9a-f]{24}(\.so|\.json)?|[0-9a-f]{64}\.json")
#: Files that earlier versions left when they were killed; their process numbers do not identify the machine.
_EARLIER_ASIDE = re.compile(r"tmp\w{8}|[0-9a-f]{24,64}\.\d+")
_ASIDE = "aside-"
_DAY = 86400

_swept: set[Path] = set()


def digest_of(kind: str, key: str) -> str:
    """Return the digest of an entry's key, in hexadecimal; its first digits are the file name."""
    return hashlib.sha256(f"{kind}\0{key}".encode(errors="surrogateescape")).hexdigest()


def read(kind: str, key: str) -> bytes | None:
    """Return the content stored under a key; None if there is none, or it is damaged.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    key : str
        Everything that the content depends on.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    path = _path(kind, key)
    for folder in (path.parent.parent, path.parent):
        require_private(folder)
    try:
        return _content(_own_bytes(path), digest_of(kind, key))
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EIO):  # other errors: no entry, or the cache cannot be used at all
            return None
        reason = error.strerror
    except ValueError as error:
        reason = str(error)
    tell_once(
        "damaged",
        f"an entry of the cache is damaged and is made again: {path} ({reason}); `spikecost cache verify` lists all",
    )
    return None


def write(kind: str, key: str, content: bytes) -> None:
    """Store content under a key. If the cache cannot be written, only time is lost; this is logged once.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    path, digest = _path(kind, key), digest_of(kind, key)
    try:
        make_private(path.parent.parent)
        make_private(path.parent)
        _sweep_once(path.parent)
        _replace(path, content + f"\nspikecost-entry-1 {digest} {_checksum(content, digest)}\n".encode())
    except OSError as error:
        tell_once(
            "unwritable",
            f"cannot write to the cache {str(path.parent)[:200]}: {error.strerror}; to save "
            "time, set SPIKECOST_CACHE to a folder of your own with free space",
        )


def recall(kind: str, key: str, compute: Callable[[], Any]) -> Any:
    """Return the result of `compute`, from the cache if it was computed before; JSON must be able to hold it.

    Exceptions are not stored.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    found = read(kind, key)
    if found is not None:
        with contextlib.suppress(ValueError):
            return json.loads(found)
    made = compute()
    write(kind, key, json.dumps(made).encode())
    return made


@contextmanager
def making_alone(kind: str, key: str, patience: float) -> Iterator[None]:
    """Let one process or thread at a time make an entry: the others wait, and then find it.

    Nobody waits longer than `patience`, in s, and nobody waits if the cache cannot be written, or has no locks: then
    the entry is made more than once, which is only slower.
    """
    path, handle = _path(kind, key), -1
    guard = path.with_name(f"{_ASIDE}making-{path.stem}")
    with contextlib.suppress(OSError):
        make_private(path.parent.parent)
        make_private(path.parent)
        handle = os.open(guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    break
                time.sleep(0.02)
    try:
        yield
    finally:
        if handle >= 0:
            guard.unlink(missing_ok=True)
            os.close(handle)


@dataclass(frozen=True)
class Holdings:
    """The cache's entries of one kind."""

    kind: str
    entries: int
    size: int
    """In bytes."""
    damaged: tuple[tuple[str, str], ...]
    """File and reason."""
    others: int
    """Entries of earlier versions, which are not read."""


def holdings(verify: bool = True) -> list[Holdings]:
    """Return the cache's entries by kind.

    Parameters
    ----------
    verify : bool
        Whether to read every entry and compare it with its checksum.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    root = cache_folder()
    require_private(root)
    found = []
    for kind in KINDS:
        require_private(root / kind)
        paths = [path for path in _files(root / kind) if _ENTRY.fullmatch(path.name)]
        others = sum(_EARLIER.fullmatch(path.name) is not None for path in _files(root / kind))
        damaged = [(str(path), reason) for path in paths if verify and (reason := _why_damaged(kind, path))]
        found.append(Holdings(kind, len(paths), sum(_size(path) for path in paths), tuple(damaged), others))
    return found


def clear() -> int:
    """Remove every entry, also of earlier versions, and leftover files; return the number of files.

    Files with other names are not touched.

    Raises
    ------
    UserError
        If other users can write to the cache.
    """
    root, taken = cache_folder(), 0
    require_private(root)
    for folder in [root / kind for kind in KINDS]:
        require_private(folder)
        _sweep(folder)
        for path in _files(folder):
            if _ENTRY.fullmatch(path.name) or _EARLIER.fullmatch(path.name):
                path.unlink(missing_ok=True)
                taken += 1
        with contextlib.suppress(OSError):  # not empty, or not there
            folder.rmdir()
    for path in _files(root):
        if path.name == "libm.json":  # of an earlier version
            path.unlink(missing_ok=True)
            taken += 1
    return taken


def _path(kind: str, key: str) -> Path:
    return cache_folder() / kind / (digest_of(kind, key)[:_DIGITS] + KINDS[kind])


def _own_bytes(path: Path) -> bytes:
    """Read a file that belongs to the user and that nobody else can write.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it belongs to another user, or is not a regular file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is not a regular file")
        if found.st_uid not in (os.geteuid(), 0) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ValueError("others can write it")
        return file.read()


def _content(kept: bytes, digest: str) -> bytes:
    """Return the content of an entry.

    Raises
    ------
    ValueError
        If it is damaged, or is the entry of another key.
    """
    foot = _FORMAT.fullmatch(kept[-_FOOT:])
    if foot is None:
        raise ValueError("it ends too early")
    content = kept[:-_FOOT]
    if foot[2].decode() != _checksum(content, foot[1].decode()):
        raise ValueError("its checksum is wrong")
    if foot[1].decode() != digest:
        raise ValueError("it is the entry of another key")
    return content


def _checksum(content: bytes, digest: str) -> str:
    return hashlib.sha256(digest.encode() + content).hexdigest()


def _why_damaged(kind: str, path: Path) -> str:
    """Return why an entry cannot be trusted; empty if it can."""
    if path.suffix != KINDS[kind]:
        return "it is the entry of another key"
    try:
        kept = _own_bytes(path)
        foot = _FORMAT.fullmatch(kept[-_FOOT:])
        digest = foot[1].decode() if foot else ""
        _content(kept, digest)
        if not digest.startswith(path.stem):
            return "it is the entry of another key"
    except FileNotFoundError:  # removed in the meantime
        return ""
    except OSError as error:
        return error.strerror or "it cannot be read"
    except ValueError as error:
        return str(error)
    return ""


def _replace(path: Path, content: bytes) -> None:
    """Write or replace a file. After a crash at any moment, the file is either the old one or the new one."""
    while not _replaced(path, content):  # another process swept the file away
        pass
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _replaced(path: Path, content: bytes) -> bool:
    handle, name = tempfile.mkstemp(prefix=_ASIDE, dir=path.parent)
    aside = Path(name)
    try:
        with open(handle, "wb") as file:
            with contextlib.suppress(OSError):  # the lock protects it from `_sweep`; some file systems have no locks
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.write(content)
            file.flush()
            os.fsync(handle)
            aside.replace(path)
    except FileNotFoundError:
        return False
    finally:
        aside.unlink(missing_ok=True)
    return True


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as listed:
        yield from (Path(each.path) for each in listed if each.is_file(follow_symlinks=False))


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.lstat().st_size
    return 0


def _sweep_once(folder: Path) -> None:
    if folder not in _swept:
        _swept.add(folder)
        _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove leftovers of killed processes: files that no process locks; those of earlier versions after a day."""
    with contextlib.suppress(OSError), os.scandir(folder) as listed:
        for each in listed:
            path = Path(each.path)
            old = _EARLIER_ASIDE.fullmatch(path.name) and time.time() - each.stat(follow_symlinks=False).st_mtime > _DAY
            if old and each.is_dir(follow_symlinks=False):
                shutil.rmtree(path, ignore_errors=True)
            elif old or (path.name.startswith(_ASIDE) and is_unlocked(path)):
                path.unlink(missing_ok=True)
