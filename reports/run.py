"""Run a suite under a progress bar, write its report, and say in a few lines what came out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..accuracy.study import Progress
from ..accuracy.suite import Suite
from . import text
from .comparison import Comparison, compare
from .files import writable
from .table import SITUATION


def run(suite: Suite, out: str | Path, jobs: int) -> tuple[Comparison, Path]:
    """Compare, with a bar on the standard error; return the comparison and the page of the report.

    Raises
    ------
    UserError
        If the folder `out` cannot be written (known before anything is run), or nothing can be compared.
    """
    folder = writable(out)
    with bar() as progress:
        comparison = compare(suite.models, suite=suite, jobs=jobs, progress=progress)
    return comparison, comparison.save(folder / "interrupted" if comparison.study.interrupted else folder)


@contextmanager
def bar() -> Iterator[Progress]:
    """Show a progress bar on the standard error, from when something begins."""
    shown = Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True))
    tasks: list[Any] = []

    def begin(phase: str, pieces: int) -> None:
        if not tasks:
            shown.start()
        tasks.append(shown.add_task(phase, total=pieces))

    try:
        yield Progress(begin=begin, done=lambda: shown.advance(tasks[-1]))
    finally:
        if tasks:
            shown.stop()


def summary(comparison: Comparison, page: Path, more: str = "") -> str:
    """Write what came out, and where the report is; `more` is a line that goes before the last."""
    cheapest, verdict, study = comparison.cheapest, comparison.verdict, comparison.study
    parts = [text.frame("Cost at equal spike-time accuracy: the cheapest way to run each model", cheapest,
                        (*_where(cheapest), "model", "method", "detection", "dt_ms", "flops_per_ms", "ns_per_ms",
                         "ns_per_ms_simd", "error_ms"))]
    if len(verdict):
        parts.append(text.frame(f"Operations per ms, divided by those of {comparison.baseline}", verdict,
                                ("view", *_where(verdict), *verdict.columns[1 + len(SITUATION):])))
    parts += [f"not compared at {regime.level}, {regime.stimulus}: {regime.reason}"
              for regime in study.regimes if regime.reason]
    if more:
        parts.append(more)
    what = "interrupted: what was finished" if study.interrupted else "report"
    return "\n".join([*parts, f"{what} is in {page.parent}, open {page} (every cell: {page.parent / 'table.csv'})"])


def _where(frame: Any) -> list[str]:
    """Return the columns of a situation that are not the same everywhere, and always rate and tolerance."""
    return [name for name in SITUATION if name in {"level", "tolerance"} or frame[name].nunique() > 1]
