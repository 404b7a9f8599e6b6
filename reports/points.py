"""Every run of the sweeps as a table: the data behind the work-precision figure."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from ..accuracy.intervals import interval
from ..accuracy.measures import MEASURES
from ..accuracy.study import Curve, Point, Study
from ..accuracy.voltage import VoltageRms
from ..models.errors import UserError

#: Columns, and what they are.
COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "detection": "how the crossing is located",
    "stimulus": "kind of stimulus",
    "level": "firing rate asked for, or drive as a multiple of the rheobase",
    "horizon_ms": "model time that is compared",
    "dt_ms": "time step; the mean one where an error control chooses it",
    "error_control": "its tolerance",
    "flops_per_ms": "operations a ms of model time, spikes included; geometric mean over the stimuli",
    "error_ms": "largest spike-time error, over all stimuli; empty if a run failed or a spike is missing or extra",
    "median_error_ms": "the largest spike-time error of a stimulus, median over the stimuli",
    "voltage_error": "root mean square error of the voltage between spikes, in the model's unit, median",
    "missing": "spikes of the references that are not there",
    "extra": "spikes that are not in the references",
    "failed": "runs that failed",
    "failure": "why the first of them did",
    "front": "nothing else in this regime is both cheaper and more accurate (error_ms)",
    "model_front": "nothing else of this model is",
}
REGIME = ["stimulus", "horizon_ms", "level"]


def points(study: Study) -> pd.DataFrame:
    """Return a row a curve and dt; columns as in `COLUMNS` and one a further measure, averaged over the stimuli."""
    measures = study.suite.all_measures
    rows = [_row(curve, point, measures) for curve in study.curves for point in curve.points]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *measures])
    frame["front"] = pareto(frame, frame["error_ms"], REGIME)
    frame["model_front"] = pareto(frame, frame["error_ms"], [*REGIME, "model"])
    return frame


def error_by(frame: pd.DataFrame, measure: str) -> pd.Series:
    """Return each point's error by a measure: its distance from the perfect value.

    Raises
    ------
    UserError
        If the measure was not taken.
    """
    always = {"maximum": "error_ms", VoltageRms.name: "voltage_error"}
    if measure in always:
        return frame[always[measure]]
    if measure not in frame:
        raise UserError(f"the measure '{measure}' was not taken; run the suite with measures = ['{measure}']")
    return (frame[measure] - MEASURES[measure].perfect).abs()


def _row(curve: Curve, point: Point, measures: tuple[str, ...]) -> dict[str, Any]:
    regime, runs = curve.regime, point.runs
    errors = [run.error for run in runs if run.error is not None]
    failures = [run.failure for run in runs if run.failure]
    missing, extra = sum(each.missing for each in errors), sum(each.extra for each in errors)
    whole = not (failures or missing or extra)
    largest = [each.maximum for each in errors if each.matched]
    return {
        "model": regime.model.label,
        "method": curve.method,
        "detection": curve.detection,
        "stimulus": regime.stimulus,
        "level": regime.level,
        "horizon_ms": regime.horizon,
        "dt_ms": fmean(curve.dt(point.setting, run) for run in runs),
        "error_control": None if curve.by_dt else float(point.setting),
        "flops_per_ms": interval([curve.cost(point.setting, run).per_ms for run in runs]).mean,
        "error_ms": max(largest, default=np.nan) if whole else np.nan,
        "median_error_ms": float(np.median(largest)) if whole and largest else np.nan,
        "voltage_error": float(np.median([run.voltage for run in runs])) if whole else np.nan,
        "missing": missing,
        "extra": extra,
        "failed": len(failures),
        "failure": failures[0] if failures else "",
        **{name: float(np.mean([run.value(name) for run in runs])) for name in measures},
    }


def pareto(frame: pd.DataFrame, error: pd.Series, together: list[str]) -> pd.Series:
    """Mark the Pareto front: in order of cost, each point that is more accurate than all cheaper ones.

    Parameters
    ----------
    frame : DataFrame
        As `points` returns.
    error : Series
        Of each point; points without an error are on no front.
    together : list of str
        Columns that the points of one front share.
    """
    on = pd.Series(data=False, index=frame.index)
    known = frame.assign(_error=error)[error.notna()]
    for _, group in known.groupby(together, sort=False):
        ordered = group.sort_values(["flops_per_ms", "_error"])
        best_before = ordered["_error"].cummin().shift(fill_value=np.inf)
        on[ordered.index[ordered["_error"] < best_before]] = True
    return on
