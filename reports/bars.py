"""Progress, drawn on the standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..accuracy.runner import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Draw a bar for every phase that begins, and write what is told above it; nothing where none does."""
    bar = Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
              TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True))
    tasks: list[Any] = []

    def begin(phase: str, pieces: int) -> None:
        bar.start()
        tasks.append(bar.add_task(phase, total=pieces))

    def say(line: str) -> None:
        bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        yield Progress(begin=begin, done=lambda: bar.advance(tasks[-1]), say=say)
    finally:
        if tasks:  # a bar that never began must not even end a line
            bar.stop()
