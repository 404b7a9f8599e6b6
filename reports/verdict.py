"""What the published rankings become at equal accuracy, and who wins where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..accuracy.intervals import Interval, ratio, too_close
from ..accuracy.study import Cell, Study
from ..accuracy.winners import bound, cheapest_cells, ranks
from ..flops.conventions import get_convention
from ..flops.operations import count
from ..models.catalogue import MODELS
from .numbers import bounded
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
COARSER_MAY_DO = "not known: a coarser dt than the sweep's may do"


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
        (``low``, ``high``), its ``bound`` (`spikecost.accuracy.winners.bound`), and in words what it says. The
        published view comes first; it has neither situation nor interval.
    """
    labels = list(dict.fromkeys(regime.model.label for regime in study.regimes))
    rows = _as_published(labels, baseline)
    for view, wanted in VIEWS.items():
        for situation, cells in _situations(study, wanted):
            best = {cell.curve.regime.model.label: cell for cell in cheapest_cells(cells)}
            if baseline not in best or len(best) < 2:
                continue
            base = [each.per_ms for each in best[baseline].costs()]
            for label in labels:
                if label in best:
                    own = [each.per_ms for each in best[label].costs()]
                    found = ratio(own, base) if label != baseline else Interval(1.0, 1.0, 1.0)
                    limit = bound(best[label].at_least, best[baseline].at_least) if label != baseline else ""
                    rows.append({"view": view, **situation, "model": label, "ratio": found.mean, "low": found.low,
                                 "high": found.high, "bound": limit, "says": _says(label, baseline, found, limit)})
    return pd.DataFrame(rows, columns=["view", *SITUATION, "model", "ratio", "low", "high", "bound", "says"])


def verdict(ranked: pd.DataFrame, values: str = "ratio") -> pd.DataFrame:
    """Return `ranking` with a row a view and situation and one column a model: its cost over the baseline's.

    Parameters
    ----------
    ranked : DataFrame
        As `ranking` returns.
    values : str
        The column of it that is shown.
    """
    if not len(ranked):
        return pd.DataFrame()
    keys = ["view", *SITUATION]
    wide = ranked.pivot_table(index=keys, columns="model", values=values, sort=False, dropna=False, aggfunc="first"
                              ).reset_index()
    wide = wide.dropna(how="all", subset=list(ranked["model"].unique()))
    wide.columns.name = None
    views = [PUBLISHED, *VIEWS]
    order = {key: i for i, key in enumerate(dict.fromkeys(ranked[SITUATION].itertuples(index=False, name=None)))}
    wide["_situation"] = [order.get(key, -1) for key in wide[SITUATION].itertuples(index=False, name=None)]
    wide["_view"] = [views.index(view) for view in wide["view"]]
    return wide.sort_values(["_situation", "_view"], ignore_index=True).drop(columns=["_situation", "_view"])


def verdict_text(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return `verdict` with texts in place of numbers, which tell a bound from a value."""
    texts = [bounded(row["ratio"], row["bound"]) for row in ranked.to_dict("records")]
    return verdict(ranked.assign(text=pd.Series(texts, index=ranked.index, dtype=object)), "text")


def _situations(study: Study, wanted: dict[str, str]) -> Iterable[tuple[dict[str, Any], list[Cell]]]:
    together: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in study.cells:
        if cell.coarsest and all(getattr(cell.curve, name) == value for name, value in wanted.items()):
            regime = cell.curve.regime
            key = (regime.stimulus, regime.horizon, regime.level, cell.criterion.measure, cell.criterion.tolerance)
            together.setdefault(key, []).append(cell)
    return ((dict(zip(SITUATION, key, strict=True)), cells) for key, cells in together.items())


def _says(label: str, baseline: str, found: Interval, limit: str) -> str:
    if label == baseline:
        return "the baseline"
    if too_close(found.low, found.high):
        return TOO_CLOSE
    if not ranks(found, limit):
        return COARSER_MAY_DO
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
    return [{"view": PUBLISHED, "model": label, "ratio": cost / costs[baseline], "bound": ""}
            for label, cost in costs.items()]
