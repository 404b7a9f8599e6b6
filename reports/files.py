"""Files that are written beside and moved into place."""

from __future__ import annotations

import io
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..models.errors import UserError
from .drawn import drawn
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
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"cannot write the folder {folder}: {error.strerror}; give another one") from error
    return folder


def replace_all(folder: Path, files: Mapping[str, bytes], last: str, sign: bytes) -> None:
    """Write files into a folder, all of them or none.

    They are written aside first, so that a full disk leaves the folder as it was. The file `last`, the sign that the
    folder is whole, is taken away before the first is moved into place, and put there after the last.

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
        If the folder cannot be written.
    """
    folder = writable(folder)
    aside = folder / f"{_aside()}{os.getpid()}"
    try:
        _sweep(folder)
        for name, content in {**files, last: sign}.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (folder / last).unlink(missing_ok=True)
        for name in (*files, last):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).replace(folder / name)
    except OSError as error:
        raise UserError(f"cannot write {error.filename or folder}: {error.strerror}; give another one") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _aside() -> str:
    """Return how a folder begins that a process of this machine writes aside; its number follows."""
    return f".spikecost-{platform.node()}-"


def _sweep(folder: Path) -> None:
    """Take away what a process of this machine that was killed had written aside; nothing else is touched."""
    for aside in folder.iterdir():
        process = aside.name.removeprefix(_aside())
        if process != aside.name and process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(aside, ignore_errors=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, or replace it."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_file(path: str | Path, content: bytes) -> None:
    """Write a file that a user named, or replace it.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    try:
        replace_file(Path(path), content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; give another file") from error


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
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=150)
    if data is not None:
        write_file(data, to_csv(drawn(figure)))
    write_file(path, content.getvalue())
