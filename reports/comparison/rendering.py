"""What is written for people in addition to a run's data: page, figures and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from ...accuracy.search.voltage import VoltageRms
from ...harness.executors.beside import HERE, SecondProcess
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
#: Figures of all points, by the start of their names; they take as long as all others.
_OF_POINTS = "work_precision"


def render(run: RunTables, folder: str | Path = ".", second: SecondProcess = HERE) -> dict[str, bytes]:
    """Return the files by name.

    Parameters
    ----------
    run : RunTables
    folder : str or Path
        Where they will be written.
    second : SecondProcess, optional
        A second process, which draws the figures that take longest; by default they are drawn here.
    """
    of_points = [name for name in _figures(run) if name.startswith(_OF_POINTS)]
    beside = second.begin(partial(drawn, _tables(run), (PICTURES,), of_points))
    opens = page(run).encode()
    tables_as_csv = {f"{name}.csv": to_csv(getattr(run, name)) for name in _CSV}
    return {
        **{name: content for name, content in tables_as_csv.items() if len(content) <= _CSV_MOST},
        "cheapest.md": to_markdown(as_said(run.cheapest)).encode(),
        **({"demos.md": tables.to_markdown(tables.demos(run), headline(run.demos)).encode()} if len(run.demos) else {}),
        **drawn(run, (PICTURES,), [name for name in _figures(run) if name not in of_points]),
        **beside(),
        **{f"models/{name}": text.encode() for name, text in _texts(run).items()},
        "suite.toml": suite_text(run.about["suite"], folder).encode(),
        PAGE: opens,
    }


def _tables(run: RunTables) -> RunTables:
    """Return the tables of a run without the study that they are made from, which another process does not need."""
    return RunTables(**{each.name: getattr(run, each.name) for each in fields(RunTables)})


def drawn(run: RunTables, kinds: Sequence[str], names: Sequence[str] | None = None) -> dict[str, bytes]:
    """Return the figures of a run as files, by name; all, or those with some names."""
    return {
        f"{name}.{kind}": content
        for name, make in _figures(run).items()
        if names is None or name in names
        for kind, content in to_figures(make(), kinds).items()
    }


def _figures(run: RunTables) -> dict[str, Callable[[], Figure]]:
    """Return what makes each figure."""
    asked = {
        "maximum",
        VoltageRms.name,
        *run.about["suite"]["measures"],
        *(each["measure"] for each in run.about["criteria"]),
    }
    found: dict[str, Callable[[], Figure]] = {
        "cost_ratios": partial(cost_ratios, run),
        **{
            _OF_POINTS + ("" if name == "maximum" else f"_{name}"): partial(work_precision, run, name)
            for name in run.measures
            if name in asked
        },
        "winners": partial(winner_map, run.winners, run.candidates),
        "parity": partial(parity_figure, run.parity),
    }
    if len(run.engines):
        found["time_precision"] = partial(time_precision, run)
    if len(run.features):
        found["features"] = partial(features_against_cost, run.features, run.cheapest, run.demos)
    return found


def _texts(run: RunTables) -> dict[str, str]:
    """Return the models as other simulators read them, by the name of a file."""
    plain = str.maketrans(dict.fromkeys(":/\\", "-"))
    return {
        f"{engine.translate(plain)}.{model.translate(plain)}.txt": text
        for engine, each in run.about["engines"].items()
        for model, text in each["texts"].items()
    }
