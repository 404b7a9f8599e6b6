"""What a run answers, in a few lines: what each model costs relative to one of them, per drive, and what decides that.

Every sentence is made from the numbers of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...accuracy.search.status import Bound
from ...accuracy.study.study import OURS
from ..tables.ratios import ANY, GRID
from ..writing.drives import called
from ..writing.numbers import bounded_text

#: What the views are called in sentences.
CALLED = {GRID: "with spikes at the end of a step", ANY: "with each model's cheapest detection"}
_REGIME = ["stimulus", "horizon_ms", "level"]


@dataclass(frozen=True)
class Costs:
    """What a model costs relative to the baseline under one kind of drive, in one view."""

    drive: str
    """Kind of stimulus and its levels, as text."""
    view: str
    model: str
    text: str
    """The smallest and the largest ratio over the levels and tolerances; empty if there is none."""
    limit: str
    """Down to which tolerance both models are accurate enough, and where they never are; empty if there is no limit."""


def drive_text(stimulus: str, levels: Iterable[str], horizon_ms: float | None = None) -> str:
    """Return the name of a drive, as text; with its horizon, if one is given."""
    over = "" if horizon_ms is None else f", {horizon_ms / 1000:g} s"
    return f"{called(stimulus)}, {_levels_text(levels)}{over}"


def _levels_text(levels: Iterable[str]) -> str:
    """Return levels as text, their unit once if it is Hz."""
    named = [str(level) for level in levels]
    if len(named) > 1 and all(level.endswith(" Hz") for level in named):
        named = [level.removesuffix(" Hz") for level in named[:-1]] + named[-1:]
    return _joined(named)


def costs(ratios: pd.DataFrame, about: Mapping[str, Any], models: Iterable[str]) -> list[Costs]:
    """Return what models cost relative to the baseline: one entry per drive, view and model other than the baseline.

    Parameters
    ----------
    ratios : DataFrame
        As `spikecost.reports.tables.ratios.ratios` returns.
    about : mapping
        Of the run.
    models : iterable of str
        Labels.
    """
    drawn = _between_tolerances(ratios, about)
    others = [model for model in models if model != about["baseline"]]
    strictest = min(_asked(about), default=math.inf)
    several = drawn["horizon_ms"].nunique() > 1
    found = []
    for (stimulus, horizon), drive in drawn.groupby(["stimulus", "horizon_ms"], sort=False):
        levels = list(dict.fromkeys(drive["level"]))
        name = drive_text(str(stimulus), levels, _told(horizon, several))
        for view in (GRID, ANY):
            for model in others:
                rows = drive[(drive["view"] == view) & (drive["model"] == model)]
                text = between(rows.to_dict("records"))
                found.append(Costs(name, view, model, text, _limit(rows, levels, strictest)))
    return found


def _told(horizon_ms: Any, several: bool) -> float | None:
    """Return the horizon that a sentence names: none, if there is only one."""
    return float(horizon_ms) if several else None


def _limit(rows: pd.DataFrame, levels: Iterable[str], strictest: float) -> str:
    """Say down to which tolerance there are ratios at the levels, and at which levels there are none."""
    reached = rows.groupby("level")["tolerance"].min()
    parts = [f"down to {two_digits(reached.max())} ms"] if len(reached) and reached.max() > strictest else []
    none = [level for level in levels if level not in reached]
    return ", ".join([*parts, *([f"not at {' and '.join(none)}"] if none else [])])


def between(rows: list[dict[Any, Any]]) -> str:
    """Return the smallest and the largest of some ratios, as bounds if they are."""
    values: dict[str, list[float]] = {bound: [] for bound in ("", Bound.AT_MOST, Bound.AT_LEAST)}
    for row in rows:
        if row["bound"] != Bound.NOT_KNOWN:
            values[row["bound"]].append(float(row["ratio"]))
    if not any(values.values()):
        return ""
    exact, most, least = values.values()
    # one that is at most 2 may be the smallest, even if another is 0.5: the smallest is at most 0.5
    low = (Bound.AT_MOST, min(exact + most)) if most else _end(min, exact, least, Bound.AT_LEAST)
    high = (Bound.AT_LEAST, max(exact + least)) if least else _end(max, exact, most, Bound.AT_MOST)
    first, last = (bounded_text(two_digits(value), bound) for bound, value in (low, high))
    return first if first == last else f"{first} to {last}"


def _end(
    extreme: Callable[[list[float]], float], exact: list[float], bounds: list[float], bound: Bound
) -> tuple[Bound, float]:
    """Return the end of a range, and what it is: a bound only if no exact value is as extreme."""
    value = extreme(exact + bounds)
    return (Bound.NONE if value in exact else bound), value


def two_digits(value: float) -> str:
    """Print two digits, and no power of ten."""
    digits = max(1 - math.floor(math.log10(abs(value))), 0) if value and math.isfinite(value) else 0
    return f"{value:.{digits}f}" if digits else f"{float(f'{value:.2g}'):.0f}"


def tolerances_text(about: Mapping[str, Any]) -> str:
    """Return the loosest and the strictest tolerance of the suite, as text."""
    asked = [f"{value:g}" for value in _asked(about)]
    return " to ".join(dict.fromkeys([asked[-1], asked[0]])) + " ms" if asked else "none"


def sentences(ratios: pd.DataFrame, about: Mapping[str, Any], models: Iterable[str]) -> list[str]:
    """Return the answer of a run: one sentence per drive and model other than the baseline, at most `MOST` models."""
    found = costs(ratios, about, models)
    said = []
    for drive in dict.fromkeys(each.drive for each in found):
        here = [each for each in found if each.drive == drive and each.text]
        of_models = []
        for model in list(dict.fromkeys(each.model for each in here))[:MOST]:
            parts = [
                f"{each.text} times {CALLED[each.view]}" + (f" ({each.limit})" if each.limit else "")
                for each in here
                if each.model == model
            ]
            of_models.append(f"{model} costs {' and '.join(parts)}")
        if of_models:
            said.append(f"Under {drive}, relative to {about['baseline']}: {'; '.join(of_models)}.")
    return said


#: Number of models that sentences are about.
MOST = 3


@dataclass(frozen=True)
class Factor:
    """How much the ratio of a model depends on one condition, the others being equal."""

    model: str
    what: str
    times: float
    """The largest ratio divided by the smallest, if only this condition differs."""


def factors(ratios: pd.DataFrame, about: Mapping[str, Any]) -> list[Factor]:
    """Return how much ratios depend on the detection, the drive and the tolerance, the largest first.

    Only exact ratios are used, not bounds.
    """
    exact = _between_tolerances(ratios, about)
    exact = exact[(exact["bound"] == "") & (exact["model"] != about["baseline"])]
    exact = exact.assign(drive=[str(key) for key in exact[_REGIME].itertuples(index=False, name=None)])
    conditions = {"how spikes are detected": "view", "the drive and its rate": "drive", "the tolerance": "tolerance"}
    found = []
    for model, own in exact.groupby("model", sort=False):
        for what, column in conditions.items():
            others = [each for each in conditions.values() if each != column]
            spread = [
                float(each["ratio"].max() / each["ratio"].min()) for _, each in own.groupby(others) if len(each) > 1
            ]
            if spread:
                found.append(Factor(str(model), what, max(spread)))
    return sorted(found, key=lambda each: -each.times)


def what_decides(ratios: pd.DataFrame, about: Mapping[str, Any]) -> list[str]:
    """Return, for each model, what its ratio depends on most, and where the order of the two models changes."""
    by_model: dict[str, list[Factor]] = {}
    for each in factors(ratios, about):
        by_model.setdefault(each.model, []).append(each)
    said = []
    for model, own in list(by_model.items())[:MOST]:
        first, *rest = own
        text = f"What {model} costs relative to {about['baseline']} depends most on {_by(first)}"
        said.append(text + (f", then on {' and on '.join(map(_by, rest))}" if rest else "") + ".")
        if turned := _order(ratios, about, model):
            said.append(turned)
    return said


def _by(factor: Factor) -> str:
    return f"{factor.what} (up to {two_digits(factor.times)} times)"


def _order(ratios: pd.DataFrame, about: Mapping[str, Any], model: str) -> str:
    """Say where a model is cheaper than the baseline and where it is more expensive; empty if that is the same."""
    own = _between_tolerances(ratios, about)
    own = own[own["model"] == model]
    cheaper = own[(own["high"] < 1) & own["bound"].isin(["", Bound.AT_MOST.value])]
    expensive = own[(own["low"] > 1) & own["bound"].isin(["", Bound.AT_LEAST.value])]
    if not (len(cheaper) and len(expensive)):
        return ""
    fewer, is_cheaper = (cheaper, True) if len(cheaper) <= len(expensive) else (expensive, False)
    several = own["horizon_ms"].nunique() > 1
    where = []
    for view, rows in fewer.groupby("view", sort=False):
        drives = [
            _under(str(stimulus), _told(horizon, several), of)
            for (stimulus, horizon), of in rows.groupby(["stimulus", "horizon_ms"], sort=False)
        ]
        where.append(f"{CALLED[str(view)]}: {'; '.join(drives)}")
    order = "cheaper" if is_cheaper else "more expensive"
    return f"{model} is certainly {order} than {about['baseline']} only {'; and '.join(where)}."


def _under(stimulus: str, horizon_ms: float | None, rows: pd.DataFrame) -> str:
    """Say at which levels of a drive, and for which errors, there are rows; levels with the same errors together."""
    levels: dict[str, list[str]] = {}
    for level, of in rows.groupby("level", sort=False):
        levels.setdefault(_tolerances(of["tolerance"]), []).append(str(level))
    at = [
        f"at {_levels_text(some)} for {'errors' if ' to ' in size else 'an error'} of {size} ms"
        for size, some in levels.items()
    ]
    over = "" if horizon_ms is None else f" over {horizon_ms / 1000:g} s"
    return f"under {called(stimulus)}{over} {', '.join(at)}"


def _tolerances(values: pd.Series) -> str:
    low, high = (two_digits(value) for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _asked(about: Mapping[str, Any]) -> list[float]:
    """Return the tolerances of the suite, the strictest first."""
    return sorted({float(each["tolerance"]) for each in about["criteria"] if each["measure"] == "maximum"})


def _between_tolerances(ratios: pd.DataFrame, about: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows from the loosest to the strictest tolerance of the suite, those of the map included."""
    asked = _asked(about)
    return ratios[ratios["tolerance"].between(asked[0], asked[-1])] if asked else ratios.iloc[:0]


