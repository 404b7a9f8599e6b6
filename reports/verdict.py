"""What the published rankings become at equal accuracy."""

from __future__ import annotations

import pandas as pd

from ..flops.conventions import get_convention
from ..flops.operations import count
from ..models import units

#: (view, rows that it admits)
VIEWS = {
    "forward Euler, spikes on the grid": {"method": "euler", "detection": "grid"},
    "cheapest method, spikes on the grid": {"detection": "grid"},
    "cheapest method and detection": {},
}
COST = "flops_per_ms"


def verdict(rows: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Compare models with a baseline model, at every rate and tolerance.

    Parameters
    ----------
    rows : DataFrame
        As `spikecost.reports.table.table` returns.
    baseline : str
        A model of the table; costs are divided by its cost.

    Returns
    -------
    DataFrame
        First a row with no rate and tolerance, counted and stepped as in 2004; then one row a view, rate and
        tolerance at which the baseline and another model both have a number. One column a model: its cost over the
        baseline's.
    """
    found = []
    for view, wanted in VIEWS.items():
        admitted = rows[rows[COST].notna()]
        for column, value in wanted.items():
            admitted = admitted[admitted[column] == value]
        costs = admitted.pivot_table(index=["rate_hz", "tolerance_ms"], columns="model", values=COST, aggfunc="min",
                                     sort=False)
        if baseline not in costs:
            continue
        ratios = costs.div(costs[baseline], axis=0)
        ratios = ratios[ratios[baseline].notna() & (ratios.notna().sum(axis=1) > 1)]
        found.append(ratios.reset_index().assign(view=view))
    if not found:
        return pd.DataFrame()
    found.insert(0, _as_published(list(dict.fromkeys(rows["model"])), baseline))
    result = pd.concat(found, ignore_index=True)
    models = [model for model in dict.fromkeys(rows["model"]) if model in result]
    ordered = result[["view", "rate_hz", "tolerance_ms", *models]]
    return ordered.sort_values(["rate_hz", "tolerance_ms"], ascending=[True, False], kind="stable",
                               na_position="first", ignore_index=True)


def _as_published(labels: list[str], baseline: str) -> pd.DataFrame:
    """Return the ratios without any demand on accuracy: the paper's counting at the paper's time steps."""
    convention = get_convention("izhikevich2004")
    costs = {}
    for label in labels:
        name = label.partition(":")[0]
        if name in convention.published:
            dt = units.quantity(convention.published[name][1], units.MS)
            costs[label] = count(label, "euler").flops_per_ms(dt, convention)
    ratios = {label: cost / costs[baseline] for label, cost in costs.items() if baseline in costs}
    return pd.DataFrame([{"view": "counted as in 2004, at its time steps", **ratios}] if ratios else [])
