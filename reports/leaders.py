"""The verdict: who is cheapest in each regime under each criterion, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..accuracy.intervals import ratio
from . import shared_columns
from .table import SITUATION

if TYPE_CHECKING:
    from .run_folder import RunFolder

#: Columns, and what they are.
COLUMNS = {
    **shared_columns.SITUATION,
    "place": "1 for the cheapest model, 2 for the next",
    "model": "model and preset",
    "method": "its cheapest method",
    "detection": "its cheapest detection",
    "dt_ms": "largest dt: the median over the stimuli",
    "flops_per_ms": "operations a ms of model time, geometric mean over the stimuli",
    "flops_per_ms_low": "lower end of its 95 % bootstrap interval",
    "flops_per_ms_high": "upper end",
    "ratio": "cost over that of the cheapest",
    "ratio_low": "lower end of its 95 % bootstrap interval",
    "ratio_high": "upper end",
    "ranked": "whether the interval leaves out 1; if not, the model and the cheapest are too close to rank",
}


def leaders(run: RunFolder) -> pd.DataFrame:
    """Return a row a regime, criterion and model that gets there, the cheapest first; columns as in `COLUMNS`."""
    keys = ["model", "method", "detection", *SITUATION]
    costs = {key: list(group["flops_per_ms"]) for key, group in run.by_stimulus.groupby(keys, sort=False)}
    rows: list[dict[Hashable, Any]] = []
    first: list[float] = []
    for row in run.cheapest.to_dict("records"):
        new = not rows or any(row[name] != rows[-1][name] for name in SITUATION)
        own = costs[tuple(row[name] for name in keys)]
        first = own if new else first
        found = ratio(own, first)
        low, high = (1.0, 1.0) if new else (found.low, found.high)
        rows.append({**row, "place": 1 if new else rows[-1]["place"] + 1, "ratio": found.mean, "ratio_low": low,
                     "ratio_high": high, "ranked": new or not found.straddles_one})
    return pd.DataFrame(rows, columns=list(COLUMNS))
