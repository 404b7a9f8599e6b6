"""Progress on standard error: bars on a terminal, a line from time to time elsewhere."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ...accuracy.study.phases.progress import Progress
from ...models.ground.errors import NoThreadError, UserError, quoted, visible
from ...models.ground.threads import started

#: Longest time between two lines of progress if no bar can be drawn, in s.
HEARTBEAT = 20.0


@contextmanager
def bars(lines: bool = True, quiet: bool = False) -> Iterator[Progress]:
    """Draw a bar for every phase that begins, in a notebook too.

    If standard error is no terminal, `lines` are printed from time to time, or nothing. If `quiet`, nothing is shown.

    Nothing is printed if no phase begins. If standard error can no longer be written, the work continues.
    """
    console = Console(stderr=True)
    # rich draws bars in notebooks with ipywidgets, and warns if it is not installed
    drawn = console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
    if quiet or not (drawn or lines):
        yield Progress()
        return
    display = _Bars(console) if drawn else _Lines(console)
    try:
        yield Progress(begin=display.begin, done=display.done, say=display.say)
    finally:
        with suppress(OSError):
            display.end()


def shown(progress: Progress | None) -> AbstractContextManager[Progress]:
    """Return what a function of Python tells its progress: `progress`, or bars where they can be drawn."""
    if progress is None:
        return bars(lines=False)
    if not all(callable(getattr(progress, name, None)) for name in ("begin", "done", "say")):
        raise UserError(f"progress = {quoted(progress)}: give a Progress, or leave it out")
    return nullcontext(progress)


class _Bars:
    """A bar for each phase."""

    def __init__(self, console: Console) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            speed_estimate_period=math.inf,  # pieces of work differ: all that are done say more than the last ones
        )
        self._tasks: list[Any] = []

    def begin(self, phase: str, pieces: int) -> None:
        with suppress(OSError, NoThreadError):  # without a thread that moves the bar, the work goes on
            started(self._bar.start)
            self._tasks.append(self._bar.add_task(escape(visible(phase)), total=pieces))

    def done(self) -> None:
        with suppress(OSError):
            self._bar.advance(self._tasks[-1])

    def say(self, line: str) -> None:
        with suppress(OSError):
            self._bar.console.print(visible(line), markup=False, highlight=False, soft_wrap=True)

    def end(self) -> None:
        if self._tasks:  # without a bar, not even a line end is printed
            self._bar.stop()


class _Lines:
    """A line when a phase begins, and one every `HEARTBEAT` seconds while it continues."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase, self._pieces, self._finished, self._start = "", 0, 0, 0.0
        self._ended = threading.Event()
        self._beat = threading.Thread(target=self._beats, name="heartbeat", daemon=True)

    def begin(self, phase: str, pieces: int) -> None:
        self._phase, self._pieces, self._finished, self._start = phase, pieces, 0, time.monotonic()
        self.say(f"{phase}: {pieces} pieces" if pieces != 1 else phase)
        if not self._beat.is_alive():
            with suppress(NoThreadError):
                started(self._beat.start)

    def done(self) -> None:
        self._finished += 1

    def end(self) -> None:
        self._ended.set()
        if self._beat.is_alive():
            self._beat.join()

    def _beats(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            seconds = time.monotonic() - self._start
            rest = seconds * (self._pieces / self._finished - 1) if self._finished else 0.0
            left = f", about {rest:.0f} s left" if rest else ""
            self.say(f"{self._phase}: {self._finished} of {self._pieces} done after {seconds:.0f} s{left}")

    def say(self, text: str) -> None:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            self._console.file.write(f"spikecost: {visible(text)}\n")
            self._console.file.flush()
