"""The two tables of a run for papers: the cheapest models, and how much more the others cost. LaTeX and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from ...accuracy.search.status import Bound
from ..results.run_tables import RunTables
from ..tables.demos import shown
from ..tables.table import SITUATION
from ..writing import encoded
from ..writing.escape import latex, markdown
from ..writing.numbers import as_said, bounded, number
from ..writing.text import numeric

#: Headings of the displayed columns.
HEADINGS = {
    "stimulus": "stimulus",
    "horizon_ms": "horizon (ms)",
    "level": "rate",
    "measure": "measure",
    "tolerance": "tolerance",
    "view": "compared",
    "model": "model",
    "method": "method",
    "detection": "detection",
    "dt_ms": "dt (ms)",
    "flops_per_ms": "operations per ms",
    "interval": "95 % interval",
    "error_ms": "error (ms)",
    "ns_per_ms": "ns per ms",
}


#: Number of rows that fit on a page.
ROWS = 40
_NO_WIDER = r"\resizebox{\ifdim\width>\textwidth \textwidth\else\width\fi}{!}{"


def cheapest(run: RunTables) -> pd.DataFrame:
    """Return the cheapest way to run each model in each situation, as texts, without columns that are constant."""
    rows = as_said(run.cheapest)
    frame = rows[[*_telling(rows), "model", "method", "detection", "dt_ms", "flops_per_ms"]].copy()
    frame["interval"] = [
        _range(low, high)
        for low, high in zip(run.cheapest["flops_per_ms_low"], run.cheapest["flops_per_ms_high"], strict=True)
    ]
    frame[["error_ms", "ns_per_ms"]] = rows[["error_ms", "ns_per_ms"]]
    return _shown(frame)


def ratios(run: RunTables) -> pd.DataFrame:
    """Return each model's cost divided by the baseline's, with its interval, per view and situation, as texts."""
    rows = run.ranking.astype(object).where(run.ranking.notna(), None)  # a nan is not equal to itself
    telling = _telling(rows)
    entries: dict[tuple[Any, ...], dict[str, str]] = {}
    for row in rows.to_dict("records"):
        key = (row["view"], *(row[name] for name in telling))
        known = row["low"] is not None and row["low"] != row["high"] and row["bound"] != Bound.NOT_KNOWN
        entries.setdefault(key, {})[row["model"]] = bounded(row["ratio"], row["bound"]) + (
            f" ({_range(row['low'], row['high'])})" if known else ""
        )
    models = list(dict.fromkeys(rows["model"]))
    made = [
        [*key, *(entry.get(model, "–") for model in models)]  # noqa: RUF001 - a dash
        for key, entry in entries.items()
    ]
    return _shown(pd.DataFrame(made, columns=["view", *telling, *models]))


def demos(run: RunTables) -> pd.DataFrame:
    """Return the demos of 2004, as published and converged, as texts."""
    return _shown(shown(run.demos))


def to_latex(frame: pd.DataFrame, caption: str, label: str) -> str:
    r"""Return a table of texts as LaTeX, to be used with ``\usepackage{booktabs,graphicx}``; numbers are aligned right.

    It is at most as wide as the page; a long table continues in another table.
    """
    parts = [frame[first : first + ROWS] for first in range(0, max(len(frame), 1), ROWS)]
    return "\n".join(
        _table(part, caption + (" (continued)" if i else ""), label + (f"-{i + 1}" if i else ""))
        for i, part in enumerate(parts)
    )


def _table(frame: pd.DataFrame, caption: str, label: str) -> str:
    columns = "".join("r" if numeric(frame[name]) else "l" for name in frame)
    body = [_row(list(frame.columns), latex), r"\midrule", *(_row(row, latex) for row in frame.itertuples(index=False))]
    return "\n".join(
        [
            r"\begin{table*}",
            r"\centering\footnotesize",
            r"\setlength{\tabcolsep}{4pt}",
            rf"\caption{{{latex(caption)}}}",
            rf"\label{{{label}}}",
            rf"{_NO_WIDER}\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *body,
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table*}",
            "",
        ]
    )


def to_markdown(frame: pd.DataFrame, caption: str) -> str:
    """Return a table of texts and its caption as Markdown; numbers are aligned right."""
    return f"{markdown(caption)}\n\n{encoded.to_markdown(frame)}"


def _telling(rows: pd.DataFrame) -> list[str]:
    """Return the columns of the situation whose values differ between rows; rate and tolerance always."""
    return [name for name in SITUATION if name in ("level", "tolerance") or rows[name].nunique() > 1]


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.map(number).rename(columns=HEADINGS)


def _range(low: float, high: float) -> str:
    return f"{number(low)} to {number(high)}"


def _row(entries: Sequence[Any], escape: Callable[[str], str]) -> str:
    return " & ".join(escape(str(entry)) for entry in entries) + r" \\"
