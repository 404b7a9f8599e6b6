"""What a run answers, in a few lines: what each model costs relative to one of them, per drive, and what decides that.

Every sentence is made from the numbers of the run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...accuracy.search.status import Bound
from ...harness.stimuli import STIMULI
from ..tables.ratios import ANY, GRID
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


def drive_text(stimulus: str, levels: Iterable[str]) -> str:
    """Return the name of a drive, as text."""
    named = [str(level) for level in levels]
    if len(named) > 1 and all(level.endswith(" Hz") for level in named):
        named = [level.removesuffix(" Hz") for level in named[:-1]] + named[-1:]
    called = STIMULI[stimulus].called if stimulus in STIMULI else ""
    joined = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return f"{called or stimulus.replace('_', ' ')}, {joined}"


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
    found = []
    for (stimulus, horizon), drive in drawn.groupby(["stimulus", "horizon_ms"], sort=False):
        levels = list(dict.fromkeys(drive["level"]))
        several = drawn["horizon_ms"].nunique() > 1
        name = drive_text(str(stimulus), levels) + (f", {float(str(horizon)) / 1000:g} s" if several else "")
        for view in (GRID, ANY):
            for model in others:
                rows = drive[(drive["view"] == view) & (drive["model"] == model)]
                text = between(rows.to_dict("records"))
                found.append(Costs(name, view, model, text, _limit(rows, levels, drawn["tolerance"].min())))
    return found


def _limit(rows: pd.DataFrame, levels: Iterable[str], strictest: float) -> str:
    """Say down to which tolerance there are ratios at the levels, and at which levels there are none."""
    reached = rows.groupby("level")["tolerance"].min()
    parts = [f"down to {two_digits(reached.max())} ms"] if len(reached) and reached.max() > strictest else []
    none = [level for level in levels if level not in reached]
    return ", ".join([*parts, *([f"not at {' and '.join(none)}"] if none else [])])


def between(rows: list[dict[Any, Any]]) -> str:
    """Return the smallest and the largest of some ratios, as bounds if they are."""
    known = sorted(
        ((float(row["ratio"]), str(row["bound"])) for row in rows if row["bound"] != Bound.NOT_KNOWN),
        key=lambda each: each[0],
    )
    if not known:
        return ""
    low, high = (bounded_text(two_digits(value), bound) for value, bound in (known[0], known[-1]))
    return low if low == high else f"{low} to {high}"


def two_digits(value: float) -> str:
    """Print two digits, and no power of ten."""
    digits = max(1 - math.floor(math.log10(abs(value))), 0) if value and math.isfinite(value) else 0
    return f"{value:.{digits}f}" if digits else f"{float(f'{value:.2g}'):.0f}"


def tolerances_text(about: Mapping[str, Any]) -> str:
    """Return the loosest and the strictest tolerance of the suite, as text."""
    asked = sorted({f"{each['tolerance']:g}" for each in about["criteria"] if each["measure"] == "maximum"}, key=float)
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
    conditions = {"how spikes are detected": "view", "the drive": "drive", "the tolerance": "tolerance"}
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
    dearer = own[(own["low"] > 1) & own["bound"].isin(["", Bound.AT_LEAST.value])]
    if not (len(cheaper) and len(dearer)):
        return ""
    fewer, is_cheaper = (cheaper, True) if len(cheaper) <= len(dearer) else (dearer, False)
    where = [
        f"{drive_text(str(stimulus), [str(level)])}, {CALLED[str(view)]}, {_tolerances(group['tolerance'])}"
        for (stimulus, level, view), group in fewer.groupby(["stimulus", "level", "view"], sort=False)
    ]
    order = "cheaper" if is_cheaper else "more expensive"
    return f"{model} is {order} than {about['baseline']} only under {'; '.join(where)}."


def _tolerances(values: pd.Series) -> str:
    low, high = (two_digits(value) for value in (values.min(), values.max()))
    return f"for errors of up to {low} ms" if low == high else f"for errors of up to {low} to {high} ms"


def _asked(ratios: pd.DataFrame, about: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows at the tolerances of the suite."""
    wanted = [each["tolerance"] for each in about["criteria"] if each["measure"] == "maximum"]
    return ratios[ratios["tolerance"].isin(wanted)]


def _between_tolerances(ratios: pd.DataFrame, about: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows from the loosest to the strictest tolerance of the suite, those of the map included."""
    asked = _asked(ratios, about)["tolerance"]
    return ratios[ratios["tolerance"].between(asked.min(), asked.max())]


def not_reached(table: pd.DataFrame, points: pd.DataFrame, about: Mapping[str, Any]) -> list[str]:
    """Say which tolerances no method of a model reaches with spikes on the grid, and down to which dt."""
    wanted = sorted({each["tolerance"] for each in about["criteria"] if each["measure"] == "maximum"})
    rows = table[(table["measure"] == "maximum") & (table["detection"] == "grid")]
    found: dict[tuple[str, str, tuple[float, ...], str], list[str]] = {}
    for (model, stimulus, level), own in rows.groupby(["model", "stimulus", "level"], sort=False):
        reached = set(own.loc[own["flops_per_ms"].notna(), "tolerance"])
        here = (points["model"] == model) & (points["stimulus"] == stimulus) & (points["level"] == level)
        tried = points.loc[here & (points["detection"] == "grid"), "dt_ms"].min()
        lacking = tuple(value for value in wanted if value not in reached)
        if lacking and tried == tried:  # noqa: PLR0124 - not nan
            found.setdefault((str(model), str(stimulus), lacking, f"{tried:.2g}"), []).append(str(level))
    return [
        f"{model} {CALLED[GRID]} does not reach {' and '.join(f'{value:g}' for value in lacking)} ms under "
        f"{drive_text(stimulus, levels)}, down to dt = {tried} ms."
        for (model, stimulus, lacking, tried), levels in found.items()
    ]
