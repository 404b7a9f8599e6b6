"""The table of cost at equal accuracy: one row a model, method, detection, regime and criterion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from statistics import fmean, median_high
from typing import Any

import pandas as pd

from ..accuracy.study import Cell, Study
from ..flops.conventions import Convention, get_convention
from ..models import units
from . import shared_columns

#: Columns, their unit, and what they are; the page prints this.
COLUMNS = {
    **shared_columns.CELL,
    "tolerance_unit": "its unit",
    "status": "reached; at least (the coarsest dt of the sweep holds); or why there is no number",
    "dt_ms": "largest dt at which, and below which, the tolerance holds: the median over the stimuli; the mean step "
             "where an error control chooses it",
    "dt_all_ms": "the smallest over the stimuli: the dt that holds for all of them",
    "error_control": "relative tolerance of the method's error control, in place of dt: the strictest over the stimuli",
    "flops_per_ms": "operations of the Step a ms of model time, spikes included (convention: unit): geometric mean "
                    "over the stimuli, each at its own largest dt",
    "flops_per_ms_low": "lower end of its 95 % bootstrap interval over the stimuli",
    "flops_per_ms_high": "upper end",
    "flops_per_ms_steps": "the part of the steps",
    "flops_per_spike": "what a spike adds",
    "flops_per_ms_2004": "the same dt counted as the 2004 paper counts, spikes left out (convention: izhikevich2004)",
    "ns_per_ms": "wall time a ms of model time at dt_ms, one neuron, median; taken for the first kind of stimulus only",
    "ns_per_ms_simd": "the same, a neuron of 1024 in SIMD lanes",
    "error_ms": "largest spike-time error, each stimulus at its own largest dt",
    "mean_error_ms": "mean error, late positive",
    "rms_error_ms": "root mean square error",
    "voltage_error": "root mean square error of the voltage between spikes, in the model's unit, mean",
    "drift_ms_per_s": "growth of the error with model time, mean",
    "spikes": "spikes compared",
    "missing": "spikes of the reference that are not there",
    "extra": "spikes that are not in the reference",
    "fails_at_dt_ms": "next coarser dt (or tolerance of an error control) that was tried and fails, smallest over the "
                      "stimuli",
    "holds_again_at_dt_ms": "coarsest dt of the sweep that holds although a finer one fails; empty if none does",
    "checked_down_to_dt_ms": "finest dt that was run",
    "stable_dt_ms": "largest dt at which, and below which, every state stays finite, over all stimuli: the stability "
                    "limit, or the sweep's coarsest dt if none diverges",
    "diverges_at_dt_ms": "next coarser dt that was tried, where a state leaves the finite numbers; empty if none does",
    "stimuli": "number of stimuli",
    "drive": "mean input",
    "drive_unit": "its unit",
    "actual_rate_hz": "firing rate of the reference",
    "reference_error_ms": "largest stated error of the references",
    "reference_checked_ms": "difference of the first stimulus's reference from a solution in 80-bit arithmetic",
    "reason": "why there is no number",
}
#: What rows have in common that are compared with each other.
SITUATION = list(shared_columns.SITUATION)


def columns(study: Study) -> dict[str, str]:
    """Return `COLUMNS` and one more for each further convention of the suite."""
    more = {
        f"{each.name}_per_ms": f"cost a ms under the convention {each.name}, in {each.unit}"
        for each in map(get_convention, study.suite.conventions)
    }
    return COLUMNS | more


def table(study: Study) -> pd.DataFrame:
    """Return the table; columns as in `columns`, failed cells included with their reason."""
    rows = [_row(cell, study.suite.conventions) for cell in study.cells]
    return pd.DataFrame(rows, columns=list(columns(study)))


def cheapest(rows: pd.DataFrame, cost: str = "flops_per_ms") -> pd.DataFrame:
    """Return, for each situation and model, the row with the lowest cost; models that have none are left out."""
    reached = rows[rows[cost].notna()]
    best = reached.loc[reached.groupby([*SITUATION, "model"], sort=False)[cost].idxmin()]
    # situations in the order of the suite, models from the cheapest
    order = {key: i for i, key in enumerate(dict.fromkeys(rows[SITUATION].itertuples(index=False, name=None)))}
    rank = [order[key] for key in best[SITUATION].itertuples(index=False, name=None)]
    return best.assign(_rank=rank).sort_values(["_rank", cost]).drop(columns="_rank")


def situation(cell: Cell) -> dict[str, Any]:
    """Return what tells a cell from all others."""
    regime, criterion = cell.curve.regime, cell.criterion
    return {"model": regime.model.label, "method": cell.curve.method, "detection": cell.curve.detection,
            "stimulus": regime.stimulus, "horizon_ms": regime.horizon, "level": regime.level,
            "measure": criterion.measure, "tolerance": criterion.tolerance}


def _row(cell: Cell, conventions: tuple[str | Convention, ...]) -> dict[str, Any]:
    curve, regime, criterion = cell.curve, cell.curve.regime, cell.criterion
    row: dict[str, Any] = {
        **situation(cell),
        "tolerance_unit": criterion.unit,
        "status": cell.status,
        "reason": cell.reason,
        "stimuli": len(regime.trials),
        "drive_unit": units.unit_name(regime.model.system.dimensions[regime.model.input]),
    }
    if regime.drive is not None:
        row |= {
            "drive": regime.drive.value,
            "actual_rate_hz": regime.drive.rate,
            "reference_error_ms": regime.reference_error,
            "reference_checked_ms": regime.certified,
        }
    if curve.points:
        row["checked_down_to_dt_ms"] = float(curve.points[-1].setting)
        if curve.stability is not None:
            row["stable_dt_ms"] = _or_none(curve.stability.stable)
            row["diverges_at_dt_ms"] = _or_none(curve.stability.diverges)
        answers = curve.answers[criterion]
        row["fails_at_dt_ms"] = _least([each.fails_at for each in answers if each.fails_at])
        row["holds_again_at_dt_ms"] = _least([each.holds_again_at for each in answers if each.holds_again_at], max)
    return row | (_costs(cell, conventions) if cell.answers else {})


def _or_none(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _least(values: Sequence[Fraction], of: Callable[[Sequence[Fraction]], Fraction] = min) -> float | None:
    return float(of(values)) if values else None


def _costs(cell: Cell, conventions: tuple[str | Convention, ...]) -> dict[str, Any]:
    errors = [each.run.error for each in cell.answers if each.run and each.run.error]
    costs, per_ms = cell.costs(), cell.cost()
    steps = [cell.curve.dt(setting, run) for setting, run in cell.runs]
    return {
        "dt_ms": median_high(steps),
        "dt_all_ms": min(steps),
        "error_control": None if cell.curve.by_dt else float(min(setting for setting, _ in cell.runs)),
        "flops_per_ms": per_ms.mean,
        "flops_per_ms_low": per_ms.low,
        "flops_per_ms_high": per_ms.high,
        "flops_per_ms_steps": fmean(each.steps for each in costs),
        "flops_per_spike": fmean(each.spike for each in costs),
        "flops_per_ms_2004": cell.cost("izhikevich2004").mean,
        "ns_per_ms": cell.one_neuron.median if cell.one_neuron else None,
        "ns_per_ms_simd": cell.many_neurons.median if cell.many_neurons else None,
        "error_ms": max(each.maximum for each in errors),
        "mean_error_ms": fmean(each.mean for each in errors),
        "rms_error_ms": fmean(each.rms for each in errors),
        "drift_ms_per_s": fmean(each.drift for each in errors),
        "voltage_error": fmean(run.voltage for _, run in cell.runs),
        "spikes": sum(each.matched for each in errors),
        "missing": sum(each.missing for each in errors),
        "extra": sum(each.extra for each in errors),
        **{f"{each.name}_per_ms": cell.cost(each).mean for each in map(get_convention, conventions)},
    }
