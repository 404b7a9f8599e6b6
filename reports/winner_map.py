"""The winner for every rate and tolerance: as a table and as a map."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ..accuracy.winners import Winner, regimes_of
from .figure import COLOURS, pick

#: Columns, and what they are.
COLUMNS = {
    "stimulus": "kind of stimulus",
    "level": "firing rate asked for, or drive as a multiple of the rheobase",
    "horizon_ms": "model time that is compared",
    "measure": "how errors are measured",
    "tolerance": "how far the measure may be from perfect",
    "winner": "the cheapest model; empty if none gets there",
    "method": "its cheapest method",
    "detection": "its cheapest detection",
    "flops_per_ms": "what it costs, geometric mean over the stimuli",
    "second": "the next model; empty if there is none",
    "lead": "cost of the second over that of the winner",
    "lead_low": "lower end of its 95 % bootstrap interval",
    "lead_high": "upper end",
    "ranked": "whether the interval leaves out 1; if not, the two are too close to rank",
}


#: Models that a field of the map names.
LINES = 3


def winner_table(found: Sequence[Winner]) -> pd.DataFrame:
    """Return a row a regime and tolerance; columns as in `COLUMNS`."""
    return pd.DataFrame([_row(winner) for winner in found], columns=list(COLUMNS))


def _row(winner: Winner) -> dict[str, object]:
    stimulus, level, horizon = winner.regime
    row: dict[str, object] = {
        "stimulus": stimulus, "level": level, "horizon_ms": horizon, "measure": winner.criterion.measure,
        "tolerance": winner.criterion.tolerance, "winner": "", "method": "", "detection": "", "second": "",
        "ranked": winner.ranked,
    }
    if winner.candidates:
        first = winner.candidates[0]
        row |= {"winner": first.curve.regime.model.label, "method": first.curve.method,
                "detection": first.curve.detection, "flops_per_ms": first.cost.mean}
    lead = winner.lead
    if lead is not None:
        row |= {"second": winner.candidates[1].curve.regime.model.label, "lead": lead.mean, "lead_low": lead.low,
                "lead_high": lead.high}
    return row


def winner_map(found: Sequence[Winner]) -> Figure:
    """Draw the map: a panel a kind of stimulus and horizon, rates across, tolerances down.

    Every field names the models that get there, and how many times dearer the others are; hatched: the first two are
    too close to rank; empty: no model gets there.
    """
    panels = regimes_of(found) or {("", 0.0): []}
    models = list(dict.fromkeys(each.curve.regime.model.label for winner in found for each in winner.candidates))
    tolerances = sorted({winner.criterion.tolerance for winner in found}, reverse=True)
    width = sum(max(len(levels), 1) for levels in panels.values())
    figure = Figure(figsize=(max(1.8 + 1.1 * width, 5.5), 1.9 + 0.42 * len(tolerances)), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False,
                           width_ratios=[max(len(levels), 1) for levels in panels.values()])[0]
    for axis, ((stimulus, horizon), levels) in zip(axes, panels.items(), strict=True):
        for winner in found:
            if (winner.regime[0], winner.regime[2]) == (stimulus, horizon):
                place = levels.index(winner.regime[1]), tolerances.index(winner.criterion.tolerance)
                _field(axis, place, winner, models)
        axis.set(xlim=(-0.5, len(levels) - 0.5), ylim=(len(tolerances) - 0.5, -0.5))
        axis.set_xticks(range(len(levels)), levels)
        axis.set_yticks(range(len(tolerances)), [f"{value:.3g}" for value in tolerances])
        axis.tick_params(length=0)
        axis.set_title(f"{stimulus.replace('_', ' ')}, {horizon / 1000:g} s", fontsize=10)
    axes[0].set_ylabel("largest spike-time error (ms)")
    handles = [Patch(color=pick(COLOURS, i), alpha=0.45, label=name) for i, name in enumerate(models)]
    handles.append(Patch(facecolor="white", edgecolor="0.4", hatch="////", label="too close to rank"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4), frameon=False, fontsize=9)
    figure.suptitle("The cheapest model, and how many times dearer the others are", fontsize=11)
    return figure


def _field(axis: Axes, place: tuple[int, int], winner: Winner, models: list[str]) -> None:
    if not winner.candidates:
        return
    x, y = place
    label = winner.candidates[0].curve.regime.model.label
    axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=pick(COLOURS, models.index(label)), alpha=0.45,
                             edgecolor="white"))
    if winner.lead is not None and not winner.ranked:
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, hatch="////", edgecolor="0.4", linewidth=0))
    first = winner.candidates[0].cost.mean
    lines = [_short(label), *(f"{_short(each.curve.regime.model.label)} {_times(each.cost.mean / first)}"
                              for each in winner.candidates[1:LINES])]
    axis.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=6.5)


def _times(ratio: float) -> str:
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.2g}x"


def _short(label: str) -> str:
    """Return what fits into a field."""
    name = label.partition(":")[0]
    return name if len(name) <= 12 else f"{name[:11]}."
