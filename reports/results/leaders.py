"""The verdict: who is cheapest in each regime under each criterion, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...accuracy.study.winners import ITSELF, CostRatio
from ..tables import shared_columns
from ..tables.table import SITUATION

if TYPE_CHECKING:
    from ..comparison.run_folder import RunFolder

#: Columns, and what they are.
COLUMNS = {
    **shared_columns.SITUATION,
    "place": "1 for the cheapest model, 2 for the next",
    "model": "model and preset",
    "method": "its cheapest method",
    "detection": "its cheapest detection",
    "status": "reached, or at least: the coarsest dt of the sweep holds, so that dt may be larger and the cost less",
    "dt_ms": "largest dt at which, and below which, every stimulus holds",
    "flops_per_ms": "operations a ms of model time, geometric mean over the stimuli",
    "flops_per_ms_low": "lower end of its 95 % bootstrap interval",
    "flops_per_ms_high": "upper end",
    "ratio": "cost over that of the cheapest",
    "ratio_low": "lower end of its 95 % bootstrap interval",
    "ratio_high": "upper end",
    "bound": "what the ratio is where a dt is only known to be at least the sweep's: at least, at most, not known",
    "ranked": "whether it is sure that the model is dearer than the cheapest",
}


def leaders(run: RunFolder) -> pd.DataFrame:
    """Return a row a regime, criterion and model that gets there, the cheapest first; columns as in `COLUMNS`."""
    keys = ["model", "method", "detection", *SITUATION]
    reached = run.by_stimulus[run.by_stimulus["flops_per_ms"].notna()]
    costs = {key: list(group["flops_per_ms"]) for key, group in reached.groupby(keys, sort=False)}
    rows: list[dict[Hashable, Any]] = []
    first: tuple[list[float], str] = ([], "")
    for row in run.cheapest.to_dict("records"):
        leads = not rows or any(row[name] != rows[-1][name] for name in SITUATION)
        own = costs[tuple(row[name] for name in keys)], row["status"]
        first = own if leads else first
        found = ITSELF if leads else CostRatio.of(*own, *first)
        rows.append({**row, "place": 1 if leads else rows[-1]["place"] + 1, "ratio": found.interval.mean,
                     "ratio_low": found.interval.low, "ratio_high": found.interval.high, "bound": found.bound.value,
                     "ranked": leads or found.ranked})
    return pd.DataFrame(rows, columns=list(COLUMNS))
