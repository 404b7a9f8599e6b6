"""Operations by kind: of the parts of a Step, and per ms of model time at equal accuracy."""

from __future__ import annotations

import pandas as pd

from ...accuracy.study.study import Case, Study
from ...models.algebra.expression import KINDS
from .shared_columns import CASE, WAY, situation

#: Columns and their meaning.
OPERATION_COLUMNS = {
    **WAY,
    "part": "step (without a spike), spike (adds to its step), refractory step, once per run; if steps are not all "
    "equal, the block",
    "kind": "kind of operation",
    "operations": "number of operations, as run",
}
COLUMNS = {
    **CASE,
    "kind": "kind of operation",
    "per_ms": "operations per ms of model time, spikes included; mean over the stimuli, each at its own largest dt",
}


def operations(study: Study) -> pd.DataFrame:
    """Return one row per model, method, detection, part and occurring kind of operation; columns as in the module."""
    counts = {
        (curve.regime.model.label, curve.method, curve.detection): curve.count
        for curve in study.curves
        if curve.count is not None
    }
    return pd.DataFrame(
        [
            (*key, part, kind, n)
            for key, count in counts.items()
            for part, tally in count.by_block.items()
            for kind, n in tally.items()
            if n
        ],
        columns=list(OPERATION_COLUMNS),
    )


def by_kind(study: Study) -> pd.DataFrame:
    """Return one row per reached case and occurring kind of operation; columns as in `COLUMNS`."""
    return pd.DataFrame(
        [
            {**situation(case), "kind": kind, "per_ms": n}
            for case in study.cases
            if case.coarsest
            for kind, n in per_ms(case).items()
            if n
        ],
        columns=list(COLUMNS),
    )


def per_ms(case: Case) -> dict[str, float]:
    """Return the operations of a case per ms of model time by kind: the mean over the stimuli."""
    found = [case.curve.operations(run) for run in case.runs]
    return {kind: sum(each[kind] for each in found) / len(found) for kind in KINDS}
