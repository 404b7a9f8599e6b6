"""The figure of 2004, redrawn: the features of a model against its cost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...accuracy.features import FEATURES
from ...models.catalogue import MODELS
from ...models.ground.errors import UserError, check_kind
from ...models.ground.named_files import name_in
from ..tables.features import STATED, counts
from ..writing.escape import in_figure
from ..writing.notebook import Picture
from .look import COLOURS, pick

_TOP = len(FEATURES)
#: Width in points of a letter in the name of a mark.
_LETTER = 4.6

_Places = dict[str, tuple[float, int]]


def published_flops_per_ms(model: str) -> float | None:
    """Return the cost that Izhikevich 2004 states for a model; None if it states none."""
    stated = MODELS[model].published_costs.get("izhikevich2004") if model in MODELS else None
    return stated.per_ms if stated else None


#: What to give for each argument.
_FRAMES = {
    "found": "a DataFrame, as sc.features returns",
    "costs": "a DataFrame, such as comparison.cheapest",
    "of_demos": "a DataFrame, as sc.demo_table returns",
}


def features_against_cost(found: pd.DataFrame, costs: pd.DataFrame, of_demos: pd.DataFrame | None = None) -> Figure:
    """Draw features against cost: as stated in 2004, and as found, at equal accuracy.

    Left, filled: FLOPs and features as stated; open: the stated FLOPs with the features found, if the stated features
    are not known with certainty. Right: the features found; a model whose cost is known for several rates or tolerances
    has a bar from the lowest to the highest cost, with its mark at the geometric mean.

    Parameters
    ----------
    found : DataFrame
        As `spikecost.reports.tables.features.features` returns.
    costs : DataFrame
        Columns ``model`` and ``flops_per_ms``, such as `Comparison.cheapest`, whose ``level`` and ``tolerance`` appear
        in the title.
    of_demos : DataFrame, optional
        As `spikecost.reports.tables.demos.demo_table` returns: features shown converged count for Izhikevich's model.

    Raises
    ------
    UserError
        If `costs` has no such columns.
    """
    for what, given in (("found", found), ("costs", costs), ("of_demos", of_demos)):
        if not (what == "of_demos" and given is None):
            check_kind(given, pd.DataFrame, what, _FRAMES[what])
    if not {"model", "flops_per_ms"} <= set(costs.columns):
        raise UserError(f"costs have columns {', '.join(map(str, costs.columns))}; expected model and flops_per_ms")
    number = counts(found, of_demos)
    known = costs.dropna(subset=["flops_per_ms"])
    by_model = {
        str(name): np.asarray(group["flops_per_ms"], dtype=float)
        for name, group in known.groupby(known["model"].map(name_in))
    }
    colours = {model: pick(COLOURS, i) for i, model in enumerate(number)}
    figure = Picture(figsize=(11, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    marks = {left: _stated(left, number, colours), right: _found(right, number, by_model, colours)}
    left.set_ylabel("features, of 20")
    left.set_ylim(-1.5, _TOP + 2)
    left.set_title(
        "As stated in 2004: FLOPs at the steps of 2004, no accuracy required\n"
        "(open: features as found here, as the stated ones are not available)",
        fontsize=10,
    )
    right.set_title(f"As found, at equal accuracy{_situation(known)}", fontsize=10)
    for axis, label in ((left, "FLOPs per ms of model time, as stated"), (right, "operations per ms of model time")):
        axis.set(xscale="log", xlabel=label)
        axis.set_yticks(range(0, _TOP + 1, 5))
        axis.grid(True, which="major", color="0.92")
        axis.margins(x=0.25)
    if of_demos is not None and len(of_demos):
        figure.suptitle(
            "Izhikevich's model has one set of parameters per feature (the twenty demos of 2004, converged); "
            "its cost is that of one set",
            fontsize=10,
        )
    figure.draw_without_rendering()  # this fixes the positions
    for axis, places in marks.items():
        _label(axis, places, colours)
    missing = [model for model in number if model not in by_model]
    if missing:
        right.text(
            0.01,
            0.01,
            in_figure(f"no cost known: {', '.join(missing)}"),
            transform=right.transAxes,
            fontsize=7,
            color="0.4",
        )
    return figure


def _stated(axis: Axes, number: Mapping[str, int], colours: Mapping[str, str]) -> _Places:
    places: _Places = {}
    for model, shown in number.items():
        cost = published_flops_per_ms(model)
        if cost is not None:
            sure = model in STATED
            places[model] = cost, len(STATED[model]) if sure else shown
            _mark(axis, places[model], model, colours[model], sure)
    return places


def _found(
    axis: Axes, number: Mapping[str, int], costs: Mapping[str, np.ndarray], colours: Mapping[str, str]
) -> _Places:
    places: _Places = {}
    for model, shown in number.items():
        if model in costs:
            values = costs[model]
            places[model] = float(np.exp(np.log(values).mean())), shown
            axis.plot(
                [values.min(), values.max()],
                [shown, shown],
                color=colours[model],
                linewidth=1.5,
                alpha=0.5,
                label=f"{model}, from lowest to highest cost",
            )
            _mark(axis, places[model], model, colours[model], True)
    return places


def _mark(axis: Axes, at: tuple[float, int], model: str, colour: str, filled: bool) -> None:
    axis.plot(*at, "o", color=colour, markersize=8, markerfacecolor=colour if filled else "white", label=model)


def _label(axis: Axes, places: _Places, colours: Mapping[str, str]) -> None:
    """Name the marks; place each name where it covers no other name and no mark."""
    points = 72 / axis.figure.dpi
    at = {model: axis.transData.transform(place) * points for model, place in places.items()}
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in at.values()]
    for model, (x, y) in at.items():
        name = model.replace("_", " ")
        width = _LETTER * len(name)
        beside = width / 2 + 8
        for dx, dy in [
            (0, 10),
            (0, -10),
            (beside, 0),
            (-beside, 0),
            *((dx, dy * side) for dy in range(18, 90, 8) for dx in (0, beside, -beside) for side in (-1, 1)),
        ]:
            box = x + dx - width / 2, y + dy - 4, x + dx + width / 2, y + dy + 4
            if not any(
                box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken
            ):
                break
        taken.append(box)
        line = {"arrowstyle": "-", "color": colours[model], "linewidth": 0.5} if abs(dy) > 10 else None
        axis.annotate(
            in_figure(name),
            places[model],
            xytext=(dx, dy),
            textcoords="offset points",
            fontsize=8,
            ha="center",
            va="center",
            color=colours[model],
            arrowprops=line,
        )


def _situation(costs: pd.DataFrame) -> str:
    """Return the rates and tolerances of the costs, as text."""
    said = [
        f"{', '.join(map(str, costs['level'].unique()))}" if "level" in costs else "",
        f"spike times within {', '.join(f'{value:g}' for value in costs['tolerance'].unique())} ms"
        if "tolerance" in costs
        else "",
    ]
    given = "; ".join(part for part in said if part)
    return f"\n({given})" if given else ""
