"""Names of models: ``name``, ``name:preset``, and in files ``path.py:name:preset`` and ``path.toml:preset``."""

from __future__ import annotations

import os
import re
from pathlib import Path

MODEL_FILE = re.compile(r"(?P<path>.+\.(?:py|toml))(?::(?P<names>[^/\\]*))?")


def name_in(label: str) -> str:
    """Return the name in a model's label, without its preset."""
    return label.partition(":")[0]


def is_file(asked: str) -> bool:
    """Whether a model is given by its file: ``path.py:name`` or ``path.toml``."""
    return MODEL_FILE.fullmatch(asked) is not None


def runs_code(asked: str) -> bool:
    """Whether a model is given by a Python file, which is executed."""
    match = MODEL_FILE.fullmatch(asked)
    return match is not None and match["path"].endswith(".py")


def seen_from_here(asked: str, folder: Path) -> str:
    """Return how a model that a file in `folder` names is named in the working folder.

    A path in a file is relative to the folder of that file. Other names, and absolute paths, stay as they are.
    """
    match = MODEL_FILE.fullmatch(asked)
    if match is None or Path(match["path"]).is_absolute():
        return asked
    path = str(folder / match["path"])
    short = os.path.normpath(path)  # wrong if a link to a folder is before "..", which is checked
    return (short if os.path.realpath(short) == os.path.realpath(path) else path) + asked[match.end("path") :]


def named_in(asked: str, folder: Path) -> str:
    """Return how a file in `folder` names a model that is named so in the working folder; see `seen_from_here`."""
    match = MODEL_FILE.fullmatch(asked)
    if match is None or Path(match["path"]).is_absolute():
        return asked
    return os.path.relpath(match["path"], folder) + asked[match.end("path") :]
