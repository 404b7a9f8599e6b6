"""Other simulators, and other number formats: what is known of them in addition to their rows of the main table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ...accuracy.search.criterion import Criterion, Run, largest_error
from ...accuracy.study.study import Curve, Study
from ...models.ground.errors import NoValue
from .shared_columns import REGIME

#: Columns and their meaning.
ENGINE_COLUMNS = {
    "model": "model and preset",
    "engine": "the simulator, as it was asked for",
    "method": "its scheme",
    "detection": "where it finds and labels spikes: the detection of ours that does the same, or its own",
    **REGIME,
    "status": "ran; or why it did not",
    "reason": "why it did not run, or fails at its default dt; empty if it ran there",
    "default_dt_ms": "the time step that it takes if none is set",
    "default_error_ms": "largest spike-time error at this dt, over all stimuli; empty if a spike is missing or extra",
    "default_missing": "spikes of the references that are not there at this dt",
    "default_extra": "spikes that are not in the references at this dt",
    "operations_per_step": "floating-point operations per neuron and step that an exact counter saw",
    "no_operations": "why they are not known; empty if they are",
    "computed_as": "our method and detection that found the same spikes at the default dt, and computed the other "
    "runs; empty if the simulator computed all of them",
    "version": "the simulator and its version",
}
FLOOR_COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "detection": "how the crossing is located",
    "engine": "our kernels in another number format",
    **REGIME,
    "floor_ms": "smallest of the largest spike-time errors of all stimuli, over all dt of the sweep",
    "floor_dt_ms": "the dt of this error",
    "finest_dt_ms": "finest dt of the sweep; below the dt of the floor, rounding errors grow with the number of steps",
    "finest_error_ms": "largest spike-time error there; empty if a spike is missing or extra",
    "double_ms": "smallest such error in double precision, at any dt of its sweep",
    "strictest_ms": "strictest tolerance of the run that holds; empty if none does",
    "double_strictest_ms": "the same in double precision",
}


def engines(study: Study) -> pd.DataFrame:
    """Return one row per model, regime and simulator; columns as in `ENGINE_COLUMNS`."""
    rows = [_engine_row(curve) for curve in study.other_curves if curve.peer is not None]
    return pd.DataFrame(rows, columns=list(ENGINE_COLUMNS))


def _engine_row(curve: Curve) -> dict[str, Any]:
    peer = curve.peer
    assert peer is not None
    whole = [run.error for run in peer.at_default if run.error is not None]
    missing, extra = sum(each.missing for each in whole), sum(each.extra for each in whole)
    error = largest_error(peer.at_default)
    unknown = isinstance(peer.operations, NoValue)
    failures = [run.failure for run in peer.at_default if run.error is None]
    return {
        **_way(curve),
        "status": "ran" if curve.status is None else curve.status.value,
        "reason": curve.reason or next(iter(failures), ""),
        "default_dt_ms": float(peer.default_dt),
        "default_error_ms": math.nan if missing or extra or len(whole) < len(peer.at_default) else error,
        "default_missing": missing if whole else None,
        "default_extra": extra if whole else None,
        "operations_per_step": None if isinstance(peer.operations, NoValue) else peer.operations,
        "no_operations": str(peer.operations) if unknown and curve.status is None else "",
        "computed_as": peer.computed_as,
        "version": peer.version,
    }


def _way(curve: Curve) -> dict[str, Any]:
    return {
        "model": curve.regime.model.label,
        "engine": curve.engine,
        "method": curve.method,
        "detection": curve.detection,
        **dict(zip(REGIME, curve.regime.key, strict=True)),
    }


def floors(study: Study) -> pd.DataFrame:
    """Return one row per curve of ours in another number format than double; columns as in `FLOOR_COLUMNS`."""
    double = {_key(curve): curve for curve in study.curves}
    rows = [
        _floor_row(curve, double[_key(curve)], study.suite.all_criteria)
        for curve in study.other_curves
        if curve.peer is None and curve.points and _key(curve) in double
    ]
    return pd.DataFrame(rows, columns=list(FLOOR_COLUMNS))


def _key(curve: Curve) -> tuple[Any, ...]:
    return curve.regime.model.label, curve.regime.key, curve.method, curve.detection


def _floor_row(curve: Curve, double: Curve, criteria: Sequence[Criterion]) -> dict[str, Any]:
    errors = {point.setting: _largest(point.runs) for point in curve.points}
    known = {setting: error for setting, error in errors.items() if not math.isnan(error)}
    least = min(known, key=known.__getitem__, default=None)
    finest = curve.points[-1]
    of_double = [error for point in double.points if not math.isnan(error := _largest(point.runs))]
    return {
        **_way(curve),
        "floor_ms": math.nan if least is None else known[least],
        "floor_dt_ms": math.nan
        if least is None
        else curve.mean_dt(least, next(each.runs for each in curve.points if each.setting == least)),
        "finest_dt_ms": curve.mean_dt(finest.setting, finest.runs),
        "finest_error_ms": errors[finest.setting],
        "double_ms": min(of_double, default=math.nan),
        "strictest_ms": _strictest(curve, criteria),
        "double_strictest_ms": _strictest(double, criteria),
    }


def _strictest(curve: Curve, criteria: Sequence[Criterion]) -> float:
    held = [
        each.tolerance
        for each in criteria
        if each.measure == "maximum" and each in curve.answers and curve.answers[each].setting is not None
    ]
    return min(held, default=math.nan)


def _largest(runs: Sequence[Run]) -> float:
    """Return the largest error of several runs; nan if one failed, or has a spike missing or extra."""
    errors = [run.error for run in runs]
    if any(each is None or each.missing or each.extra for each in errors):
        return math.nan
    return largest_error(runs)


def texts(study: Study) -> dict[str, dict[str, str]]:
    """Return the models as the simulators read them, by simulator and model."""
    found: dict[str, dict[str, str]] = {}
    for curve in study.other_curves:
        if curve.peer is not None and curve.peer.text:
            found.setdefault(curve.engine, {})[curve.regime.model.label] = curve.peer.text
    return found


def described(study: Study) -> dict[str, dict[str, Any]]:
    """Return what is known of each simulator of a study, in values that JSON can store."""
    of_models = texts(study)
    found: dict[str, dict[str, Any]] = {}
    for curve in study.other_curves:
        if curve.peer is None:
            continue
        entry = found.setdefault(
            curve.engine,
            {
                "title": curve.peer.title,
                "labels": curve.peer.labels,
                "schemes": {},
                "detection": curve.detection,
                "texts": of_models.get(curve.engine, {}),
            },
        )
        if curve.method:
            entry["schemes"].setdefault(curve.method, curve.peer.said)
            entry["schemes"][curve.method] = entry["schemes"][curve.method] or curve.peer.said
    return found


def headlines(engines: pd.DataFrame, described: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return one sentence per simulator: how far its default setting is off for each model.

    Parameters
    ----------
    engines : DataFrame
        As `engines` returns.
    described : mapping
        As `described` returns.
    """
    found = []
    for name, rows in engines.groupby("engine", sort=False):
        title = described[str(name)]["title"]
        ran = rows[rows["status"] == "ran"]
        parts = [f"{label}: {_off(each)}" for label, each in ran.groupby("model", sort=False)]
        dt = rows["default_dt_ms"].iloc[0]
        if parts:
            found.append(f"{title} at its default dt of {dt:g} ms is off by: {'; '.join(parts)}")
        reasons = dict.fromkeys(f"{row['model']}: {row['reason']}" for row in _did_not(rows))
        found += [f"{title} did not run {reason}" for reason in reasons]
    return found


def _did_not(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return [row for row in rows.to_dict("records") if row["status"] != "ran"]


def _off(rows: pd.DataFrame) -> str:
    lost = int(rows["default_missing"].sum()), int(rows["default_extra"].sum())
    worst = rows["default_error_ms"].max()
    said = [] if math.isnan(worst) else [f"{worst:.2g} ms"]
    if any(lost):
        said.append(f"{lost[0]} spikes missing and {lost[1]} too many" + (" in other regimes" if said else ""))
    failed = [row["reason"] for row in rows.to_dict("records") if row["reason"]]
    if failed:
        said.append(f"it failed ({failed[0]})")
    return ", ".join(said)
