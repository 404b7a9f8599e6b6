"""What is written beside a run's data for people: page, figures and tables."""

from __future__ import annotations

import io

import pandas as pd
from matplotlib.figure import Figure

from ..accuracy.voltage import VoltageRms
from .demos import headline
from .escape import markdown, to_csv
from .features_figure import features_against_cost
from .figure import work_precision
from .numbers import as_said
from .page import page
from .papers import tables
from .parity import parity_figure
from .run_folder import RunFolder
from .suite_file import suite_text
from .winner_map import winner_map

PAGE = "index.html"
#: Tables that are written as CSV.
_CSV = ("table", "points", "ranking", "winners", "counters", "builds", "features", "demos")


def render(run: RunFolder) -> dict[str, bytes]:
    """Return the files by name."""
    opens = page(run).encode()
    asked = {"maximum", VoltageRms.name, *run.about["suite"]["measures"],
             *(each["measure"] for each in run.about["criteria"])}
    figures = {
        **{"work_precision" + ("" if name == "maximum" else f"_{name}"): work_precision(run, name)
           for name in run.measures if name in asked},
        "winners": winner_map(run.winners, run.candidates),
        "parity": parity_figure(run.parity),
    }
    if len(run.features):
        figures["features"] = features_against_cost(run.features, run.cheapest, run.demos)
    return {
        **{f"{name}.csv": to_csv(getattr(run, name)) for name in _CSV},
        "table.md": _markdown(run.table),
        **({"demos.md": tables.to_markdown(tables.demos(run), headline(run.demos)).encode()} if len(run.demos) else {}),
        **{f"{name}.{kind}": _drawn(figure, kind) for name, figure in figures.items() for kind in ("png", "svg")},
        "suite.toml": suite_text(run.about["suite"]).encode(),
        PAGE: opens,
    }


def _markdown(table: pd.DataFrame) -> bytes:
    escaped = as_said(table).map(lambda value: markdown(value) if isinstance(value, str) else value)
    escaped.columns = [markdown(str(name)) for name in table.columns]
    return (escaped.to_markdown(index=False, floatfmt=".4g") + "\n").encode()


def _drawn(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()
