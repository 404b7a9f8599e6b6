"""What was done more than once: each case stimulus by stimulus, and every timed run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...accuracy.search.tolerance import Own
from ...accuracy.study.study import Case, Study
from .shared_columns import CASE
from .table import situation

#: Columns, and what they are; with one more for each measure of the suite, at the cell's dt.
COLUMNS = {
    **CASE,
    "trial": "which stimulus of its kind, from 0",
    "flops_per_ms": "operations a ms of model time, spikes included, at the cell's dt",
    "error_ms": "largest spike-time error at the cell's dt",
    "rms_error_ms": "root mean square error there",
    "voltage_error": "root mean square error of the voltage between spikes there, in the model's unit",
    "spikes": "spikes compared",
    "own_dt_ms": "largest dt that was run at which, and below which, this stimulus alone holds; the mean step where an "
                 "error control chooses it",
    "own_error_control": "its tolerance",
    "own_flops_per_ms": "operations a ms at that dt",
    "own_error_ms": "largest spike-time error at that dt",
}
TIMING_COLUMNS = {
    **CASE,
    "build": "scalar (one neuron) or simd (a neuron of 1024 in SIMD lanes)",
    "repeat": "which timed run, from 0; those of the same number ran in turn",
    "ns_per_ms": "wall time a ms of model time of a neuron",
    "calibrations_per_ms": "the same over that of a fixed piece of work that ran beside it",
}


def by_stimulus(study: Study) -> pd.DataFrame:
    """Return a row a case and stimulus, where there are any; columns as in `COLUMNS`, then the suite's measures."""
    measures = study.suite.drawn_measures
    return pd.DataFrame([
        {**situation(case), "trial": trial, **_at_dt(case, trial, measures), **_alone(case, own)}
        for case in study.cases for trial, own in enumerate(case.curve.own.get(case.criterion, []))
    ], columns=[*COLUMNS, *measures])


def timings(study: Study) -> pd.DataFrame:
    """Return a row a timed run; columns as in `TIMING_COLUMNS`."""
    return pd.DataFrame([
        {**situation(case), "build": build, "repeat": repeat, "ns_per_ms": sample, "calibrations_per_ms": ratio}
        for case in study.cases for build, timing in (("scalar", case.one_neuron), ("simd", case.many_neurons))
        if timing is not None
        for repeat, (sample, ratio) in enumerate(zip(timing.samples, timing.relative, strict=True))
    ], columns=list(TIMING_COLUMNS))


def _at_dt(case: Case, trial: int, measures: tuple[str, ...]) -> dict[str, Any]:
    run = case.runs[trial] if case.runs else None
    if run is None or run.error is None:
        return {}
    return {
        "flops_per_ms": case.curve.cost(run).per_ms,
        "error_ms": run.error.maximum,
        "rms_error_ms": run.error.rms,
        "voltage_error": run.voltage,
        "spikes": run.error.matched,
        **{name: run.value(name) for name in measures},
    }


def _alone(case: Case, own: Own | None) -> dict[str, Any]:
    curve = case.curve
    if own is None or own.run.error is None:
        return {}
    return {
        "own_dt_ms": curve.dt(own.setting, own.run),
        "own_error_control": None if curve.by_dt else float(own.setting),
        "own_flops_per_ms": curve.cost(own.run).per_ms,
        "own_error_ms": own.run.error.maximum,
    }
