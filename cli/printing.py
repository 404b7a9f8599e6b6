"""What commands print."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..models.ground.errors import visible


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
