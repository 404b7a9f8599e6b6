"""What was done more than once: each cell stimulus by stimulus, and every timed run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..accuracy.study import Cell, Study
from ..accuracy.tolerance import Coarsest
from .shared_columns import CELL
from .table import situation

#: Columns, and what they are; with one more for each measure of the suite.
COLUMNS = {
    **CELL,
    "trial": "which stimulus of its kind, from 0",
    "status": "reached; at least (the coarsest dt of the sweep holds); not reached",
    "dt_ms": "largest dt that holds; the mean step where an error control chooses it",
    "error_control": "its tolerance",
    "flops_per_ms": "operations a ms of model time, spikes included",
    "error_ms": "largest spike-time error",
    "rms_error_ms": "root mean square error",
    "voltage_error": "root mean square error of the voltage between spikes, in the model's unit",
    "spikes": "spikes compared",
    "reason": "for not reached: what happened at the finest setting",
}
TIMING_COLUMNS = {
    **CELL,
    "build": "scalar (one neuron) or simd (a neuron of 1024 in SIMD lanes)",
    "repeat": "which timed run, from 0; those of the same number ran in turn",
    "ns_per_ms": "wall time a ms of model time of a neuron",
    "calibrations_per_ms": "the same over that of a fixed piece of work that ran beside it",
}


def by_stimulus(study: Study) -> pd.DataFrame:
    """Return a row a cell and stimulus, where there are any; columns as in `COLUMNS`, then the suite's measures."""
    measures = study.suite.drawn_measures
    return pd.DataFrame([
        {**situation(cell), "trial": trial, **_answer(cell, answer, measures)}
        for cell in study.cells for trial, answer in enumerate(cell.curve.answers.get(cell.criterion, []))
    ], columns=[*COLUMNS, *measures])


def timings(study: Study) -> pd.DataFrame:
    """Return a row a timed run; columns as in `TIMING_COLUMNS`."""
    return pd.DataFrame([
        {**situation(cell), "build": build, "repeat": repeat, "ns_per_ms": sample, "calibrations_per_ms": ratio}
        for cell in study.cells for build, timing in (("scalar", cell.one_neuron), ("simd", cell.many_neurons))
        if timing is not None
        for repeat, (sample, ratio) in enumerate(zip(timing.samples, timing.relative, strict=True))
    ], columns=list(TIMING_COLUMNS))


def _answer(cell: Cell, answer: Coarsest, measures: tuple[str, ...]) -> dict[str, Any]:
    curve, row = cell.curve, {"status": answer.status, "reason": answer.reason}
    if answer.setting is None or answer.run is None or answer.run.error is None:
        return row
    run, error = answer.run, answer.run.error
    return row | {
        "dt_ms": curve.dt(answer.setting, run),
        "error_control": None if curve.by_dt else float(answer.setting),
        "flops_per_ms": curve.cost(answer.setting, run).per_ms,
        "error_ms": error.maximum,
        "rms_error_ms": error.rms,
        "voltage_error": run.voltage,
        "spikes": error.matched,
        **{name: run.value(name) for name in measures},
    }
