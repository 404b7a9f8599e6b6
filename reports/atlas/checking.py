"""Compute a random sample of the atlas again, and compare it."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...accuracy.study.phases.progress import Progress
from ...models.ground.errors import UserError
from . import kept
from .columns import KEY, OF_MAKING, PART
from .making import computed
from .plan import Part, parts

#: Relative difference that is allowed: processors and compilers differ in the last bits of functions such as exp, and
#: numbers are kept to `kept.BITS` bits.
NEAR = 2.0 ** (1 - kept.BITS)
#: An error in ms that is smaller than this is rounding.
SMALL = 1e-9
#: Columns of errors, and those that are not of the result.
_ERRORS = ("error_ms", "round_error_ms", "reference_error_ms", "reference_checked_ms")
_LEFT_OUT = (*OF_MAKING, "reference_error_ms", "reference_checked_ms", "reason")
#: Processor time in s of a part that does not know its own.
_UNKNOWN = 20.0


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    rows: int
    """Rows that were computed again."""
    of: int
    """Rows of the atlas."""
    wanted: int
    """Rows of the sample; those that are too expensive for the time are not computed."""
    different: pd.DataFrame
    """One row per number that differs: `KEY`, ``column``, ``atlas`` and ``now``."""


def check(
    fraction: float = 0.01,
    seed: str = "",
    *,
    seconds: float = float("inf"),
    jobs: int = 1,
    folder: Path | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Compute a random sample of the rows again and compare every column that is deterministic.

    A method of a part is computed as a whole, with all its detections and tolerances. Methods are drawn until the
    sample has the fraction of the rows. Not compared: the columns `OF_MAKING`, and the stated errors of references,
    which are themselves of the size of rounding errors.

    Parameters
    ----------
    fraction : float
        Of the rows, above 0 and at most 1.
    seed : str
        Decides what is drawn, such as a date.
    seconds : float
        Methods of parts that would exceed this processor time in all are left out; each is expected to take as long as
        its whole part took.
    jobs, folder, store, progress
        As in `make`.

    Raises
    ------
    UserError
        If there is nothing to check.
    """
    progress = progress or Progress()
    if not 0 < fraction <= 1:
        raise UserError(f"fraction = {fraction:g}: give a number above 0 and at most 1, such as 0.01")
    rows = kept.read(folder, precision=None)
    planned: dict[tuple[Any, ...], Part] = {part.key: part for part in parts()}
    units: dict[tuple[Any, ...], pd.DataFrame] = {
        tuple(key): own for key, own in rows.groupby([*PART, "method"], sort=True) if own["flops_per_ms"].notna().any()
    }
    if not units:
        raise UserError("the atlas has no row with a cost to check; `spikecost atlas make` makes them")
    several = list(units)
    random.Random(f"spikecost {seed}").shuffle(several)  # noqa: S311 - a sample, no secret
    most, left = max(fraction * len(rows), 1), seconds
    wanted, checked, found = 0, 0, []
    progress.begin("computing a sample again", 1)
    begun = time.process_time()
    for *key, method in several:
        if wanted >= most:
            break
        own = units[*key, method]
        wanted += len(own)
        expected = float(own["seconds"].fillna(_UNKNOWN).max())
        if expected > left - (time.process_time() - begun) or tuple(key) not in planned:
            continue
        again = computed(planned[tuple(key)], [method], jobs=jobs, store=store)
        if again is None:
            raise KeyboardInterrupt
        checked += len(own)
        found.append(differences(own, again))
    progress.done()
    nothing = pd.DataFrame(columns=[*KEY, "column", "atlas", "now"])
    return Checked(checked, len(rows), wanted, pd.concat([nothing, *found]) if found else nothing)


def differences(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return one row per number, text or row that differs."""
    compared: Sequence[str] = [name for name in kept.SCHEMA.names if name not in (*KEY, *_LEFT_OUT)]
    first, second = (_by_key(frame) for frame in (before, now))
    found = []
    for key in first.index.union(second.index, sort=False):
        if key not in first.index or key not in second.index:
            here = key in first.index
            found.append((*key, "row", "there" if here else "missing", "missing" if here else "there"))
            continue
        for name in compared:
            old, new = first.at[key, name], second.at[key, name]
            if not _same(name, old, new):
                found.append((*key, name, str(old), str(new)))
    return pd.DataFrame(found, columns=[*KEY, "column", "atlas", "now"])


def _by_key(frame: pd.DataFrame) -> pd.DataFrame:
    # a missing tolerance equals no other one
    return frame.assign(tolerance=frame["tolerance"].fillna(-1.0)).set_index(list(KEY))


def _same(name: str, old: Any, new: Any) -> bool:
    if pd.isna(old) or pd.isna(new):
        return bool(pd.isna(old) and pd.isna(new))
    if kept.SCHEMA.field(name).type == pa.string():
        return bool(old == new)
    near = 1e-9 if name in kept.EXACT else NEAR
    return bool(np.isclose(float(new), float(old), rtol=near, atol=SMALL if name in _ERRORS else 0.0))
