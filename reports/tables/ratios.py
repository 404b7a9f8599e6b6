"""What models cost relative to one of them, at every tolerance, with spikes on the grid and with any detection."""

from __future__ import annotations

import pandas as pd

from ...accuracy.study.study import Study
from ...accuracy.study.winners import ITSELF, CostRatio, cheapest_cases, middle_criteria
from . import shared_columns

#: Each view with the cases that it admits.
VIEWS: dict[str, dict[str, str]] = {
    "forward Euler, spikes on the grid": {"method": "euler", "detection": "grid"},
    "cheapest method, spikes on the grid": {"detection": "grid"},
    "cheapest method and detection": {},
}
#: The views that this table has: all methods, with spikes on the grid, and with any detection.
GRID, ANY = tuple(VIEWS)[1:]
#: Columns and their meaning.
COLUMNS = {
    "view": f"{GRID}, or {ANY}",
    **shared_columns.SITUATION,
    **shared_columns.WAY,
    "dt_ms": "largest dt at which, and below which, every stimulus holds",
    "flops_per_ms": "operations per ms of model time at this dt, geometric mean over the stimuli",
    "ratio": "cost divided by that of the baseline, at the same tolerance and in the same view",
    "low": "lower end of its 95 % bootstrap interval",
    "high": "upper end",
    "bound": "what the ratio is if a dt is only known to be at least the sweep's: at least, at most, not known",
}


def ratios(study: Study, baseline: str) -> pd.DataFrame:
    """Compare models with a baseline at every tolerance of the winner map; every cost belongs to a verified dt.

    Parameters
    ----------
    study : Study
    baseline : str
        Label of a model; costs are divided by its cost.

    Returns
    -------
    DataFrame
        One row per view, situation and model that is accurate enough, the baseline included; columns as in `COLUMNS`.
        The view with spikes on the grid has the tolerances of the suite, and one between each two of them.
    """
    cases = [case for case in (*study.cases, *(study.map_cases or ())) if case.criterion.measure == "maximum"]
    asked = study.suite.all_criteria
    # at other tolerances, only cases that may be the cheapest of all are known
    of_grid = {each.tolerance for each in (*asked, *middle_criteria(asked)) if each.measure == "maximum"}
    on_grid = [case for case in cases if case.curve.detection == "grid" and case.criterion.tolerance in of_grid]
    rows = []
    for view, admitted in ((GRID, on_grid), (ANY, cases)):
        found = cheapest_cases(admitted)
        regimes = list(dict.fromkeys(regime for regime, _ in found))
        for regime, criterion in sorted(found, key=lambda key: (regimes.index(key[0]), -key[1].tolerance)):
            best = {case.curve.regime.model.label: case for case in found[regime, criterion]}
            if baseline not in best:
                continue
            for label, case in best.items():
                compared = ITSELF if label == baseline else CostRatio.of_cases(case, best[baseline])
                rows.append(
                    (
                        view,
                        *regime,
                        criterion.measure,
                        criterion.tolerance,
                        label,
                        case.curve.method,
                        case.curve.detection,
                        case.dt,
                        case.cost().mean,
                        compared.interval.mean,
                        compared.interval.low,
                        compared.interval.high,
                        compared.bound.value,
                    )
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))
