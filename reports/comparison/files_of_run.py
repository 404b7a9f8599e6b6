"""The files of a run: a manifest lists each with its checksum, so that an incomplete or changed run is refused."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...models.ground.errors import UserError, shortened
from ...models.reading.data import read_json
from ..writing.files import replace_all
from .places import DATA, INTERRUPTED, MANIFEST

#: The format named in ``run.json``, and the version of everything that this module writes.
FORMAT, VERSION = "spikecost run", 11
#: Fields of ``about``, as `describe` returns it.
ABOUT = (
    "made",
    "interrupted",
    "baseline",
    "no_exact_count",
    "no_hardware_count",
    "suite",
    "seeds",
    "models",
    "measures",
    "criteria",
    "costs",
    "conventions",
    "columns",
    "engines",
)


def write_files(folder: Path, about: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Write files and their manifest, which is written last.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = json.loads(as_json({"format": FORMAT, "version": VERSION, "about": about, "files": digests}))
    replace_all(folder, files, MANIFEST, as_json(manifest | {"checksum": _checksum(manifest)}))


def read_files(folder: Path, needed: Iterable[str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what a run says about itself, and the contents of its files by name.

    Raises
    ------
    UserError
        If the folder contains no run, one of another version, or one that is incomplete or was changed.
    """
    manifest = _manifest(folder)
    content = {name: _checked(folder, str(name), digest) for name, digest in manifest["files"].items()}
    lacking = [name for name in needed if name not in content]
    if lacking:
        raise UserError(f"the run {folder} is incomplete: {MANIFEST} does not list {lacking[0]}; run it again")
    if manifest.get("checksum") != _checksum(manifest) or _content(folder / MANIFEST) != as_json(manifest):
        raise UserError(f"the run {folder} was changed after it was written: {MANIFEST} differs; run it again")
    return manifest["about"], content


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; give one that `spikecost run --out` wrote")
    try:
        found = read_json(_content(path))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise TypeError("it is not of a run of spikecost")
        version = found["version"]
    except FileNotFoundError:
        started = (folder / DATA).is_dir()
        what = "is incomplete: it has no" if started else "is not a run: it has no"
        interrupted = folder / INTERRUPTED
        instead = (
            f"what an interrupted run finished is in {interrupted}"
            if (interrupted / MANIFEST).is_file()
            else "give one that `spikecost run --out` wrote"
        )
        raise UserError(f"the folder {folder} {what} {MANIFEST}; {instead}") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"cannot read {path}: {error}; give a folder that `spikecost run --out` wrote") from error
    if version != VERSION:
        raise UserError(
            f"the run {folder} is of format version {version}, this spikecost reads version {VERSION}; "
            "run it again, or read it with the spikecost that wrote it"
        )
    if not (isinstance(found.get("files"), dict) and isinstance(found.get("about"), dict)):
        raise UserError(f"the run {folder} is incomplete: {MANIFEST} lists no files; run it again")
    lacking = [name for name in ABOUT if name not in found["about"]]
    if lacking:
        raise UserError(f"the run {folder} is incomplete: {MANIFEST} does not say {lacking[0]}; run it again")
    return dict(found)


def remove_run(folder: Path) -> None:
    """Remove the files of a run that its manifest lists, and the folders that are empty then; nothing else.

    An incomplete run, or any other folder, stays unchanged.
    """
    try:
        names = [*_manifest(folder)["files"], MANIFEST]
    except UserError:
        return
    paths = [folder / name for name in names if not _leads_out(folder, name)]
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
    within = {parent for path in paths for parent in path.parents if parent.is_relative_to(folder)}
    for parent in sorted(within, key=lambda each: len(each.parts), reverse=True):
        with contextlib.suppress(OSError):  # it contains other files, too
            parent.rmdir()


def _leads_out(folder: Path, name: str) -> bool:
    """Whether a name in a manifest may lead to a file outside the folder."""
    parts = name.split("/")
    try:
        return (
            b"\0" in os.fsencode(name)
            or "\\" in name
            or any(part in ("", ".", "..") for part in parts)
            or any((folder / "/".join(parts[:n])).is_symlink() for n in range(1, len(parts) + 1))
        )
    except (OSError, ValueError):  # no system accepts such a name
        return True


def _content(path: Path) -> bytes:
    """Return the content of a regular file; reading a device or a pipe might never end."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return file.read()


def _checksum(manifest: Mapping[str, Any]) -> str:
    """Return the checksum of the other entries of a manifest."""
    content = {name: value for name, value in manifest.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checked(folder: Path, name: str, digest: str) -> bytes:
    if _leads_out(folder, name):
        raise UserError(
            f"the run {folder} was changed after it was written: {MANIFEST} lists {shortened(repr(name))}, "
            "which is not a regular file within its folder; run it again"
        )
    try:
        content = _content(folder / name)
    except OSError as error:
        raise UserError(f"the run {folder} is incomplete: {name}: {error.strerror}; run it again") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise UserError(f"the run {folder} was changed after it was written: {name} differs; run it again")
    return content


def as_json(content: Any) -> bytes:
    """Return the content of a JSON file."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
