"""How far a run is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Callbacks: a phase begins with a number of pieces of work; one piece is done; there is a message to show."""

    begin: Callable[[str, int], None] = lambda _phase, _pieces: None
    done: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda _line: None
