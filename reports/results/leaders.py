"""The verdict: the cheapest model per regime and criterion, by how much, and how certain the difference is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from ...accuracy.study.study import OURS
from ...accuracy.study.winners import ITSELF, CostRatio
from ..tables import shared_columns
from ..tables.table import SITUATION
from .run_tables import RunTables

#: Columns and their meaning.
COLUMNS = {
    **shared_columns.SITUATION,
    "place": "1 for the cheapest model, 2 for the next",
    "model": "model and preset",
    "method": "its cheapest method",
    "detection": "its cheapest detection",
    "status": "reached, or at least: the coarsest dt of the sweep holds, so dt may be larger and the cost lower",
    "dt_ms": "largest dt at which, and below which, every stimulus holds",
    "flops_per_ms": "operations per ms of model time, geometric mean over the stimuli",
    "flops_per_ms_low": "lower end of its 95 % bootstrap interval",
    "flops_per_ms_high": "upper end",
    "ratio": "cost divided by that of the cheapest",
    "ratio_low": "lower end of its 95 % bootstrap interval",
    "ratio_high": "upper end",
    "bound": "what the ratio is if a dt is only known to be at least the sweep's: at least, at most, not known",
    "ranked": "whether the model is certainly more expensive than the cheapest",
}


def leaders(run: RunTables) -> pd.DataFrame:
    """Return one row per regime, criterion and model that meets it, the cheapest first; columns as in `COLUMNS`."""
    keys = ["model", "method", "detection", *SITUATION]
    ours = run.by_stimulus["engine"] == OURS
    reached = run.by_stimulus[run.by_stimulus["flops_per_ms"].notna() & ours]
    costs = reached.groupby(keys, sort=False)["flops_per_ms"].agg(list).to_dict()
    rows: list[dict[Hashable, Any]] = []
    first: tuple[list[float], str] = ([], "")
    for row in run.cheapest.to_dict("records"):
        leads = not rows or any(row[name] != rows[-1][name] for name in SITUATION)
        own = costs[tuple(row[name] for name in keys)], row["status"]
        first = own if leads else first
        found = ITSELF if leads else CostRatio.of(*own, *first)
        rows.append(
            {
                **row,
                "place": 1 if leads else rows[-1]["place"] + 1,
                "ratio": found.interval.mean,
                "ratio_low": found.interval.low,
                "ratio_high": found.interval.high,
                "bound": found.bound.value,
                "ranked": leads or found.ranked,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
