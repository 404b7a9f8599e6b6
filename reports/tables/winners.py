"""The cheapest model for every rate and tolerance, and every model that reaches it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...accuracy.study.winners import Winner
from .shared_columns import SITUATION

#: Columns and their meaning.
COLUMNS = {
    **SITUATION,
    "winner": "the cheapest model; empty if no model reaches the tolerance",
    "method": "its cheapest method",
    "detection": "its cheapest detection",
    "dt_ms": "largest dt at which, and below which, every stimulus holds",
    "status": "reached, or at least: the coarsest dt of the sweep holds, so the cost is at most this",
    "flops_per_ms": "operations per ms of model time at this dt, geometric mean over the stimuli",
    "second": "the next model; empty if there is none",
    "lead": "cost of the second divided by that of the winner",
    "lead_low": "lower end of its 95 % bootstrap interval",
    "lead_high": "upper end",
    "bound": "what the lead is if a dt is only known to be at least the sweep's: at least, at most, not known",
    "ranked": "whether the winner is certainly cheaper",
}
CANDIDATE_COLUMNS = {
    **SITUATION,
    "place": "1 for the cheapest model, 2 for the next",
    "model": "model and preset",
    "method": "its cheapest method",
    "detection": "its cheapest detection",
    "dt_ms": "largest dt at which, and below which, every stimulus holds",
    "status": "reached, or at least: the coarsest dt of the sweep holds, so the cost is at most this",
    "flops_per_ms": "operations per ms of model time at this dt, geometric mean over the stimuli",
    "flops_per_ms_low": "lower end of its 95 % bootstrap interval",
    "flops_per_ms_high": "upper end",
}


def winner_table(found: Sequence[Winner]) -> pd.DataFrame:
    """Return one row per regime and tolerance; columns as in `COLUMNS`."""
    return pd.DataFrame([_row(winner) for winner in found], columns=list(COLUMNS))


def candidate_table(found: Sequence[Winner]) -> pd.DataFrame:
    """Return one row per regime, tolerance and model that reaches it; columns as in `CANDIDATE_COLUMNS`."""
    rows = []
    for winner in found:
        for place, each in enumerate(winner.candidates, 1):
            cost = each.cost()
            rows.append(
                (
                    *winner.regime,
                    winner.criterion.measure,
                    winner.criterion.tolerance,
                    place,
                    each.curve.regime.model.label,
                    each.curve.method,
                    each.curve.detection,
                    each.dt,
                    each.status.value,
                    cost.mean,
                    cost.low,
                    cost.high,
                )
            )
    return pd.DataFrame(rows, columns=list(CANDIDATE_COLUMNS))


def _row(winner: Winner) -> dict[str, object]:
    situation = (*winner.regime, winner.criterion.measure, winner.criterion.tolerance)
    row: dict[str, object] = {
        **dict(zip(SITUATION, situation, strict=True)),
        "winner": "",
        "method": "",
        "detection": "",
        "second": "",
        "status": "",
        "bound": "",
        "ranked": False,
    }
    if winner.candidates:
        first = winner.candidates[0]
        row |= {
            "winner": first.curve.regime.model.label,
            "method": first.curve.method,
            "detection": first.curve.detection,
            "dt_ms": first.dt,
            "status": first.status.value,
            "flops_per_ms": first.mean_cost(),
        }
    lead = winner.lead
    if lead is not None:
        row |= {
            "second": winner.candidates[1].curve.regime.model.label,
            "lead": lead.interval.mean,
            "lead_low": lead.interval.low,
            "lead_high": lead.interval.high,
            "bound": lead.bound.value,
            "ranked": lead.ranked,
        }
    return row
