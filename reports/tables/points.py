"""Every run of the sweeps as a table: the data behind the work-precision figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ...accuracy.measures import MEASURES
from ...accuracy.search.criterion import Run
from ...accuracy.search.voltage import VoltageRms
from ...accuracy.study.cost import retired_per_ms
from ...accuracy.study.intervals import mean
from ...accuracy.study.study import OURS, Curve, Point, Study
from ...flops.conventions import CONVENTIONS, Convention
from ...harness.measuring.measure import Measurement
from ...harness.measuring.spike_cost import StepAndSpike
from ...models.ground.errors import UserError
from . import shared_columns
from .parity import retired

Value = TypeVar("Value")

#: Columns and their meaning.
COLUMNS = {
    **shared_columns.WAY,
    **shared_columns.ENGINE,
    **shared_columns.REGIME,
    "dt_ms": "time step; the mean time step if an error control chooses it",
    "error_control": "tolerance of the error control",
    "flops_per_ms": "operations per ms of model time, spikes included; geometric mean over the stimuli",
    "error_ms": "largest spike-time error, over all stimuli; empty if a run failed or a spike is missing or extra",
    "median_error_ms": "the largest spike-time error of a stimulus, median over the stimuli",
    "voltage_error": "root mean square error of the voltage between spikes, in the model's unit, median",
    "missing": "spikes of the references that are not there",
    "extra": "spikes that are not in the references",
    "failed": "runs that failed",
    "failure": "why the first of them failed",
    "front": "no other point in this regime is both cheaper and more accurate (error_ms)",
    "model_front": "no other point of this model is both cheaper and more accurate",
}
#: Costs of a point in addition to ``flops_per_ms``, and of a case: label and unit by column.
_COUNTED = {
    "instrumented_per_ms": "operations that an exact counter saw retire, library and spikes included",
    "hardware_per_ms": "operations that the processor's own counter saw retire, library included, spikes left out",
}
REGIME = list(shared_columns.REGIME)


def points(study: Study) -> pd.DataFrame:
    """Return one row per curve and dt; columns as in `COLUMNS`, further `costs`, and averages of further measures.

    Costs and errors that are only drawn have seven digits.
    """
    measures = study.suite.drawn_measures
    weighing = _conventions(study)
    rows = [
        _row(curve, point, measures, weighing) | {"instrumented_per_ms": _instrumented(study, curve, point)}
        for curve in (*study.curves, *study.other_curves)
        for point in curve.points
    ]
    further = [name for name in costs(study) if name not in COLUMNS]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *further, *measures])
    keys = frame[["model", "method", "detection"]].itertuples(index=False, name=None)
    hardware = _hardware(study)
    known = pd.Series([hardware.get(key, np.nan) for key in keys], dtype=float)
    frame["hardware_per_ms"] = known.where(frame["engine"] == OURS) / frame["dt_ms"]
    frame["front"] = pareto(frame, frame["error_ms"], REGIME)
    frame["model_front"] = pareto(frame, frame["error_ms"], [*REGIME, "model"])
    return shared_columns.to_seven_digits(frame, ("median_error_ms", "voltage_error", *further, *measures))


def costs(study: Study) -> dict[str, dict[str, str]]:
    """Return the label and unit of each cost that points have, by column.

    Operations that an exact counter saw are known if all steps are alike. Operations that the processor's own counter
    saw are for steps without a spike, divided by dt, and known only for the detection that was counted.
    """
    return {
        "flops_per_ms": {"label": "operations per ms of model time", "unit": "operations"},
        **{
            f"{each.name}_per_ms": {"label": f"{each.unit} per ms of model time ({each.name})", "unit": each.unit}
            for each in _conventions(study)
        },
        **{name: {"label": f"{label}, per ms", "unit": "operations"} for name, label in _COUNTED.items()},
    }


def _conventions(study: Study) -> list[Convention]:
    """Return the conventions that weigh the operations as run, without the one that gives ``flops_per_ms``."""
    return [
        each
        for each in (*CONVENTIONS.values(), *study.suite.own_conventions)
        if each.counts == "as run" and each.name != "unit"
    ]


def _hardware(study: Study) -> dict[tuple[str, str, str], float]:
    """Return the operations per step that a hardware counter saw, by model, method and detection."""
    return {
        (measured.model, measured.method, measured.detection): witness.flops / measured.steps / witness.repetitions
        for measured in study.measurements.values()
        if isinstance(measured, Measurement)
        for witness in measured.witnesses
        if not witness.exact
    }


def _instrumented(study: Study, curve: Curve, point: Point) -> float:
    """Return the operations per ms that an exact counter saw, geometric mean over the stimuli; nan if it saw none."""
    regime = curve.regime
    found = study.retired.get((regime.model.label, curve.method, curve.detection, regime.stimulus))
    if curve.engine != OURS or not isinstance(found, StepAndSpike) or curve.count is None:
        return float("nan")
    step, spike = retired(found.step, found.step_in_libm), retired(found.spike, found.spike_in_libm)
    count = curve.count
    return mean(_of_tallies(point.runs, lambda run: retired_per_ms(step, spike, count, run.tallies, regime.horizon)))


def _weighed(convention: Convention, operations: Mapping[str, float], precision: str) -> float:
    """Return a cost; nan if the convention needs a measurement that is not possible here."""
    try:
        return convention.weigh(operations, precision)
    except UserError:
        return float("nan")


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


def _row(curve: Curve, point: Point, measures: tuple[str, ...], weighing: list[Convention]) -> dict[str, Any]:
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
        "engine": curve.engine,
        "stimulus": regime.stimulus,
        "level": regime.level,
        "horizon_ms": regime.horizon,
        "dt_ms": fmean(curve.dt(point.setting, run) for run in runs),
        "error_control": None if curve.by_dt else float(point.setting),
        "flops_per_ms": _mean_cost(curve, runs),
        **{f"{each.name}_per_ms": cost for each, cost in zip(weighing, _costs(curve, runs, weighing), strict=True)},
        "error_ms": max(largest, default=np.nan) if whole else np.nan,
        "median_error_ms": float(np.median(largest)) if whole and largest else np.nan,
        "voltage_error": float(np.median([run.voltage for run in runs])) if whole else np.nan,
        "missing": missing,
        "extra": extra,
        "failed": len(failures),
        "failure": failures[0] if failures else "",
        **{
            name: float(np.mean([run.value(name) for run in runs])) if whole or not MEASURES[name].matched else np.nan
            for name in measures
        },
    }


def _of_tallies(runs: Sequence[Run], value: Callable[[Run], Value]) -> list[Value]:
    """Return a value of each run that depends only on its tallies; most runs have the same tallies as another one."""
    keys = [tuple(run.tallies.items()) for run in runs]
    known = {key: value(run) for key, run in dict(zip(keys, runs, strict=True)).items()}
    return [known[key] for key in keys]


def _mean_cost(curve: Curve, runs: Sequence[Run]) -> float:
    return mean([curve.cost(run).per_ms for run in runs])


def _costs(curve: Curve, runs: Sequence[Run], weighing: list[Convention]) -> list[float]:
    """Return the costs of operations under further conventions: they are not known by kind of another simulator."""
    if curve.count is None:
        return [np.nan] * len(weighing)
    operations = _of_tallies(runs, curve.operations)
    mean = {kind: fmean(each[kind] for each in operations) for kind in operations[0]}
    return [_weighed(each, mean, curve.count.step.precision) for each in weighing]


def pareto(frame: pd.DataFrame, error: pd.Series, together: list[str]) -> pd.Series:
    """Mark the Pareto front of our kernels: in order of cost, each point that is more accurate than all cheaper ones.

    Parameters
    ----------
    frame : DataFrame
        As `points` returns.
    error : Series
        Error of each point; points without an error are on no front.
    together : list of str
        Columns that the points of one front share.
    """
    on = pd.Series(data=False, index=frame.index)
    known = frame.assign(_error=error)[error.notna() & (frame["engine"] == OURS)]
    for _, group in known.groupby(together, sort=False):
        ordered = group.sort_values(["flops_per_ms", "_error"])
        best_before = ordered["_error"].cummin().shift(fill_value=np.inf)
        on[ordered.index[ordered["_error"] < best_before]] = True
    return on
