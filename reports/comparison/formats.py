"""The formats of a report, each a function from a run to files; a new one is a function and a line in `FORMATS`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from ...harness.executors.beside import HERE, SecondProcess
from ...models.ground.errors import UserError
from ...models.ground.registry import Registry
from ..page import page
from ..papers import tables
from ..papers.bibliography import bibliography
from ..papers.figures import WIDTHS, draw
from ..papers.methods_text import methods_text
from ..results.run_tables import RunTables
from ..tables.demos import headline
from ..writing.encoded import to_parquet
from ..writing.escape import to_csv
from ..writing.records import listed, records
from .rendering import PICTURES, drawn
from .run_folder import TABLES

_CHEAPEST = "The cheapest way to run each model at equal accuracy."
_RATIOS = "Cost divided by that of {}; in parentheses 95 % bootstrap intervals over the stimuli."


@dataclass(frozen=True)
class ReportFormat:
    """A format of a report."""

    name: str
    files: Callable[[RunTables], dict[str, bytes]]
    """A function from a run to files: their names and contents."""
    brief: Callable[[RunTables], dict[str, bytes]] | None = None
    """The same for a report in all formats, if it can be smaller."""


def render(run: RunTables, formats: Iterable[str] | None = None, second: SecondProcess = HERE) -> dict[str, bytes]:
    """Return the files of a report by name.

    Parameters
    ----------
    run : RunTables
    formats : iterable of str, optional
        Names in `FORMATS`; by default all, without the figures that the folder of the run has, and with tables of more
        than `LONG` rows only as Parquet.
    second : SecondProcess, optional
        A second process, which draws some figures; by default all are drawn here.

    Raises
    ------
    UserError
        If a format is not known, none is given, or the run has no case with a cost.
    """
    wanted = {name: FORMATS[name] for name in (FORMATS if formats is None else formats)}
    if not wanted:
        raise UserError(f"no format was given: give one or more of {', '.join(FORMATS)}")
    if not run.own["flops_per_ms"].notna().any():
        raise UserError(
            "there is nothing to report: no model reached any tolerance of this run; its page lists the reasons"
        )
    kinds = tuple(name for name in wanted if name in _DRAWN)
    others = [name for name in wanted if name not in kinds]
    brief = formats is None
    pictures = _figures(run, kinds, of_papers_alone=brief)
    if pictures:
        pictures[-1] = second.begin(pictures[-1])
    found: dict[str, bytes] = {}
    for each in map(wanted.__getitem__, others):
        found |= (each.brief if brief and each.brief else each.files)(run)
    for picture in pictures:
        found |= picture()
    return found


def _html(run: RunTables) -> dict[str, bytes]:
    return {"index.html": page(run).encode()}


def _markdown(run: RunTables) -> dict[str, bytes]:
    parts = [tables.to_markdown(tables.cheapest(run), _CHEAPEST)]
    if len(run.ranking):
        parts.append(tables.to_markdown(tables.ratios(run), _RATIOS.format(run.baseline)))
    if len(run.demos):
        parts.append(tables.to_markdown(tables.demos(run), headline(run.demos)))
    return {"tables.md": "\n".join(parts).encode()}


def _latex(run: RunTables) -> dict[str, bytes]:
    parts = [
        "% \\usepackage{booktabs,graphicx}",
        tables.to_latex(tables.cheapest(run), _CHEAPEST, "tab:spikecost-cheapest"),
    ]
    if len(run.ranking):
        parts.append(tables.to_latex(tables.ratios(run), _RATIOS.format(run.baseline), "tab:spikecost-ratios"))
    return {"tables.tex": "\n".join(parts).encode()}


def _csv(run: RunTables, most: float = math.inf) -> dict[str, bytes]:
    return {f"{name}.csv": to_csv(getattr(run, name)) for name in TABLES if len(getattr(run, name)) <= most}


def _parquet(run: RunTables) -> dict[str, bytes]:
    return {f"{name}.parquet": to_parquet(getattr(run, name)) for name in TABLES}


def _json(run: RunTables, most: float = math.inf) -> dict[str, bytes]:
    long = [name for name in TABLES if len(getattr(run, name)) > most]
    facts = {"about": run.about, "provenance": run.provenance, **({"only in Parquet": long} if long else {})}
    head = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    tables = (f' "{name}": {listed(records(getattr(run, name)))}' for name in TABLES if name not in long)
    return {"run.json": ",\n".join([head, *tables, ""]).removesuffix(",\n").encode() + b"\n}"}


def _bib(run: RunTables) -> dict[str, bytes]:
    return {"references.bib": bibliography(run).encode()}


def _text(run: RunTables) -> dict[str, bytes]:
    return {"methods.txt": methods_text(run).encode()}


def _figures(
    run: RunTables, kinds: Sequence[str], *, of_papers_alone: bool = False
) -> list[Callable[[], dict[str, bytes]]]:
    """Return what draws figures, the longest last.

    They are those for papers and, unless `of_papers_alone`, in formats that the folder of a run does not have, those of
    the run.
    """
    others = [kind for kind in kinds if kind != PICTURES and not of_papers_alone]
    found: list[Callable[[], dict[str, bytes]]] = [partial(drawn, run, others)] if others else []
    return [*found, *(partial(draw, run, kinds, (column,)) for column in WIDTHS)] if kinds else found


def _all_figures(run: RunTables, kinds: Sequence[str]) -> dict[str, bytes]:
    return {name: content for each in _figures(run, kinds) for name, content in each().items()}


#: In a report in all formats, tables with more rows than this are only Parquet files, which have a tenth of the size.
LONG = 5_000
#: Formats of figures; they are drawn together.
_DRAWN = ("svg", "pdf", "png")
FORMATS: Registry[ReportFormat] = Registry("format", "spikecost.formats")
for _format in (
    ReportFormat("html", _html),
    ReportFormat("md", _markdown),
    ReportFormat("tex", _latex),
    ReportFormat("csv", _csv, lambda run: _csv(run, LONG)),
    ReportFormat("parquet", _parquet),
    ReportFormat("json", _json, lambda run: _json(run, LONG)),
    ReportFormat("bib", _bib),
    ReportFormat("txt", _text),
    *(ReportFormat(kind, partial(_all_figures, kinds=(kind,))) for kind in _DRAWN),
):
    FORMATS.register(_format)
