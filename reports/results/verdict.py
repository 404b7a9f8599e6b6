"""How the published rankings change at equal accuracy, and which model is cheapest in each situation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pandas as pd

from ...accuracy.study.study import Study
from ...accuracy.study.winners import ITSELF, CostRatio, against
from ...flops.conventions import get_convention
from ...flops.operations import count
from ...models.catalogue import MODELS
from ..tables.ratios import VIEWS, admitted
from ..tables.table import SITUATION
from ..writing.numbers import bounded

#: The view without any requirement on accuracy.
PUBLISHED = "counted as in 2004, at its time steps"


#: Start of the names of the models that others are compared with: Izhikevich's; this checks his comparison of 2004.
BASELINE = "izhikevich"


class Says(StrEnum):
    """What a ratio of costs says about a model."""

    BASELINE = "the baseline"
    CHEAPER = "cheaper"
    MORE_EXPENSIVE = "more expensive"
    TOO_CLOSE = "too close to rank"
    COARSER_MAY_SUFFICE = "not known: a coarser dt than those of the sweep may suffice"


def baseline(study: Study) -> str:
    """Return the model that costs are divided by: Izhikevich's if it was run, otherwise the first."""
    models = [regime.model for regime in study.regimes]
    return next((model.label for model in models if model.name.startswith(BASELINE)), models[0].label if models else "")


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
        One row per view, situation and model: ``ratio`` of mean costs over the stimuli, its 95 % bootstrap interval
        (``low``, ``high``), its ``bound`` (`accuracy.search.status.Bound`), and the conclusion ``says`` (`Says`). The
        published view comes first; it has neither situation nor interval.
    """
    names = {regime.model.label: regime.model.name for regime in study.regimes}
    rows = _as_published(names, baseline)
    for view in VIEWS:
        for regime, criterion, best in against(admitted(study.cases, view), baseline):
            situation = dict(zip(SITUATION, (*regime, criterion.measure, criterion.tolerance), strict=True))
            rows += [
                {"view": view, **situation, "model": label, **_conclusion(best[label][1])}
                for label in names
                if label in best and len(best) > 1
            ]
    return pd.DataFrame(rows, columns=["view", *SITUATION, "model", "ratio", "low", "high", "bound", "says"])


def verdict(ranked: pd.DataFrame, values: str = "ratio") -> pd.DataFrame:
    """Return `ranking` with one row per view and situation and one column per model: cost divided by the baseline's.

    Parameters
    ----------
    ranked : DataFrame
        As `ranking` returns.
    values : str
        The column to show.
    """
    if not len(ranked):
        return pd.DataFrame()
    keys = ["view", *SITUATION]
    wide = ranked.pivot_table(
        index=keys, columns="model", values=values, sort=False, dropna=False, aggfunc="first"
    ).reset_index()
    wide = wide.dropna(how="all", subset=list(ranked["model"].unique()))
    wide.columns.name = None
    views = [PUBLISHED, *VIEWS]
    order = {key: i for i, key in enumerate(dict.fromkeys(ranked[SITUATION].itertuples(index=False, name=None)))}
    wide["_situation"] = [order.get(key, -1) for key in wide[SITUATION].itertuples(index=False, name=None)]
    wide["_view"] = [views.index(view) for view in wide["view"]]
    return wide.sort_values(["_situation", "_view"], ignore_index=True).drop(columns=["_situation", "_view"])


def verdict_text(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return `verdict` with texts instead of numbers; they show whether a number is a bound or a value."""
    texts = [bounded(row["ratio"], row["bound"]) for row in ranked.to_dict("records")]
    return verdict(ranked.assign(text=pd.Series(texts, index=ranked.index, dtype=object)), "text")


def _conclusion(found: CostRatio) -> dict[str, Any]:
    return {
        "ratio": found.interval.mean,
        "low": found.interval.low,
        "high": found.interval.high,
        "bound": found.bound.value,
        "says": _says(found).value,
    }


def _says(found: CostRatio) -> Says:
    if found is ITSELF:
        return Says.BASELINE
    if found.too_close:
        return Says.TOO_CLOSE
    if not found.ranked:
        return Says.COARSER_MAY_SUFFICE
    return Says.CHEAPER if found.interval.mean < 1 else Says.MORE_EXPENSIVE


def _as_published(names: Mapping[str, str], baseline: str) -> list[dict[str, Any]]:
    """Return the ratios without any requirement on accuracy: the paper's counts at the paper's time steps."""
    convention = get_convention("izhikevich2004")
    costs = {}
    for label, name in names.items():
        published = MODELS[name].published_costs.get(convention.name) if name in MODELS else None
        if published:
            costs[label] = count(label, "euler").flops_per_ms(published.dt, convention)
    if baseline not in costs:
        return []
    return [
        {"view": PUBLISHED, "model": label, "ratio": cost / costs[baseline], "bound": ""}
        for label, cost in costs.items()
    ]
