"""Run a suite under a progress bar, write its report, and say in a few lines what came out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..accuracy.suite import Suite
from . import text
from .bars import bars
from .comparison import Comparison, compare
from .demos import headline
from .files import writable
from .numbers import as_said
from .records import records
from .table import SITUATION
from .verdict import verdict_text


def run(suite: Suite, out: str | Path, jobs: int) -> tuple[Comparison, Path]:
    """Compare, with a bar on the standard error; return the comparison and the page of the report.

    Raises
    ------
    UserError
        If the folder `out` cannot be written (known before anything is run), or nothing can be compared.
    """
    folder = writable(out)
    with bars() as progress:
        comparison = compare(suite.models, suite=suite, jobs=jobs, progress=progress)
    return comparison, comparison.save(folder / "interrupted" if comparison.study.interrupted else folder)


def summary(comparison: Comparison, page: Path, more: str = "") -> str:
    """Write what came out, and where the report is; `more` is a line that goes before the last."""
    cheapest, study = comparison.cheapest, comparison.study
    parts = [text.frame("Cost at equal spike-time accuracy: the cheapest way to run each model", as_said(cheapest),
                        (*_where(cheapest), "model", "method", "detection", "dt_ms", "flops_per_ms", "ns_per_ms",
                         "ns_per_ms_simd", "error_ms"))]
    verdict = verdict_text(comparison.ranking)
    if len(verdict):
        parts.append(text.frame(f"Operations per ms, divided by those of {comparison.baseline}", verdict,
                                ("view", *_where(verdict), *verdict.columns[1 + len(SITUATION):])))
    parts += [f"not compared at {regime.level}, {regime.stimulus}: {regime.reason}"
              for regime in study.regimes if regime.reason]
    if len(comparison.demos):
        parts.append(headline(comparison.demos))
    if more:
        parts.append(more)
    what = "interrupted: what was finished" if study.interrupted else "report"
    return "\n".join([*parts, f"{what} is in {page.parent}, open {page} (every cell: {page.parent / 'table.csv'})"])


def found(comparison: Comparison, page: Path, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return what came out, and where the report is, as JSON holds it."""
    return {
        "report": str(page.parent), "page": str(page), "interrupted": comparison.study.interrupted,
        "baseline": comparison.baseline, "cheapest": records(comparison.cheapest),
        "ranking": records(comparison.ranking),
        "not_compared": [{"model": regime.model.label, "stimulus": regime.stimulus, "level": regime.level,
                          "reason": regime.reason} for regime in comparison.study.regimes if regime.reason],
        "said": list(more),
    }


def _where(frame: Any) -> list[str]:
    """Return the columns of a situation that are not the same everywhere, and always rate and tolerance."""
    return [name for name in SITUATION if name in {"level", "tolerance"} or frame[name].nunique() > 1]
