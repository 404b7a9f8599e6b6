"""Whether an exact counter saw the processor execute what was counted: a hard check of every run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ..tables.parity import NO_FLOPS
from ..writing.records import records
from .kept.figures import Contradiction

#: A Step's operations by model, method, detection, part and kind: the figures of a run are taken from these.
Counted = Mapping[tuple[str, str, str, str, str], float]
Key = tuple[str, str, str]

_PARTS = ("step", "spike")
_NEVER_COUNTED = "no counter was used; run it with counting on the processor"


def confirm(retired: pd.DataFrame, counted: Counted) -> tuple[tuple[Contradiction, ...], dict[str, str]]:
    """Compare the counts of a run with what an exact counter saw its kernels execute.

    Parameters
    ----------
    retired : DataFrame
        As `spikecost.reports.tables.parity.retired_by_kind` returns.
    counted : mapping
        The operations of the Steps that the figures describe.

    Returns
    -------
    tuple of Contradiction
        Kinds of operations that the processor executed more or less often than was counted.
    dict
        Why there is no exact count, by ``model/method/detection``; empty if every Step has one.
    """
    seen = retired[retired["counter"] != ""]
    found = dict.fromkeys([*_within(seen), *_of_figures(seen, counted)])
    confirmed = {_key(row) for row in records(seen)}
    reasons = {_key(row): str(row["reason"]) for row in records(retired) if row["reason"]}
    missing = dict.fromkeys(key[:3] for key in counted if key[:3] not in confirmed)
    return tuple(found), {"/".join(key): reasons.get(key, _NEVER_COUNTED) for key in missing}


def _within(seen: pd.DataFrame) -> Iterator[Contradiction]:
    for row in records(seen):
        if not math.isclose(row["counted"], row["retired"], rel_tol=1e-12):
            yield Contradiction(
                "/".join(_key(row)),
                row["part"],
                row["kind"],
                float(row["counted"]),
                float(row["retired"]),
                row["counter"],
            )


def _of_figures(seen: pd.DataFrame, counted: Counted) -> Iterator[Contradiction]:
    """Yield where figures give other operations than executed; they may be of a Step whose input varies."""
    executed: dict[tuple[str, str, str, str], dict[str, dict[str, float]]] = {}
    counters: dict[tuple[str, str, str, str], str] = {}
    for row in records(seen[seen["part"].isin(_PARTS)]):
        part = *_key(row), str(row["part"])
        executed.setdefault(part, {}).setdefault(row["stimulus"], {})[row["kind"]] = float(row["retired"])
        counters[part] = row["counter"]
    for part, by_stimulus in executed.items():
        told = {kind: n for (*of, kind), n in counted.items() if tuple(of) == part and kind not in NO_FLOPS}
        differing = [
            [(kind, tally.get(kind, 0.0)) for kind in {**told, **tally} if told.get(kind, 0.0) != tally.get(kind, 0.0)]
            for tally in by_stimulus.values()
        ]
        if all(differing):
            model, method, detection, which = part
            yield from (
                Contradiction(f"{model}/{method}/{detection}", which, kind, told.get(kind, 0.0), n, counters[part])
                for kind, n in differing[0]
            )


def _key(row: Mapping[str, Any]) -> Key:
    return row["model"], row["method"], row["detection"]
