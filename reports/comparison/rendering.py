"""What is written for people in addition to a run's data: page, figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ...accuracy.search.voltage import VoltageRms
from ..figures.features_figure import features_against_cost
from ..figures.figure import time_precision, work_precision
from ..figures.ratio_figure import cost_ratios
from ..figures.winner_map import winner_map
from ..page import page
from ..papers import tables
from ..results.run_tables import RunTables
from ..results.suite_file import suite_text
from ..tables.demos import headline
from ..tables.parity import parity_figure
from ..writing.encoded import to_figures, to_markdown
from ..writing.escape import to_csv
from ..writing.numbers import as_said

PAGE = "index.html"
#: The format of a run's figures; `spikecost report` draws them in others.
PICTURES = "png"
#: Tables that are also written as CSV, if that has at most `_CSV_MOST` bytes; Parquet has them in a tenth of that.
_CSV = (
    "table",
    "points",
    "ranking",
    "ratios",
    "winners",
    "counters",
    "builds",
    "features",
    "demos",
    "engines",
    "floors",
)
_CSV_MOST = 2_000_000


def render(run: RunTables, folder: str | Path = ".") -> dict[str, bytes]:
    """Return the files by name; `folder` is where they will be written."""
    opens = page(run).encode()
    tables_as_csv = {f"{name}.csv": to_csv(getattr(run, name)) for name in _CSV}
    return {
        **{name: content for name, content in tables_as_csv.items() if len(content) <= _CSV_MOST},
        "cheapest.md": to_markdown(as_said(run.cheapest)).encode(),
        **({"demos.md": tables.to_markdown(tables.demos(run), headline(run.demos)).encode()} if len(run.demos) else {}),
        **drawn(run, (PICTURES,)),
        **{f"models/{name}": text.encode() for name, text in _texts(run).items()},
        "suite.toml": suite_text(run.about["suite"], folder).encode(),
        PAGE: opens,
    }


def drawn(run: RunTables, kinds: Sequence[str]) -> dict[str, bytes]:
    """Return the figures of a run as files, by name."""
    return {
        f"{name}.{kind}": content
        for name, figure in _figures(run).items()
        for kind, content in to_figures(figure, kinds).items()
    }


def _figures(run: RunTables) -> dict[str, Figure]:
    asked = {
        "maximum",
        VoltageRms.name,
        *run.about["suite"]["measures"],
        *(each["measure"] for each in run.about["criteria"]),
    }
    found = {
        "cost_ratios": cost_ratios(run),
        **{
            "work_precision" + ("" if name == "maximum" else f"_{name}"): work_precision(run, name)
            for name in run.measures
            if name in asked
        },
        "winners": winner_map(run.winners, run.candidates),
        "parity": parity_figure(run.parity),
    }
    if len(run.engines):
        found["time_precision"] = time_precision(run)
    if len(run.features):
        found["features"] = features_against_cost(run.features, run.cheapest, run.demos)
    return found


def _texts(run: RunTables) -> dict[str, str]:
    """Return the models as other simulators read them, by the name of a file."""
    plain = str.maketrans(dict.fromkeys(":/\\", "-"))
    return {
        f"{engine.translate(plain)}.{model.translate(plain)}.txt": text
        for engine, each in run.about["engines"].items()
        for model, text in each["texts"].items()
    }
