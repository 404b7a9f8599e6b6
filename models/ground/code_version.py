"""A version of the computing code: a digest of the source, not changed by comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
import os
import threading
from functools import cache
from pathlib import Path

from . import cache as kept

_HERE = Path(__file__).parents[2]
_parsing = threading.Lock()


def _forked() -> None:
    """Give a forked process its own lock: another thread may have held the old one."""
    global _parsing  # noqa: PLW0603 - there is one per process
    _parsing = threading.Lock()


os.register_at_fork(after_in_child=_forked)


@cache
def code_version(*folders: str) -> str:
    """Return the version of code in folders of this package, such as ``models`` and ``flops/counters``; or files."""
    return version_of(_HERE, folders)


def version_of(root: Path, folders: tuple[str, ...]) -> str:
    """Return a digest of the code in folders: Python without comments and docstrings, and templates of kernels.

    Parameters
    ----------
    root : Path
        The folder that contains them.
    folders : tuple of str
        Or files.
    """
    contents = _contents(root, folders)
    # parsing takes a second, so it is done once for each state of the files; and by one thread at a time: in
    # Python 3.11, `ast.parse` may fail if another thread parses meanwhile (github.com/python/cpython/issues/106905)
    state = _digest(contents)
    with _parsing:
        found = kept.read("code", state)
        if found is None:
            meaning = [(name, _meaning(name, content)) for name, content in contents.items()]
            found = hashlib.sha256(repr(meaning).encode()).hexdigest().encode()
            kept.write("code", state, found)
    return found.decode()


@cache
def text_version(*folders: str) -> str:
    """Return the version of the text in folders of this package: comments change it, too, but nothing is parsed.

    For what is quickly made again.
    """
    return _digest(_contents(_HERE, folders))


def _contents(root: Path, folders: tuple[str, ...]) -> dict[str, bytes]:
    """Return the source files in folders, by their path."""
    sources = sorted(
        path
        for folder in folders
        for path in (root / folder, *(root / folder).rglob("*"))
        if path.suffix in (".py", ".c", ".j2")
    )
    return {str(path.relative_to(root)): path.read_bytes() for path in sources}


def _digest(contents: dict[str, bytes]) -> str:
    return hashlib.sha256(repr(contents).encode()).hexdigest()


def _meaning(name: str, content: bytes) -> str:
    """Return the code of a source file, without comments and docstrings."""
    if not name.endswith(".py"):
        return repr(content)
    tree = ast.parse(content)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is only a string: a docstring of a module, class, function or field."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
