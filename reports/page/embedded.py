"""The data that the page's scripts draw from, in a compact form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...accuracy.study.study import OURS
from ...models.algebra.functions import CALLS
from ..figures.features_figure import published_flops_per_ms
from ..figures.ratio_figure import in_sight
from ..results.leaders import leaders
from ..results.run_tables import RunTables
from ..results.suite_file import suite_text
from ..tables.features import STATED, counts
from ..tables.points import REGIME
from ..tables.ratios import ANY, GRID
from ..tables.shared_columns import CASE
from ..writing.drives import panel_name
from ..writing.numbers import NOTE
from .tables import in_order, operations

#: Digits of a number in the page; the Parquet files in the same folder have all digits.
_DIGITS = 6
_CASE = list(CASE)
#: Columns with wall times.
_TIMES = ("ns_per_ms", "ns_per_ms_simd")
_ERRORS = {"maximum": "error_ms", "voltage_rms": "voltage_error"}


def data(run: RunTables) -> dict[str, Any]:
    """Return the data that the scripts read; tables column by column, missing numbers as null."""
    named = {
        "table": run.table,
        "points": run.points,
        "timed": timed(run),
        "leaders": leaders(run),
        "ranking": run.ranking,
        "ratios": run.ratios,
        "winners": run.winners,
        "candidates": run.candidates,
        "by_kind": run.by_kind,
        "parity": run.parity[~run.parity["kind"].isin(CALLS)],
        "counters": run.counters,
        "step_and_spike": run.step_and_spike,
        "builds": run.builds,
        "operations": run.operations,
        "operations_by_part": operations(run),
        "regimes": run.regimes,
        "references": run.references,
        "features": run.features,
        "demos": run.demos,
        "engines": run.engines,
        "floors": run.floors,
    }
    return {
        "models": run.models,
        "methods": run.about["suite"]["methods"],
        "detections": run.about["suite"]["detections"],
        "at_end": "grid",
        "ours": OURS,
        "engines": list(dict.fromkeys(run.table["engine"])),
        "measures": {
            name: {**about, "column": _ERRORS.get(name, name)} for name, about in run.about["measures"].items()
        },
        "costs": {
            **run.about["costs"],
            **{
                column: {"label": label, "unit": "ns"}
                for column, label in (
                    ("ns_per_ms", "ns per ms of model time, one neuron"),
                    ("ns_per_ms_simd", "ns per ms of model time and neuron, 1024 neurons in SIMD lanes"),
                )
            },
        },
        "criteria": run.about["criteria"],
        "columns": run.about["columns"],
        "suite": suite_text(run.about["suite"]),
        "drives": {str(name): panel_name(str(name)) for name in run.regimes["stimulus"].unique()},
        "ratios": {
            "order": in_order(run.ratios, run.models),
            "grid": GRID,
            "any": ANY,
            "baseline": run.baseline,
            "loosest": _plain(float(in_sight(run.ratios)["tolerance"].max())),
        },
        "recorded": _recorded(run),
        "resolution": _RESOLUTION,
        "features": _features(run),
        "tables": {name: _columns(frame) for name, frame in named.items()},
    }


def _features(run: RunTables) -> dict[str, Any]:
    """Return how many features were tried, how many each model shows, and what is stated about it in 2004."""
    shown = counts(run.features, run.demos)
    published = {model: published_flops_per_ms(model) for model in shown}
    return {
        "looked": int(run.features["feature"].nunique()),
        "shown": shown,
        "stated": {
            model: {"flops": flops, "features": len(STATED[model]) if model in STATED else None}
            for model, flops in published.items()
            if flops is not None
        },
    }


def timed(run: RunTables) -> pd.DataFrame:
    """Return the timed cases as points: their wall times, and their errors in the columns that points have."""
    cases = run.table[run.table["ns_per_ms"].notna()]
    measures = [name for name in run.measures if name in run.by_stimulus]
    means = run.by_stimulus.groupby(_CASE, sort=False)[measures].mean().reset_index()
    wanted = [
        "status",
        "dt_ms",
        "error_control",
        "error_ms",
        "voltage_error",
        *_TIMES,
        *(name + NOTE for name in _TIMES),
    ]
    return cases[[*_CASE, *wanted]].merge(means, on=_CASE, how="left")


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): [_plain(value) for value in frame[name].tolist()] for name in frame}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return None if value is pd.NA else value


#: Steps of the range of a recorded voltage, and the resolution of spike times in ms: more than a screen can show.
_LEVELS, _RESOLUTION = 5000, 1e-5


def _recorded(run: RunTables) -> list[dict[str, Any]]:
    """Return one entry per recording: what it is of, its spikes, and its voltage from `start` in steps of `step`.

    Both are whole numbers, each the difference from the one before, which compress well: the voltage in steps of
    `quantum`, and the spike times in steps of `_RESOLUTION`.
    """
    keys = [*REGIME, "model", "method", "detection", "measure", "tolerance"]
    voltages = {_known(key): group for key, group in run.voltages.groupby(keys, sort=False, dropna=False)}
    spikes = {_known(key): group for key, group in run.spikes.groupby(keys, sort=False, dropna=False)}
    found = []
    for key, group in voltages.items():
        times = group["time_ms"].to_numpy()
        step = (times[-1] - times[0]) / max(len(times) - 1, 1)
        own = spikes.get(key)
        found.append(
            {
                **dict(zip(keys, key, strict=True)),
                "start": float(times[0]),
                "step": float(step),
                **_voltage(group["voltage"].to_numpy(float)),
                "spikes": [] if own is None else _differences(own["time_ms"].to_numpy() / _RESOLUTION),
            }
        )
    return found


def _voltage(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    lowest, highest = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    quantum = (highest - lowest) / _LEVELS or 1.0
    return {
        "lowest": lowest,
        "quantum": quantum,
        "voltage": _differences(np.clip((values - lowest) / quantum, 0, _LEVELS)),
    }


def _differences(values: npt.NDArray[np.float64]) -> list[int]:
    whole = np.rint(np.nan_to_num(values)).astype(np.int64)
    return [int(each) for each in np.diff(whole, prepend=0)]


def _known(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(None if isinstance(value, float) and math.isnan(value) else value for value in key)
