"""Columns that several tables of a run have, and their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ...accuracy.study.study import Case

#: Of the cheapest ways to run models, what is shown first.
SHOWN = (
    "stimulus",
    "level",
    "horizon_ms",
    "tolerance",
    "model",
    "method",
    "detection",
    "dt_ms",
    "flops_per_ms",
    "ns_per_ms",
    "error_ms",
)
#: A way to run a model.
WAY = {"model": "model and preset", "method": "integration method", "detection": "how the crossing is located"}
#: What runs a model in a way.
ENGINE = {
    "engine": "what runs it: spikecost (double precision), spikecost:single and the like, or another simulator; the "
    "method is then the simulator's scheme"
}
#: Conditions under which a model runs.
REGIME = {
    "stimulus": "kind of stimulus",
    "horizon_ms": "model time that is compared",
    "level": "requested firing rate, or drive as a multiple of the rheobase",
}
#: Requirement on accuracy.
CRITERION = {
    "measure": "how errors are measured; maximum: the largest spike-time error, no spike missing or extra",
    "tolerance": "how far the measure may be from perfect",
}
#: What rows that are compared with each other have in common.
SITUATION = REGIME | CRITERION
#: What distinguishes a case from all others.
CASE = WAY | ENGINE | SITUATION


def situation(case: Case) -> dict[str, Any]:
    """Return what distinguishes a case from all others."""
    regime, criterion = case.curve.regime, case.criterion
    return {
        "model": regime.model.label,
        "method": case.curve.method,
        "detection": case.curve.detection,
        "engine": case.curve.engine,
        "stimulus": regime.stimulus,
        "horizon_ms": regime.horizon,
        "level": regime.level,
        "measure": criterion.measure,
        "tolerance": criterion.tolerance,
    }


def to_seven_digits(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a table in which some columns have seven digits, in half of the space."""
    return frame.astype(dict.fromkeys(columns, "float32"))
