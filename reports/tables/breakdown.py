"""Operations by kind: of the parts of a Step, and of a ms of model time at equal accuracy."""

from __future__ import annotations

import pandas as pd

from ...accuracy.study.study import Cell, Study
from ...models.algebra.expression import KINDS
from .shared_columns import CELL, WAY
from .table import situation

#: Columns, and what they are.
OPERATION_COLUMNS = {
    **WAY,
    "part": "step (without a spike), spike (adds to its step), refractory step, once a run; where steps are not all "
            "alike, the block",
    "kind": "kind of operation",
    "operations": "how many, as run",
}
COLUMNS = {
    **CELL,
    "kind": "kind of operation",
    "per_ms": "operations a ms of model time, spikes included; mean over the stimuli, each at its own largest dt",
}


def operations(study: Study) -> pd.DataFrame:
    """Return a row a model, method, detection, part and kind of operation that occurs; columns as in the module."""
    counts = {(curve.regime.model.label, curve.method, curve.detection): curve.count for curve in study.curves
              if curve.count is not None}
    return pd.DataFrame([
        (*key, part, kind, n) for key, count in counts.items() for part, tally in count.by_block.items()
        for kind, n in tally.items() if n
    ], columns=list(OPERATION_COLUMNS))


def by_kind(study: Study) -> pd.DataFrame:
    """Return a row a reached cell and kind of operation that occurs; columns as in `COLUMNS`."""
    return pd.DataFrame([
        {**situation(cell), "kind": kind, "per_ms": n} for cell in study.cells if cell.coarsest
        for kind, n in _per_ms(cell).items() if n
    ], columns=list(COLUMNS))


def _per_ms(cell: Cell) -> dict[str, float]:
    found = [cell.curve.operations(run) for run in cell.runs]
    return {kind: sum(each[kind] for each in found) / len(found) for kind in KINDS}
