"""The columns of the atlas, and how its rows are made from a study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...accuracy.search.status import Status
from ...accuracy.study.study import OURS, Case, Study
from ...models.algebra.expression import INTEGER_KINDS, KINDS
from ..tables import table
from ..tables.breakdown import per_ms

#: Kinds of operation of kernels in floating point.
_KINDS = tuple(kind for kind in KINDS if kind not in INTEGER_KINDS and kind != "random")
#: Columns of a run's table that the atlas has, too, with the same meaning.
_OF_TABLE = (
    *("model", "method", "detection", "engine", "stimulus", "horizon_ms", "level", "measure", "tolerance", "status"),
    *("dt_ms", "error_control", "flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "flops_per_spike"),
    *("flops_per_arrival", "error_ms", "spikes", "round_dt_ms", "round_flops_per_ms", "round_error_ms"),
    *("checked_settings", "stable_dt_ms", "stimuli", "drive", "drive_unit", "actual_rate_hz"),
    *("reference_error_ms", "reference_checked_ms", "reason"),
)
#: Columns of the operations by kind. They add up to ``flops_per_ms``, except that a change of sign costs nothing there,
#: and that it is a geometric mean.
BY_KIND = {
    f"{kind}_per_ms": f"operations of the kind {kind} per ms of model time, mean over the stimuli" for kind in _KINDS
}
#: Columns that are not of the run itself.
OF_MAKING = {
    "identity": "digest of what was asked: the model's definition, the regime, the method, the settings of the search",
    "version": "version of spikecost, and the start of a digest of the code that computed the row",
    "made": "day on which it was computed",
    "seconds": "processor time of the whole part (all methods of the model in the regime), compiler included; empty if "
    "some of it was taken from the store",
}
#: Columns and their meaning.
COLUMNS = {name: table.COLUMNS[name] for name in _OF_TABLE} | BY_KIND | OF_MAKING
COLUMNS["tolerance"] = (
    "largest spike-time error allowed, in ms; empty if the method or detection cannot run the model, or the model does "
    "not reach the rate"
)
COLUMNS["error_ms"] += "; the error of the references, which is its own bound, is in reference_error_ms"
#: What distinguishes the parts, and the rows.
PART = ("model", "stimulus", "level", "horizon_ms", "engine")
KEY = ("model", "stimulus", "level", "horizon_ms", "method", "detection", "engine", "tolerance")
#: Statuses that do not depend on the tolerance: such a way has one row, without a tolerance.
_WHATEVER = (Status.NOT_APPLICABLE, Status.LEFT_OUT, Status.RATE_NOT_REACHABLE)


def rows_of(study: Study, engine: str = OURS) -> pd.DataFrame:
    """Return the rows of a study that our kernels in one number format give, without the columns `OF_MAKING`."""
    frame = table.table(study)
    kinds = [_kinds(case) for case in (*study.cases, *study.other_cases) if case.curve.engine == engine]
    frame = frame[frame["engine"] == engine].reset_index(drop=True)
    frame = pd.concat([frame[list(_OF_TABLE)], pd.DataFrame(kinds, columns=list(BY_KIND))], axis=1)
    whatever = frame["status"].isin(_WHATEVER)
    frame.loc[whatever, "tolerance"] = None
    again = frame[whatever].duplicated(list(KEY))
    return frame.drop(index=again[again].index).reset_index(drop=True)


def _kinds(case: Case) -> dict[str, Any]:
    if not case.coarsest:
        return {}
    found = per_ms(case)
    return {name: found[kind] for name, kind in zip(BY_KIND, _KINDS, strict=True)}
