"""What was repeated: each case by stimulus, errors to seven digits, and every timed run."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ...accuracy.search.tolerance import Own
from ...accuracy.study.study import Case, Study
from ..writing.numbers import NOTE
from .shared_columns import CASE, situation, to_seven_digits

#: Columns and their meaning; there is one more for each measure of the suite, at the dt of the case.
COLUMNS = {
    **CASE,
    "trial": "which stimulus of its kind, from 0",
    "flops_per_ms": "operations per ms of model time, spikes included, at the dt of the case",
    "error_ms": "largest spike-time error at the dt of the case",
    "voltage_error": "root mean square error of the voltage between spikes at that dt, in the model's unit",
    "spikes": "number of spikes compared",
    "own_dt_ms": "largest dt that was run at which, and below which, this stimulus alone holds; the mean step if an "
    "error control chooses it",
    "own_error_control": "tolerance of the error control",
    "own_flops_per_ms": "operations per ms at that dt",
    "own_error_ms": "largest spike-time error at that dt",
}
#: Errors of single stimuli, and costs that only intervals are made of: more than seven digits have no use.
_MEASURED = ("voltage_error", "own_flops_per_ms", "own_error_ms")
TIMING_COLUMNS = {
    **CASE,
    "build": "scalar (one neuron) or simd (per neuron, 1024 neurons in SIMD lanes)",
    "repeat": "which timed run, from 0; runs with the same number ran one after the other",
    "ns_per_ms": "wall time per ms of model time and neuron",
    "calibrations_per_ms": "the same divided by the time of a fixed piece of work, measured at about the same time",
}


def by_stimulus(study: Study) -> pd.DataFrame:
    """Return one row per case and stimulus, if there are any; columns as in `COLUMNS`, then the suite's measures."""
    measures = study.suite.drawn_measures
    frame = pd.DataFrame(
        [
            {**situation(case), "trial": trial, **_at_dt(case, trial, measures), **_alone(case, own)}
            for case in (*study.cases, *study.other_cases)
            for trial, own in enumerate(case.curve.own.get(case.criterion, []))
        ],
        columns=[*COLUMNS, *measures],
    )
    return to_seven_digits(frame, (*_MEASURED, *measures))


def timings(study: Study) -> pd.DataFrame:
    """Return one row per timed run; columns as in `TIMING_COLUMNS`."""
    return pd.DataFrame(
        [
            {**situation(case), "build": build, "repeat": repeat, "ns_per_ms": sample, "calibrations_per_ms": ratio}
            for case in (*study.cases, *study.other_cases)
            for build, timing in (("scalar", case.one_neuron), ("simd", case.many_neurons))
            if timing is not None
            for repeat, (sample, ratio) in enumerate(zip(timing.samples, timing.relative, strict=True))
        ],
        columns=list(TIMING_COLUMNS),
    )


#: Timed runs of one case that differ by more than this part of their median are marked.
WIDE = 0.25
#: The machine was busy if the fixed piece of work took this many times as long as its shortest time in the run.
BUSY = 1.5
#: Columns of the table that have a note, by build.
NOTED = {"scalar": "ns_per_ms", "simd": "ns_per_ms_simd"}
#: The columns of these notes.
NOTES = tuple(f"{column}{NOTE}" for column in NOTED.values())


def with_notes(cases: pd.DataFrame, timed: pd.DataFrame) -> pd.DataFrame:
    """Return cases with notes on their times, in columns such as ``ns_per_ms_note``; empty if a time can be trusted.

    A time has a note if the timed runs of its case differ widely, or if the fixed piece of work that was timed next to
    them took much longer than elsewhere in the run: then other programs were running.

    Parameters
    ----------
    cases : DataFrame
        With the columns of a case.
    timed : DataFrame
        As `timings` returns.
    """
    found = cases
    work = timed["ns_per_ms"] / timed["calibrations_per_ms"]
    busy = work > BUSY * work.min()
    for build, column in NOTED.items():
        of = timed.assign(_busy=busy)[timed["build"] == build]
        notes = {key: _note(rows) for key, rows in of.groupby(list(CASE), sort=False)}
        keys = cases[list(CASE)].itertuples(index=False, name=None)
        found = found.assign(**{f"{column}{NOTE}": [notes.get(key, "") for key in keys]})
    return found


def _note(rows: pd.DataFrame) -> str:
    times = rows["ns_per_ms"]
    wide = (times.max() - times.min()) / times.median()
    said = [f"spread {round(100 * wide, 1 - math.floor(math.log10(100 * wide))):.0f} %"] if wide > WIDE else []
    return ", ".join([*said, *(["machine busy"] if rows["_busy"].any() else [])])


def _at_dt(case: Case, trial: int, measures: tuple[str, ...]) -> dict[str, Any]:
    run = case.runs[trial] if case.runs else None
    if run is None or run.error is None:
        return {}
    return {
        "flops_per_ms": case.curve.cost(run).per_ms,
        "error_ms": run.error.maximum,
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
