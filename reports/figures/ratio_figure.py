"""What models cost relative to one of them, against the tolerance: where a line crosses 1, an order changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from ...accuracy.search.status import Bound
from ..tables.points import REGIME
from ..tables.ratios import ANY, GRID, cheapest_first
from ..writing.drives import regime_text
from ..writing.escape import in_figure
from ..writing.notebook import Picture
from .look import COLOURS, MARKERS, MOST_BY_COLOUR, NAME, End, legend_below, name_ends, pick

#: How each view is drawn, and what it is called.
VIEWS: dict[str, tuple[Literal["-", "--"], str]] = {
    ANY: ("-", "spikes located within a step, if that is cheaper"),
    GRID: ("--", "spikes at the end of a step"),
}
#: Height around a panel, in inches.
_AROUND = 0.55
#: Panels side by side.
_ACROSS = 4


class Compared(Protocol):
    """The parts of a run that are drawn."""

    @property
    def models(self) -> list[str]:
        """Labels of the models."""

    @property
    def baseline(self) -> str:
        """The model that costs are divided by."""

    @property
    def ratios(self) -> pd.DataFrame:
        """Cost ratios by view, situation and model."""

    @property
    def about(self) -> Mapping[str, Any]:
        """The suite."""


def cost_ratios(run: Compared) -> Figure:
    """Draw cost / cost of the baseline against the tolerance: one panel per regime, one line per model and view.

    Many models also have markers of their own, and names at the ends of the lines in the last panel of a row; a dashed
    line always means spikes at the end of a step.
    An open marker is a bound: a time step of the sweep's coarsest may be too small. A line ends at the strictest
    tolerance that both models reach.

    Parameters
    ----------
    run : RunFolder
    """
    shown = in_sight(run.ratios)
    models = [model for model in run.models if model != run.baseline and (shown["model"] == model).any()]
    many = len(models) > MOST_BY_COLOUR
    if many:
        models = cheapest_first(run.ratios, models)
    markers = {model: pick(MARKERS, i) if many else "o" for i, model in enumerate(models)}
    regimes = list(dict.fromkeys(shown[REGIME].itertuples(index=False, name=None))) or [("", 0.0, "")]
    columns = min(len(regimes), _ACROSS)
    rows = -(-len(regimes) // columns)
    high = max(3.3, _AROUND + NAME * len(models) if many else 0)
    figure = Picture(figsize=(1.6 + 3.1 * columns, 1.7 + high * rows), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for axis, (stimulus, horizon, level) in zip(axes, regimes, strict=False):
        here = (shown["stimulus"] == stimulus) & (shown["level"] == level) & (shown["horizon_ms"] == horizon)
        _panel(axis, shown[here], run, markers)
        axis.set_title(regime_text(stimulus, level, horizon), fontsize=10)
        axis.set_xlabel("spike-time error allowed (ms)")
    for axis in axes[len(regimes) :]:
        axis.set_visible(False)
    for axis in axes[::columns]:
        axis.set_ylabel(in_figure(f"cost / cost of {run.baseline}"))
    axes[0].invert_xaxis()
    if many:
        for last in {min(row * columns + columns, len(regimes)) - 1 for row in range(rows)}:
            stimulus, horizon, level = regimes[last]
            at = (shown["stimulus"] == stimulus) & (shown["level"] == level) & (shown["horizon_ms"] == horizon)
            name_ends(axes[last], _ends(shown[at & (shown["model"] != run.baseline)], run), NAME / (high - _AROUND))
    handles = [
        Line2D(
            [],
            [],
            color=pick(COLOURS, run.models.index(name)),
            linewidth=2.5,
            marker=markers[name] if many else "",
            label=in_figure(name),
        )
        for name in models
    ]
    handles.append(Line2D([], [], color="0.4", linewidth=1.2, label=in_figure(f"{run.baseline} = 1")))
    handles += [Line2D([], [], color="0.3", linestyle=line, linewidth=2, label=label) for line, label in VIEWS.values()]
    legend_below(figure, handles, 5)
    figure.suptitle(
        in_figure(f"What a model costs at equal accuracy, divided by the cost of {run.baseline}")
        + "\nabove 1: more expensive; each model with its cheapest method; open markers are bounds",
        fontsize=11,
    )
    return figure


def _ends(here: pd.DataFrame, run: Compared) -> list[End]:
    """Return the end of each model's line; with any detection, if it has such a line."""
    located = here.assign(on_grid=here["view"] == GRID).sort_values(["on_grid", "tolerance"], kind="stable")
    return [
        End(str(row["model"]), row["tolerance"], row["ratio"], pick(COLOURS, run.models.index(row["model"])))
        for row in located.drop_duplicates("model").to_dict("records")
    ]


def in_sight(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are drawn: from the loosest tolerance on that begins the views with spikes on the grid."""
    known = ratios[ratios["bound"] != Bound.NOT_KNOWN]
    loosest = known.loc[known["view"] == GRID, "tolerance"].max()
    return known if pd.isna(loosest) else known[known["tolerance"] <= loosest]


def _panel(axis: Axes, here: pd.DataFrame, run: Compared, markers: Mapping[str, str]) -> None:
    axis.axhline(1, color="0.4", linewidth=1.2, zorder=1)
    for (model, view), line in here[here["model"] != run.baseline].groupby(["model", "view"], sort=False):
        colour = pick(COLOURS, run.models.index(str(model)))
        ordered = line.sort_values("tolerance")
        axis.plot(
            ordered["tolerance"],
            ordered["ratio"],
            color=colour,
            linestyle=VIEWS[str(view)][0],
            linewidth=2,
            label=f"{model}, {view}",
        )
        for bounded, face in ((False, colour), (True, "white")):
            part = ordered[(ordered["bound"] != "") == bounded]
            axis.plot(
                part["tolerance"],
                part["ratio"],
                linestyle="",
                marker=markers[str(model)],
                markersize=5,
                color=colour,
                markerfacecolor=face,
                zorder=3,
            )
    axis.set(xscale="log", yscale="log")
    for of in (axis.xaxis, axis.yaxis):
        of.set_major_locator(LogLocator(10, numticks=12))
        of.set_minor_formatter(NullFormatter())
        of.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.grid(True, which="major", color="0.92")
