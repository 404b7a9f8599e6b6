"""Figures of a run for papers, one or two columns wide."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..figures.figure import work_precision
from ..figures.look import COLOURS, MARKERS, pick
from ..results.run_tables import RunTables
from ..tables.ratios import VIEWS
from ..writing.drives import panel_name
from ..writing.encoded import to_figures
from ..writing.escape import in_figure
from ..writing.notebook import Picture

#: Widths in inches: 85 and 178 mm.
WIDTHS = {"single": 85 / 25.4, "double": 178 / 25.4}
STYLE = "paper.mplstyle"
#: Height of a row of ratios, in inches.
_ROW = 0.2


def draw(run: RunTables, kinds: Sequence[str], columns: Sequence[str] = tuple(WIDTHS)) -> dict[str, bytes]:
    """Return the figures as files, by name.

    ``work_precision_double`` shows every regime, ``work_precision_single`` the regime with the most models;
    ``ratios_double`` shows every view of the ranking, ``ratios_single`` the last.

    Parameters
    ----------
    run : RunTables
    kinds : sequence of str
        ``svg``, ``pdf`` or ``png``.
    columns : sequence of str
        ``single`` or ``double``.
    """
    found: dict[str, bytes] = {}
    with as_file(files(__package__) / STYLE) as style, matplotlib.style.context(style):
        for column in columns if kinds else ():
            width = WIDTHS[column]
            regimes = None if column == "double" else [_fullest(run)]
            figures = {
                "work_precision": work_precision(run, width=width, regimes=regimes),
                "ratios": ratios(run, width, list(VIEWS) if column == "double" else [list(VIEWS)[-1]]),
            }
            found |= {
                f"{name}_{column}.{kind}": content
                for name, figure in figures.items()
                for kind, content in to_figures(figure, kinds, dpi=None, few_colours=False).items()
            }
    return found


def ratios(run: RunTables, width: float, views: list[str]) -> Figure:
    """Draw each model's cost divided by the baseline's with its interval, one panel per view, one row per situation.

    Parameters
    ----------
    run : RunTables
    width : float
        Width in inches.
    views : list of str
        Views from `spikecost.reports.tables.ratios.VIEWS`.
    """
    rows = run.ranking[run.ranking["view"].isin(views)]
    labels = _labels(rows, {each["measure"]: each["unit"] for each in run.about["criteria"]})
    places = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    models = [model for model in run.models if model != run.baseline and (rows["model"] == model).any()]
    figure = Picture(figsize=(width, 1.1 + _ROW * max(len(places), 3)), layout="constrained")
    axes = figure.subplots(1, len(views), sharey=True, squeeze=False)[0]
    for axis, view in zip(axes, views, strict=True):
        here = rows["view"] == view
        for i, model in enumerate(models):
            of_model = here & (rows["model"] == model)
            at = labels[of_model].map(places).astype(float) + 0.5 * ((i + 1) / (len(models) + 1) - 0.5)
            _ratios(
                axis,
                rows[of_model],
                at,
                label=model,
                colour=pick(COLOURS, run.models.index(model)),
                marker=pick(MARKERS, i),
            )
        axis.axvline(1, color="0.4", linewidth=0.6, zorder=0)
        axis.set(
            xscale="log", ylim=(max(len(places), 1) - 0.5, -0.5), xlabel=f"cost / cost of {in_figure(run.baseline)}"
        )
        axis.grid(True, axis="x", which="major", color="0.92")
        axis.set_title(_in_lines(view) if len(views) > 1 else view)
    axes[0].set_yticks(list(places.values()), list(places))
    if models:
        handles, names = axes[-1].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2 if width < WIDTHS["double"] else 4)
    return figure


def _ratios(axis: Axes, rows: pd.DataFrame, at: pd.Series, *, label: str, colour: str, marker: str) -> None:
    away = np.array([rows["ratio"] - rows["low"], rows["high"] - rows["ratio"]], dtype=float).clip(min=0)
    axis.errorbar(
        rows["ratio"],
        at,
        xerr=away,
        label=in_figure(label),
        color=colour,
        marker=marker,
        linestyle="",
        capsize=1.5,
        elinewidth=0.8,
    )


def _labels(rows: pd.DataFrame, units: Mapping[str, str]) -> pd.Series:
    """Return texts that distinguish the situations."""
    tolerances = [
        f"{value:g} {units[measure].replace('1', '')}".rstrip()
        for value, measure in zip(rows["tolerance"], rows["measure"], strict=True)
    ]
    parts = [rows["level"].astype(str), pd.Series(tolerances, index=rows.index)]
    more = {"stimulus": panel_name, "measure": "{}".format, "horizon_ms": "{:g} ms".format}
    parts += [rows[name].map(said) for name, said in more.items() if rows[name].nunique() > 1]
    return pd.Series([", ".join(words).replace("_", " ") for words in zip(*parts, strict=True)], index=rows.index)


def _fullest(run: RunTables) -> tuple[str, float, str]:
    """Return the regime (stimulus, horizon, level) with the most models; the last one if there are several."""
    reached = run.regimes[run.regimes["stimuli"].fillna(0) > 0]
    sizes: dict[tuple[str, float, str], int] = {}
    for row in reached.to_dict("records"):
        key = row["stimulus"], row["horizon_ms"], row["level"]
        sizes[key] = sizes.get(key, 0) + 1
    return max(reversed(sizes), key=sizes.__getitem__)


def _in_lines(view: str) -> str:
    words = view.split()
    half = math.ceil(len(words) / 2)
    return f"{' '.join(words[:half])}\n{' '.join(words[half:])}"
