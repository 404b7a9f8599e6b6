"""Files that are either whole or not there: written aside and moved into place."""

from __future__ import annotations

import io
import os
from pathlib import Path

from matplotlib.figure import Figure

from ..models.errors import UserError


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


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format that its file's name says.

    Raises
    ------
    UserError
        If there is no such format, or the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.removeprefix(".")
    known = sorted(figure.canvas.get_supported_filetypes())
    if kind not in known:
        raise UserError(f"cannot draw {path}: give a name that ends in {', '.join('.' + each for each in known)}")
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=150)
    write_file(path, content.getvalue())
