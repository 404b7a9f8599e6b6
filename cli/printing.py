"""What commands print."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..models.ground.errors import visible

#: What is printed for a sign that a terminal lacks: a bound must not become a number.
_PLAIN = {"≥": ">=", "≤": "<=", "±": "+-"}


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


codecs.register_error("spikecost-plain", _plain)


def make_streams_usable() -> None:
    """Let nothing that is printed fail: by a character that the terminal lacks, or because a stream is closed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the program ends
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spikecost-plain")


def show_text(text: str) -> None:
    """Print what a command found. All commands print here, so that no text of others controls the terminal."""
    print(visible(text))


def complain(message: str) -> None:
    """Print a message on one line of the standard error, if it is still open."""
    with contextlib.suppress(OSError):
        print(f"spikecost: {visible(' '.join(message.split()))}", file=sys.stderr, flush=True)


def show_page(page: Path) -> None:
    """Open a page in the browser."""
    import webbrowser

    webbrowser.open(page.resolve().as_uri())


def answer(options: argparse.Namespace, found: Callable[[], Any], text: Callable[[], str]) -> None:
    """Print what was found as JSON if that was asked for, or else as text; only what is printed is made."""
    from ..reports.writing.records import dumps

    show_text(dumps(found()) if options.json else text())
