"""The map of the cheapest model for every rate and tolerance."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ...accuracy.search.status import Bound
from ...models.ground.named_files import name_in
from ..tables.shared_columns import SITUATION
from ..writing.escape import in_figure
from ..writing.notebook import Picture
from ..writing.numbers import bounded_text
from .look import COLOURS, legend_below, pick

#: What distinguishes a field of the map from all others.
_FIELD = list(SITUATION)
#: Number of models that a field of the map names.
LINES = 3


def winner_map(winners: pd.DataFrame, candidates: pd.DataFrame) -> Figure:
    """Draw the map: one panel per kind of stimulus and horizon, rates across, tolerances down.

    Every field names the models that reach the tolerance and how many times more expensive the others are; hatched: the
    first two are too close to rank; empty: no model reaches the tolerance.

    Parameters
    ----------
    winners, candidates : DataFrame
        As `winner_table` and `candidate_table` return.
    """
    fields = winners.to_dict("records")
    panels = _panels(fields) or {("", 0.0): []}
    models = list(dict.fromkeys(candidates["model"]))
    tolerances = sorted(set(winners["tolerance"]), reverse=True)
    width = sum(max(len(levels), 1) for levels in panels.values())
    figure = Picture(figsize=(max(1.8 + 1.1 * width, 5.5), 1.9 + 0.42 * len(tolerances)), layout="constrained")
    axes = figure.subplots(
        1, len(panels), sharey=True, squeeze=False, width_ratios=[max(len(levels), 1) for levels in panels.values()]
    )[0]
    for axis, ((stimulus, horizon), levels) in zip(axes, panels.items(), strict=True):
        for field in fields:
            if (field["stimulus"], field["horizon_ms"]) == (stimulus, horizon):
                place = levels.index(field["level"]), tolerances.index(field["tolerance"])
                there = candidates[(candidates[_FIELD] == [field[name] for name in _FIELD]).all(axis=1)]
                _field(axis, place, there, bool(field["ranked"]), models)
        axis.set(xlim=(-0.5, len(levels) - 0.5), ylim=(len(tolerances) - 0.5, -0.5))
        axis.set_xticks(range(len(levels)), levels)
        axis.set_yticks(range(len(tolerances)), [f"{value:.3g}" for value in tolerances])
        axis.tick_params(length=0)
        axis.set_title(f"{stimulus.replace('_', ' ')}, {horizon / 1000:g} s", fontsize=10)
    axes[0].set_ylabel("largest spike-time error (ms)")
    won = set(winners["winner"])
    handles = [
        Patch(color=pick(COLOURS, i), alpha=0.45, label=in_figure(name)) for i, name in enumerate(models) if name in won
    ]
    handles.append(Patch(facecolor="white", edgecolor="0.4", hatch="////", label="too close to rank"))
    legend_below(figure, handles, 4)
    figure.suptitle("The cheapest model,\nand how many times more expensive the others are", fontsize=11)
    return figure


def _panels(fields: list[dict[Hashable, Any]]) -> dict[tuple[str, float], list[str]]:
    """Return the levels of each kind of stimulus and horizon, in order."""
    panels: dict[tuple[str, float], list[str]] = {}
    for field in fields:
        levels = panels.setdefault((field["stimulus"], field["horizon_ms"]), [])
        if field["level"] not in levels:
            levels.append(field["level"])
    return panels


def _field(axis: Axes, place: tuple[int, int], candidates: pd.DataFrame, ranked: bool, models: list[str]) -> None:
    if not len(candidates):
        return
    x, y = place
    labels, costs = list(candidates["model"]), list(candidates["flops_per_ms"])
    statuses = list(candidates["status"])
    axis.add_patch(
        Rectangle(
            (x - 0.5, y - 0.5), 1, 1, facecolor=pick(COLOURS, models.index(labels[0])), alpha=0.45, edgecolor="white"
        )
    )
    if len(labels) > 1 and not ranked:
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, hatch="////", edgecolor="0.4", linewidth=0))
    lines = [_short(labels[0])]
    for i in range(1, min(len(labels), LINES)):
        times = bounded_text(_times(costs[i] / costs[0]), Bound.of_ratio(statuses[i], statuses[0]))
        lines.append(f"{_short(labels[i])} {times}")
    axis.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=6.5)


def _times(ratio: float) -> str:
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.2g}x"


def _short(label: str) -> str:
    """Return the part of a label that fits into a field."""
    name = name_in(label)
    return in_figure(name if len(name) <= 12 else f"{name[:11]}.")
