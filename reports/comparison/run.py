"""Run a suite with a progress bar, write its report, and summarize the results in a few lines."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from ...accuracy.study.study import OURS
from ...accuracy.study.suite import Suite
from ...harness.executors.beside import HERE, SecondProcess
from ...models.ground.garbage import RARELY, collecting
from ...models.ground.interruption import keeping
from ..results.headline import sentences, what_decides
from ..results.verdict import verdict_text
from ..tables.demos import headline
from ..tables.peers import headlines
from ..tables.table import SITUATION
from ..writing import text
from ..writing.bars import bars
from ..writing.files import CannotWrite, alone_in, writable
from ..writing.numbers import as_said
from ..writing.records import records
from .comparison import Comparison, compare
from .files_of_run import remove_run
from .places import INTERRUPTED

#: Name of the folder that is made if the disk is full.
FALLBACK = "spikecost-report"


def run(
    suite: Suite,
    out: str | Path,
    jobs: int,
    quiet: bool = False,
    store: str | None = None,
    *,
    executor: str | None = None,
    cluster: str | None = None,
    second: SecondProcess = HERE,
) -> tuple[Comparison, Path, str]:
    """Compare, with a progress bar on standard error unless `quiet`, and write the report.

    The folder is locked from the start, so that no second run writes into it. If it cannot be written at the end, the
    report is written elsewhere. Signals end a run while it computes; finished results are kept in every case.

    Parameters
    ----------
    suite, out, jobs, quiet, store, executor, cluster
        As the command's options.
    second : SecondProcess, optional
        A second process, which draws some figures; by default all are drawn here.

    Returns
    -------
    Comparison, Path, str
        The page of the report, and one line that says why the report is not where it was requested, empty if it is.

    Raises
    ------
    UserError
        If the folder `out` cannot be written or another run writes into it (checked before anything is run), or nothing
        can be compared.
    """
    with keeping(), _nothing_left_empty(out) as folder, alone_in(folder, patience=0):
        with bars(quiet=quiet) as progress:
            comparison = compare(
                suite.models, suite=suite, jobs=jobs, progress=progress, store=store, executor=executor, cluster=cluster
            )
        interrupted = comparison.study.interrupted
        with collecting(after=RARELY):
            page, elsewhere = _saved(comparison, folder / INTERRUPTED if interrupted else folder, second)
        if not (interrupted or elsewhere):
            remove_run(folder / INTERRUPTED)  # of an earlier run, which this one replaces
        return comparison, page, elsewhere


@contextmanager
def _nothing_left_empty(folder: str | Path) -> Iterator[Path]:
    """Make a folder, and those above it; if there is an error before anything is in them, remove those that are new."""
    new = [each for each in (Path(folder), *Path(folder).parents) if not os.path.lexists(each)]
    made = writable(folder)
    try:
        yield made
    except BaseException:
        with suppress(OSError):  # there is something in it
            for each in new:
                each.rmdir()
        raise


def _saved(comparison: Comparison, folder: Path, second: SecondProcess) -> tuple[Path, str]:
    """Write a report; if its folder cannot be written, write it into a new one in the first place that can."""
    try:
        return comparison.save(folder, second), ""
    except CannotWrite as error:
        for place in (Path.cwd, Path.home, lambda: Path(tempfile.gettempdir())):
            try:
                other = Path(tempfile.mkdtemp(prefix=f"{FALLBACK}-", dir=place()))
            except (OSError, RuntimeError):  # there is no such place, or it cannot be written either
                continue
            try:
                page = comparison.save(other)
            except CannotWrite:
                shutil.rmtree(other, ignore_errors=True)
                continue
            return page, f"{error.problem}; the report is in {other} instead"
        raise
    except Exception as error:  # a bug in spikecost: the page or a figure cannot be drawn, the data are kept
        kept = folder if folder.name == INTERRUPTED else folder / INTERRUPTED
        comparison.write(kept)
        error.add_note(f"The results are kept: spikecost report {shlex.quote(str(kept))}")
        raise


def summary(comparison: Comparison, page: Path, more: str = "") -> str:
    """Write the results, and where the report is; `more` is a line that goes before the last."""
    cheapest, study = comparison.cheapest, comparison.study
    parts = [text.prose(f"{line}\n") for line in answer(comparison)]
    parts += [
        text.frame(
            "Cost at equal spike-time accuracy: the cheapest way to run each model",
            as_said(cheapest),
            (
                *_where(cheapest),
                "model",
                "method",
                "detection",
                "dt_ms",
                "flops_per_ms",
                "ns_per_ms",
                "ns_per_ms_simd",
                "error_ms",
            ),
        )
    ]
    verdict = verdict_text(comparison.ranking)
    if len(verdict):
        parts.append(
            text.frame(
                f"Operations per ms, divided by those of {comparison.baseline}",
                verdict,
                ("view", *_where(verdict), *verdict.columns[1 + len(SITUATION) :]),
            )
        )
    others = _others(comparison)
    if others:
        parts.append(others)
    inputs = {regime.model.label: regime.model.input_note for regime in study.regimes}
    said = [f"{label}: {note}" for label, note in inputs.items() if note]
    said += [regime.said for regime in study.regimes if regime.said]
    said += study.failures
    said += headlines(comparison.engines, comparison.about["engines"])
    if len(comparison.demos):
        said.append(headline(comparison.demos))
    if study.reused:
        said.append(study.reused)
    if more:
        said.append(more)
    what = "interrupted: what was finished" if study.interrupted else "report"
    every = page.parent / "table.csv"
    if not every.exists():  # it is too long
        every = page.parent / "data" / "table.parquet"
    said.append(f"{what} is in {page.parent}, open {page} (every case: {every})")
    return "\n".join([*parts, *map(text.prose, said)])


def _others(comparison: Comparison) -> str:
    """Return the dt and the cost of other number formats and simulators, one row per case, in addition to ours."""
    rows = comparison.table[comparison.table["engine"] != OURS]
    # of our kernels in another format, the cheapest way of each model is enough
    ways = ["engine", *SITUATION, "model"]
    formats = rows[rows["engine"].str.startswith(f"{OURS}:")]
    best = formats.sort_values("flops_per_ms", kind="stable").drop_duplicates(ways)
    shown = pd.concat([best, rows.drop(formats.index)]).sort_index()
    if not len(shown):
        return ""
    columns = (*_where(shown), "model", "engine", "method", "detection", "status", "dt_ms", "flops_per_ms", "ns_per_ms")
    return text.frame(
        "Other number formats and simulators at equal spike-time accuracy",
        as_said(shown),
        (*columns, "ns_per_ms_simd", "error_ms", "reason"),
    )


def answer(comparison: Comparison) -> list[str]:
    """Return what the models cost relative to one of them, per drive, and what decides that; see `headline`."""
    given = comparison.ratios, comparison.about
    return [*sentences(*given, comparison.models), *what_decides(*given)]


def found(comparison: Comparison, page: Path, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return the results, and where the report is, in values that JSON can store."""
    return {
        "report": str(page.parent),
        "page": str(page),
        "interrupted": comparison.study.interrupted,
        "baseline": comparison.baseline,
        "cheapest": records(comparison.cheapest),
        "answer": answer(comparison),
        "ranking": records(comparison.ranking),
        "engines": records(comparison.engines),
        "engine_cases": records(comparison.table[comparison.table["engine"] != OURS]),
        "floors": records(comparison.floors),
        "not_compared": [
            {"model": regime.model.label, "stimulus": regime.stimulus, "level": regime.level, "reason": regime.reason}
            for regime in comparison.study.regimes
            if regime.reason
        ],
        "several_rates": [
            regime.drive.note for regime in comparison.study.regimes if regime.drive and regime.drive.note
        ],
        "failures": list(comparison.study.failures),
        "from_store": comparison.study.reused,
        "said": list(more),
    }


def _where(frame: Any) -> list[str]:
    """Return the columns of a situation whose values differ between rows; rate and tolerance always."""
    return [name for name in SITUATION if name in {"level", "tolerance"} or frame[name].nunique() > 1]
