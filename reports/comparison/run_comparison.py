"""``spikecost compare``: two runs side by side, changes first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp, ttest_ind

from ...accuracy.study.intervals import Interval, interval, ratio
from ...models.ground.errors import UserError
from ..tables import shared_columns
from ..tables.repeats import NOTED
from ..writing.notebook import Shown, frame_html
from ..writing.numbers import NOTE
from ..writing.records import records
from ..writing.text import frame, how_many, prose
from .run_folder import RunFolder

CASE = list(shared_columns.CASE)
#: Figures that are compared: the table that contains each, its column, and its meaning.
FIGURES = {
    "flops_per_ms": ("by_stimulus", "operations per ms of model time"),
    "dt_ms": ("table", "largest dt in ms"),
    "error_ms": ("by_stimulus", "largest spike-time error in ms"),
    "scalar": ("timings", "ns per ms of model time, one neuron"),
    "simd": ("timings", "ns per ms of model time, SIMD lanes"),
}
NOT_RUN = "not run"
#: Figures with noise: their intervals are over the timed runs.
NOISY = ("scalar", "simd")
#: A difference is more than noise if it is less probable than this by chance: in any of all cases (Bonferroni).
CHANCE = 0.05
#: Logarithms that differ by less are the same: tests of their means would divide by rounding errors.
_ROUNDING = 1e-9
#: Number of cases that the text shows for each figure: those that changed most.
SHOWN = 5


@dataclass(frozen=True, eq=False)
class RunComparison(Shown):
    """Two runs side by side; ratios are the second divided by the first."""

    changed: pd.DataFrame
    """Differences in suite, models, machine and installation: ``what``, ``first``, ``second``."""
    summary: pd.DataFrame
    """One row per figure: number of cases in both runs, how many of them differ, the geometric mean of their ratios and
    its 95 % bootstrap interval over the cases, the smallest and largest ratio, and whether this is noise."""
    cells: pd.DataFrame
    """One row per figure and case: ``first``, ``second`` (geometric means), ``ratio`` and its interval (``low``,
    ``high``) over the stimuli, which are paired, or over the timed runs, which are not; a case has one dt and no
    interval for it. ``p``: how probable a difference of times is by chance. ``note``: why times cannot be trusted
    (their spread, or a busy machine), and those of which run."""
    apart: pd.DataFrame
    """Cases that only one run has, or that have a number in only one run: their status in each."""
    not_run: Sequence[str] = ()
    """What only one of the runs has, one line per run."""

    def to_json(self) -> dict[str, Any]:
        """Return lists, strings and numbers; None for missing numbers."""
        return {name: records(getattr(self, name)) for name in ("changed", "summary", "cells", "apart")}

    @property
    def text(self) -> str:
        """The text for a terminal: changes, then the figures, then the cases that changed most."""
        parts = [
            frame("What changed", self.changed)
            if len(self.changed)
            else "Nothing changed: suite, models, machine and installation are the same.\n"
        ]
        parts.append(frame("Second run / first run", self.summary))
        moved = _most(self.cells)
        if len(moved):
            parts.append(frame("The cases that changed most", moved.drop(columns=_same_everywhere(moved))))
        both = self.apart[(self.apart[["status_first", "status_second"]] != NOT_RUN).all(axis=1)]
        if len(both):
            parts.append(frame("With a number in only one run", both))
        parts += [prose(line) for line in self.not_run]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        return "".join(
            [
                frame_html("What changed", self.changed),
                frame_html("Second run / first run", self.summary),
                frame_html("The cases that changed most", _most(self.cells)),
            ]
        )


def compare_runs(first: RunFolder, second: RunFolder) -> RunComparison:
    """Compare two runs: two machines, two compilers, two versions.

    Raises
    ------
    UserError
        If they have no case in common.
    """
    keys = [set(map(tuple, run.table[CASE].itertuples(index=False, name=None))) for run in (first, second)]
    if not keys[0] & keys[1]:
        raise UserError(
            "the two runs have no case in common: no model, method, detection, regime and tolerance is in "
            "both; compare runs of the same suite"
        )
    cells = pd.concat([_cells(name, first, second) for name in FIGURES], ignore_index=True)
    apart = _apart(first.table, second.table)
    return RunComparison(
        changed=_changed(first, second),
        summary=_summary(cells),
        cells=cells,
        apart=apart,
        not_run=[*_not_run(apart, first.table, "first", "second"), *_not_run(apart, second.table, "second", "first")],
    )


def _not_run(apart: pd.DataFrame, table: pd.DataFrame, one: str, other: str) -> list[str]:
    """Say what a run, whose table is given, has not although the other run has a number for it."""
    rows = apart[apart[f"status_{one}"] == NOT_RUN]
    if not len(rows):
        return []
    parts = []
    for name in CASE:
        known = set(map(str, table[name]))
        new = [str(each) for each in rows[name].unique() if str(each) not in known]
        parts += [f"{name} {', '.join(new)}"] if new else []
    what = f": {'; '.join(parts)}" if parts else ""
    return [f"{how_many(len(rows), 'case')} with a number in the {other} run not run in the {one}{what}"]


def _changed(first: RunFolder, second: RunFolder) -> pd.DataFrame:
    rows = []
    for what, of_run in _FACTS.items():
        one, other = of_run(first), of_run(second)
        for name in dict.fromkeys([*one, *other]):
            pair = one.get(name, "none"), other.get(name, "none")
            if _said(pair[0]) != _said(pair[1]):
                rows.append({"what": f"{what}: {name}", "first": _said(pair[0]), "second": _said(pair[1])})
    return pd.DataFrame(rows, columns=["what", "first", "second"])


def _definitions(run: RunFolder) -> dict[str, str]:
    return {label: f"definition {model['content'][:12]}" for label, model in run.about["models"].items()}


_FACTS: dict[str, Callable[[RunFolder], Mapping[str, Any]]] = {
    "model": _definitions,
    "suite": lambda run: run.about["suite"],
    "seeds": lambda run: run.about["seeds"],
    "machine": lambda run: run.provenance,
}


def _said(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text or "none"


def _cells(name: str, first: RunFolder, second: RunFolder) -> pd.DataFrame:
    table, _ = FIGURES[name]
    one, other = (_samples(getattr(run, table), name) for run in (first, second))
    notes = {name_of: _notes(run, name) for name_of, run in (("first", first), ("second", second))}
    rows = []
    for key in one:
        if key in other:
            found = _ratio(one[key], other[key], paired=table != "timings")
            if found is not None:
                note = "; ".join(f"{run} {of[key]}" for run, of in notes.items() if of.get(key))
                rows.append({"figure": name, **dict(zip(CASE, key, strict=True)), **found, "note": note})
    return pd.DataFrame(rows, columns=["figure", *CASE, "first", "second", "ratio", "low", "high", "p", "note"])


def _notes(run: RunFolder, name: str) -> dict[tuple[Any, ...], str]:
    """Return why times of a run cannot be trusted, by case."""
    if name not in NOISY:
        return {}
    keys = run.table[CASE].itertuples(index=False, name=None)
    return dict(zip(keys, run.table[f"{NOTED[name]}{NOTE}"], strict=True))


def _samples(frame: pd.DataFrame, name: str) -> dict[tuple[Any, ...], pd.Series]:
    """Return the positive values of each case by stimulus or by repeat."""
    if name in ("scalar", "simd"):
        frame, column, index = frame[frame["build"] == name], "ns_per_ms", "repeat"
    else:
        column, index = name, "trial"
        frame = frame if index in frame else frame.assign(trial=0)  # one dt per case
    frame = frame[frame[column] > 0]
    return {key: cell.set_index(index)[column].astype(float) for key, cell in frame.groupby(CASE, sort=False)}


def _ratio(one: pd.Series, other: pd.Series, paired: bool) -> dict[str, float] | None:
    p = math.nan
    if paired:
        both = one.index.intersection(other.index)
        one, other = one[both], other[both]
        if not len(both):
            return None
        found = interval(list(other / one))
    else:
        found = ratio(list(other), list(one))
        p = _probability(one, other)
    means = (float(np.exp(np.log(values).mean())) for values in (one, other))
    return {**dict(zip(("first", "second"), means, strict=True)), **_parts(found), "p": p}


def _probability(one: pd.Series, other: pd.Series) -> float:
    """Return how probable a difference of times is by chance: Welch's test of their logarithms."""
    logs = np.log(one.to_numpy()), np.log(other.to_numpy())
    if logs[0].mean() == logs[1].mean():
        return 1.0
    if min(map(len, logs)) < 2 or max(map(np.std, logs)) < _ROUNDING:
        return 1.0 if min(map(len, logs)) < 2 else 0.0
    return float(ttest_ind(*logs, equal_var=False).pvalue)


