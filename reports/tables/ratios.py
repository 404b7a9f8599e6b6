"""What models cost relative to one of them, at every tolerance, with spikes on the grid and with any detection."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ...accuracy.search.status import Bound
from ...accuracy.study.study import Case, Study
from ...accuracy.study.winners import against, middle_criteria
from . import shared_columns

#: The views that this table has: all methods, with spikes on the grid, and with any detection.
GRID, ANY = "cheapest method, spikes on the grid", "cheapest method and detection"
#: Each view with the cases that it admits.
VIEWS: dict[str, dict[str, str]] = {
    "forward Euler, spikes on the grid": {"method": "euler", "detection": "grid"},
    GRID: {"detection": "grid"},
    ANY: {},
}
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


def admitted(cases: Iterable[Case], view: str) -> list[Case]:
    """Return the cases that a view admits."""
    wanted = VIEWS[view].items()
    return [case for case in cases if all(getattr(case.curve, name) == value for name, value in wanted)]


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
    on_grid = [case for case in admitted(cases, GRID) if case.criterion.tolerance in of_grid]
    rows = []
    for view, shown in ((GRID, on_grid), (ANY, cases)):
        regimes = list(dict.fromkeys(case.curve.regime.key for case in shown if case.coarsest))
        found = sorted(against(shown, baseline), key=lambda each: (regimes.index(each[0]), -each[1].tolerance))
        rows += [
            (
                view,
                *regime,
                criterion.measure,
                criterion.tolerance,
                label,
                case.curve.method,
                case.curve.detection,
                case.dt,
                case.mean_cost(),
                compared.interval.mean,
                compared.interval.low,
                compared.interval.high,
                compared.bound.value,
            )
            for regime, criterion, best in found
            for label, (case, compared) in best.items()
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def cheapest_first(found: pd.DataFrame, models: Iterable[str]) -> list[str]:
    """Return the models by the geometric mean of their ratios with any detection; those without a ratio are last.

    Parameters
    ----------
    found : DataFrame
        As `ratios` returns.
    models : iterable of str
        Labels.
    """
    known = found[(found["view"] == ANY) & (found["bound"] != Bound.NOT_KNOWN)]
    means = np.log(known["ratio"]).groupby(known["model"]).mean()
    return sorted(models, key=lambda model: means.get(model, np.inf))
