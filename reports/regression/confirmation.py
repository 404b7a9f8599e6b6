"""Whether counts are what the processor executed, as an exact counter saw it: a hard check of every run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from .figures import Contradiction

#: A Step's operations by model, method, detection, part and kind: what the figures of a run are taken from.
Counted = Mapping[tuple[str, str, str, str, str], float]
Key = tuple[str, str, str]

_PARTS = ("step", "spike")
_NEVER_COUNTED = "no counter was asked; run it with the counting on the processor"


def confirm(retired: pd.DataFrame, counted: Counted) -> tuple[tuple[Contradiction, ...], dict[str, str]]:
    """Hold the counts of a run against what an exact counter saw its kernels execute.

    Parameters
    ----------
    retired : DataFrame
        As `spikecost.reports.parity.retired_by_kind` returns.
    counted : mapping
        The Steps' operations of which the figures tell.

    Returns
    -------
    tuple of Contradiction
        Kinds of operations of which there are more or fewer than were counted.
    dict
        Why there is no exact count, by ``model/method/detection``; empty where there is one of every Step.
    """
    seen = retired[retired["counter"] != ""]
    found = dict.fromkeys([*_within(seen), *_of_figures(seen, counted)])
    confirmed = {_key(row) for row in _rows(seen)}
    reasons = {_key(row): str(row["reason"]) for row in _rows(retired) if row["reason"]}
    missing = dict.fromkeys(key[:3] for key in counted if key[:3] not in confirmed)
    return tuple(found), {"/".join(key): reasons.get(key, _NEVER_COUNTED) for key in missing}


def _within(seen: pd.DataFrame) -> Iterator[Contradiction]:
    for row in _rows(seen):
        if not math.isclose(row["counted"], row["retired"], rel_tol=1e-12):
            yield Contradiction("/".join(_key(row)), str(row["part"]), str(row["kind"]), float(row["counted"]),
                                float(row["retired"]), str(row["counter"]))


def _of_figures(seen: pd.DataFrame, counted: Counted) -> Iterator[Contradiction]:
    """Yield where the figures tell of other operations; a Step of a varying input may be the one they are of."""
    for (model, method, detection, part), rows in seen.groupby(["model", "method", "detection", "part"], sort=False):
        if part not in _PARTS:
            continue
        tallies = [{str(row["kind"]): row for row in _rows(of)} for _, of in rows.groupby("stimulus", sort=False)]
        kinds = dict.fromkeys(kind for tally in tallies for kind in tally)
        differing = [[kind for kind in kinds if counted.get((model, method, detection, part, kind), 0.0)
                      != (float(tally[kind]["retired"]) if kind in tally else 0.0)] for tally in tallies]
        if not all(differing):
            continue
        for kind in differing[0]:
            row = tallies[0].get(kind)
            yield Contradiction(f"{model}/{method}/{detection}", str(part), kind,
                                float(counted.get((model, method, detection, part, kind), 0.0)),
                                float(row["retired"]) if row else 0.0, str(rows["counter"].iloc[0]))


def _key(row: Mapping[str, object]) -> Key:
    return str(row["model"]), str(row["method"]), str(row["detection"])


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return frame.to_dict("records")
