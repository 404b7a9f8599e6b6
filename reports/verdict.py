"""What the published rankings become at equal accuracy, and who wins where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..accuracy.intervals import Interval, ratio
from ..accuracy.study import Cell, Study
from ..flops.conventions import get_convention
from ..flops.operations import count
from ..models.catalogue import MODELS
from .table import SITUATION

#: (view, cells that it admits)
VIEWS: dict[str, dict[str, str]] = {
    "forward Euler, spikes on the grid": {"method": "euler", "detection": "grid"},
    "cheapest method, spikes on the grid": {"detection": "grid"},
    "cheapest method and detection": {},
}
#: The view without any demand on accuracy.
PUBLISHED = "counted as in 2004, at its time steps"
TOO_CLOSE = "too close to rank"


def baseline(study: Study) -> str:
    """Return the model that others are divided by: Izhikevich's if it was run, else the first."""
    labels = [regime.model.label for regime in study.regimes]
    return next((label for label in labels if label.startswith("izhikevich")), labels[0] if labels else "")


def ranking(study: Study, baseline: str) -> pd.DataFrame:
    """Compare models with a baseline model, in every view and situation.

    Parameters
    ----------
    study : Study
    baseline : str
        Label of a model; costs are divided by its cost.

    Returns
    -------
    DataFrame
        A row a view, situation and model: ``ratio`` of mean costs over the stimuli, its 95 % bootstrap interval
        (``low``, ``high``), and in words what it says. The published view comes first; it has neither situation nor
        interval.
    """
    labels = list(dict.fromkeys(regime.model.label for regime in study.regimes))
    rows = _as_published(labels, baseline)
    for view, wanted in VIEWS.items():
        for situation, cells in _situations(study, wanted):
            best = _cheapest(cells)
            if baseline not in best or len(best) < 2:
                continue
            base = [each.per_ms for each in best[baseline].costs()]
            for label in labels:
                if label in best:
                    own = [each.per_ms for each in best[label].costs()]
                    found = ratio(own, base) if label != baseline else Interval(1.0, 1.0, 1.0)
                    rows.append({"view": view, **situation, "model": label, "ratio": found.mean, "low": found.low,
                                 "high": found.high, "says": _says(label, baseline, found)})
    return pd.DataFrame(rows, columns=["view", *SITUATION, "model", "ratio", "low", "high", "says"])


def verdict(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return `ranking` with a row a view and situation and one column a model: its cost over the baseline's."""
    if not len(ranked):
        return pd.DataFrame()
    keys = ["view", *SITUATION]
    wide = ranked.pivot_table(index=keys, columns="model", values="ratio", sort=False, dropna=False).reset_index()
    wide = wide.dropna(how="all", subset=list(ranked["model"].unique()))
    wide.columns.name = None
    views = [PUBLISHED, *VIEWS]
    order = {key: i for i, key in enumerate(dict.fromkeys(ranked[SITUATION].itertuples(index=False, name=None)))}
    wide["_situation"] = [order.get(key, -1) for key in wide[SITUATION].itertuples(index=False, name=None)]
    wide["_view"] = [views.index(view) for view in wide["view"]]
    return wide.sort_values(["_situation", "_view"], ignore_index=True).drop(columns=["_situation", "_view"])


def _situations(study: Study, wanted: dict[str, str]) -> Iterable[tuple[dict[str, Any], list[Cell]]]:
    together: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in study.cells:
        if cell.answers and all(getattr(cell.curve, name) == value for name, value in wanted.items()):
            regime = cell.curve.regime
            key = (regime.stimulus, regime.horizon, regime.level, cell.criterion.measure, cell.criterion.tolerance)
            together.setdefault(key, []).append(cell)
    return ((dict(zip(SITUATION, key, strict=True)), cells) for key, cells in together.items())


def _cheapest(cells: Iterable[Cell]) -> dict[str, Cell]:
    """Return the cheapest cell of each model."""
    best: dict[str, tuple[float, Cell]] = {}
    for cell in cells:
        label, cost = cell.curve.regime.model.label, cell.cost().mean
        if label not in best or cost < best[label][0]:
            best[label] = (cost, cell)
    return {label: cell for label, (_, cell) in best.items()}


def _says(label: str, baseline: str, found: Interval) -> str:
    if label == baseline:
        return "the baseline"
    if found.straddles_one:
        return TOO_CLOSE
    return "cheaper" if found.mean < 1 else "dearer"


def _as_published(labels: list[str], baseline: str) -> list[dict[str, Any]]:
    """Return the ratios without any demand on accuracy: the paper's counting at the paper's time steps."""
    convention = get_convention("izhikevich2004")
    costs = {}
    for label in labels:
        name = label.partition(":")[0]
        published = MODELS[name].published_costs.get(convention.name) if name in MODELS else None
        if published:
            costs[label] = count(label, "euler").flops_per_ms(published.dt, convention)
    if baseline not in costs:
        return []
    return [{"view": PUBLISHED, "model": label, "ratio": cost / costs[baseline]} for label, cost in costs.items()]
