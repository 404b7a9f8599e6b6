"""The table of cost at equal accuracy: one row a model, method, detection, rate and tolerance."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..accuracy.study import Cell, Study
from ..accuracy.tolerance import Point
from ..flops.conventions import get_convention
from ..flops.operations import Count
from ..models import units

#: Columns, their unit, and what they are; the page prints this.
COLUMNS = {
    "model": "model and preset",
    "method": "integration method",
    "detection": "how the crossing is located",
    "rate_hz": "firing rate asked for",
    "tolerance_ms": "largest spike-time error allowed",
    "status": "reached; at least (the coarsest dt of the sweep holds); or why there is no number",
    "dt_ms": "largest dt at which, and below which, the tolerance holds",
    "flops_per_ms": "operations of the Step a ms of model time, spikes included (convention: unit)",
    "flops_per_ms_2004": "the same dt counted as the 2004 paper counts, spikes left out (convention: izhikevich2004)",
    "ns_per_ms": "wall time a ms of model time, one neuron, median",
    "ns_per_ms_simd": "the same, a neuron of 1024 in SIMD lanes",
    "error_ms": "largest spike-time error at this dt",
    "mean_error_ms": "mean error, late positive",
    "rms_error_ms": "root mean square error",
    "drift_ms_per_s": "growth of the error with model time",
    "spikes": "spikes compared",
    "missing": "spikes of the reference that are not there",
    "extra": "spikes that are not in the reference",
    "fails_at_dt_ms": "next coarser dt that was tried and fails",
    "diverges_at_dt_ms": "finest dt of the sweep at which the state leaves the finite numbers; empty if none does",
    "drive": "constant input",
    "drive_unit": "its unit",
    "actual_rate_hz": "firing rate of the reference",
    "reference_error_ms": "stated error of the reference",
    "reason": "why there is no number",
}


def columns(study: Study) -> dict[str, str]:
    """Return `COLUMNS` and one more for each further convention of the suite."""
    more = {
        f"{name}_per_ms": f"cost a ms under the convention {name}, in {get_convention(name).unit}"
        for name in study.suite.conventions
    }
    return COLUMNS | more


def table(study: Study) -> pd.DataFrame:
    """Return the table; columns as in `columns`, failed cells included with their reason."""
    rows = [_row(cell, study.suite.conventions) for cell in study.cells]
    return pd.DataFrame(rows, columns=list(columns(study)))


def flops_per_ms(count: Count, dt: float, rate: float, convention: str = "unit") -> float:
    """Return what a ms of model time costs under a convention.

    Parameters
    ----------
    count : Count
    dt : float
        In ms.
    rate : float
        Spikes a second. They and the time spent refractory are included unless the convention counts as written,
        which knows neither.
    convention : str
    """
    weights = get_convention(convention)
    step = weights.weigh(count.weighed_by(weights, units.quantity(dt, units.MS)))
    if weights.counts == "as written":
        return step / dt
    waiting = min(rate / 1000 * count.step.model.refractory_ms, 1)  # share of the time
    step = (1 - waiting) * step + waiting * weights.weigh(count.as_run_refractory)
    return step / dt + weights.weigh(count.as_run_spike) * rate / 1000


def cheapest(rows: pd.DataFrame, cost: str = "flops_per_ms") -> pd.DataFrame:
    """Return, for each rate, tolerance and model, the row with the lowest cost; models that have none are left out."""
    reached = rows[rows[cost].notna()]
    best = reached.groupby(["rate_hz", "tolerance_ms", "model"], sort=False)[cost].idxmin()
    return reached.loc[best].sort_values(["rate_hz", "tolerance_ms", cost], ascending=[True, False, True])


def _row(cell: Cell, conventions: tuple[str, ...]) -> dict[str, Any]:
    curve, regime = cell.curve, cell.curve.regime
    row: dict[str, Any] = {
        "model": regime.model.label,
        "method": curve.method,
        "detection": curve.detection,
        "rate_hz": regime.rate,
        "tolerance_ms": cell.tolerance,
        "status": cell.status,
        "reason": cell.reason,
        "drive_unit": units.unit_name(regime.model.system.dimensions[regime.model.input]),
    }
    if regime.drive is not None and regime.reference is not None:
        row |= {
            "drive": regime.drive.value,
            "actual_rate_hz": regime.drive.rate,
            "reference_error_ms": regime.reference.error,
        }
        diverging = [float(point.dt) for point in curve.points if point.failure == "diverged"]
        if diverging:
            row["diverges_at_dt_ms"] = min(diverging)
        if cell.answer is not None and cell.answer.fails_at is not None:
            row["fails_at_dt_ms"] = float(cell.answer.fails_at)
        if cell.answer is not None and cell.answer.point is not None and curve.count is not None:
            row |= _costs(cell, cell.answer.point, curve.count, regime.drive.rate)
            dt = float(cell.answer.point.dt)
            row |= {f"{name}_per_ms": flops_per_ms(curve.count, dt, regime.drive.rate, name) for name in conventions}
    return row


def _costs(cell: Cell, point: Point, count: Count, rate: float) -> dict[str, Any]:
    assert point.error is not None
    dt, error = float(point.dt), point.error
    return {
        "dt_ms": dt,
        "flops_per_ms": flops_per_ms(count, dt, rate),
        "flops_per_ms_2004": flops_per_ms(count, dt, rate, "izhikevich2004"),
        "ns_per_ms": cell.one_neuron.median if cell.one_neuron else None,
        "ns_per_ms_simd": cell.many_neurons.median if cell.many_neurons else None,
        "error_ms": error.maximum,
        "mean_error_ms": error.mean,
        "rms_error_ms": error.rms,
        "drift_ms_per_s": error.drift,
        "spikes": error.matched,
        "missing": error.missing,
        "extra": error.extra,
    }