def not_reached(table: pd.DataFrame, points: pd.DataFrame, about: Mapping[str, Any]) -> list[str]:
    """Say which tolerances no method of a model reaches with spikes on the grid, and down to which dt."""
    rows = table[(table["measure"] == "maximum") & (table["detection"] == "grid")]
    several = rows["horizon_ms"].nunique() > 1
    finest = (
        points[(points["detection"] == "grid") & (points["engine"] == OURS)].groupby(["model", *_REGIME])["dt_ms"].min()
    )
    found: dict[tuple[str, str, float, tuple[float, ...], str], list[str]] = {}
    for key, own in rows.groupby(["model", *_REGIME], sort=False):
        model, stimulus, horizon, level = key
        reached = set(own.loc[own["flops_per_ms"].notna(), "tolerance"])
        lacking = tuple(value for value in _asked(about) if value not in reached)
        tried = float(finest.get(key, math.nan))
        if lacking and not math.isnan(tried):
            same = str(model), str(stimulus), float(str(horizon)), lacking, f"{tried:.2g}"
            found.setdefault(same, []).append(str(level))
    # models that lack the same are named together
    alike: dict[tuple[str, float, tuple[float, ...], str, tuple[str, ...]], list[str]] = {}
    for (model, stimulus, horizon, lacking, finest_dt), levels in found.items():
        alike.setdefault((stimulus, horizon, lacking, finest_dt, tuple(levels)), []).append(model)
    return [
        f"{_joined(models)} {CALLED[GRID]} {'does' if len(models) == 1 else 'do'} not reach "
        f"{_joined([f'{value:g}' for value in lacking])} ms under "
        f"{drive_text(stimulus, levels, _told(horizon, several))}, down to dt = {finest_dt} ms."
        for (stimulus, horizon, lacking, finest_dt, levels), models in alike.items()
    ]


def _joined(texts: list[str]) -> str:
    """Return some texts as one: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