def _parts(found: Interval) -> dict[str, float]:
    return {"ratio": found.mean, "low": found.low, "high": found.high}


def _summary(cells: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, (_, label) in FIGURES.items():
        ratios = cells.loc[cells["figure"] == name, "ratio"]
        if len(ratios):
            rows.append(
                {
                    "figure": label,
                    "cells": len(ratios),
                    "differ": int((ratios != 1).sum()),
                    **_parts(interval(list(ratios))),
                    "smallest": ratios.min(),
                    "largest": ratios.max(),
                    "says": _says(name, cells[cells["figure"] == name]),
                }
            )
    return pd.DataFrame(
        rows, columns=["figure", "cells", "differ", "ratio", "low", "high", "smallest", "largest", "says"]
    )


def _says(name: str, cells: pd.DataFrame) -> str:
    """Say whether the differences of a figure are more than noise."""
    differ = int((cells["ratio"] != 1).sum())
    if not differ:
        return "the same"
    if name not in NOISY:
        return f"{differ} differ"
    marked = int((cells["note"] != "").sum())
    return _beyond(cells) + (f"; {marked} with times that cannot be trusted" if marked else "")


def _beyond(cells: pd.DataFrame) -> str:
    beyond = int((cells["p"] * len(cells) < CHANCE).sum())
    if not beyond:
        ratios = np.log(cells["ratio"].astype(float))
        if len(cells) < 2:
            average = 1.0
        elif np.std(ratios) < _ROUNDING:
            average = float(abs(ratios.mean()) < _ROUNDING)
        else:
            average = ttest_1samp(ratios, 0.0).pvalue
        return "beyond the noise on average, but in no case" if average < CHANCE else "within the noise"
    return f"{beyond} beyond the noise"


def _apart(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    columns = [*CASE, "status", "flops_per_ms"]
    both = first[columns].merge(second[columns], on=CASE, how="outer", suffixes=("_first", "_second"), sort=False)
    for run in ("first", "second"):
        both[f"status_{run}"] = both[f"status_{run}"].fillna(NOT_RUN)
    one_alone = both["flops_per_ms_first"].isna() != both["flops_per_ms_second"].isna()
    return both.loc[one_alone, [*CASE, "status_first", "status_second"]].reset_index(drop=True)


def _most(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cases of each figure that changed most and whose interval excludes 1."""
    moved = cells[(cells["low"] > 1) | (cells["high"] < 1)]
    far = moved.assign(_far=np.abs(np.log(moved["ratio"].astype(float)))).sort_values("_far", ascending=False)
    shown = far.groupby("figure", sort=False).head(SHOWN).sort_index()
    return shown.drop(columns=["_far", "p", *(["note"] if (shown["note"] == "").all() else [])])


def _same_everywhere(frame: pd.DataFrame) -> Sequence[str]:
    return [name for name in ("stimulus", "horizon_ms", "measure") if frame[name].nunique() == 1]
