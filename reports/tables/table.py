"""The table of cost at equal accuracy: one row per model, method, detection, regime and criterion."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from statistics import fmean, median_high
from typing import Any

import pandas as pd

from ...accuracy.search.criterion import largest_error
from ...accuracy.study.intervals import mean
from ...accuracy.study.study import Case, Study
from ...accuracy.study.winners import cheapest_in_each
from ...flops.conventions import Convention, get_convention
from ...models.definition.language import units
from . import shared_columns
from .repeats import timings, with_notes

#: Columns, their units and meaning; the page prints this.
COLUMNS = {
    **shared_columns.CASE,
    "tolerance_unit": "unit of the tolerance",
    "status": "reached; at least (the coarsest dt of the sweep holds); or why there is no number",
    "dt_ms": "largest dt at which, and below which, the tolerance holds for every stimulus: all were run at it and at "
    "the settings counted in checked_settings; the mean step of all if an error control chooses it",
    "error_control": "relative tolerance of the method's error control, instead of dt: the loosest that holds for "
    "every stimulus",
    "flops_per_ms": "operations of the Step per ms of model time, spikes included (convention: unit): geometric mean "
    "over the stimuli at dt_ms",
    "flops_per_ms_low": "lower end of its 95 % bootstrap interval over the stimuli",
    "flops_per_ms_high": "upper end",
    "flops_per_ms_steps": "the part without spikes",
    "flops_per_spike": "operations that a spike adds",
    "flops_per_arrival": "operations that a spike that arrives adds; empty if none arrive",
    "flops_per_ms_2004": "the same dt counted as the 2004 paper counts, spikes left out (convention: izhikevich2004)",
    "ns_per_ms": "wall time per ms of model time at dt_ms, one neuron, median; only for the first kind of stimulus",
    "ns_per_ms_note": "why that time cannot be trusted: its timed runs differ widely (spread), or other programs were "
    "running (machine busy); empty if it can",
    "ns_per_ms_simd": "the same per neuron, for 1024 neurons in SIMD lanes",
    "ns_per_ms_simd_note": "why that time cannot be trusted",
    "peak_share": "the shortest time of the operations of these steps on this processor, from its measured peaks of "
    "additions, multiplications, divisions and exp, over ns_per_ms_simd: 1 if nothing else takes time",
    "error_ms": "largest spike-time error of all stimuli at dt_ms; empty if no reference has a spike to compare",
    "mean_error_ms": "mean error; positive if spikes are late",
    "rms_error_ms": "root mean square error",
    "voltage_error": "root mean square error of the voltage between spikes, in the model's unit, mean",
    "drift_ms_per_s": "growth of the error with model time, mean",
    "spikes": "number of spikes compared",
    "missing": "spikes of the reference that are not there",
    "extra": "spikes that are not in the reference",
    "dt_median_of_trials": "largest dt (or tolerance of an error control) that was run at which, and below which, a "
    "stimulus alone holds: the median over the stimuli",
    "fails_at_dt_ms": "next coarser dt (or tolerance of an error control) that was run and fails for a stimulus",
    "holds_again_at_dt_ms": "coarsest dt that holds for all stimuli although a finer dt fails; empty if there is none",
    "round_dt_ms": "the largest dt below it that is a round number: all stimuli were run at it, and hold",
    "round_flops_per_ms": "operations per ms at that dt: geometric mean over the stimuli",
    "round_error_ms": "largest spike-time error at that dt",
    "checked_settings": "number of smaller dt (or tolerances of an error control), down to half, that ran and hold",
    "checked_down_to_dt_ms": "finest dt of the sweep that was run; if there is a cost, it holds (in other number "
    "formats, every dt does down to that with the smallest error)",
    "stable_dt_ms": "largest dt at which, and below which, every state stays finite, over all stimuli: the stability "
    "limit, or the sweep's coarsest dt if none diverges",
    "diverges_at_dt_ms": "next coarser dt that was tried, at which a state becomes infinite or nan; empty if none",
    "stimuli": "number of stimuli",
    "drive": "mean input",
    "drive_unit": "unit of the drive",
    "actual_rate_hz": "firing rate of the reference",
    "reference_error_ms": "largest stated error of the references",
    "reference_checked_ms": "difference of the first stimulus's reference from a solution in 80-bit arithmetic",
    "reason": "why there is no number",
}
#: What rows that are compared with each other have in common.
SITUATION = list(shared_columns.SITUATION)


def columns(study: Study) -> dict[str, str]:
    """Return `COLUMNS` and one more for each further convention of the suite."""
    more = {
        f"{each.name}_per_ms": f"cost per ms under the convention {each.name}, in {each.unit}"
        for each in map(get_convention, study.suite.conventions)
    }
    return COLUMNS | more


def table(study: Study) -> pd.DataFrame:
    """Return the table; columns as in `columns`, failed cases included with their reason."""
    rows = [_row(case, study.suite.conventions) for case in (*study.cases, *study.other_cases)]
    return with_notes(pd.DataFrame(rows, columns=list(columns(study))), timings(study))


def cheapest(rows: pd.DataFrame, cost: str = "flops_per_ms") -> pd.DataFrame:
    """Return, for each situation and model, the row with the lowest cost; models without a cost are left out."""
    reached = rows[rows[cost].notna()]
    # situations in the order of the suite, models from the cheapest
    order = dict.fromkeys(rows[SITUATION].itertuples(index=False, name=None))
    situations = dict(zip(reached.index, reached[SITUATION].itertuples(index=False, name=None), strict=True))
    models, costs = reached["model"].to_dict(), reached[cost].to_dict()
    best = cheapest_in_each(reached.index, situations.__getitem__, models.__getitem__, costs.__getitem__, order)
    return reached.loc[[place for places in best.values() for place in places]]


def _row(case: Case, conventions: tuple[str | Convention, ...]) -> dict[str, Any]:
    curve, regime, criterion = case.curve, case.curve.regime, case.criterion
    row: dict[str, Any] = {
        **shared_columns.situation(case),
        "tolerance_unit": criterion.unit,
        "status": case.status.value,
        "reason": case.reason,
        "stimuli": len(regime.trials),
        "drive_unit": units.unit_name(regime.model.input_dimension),
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
        found, own = curve.answers[criterion], curve.own[criterion]
        row["fails_at_dt_ms"] = _or_none(found.fails_at)
        row["holds_again_at_dt_ms"] = _or_none(found.holds_again_at)
        if case.coarsest:
            row["checked_settings"] = found.checked
        known = [each.setting for each in own if each is not None]
        if len(known) == len(own):
            row["dt_median_of_trials"] = float(median_high(known))
    return row | (_costs(case, conventions) if case.coarsest else {})


def _or_none(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _costs(case: Case, conventions: tuple[str | Convention, ...]) -> dict[str, Any]:
    errors = [run.error for run in case.runs if run.error]
    costs, per_ms = case.costs(), case.cost()
    return {
        "dt_ms": case.dt,
        "error_control": None if case.curve.by_dt else float(case.setting),
        "flops_per_ms": per_ms.mean,
        "flops_per_ms_low": per_ms.low,
        "flops_per_ms_high": per_ms.high,
        "flops_per_ms_steps": fmean(each.steps for each in costs),
        "flops_per_spike": fmean(each.spike for each in costs),
        "flops_per_arrival": fmean(each.arrival for each in costs) if case.curve.regime.driven.arrivals else None,
        "flops_per_ms_2004": case.mean_cost("izhikevich2004"),
        "ns_per_ms": case.one_neuron.median if case.one_neuron else None,
        "ns_per_ms_simd": case.many_neurons.median if case.many_neurons else None,
        "peak_share": case.peak_share,
        "error_ms": largest_error(case.runs),
        "mean_error_ms": _mean_of_known(each.mean for each in errors),
        "rms_error_ms": _mean_of_known(each.rms for each in errors),
        "drift_ms_per_s": _mean_of_known(each.drift for each in errors),
        "voltage_error": fmean(run.voltage for run in case.runs),
        "spikes": sum(each.matched for each in errors),
        "missing": sum(each.missing for each in errors),
        "extra": sum(each.extra for each in errors),
        **{f"{each.name}_per_ms": case.mean_cost(each) for each in map(get_convention, conventions)},
        **_rounded(case),
    }


def _rounded(case: Case) -> dict[str, Any]:
    assert case.coarsest is not None
    dt, runs = case.coarsest.rounded, case.coarsest.rounded_runs
    if dt is None:
        return {}
    costs = [case.curve.cost(run).per_ms for run in runs]
    return {"round_dt_ms": float(dt), "round_flops_per_ms": mean(costs), "round_error_ms": largest_error(runs)}


def _mean_of_known(values: Iterable[float]) -> float:
    """Return the mean without nan, which runs have without spikes; nan if all are."""
    known = [value for value in values if not math.isnan(value)]
    return fmean(known) if known else math.nan
