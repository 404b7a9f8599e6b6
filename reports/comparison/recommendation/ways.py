"""The ways to run models that a run has for one rate and tolerance: ranked, as values, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ....accuracy.search.status import Bound, Status
from ....accuracy.study.winners import cheapest_of_each
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError, short
from ....models.ground.named_files import is_file, name_in
from ....models.reading.by_name import get_model
from ...tables.repeats import NOTES
from ...writing.numbers import as_said, bounded, bounded_text, number, step
from ...writing.numbers import short as three_digits
from ..run_folder import RunFolder
from .engines import Restriction

#: The columns that name a way.
WAY = ["model", "method", "detection"]


def ways_of(run: RunFolder, rate: float, tolerance: float) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per way that holds in every regime of the rate: from the regime that needs the smallest dt."""
    table = run.own[run.own["measure"] == "maximum"]
    level = f"{rate:g} Hz"
    if level not in set(table["level"]):
        raise UserError(
            f"the run has no {level}: it has {', '.join(dict.fromkeys(table['level']))}; give one of them, "
            f"or run with --rates {rate:g}"
        )
    held = judged_at(table, tolerance)
    table = table[(table["level"] == level) & (table["tolerance"] == held)]
    regimes = len(table[["stimulus", "horizon_ms"]].drop_duplicates())
    reached = table[table["flops_per_ms"].notna()]
    if not len(reached):
        raise UserError(f"no model reaches {held:g} ms at {level} in this run; its page lists the reasons")
    whole = reached.groupby(WAY).filter(lambda way: len(way) == regimes)
    if not len(whole):
        raise UserError(
            f"no way reaches {held:g} ms at {level} in all {regimes} regimes (stimulus and horizon) of this run; the "
            "reasons are in its page"
        )
    setting = whole["error_control"].astype(float).fillna(whole["dt_ms"])
    strictest = (
        whole.assign(_setting=setting)
        .sort_values(["_setting", "flops_per_ms"], ascending=[True, False], kind="stable")
        .groupby(WAY, sort=False)
        .head(1)
    )
    rows = _rounded(strictest.drop(columns="_setting").sort_index())
    said = [
        f"costs come from {run.about.get('from', 'the run')} of {run.about['made'][:10]}: "
        f"{run.about['suite']['trials']} stimuli per regime "
        f"({', '.join(run.about['suite']['stimuli'])}), over {rows['horizon_ms'].max() / 1000:g} s"
    ]
    if held < tolerance:
        said.append(f"judged at {held:g} ms, the loosest tolerance of the run that is strict enough")
    return rows.reset_index(drop=True), said


def judged_at(table: pd.DataFrame, tolerance: float) -> float:
    """Return the loosest tolerance of a run that is strict enough.

    Raises
    ------
    UserError
        If there is none.
    """
    strict = [value for value in set(table["tolerance"]) if value <= tolerance]
    if not strict:
        raise UserError(
            f"the run has no tolerance as strict as {tolerance:g} ms: it has "
            f"{', '.join(f'{value:g} ms' for value in sorted(set(table['tolerance'])))}; run with "
            f"--tolerances {tolerance:g}ms"
        )
    return float(max(strict))


def _rounded(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ways at the largest round dt that holds, where there is one; what was found above it is kept."""
    rows = rows.assign(largest_dt_ms=rows["dt_ms"], largest_flops_per_ms=rows["flops_per_ms"])
    is_round = rows["round_dt_ms"].notna() & (rows["round_dt_ms"] < rows["dt_ms"])
    for name in ("dt_ms", "flops_per_ms", "error_ms"):
        rows.loc[is_round, name] = rows.loc[is_round, f"round_{name}"]
    # the intervals, times and the bound are those of the largest dt
    rows.loc[is_round, ["flops_per_ms_low", "flops_per_ms_high", "ns_per_ms", "ns_per_ms_simd"]] = np.nan
    rows.loc[is_round, list(NOTES)] = ""
    return rows


def _why_none_holds(run: RunFolder, rows: pd.DataFrame, rate: float, tolerance: float) -> dict[str, str]:
    """Return why models of a run have no way in `rows`, which hold in every regime of the rate, by label."""
    level = f"{rate:g} Hz"
    silent = run.regimes[(run.regimes["level"] == level) & run.regimes["reason"].fillna("").astype(bool)]
    reasons = {row["model"]: row["reason"] for row in silent.to_dict("records")}
    table = run.own[run.own["measure"] == "maximum"]
    here = table[(table["level"] == level) & (table["tolerance"] == judged_at(table, tolerance))]
    failed = here[here["flops_per_ms"].isna() & (here["status"] != Status.NOT_APPLICABLE)]
    for label in run.models:
        if label in set(rows["model"]) or label in reasons:
            continue
        said = [
            f"{row['status']}: {row['reason']}" if row["reason"] else str(row["status"])
            for row in failed[failed["model"] == label].to_dict("records")
        ]
        most = max(dict.fromkeys(said), key=said.count, default="it has no input that fires at this rate")
        reasons[label] = f"no way of it holds ({most})"
    return reasons


def ways_asked_for(
    run: RunFolder,
    rate: float,
    tolerance: float,
    models: Sequence[str | NeuronModel] | None,
    engine: Restriction | None,
) -> tuple[pd.DataFrame, list[str], dict[str, str]]:
    """Return the ways that hold, of some models and with some engine alone, and what to say of them.

    Returns
    -------
    DataFrame, list of str, dict
        The ways, what they are based on, and why the other models of the run have none, by label.

    Raises
    ------
    UserError
        If the run has not this rate, tolerance or model, or there is no such way.
    """
    rows, said = ways_of(run, rate, tolerance)
    left_out = _why_none_holds(run, rows, rate, tolerance)
    if models is not None:
        labels = list(dict.fromkeys(label for model in models for label in labels_in(run, model)))
        rows = rows[rows["model"].isin(labels)]
        if not len(rows):
            raise UserError(
                f"none of {', '.join(labels)} reaches {tolerance:g} ms at {rate:g} Hz in this run: "
                f"{'; '.join(f'{label}: {left_out[label]}' for label in labels)}"
            )
        left_out |= {label: "not among the models asked for" for label in run.models if label not in labels}
    if engine is not None:
        able = rows[[engine.runs(row) for row in rows.to_dict("records")]]
        if not len(able):
            raise UserError(
                f"{engine.title} has no way of this run that reaches {tolerance:g} ms at {rate:g} Hz ({engine.said}); "
                "allow a larger tolerance, or leave the engine out"
            )
        without = set(rows["model"]) - set(able["model"])
        left_out |= {label: f"{engine.title} has no way of it that holds" for label in run.models if label in without}
        rows, said = able, [*said, f"only ways that {engine.title} has: {engine.said}"]
    return rows.reset_index(drop=True), said, left_out


def labels_in(run: RunFolder, model: str | NeuronModel) -> list[str]:
    """Return the labels in a run of a model that a user names: without a preset, every preset of the run.

    Raises
    ------
    UserError
        If the run has no such model.
    """
    name = model.label if isinstance(model, NeuronModel) else model
    found = [label for label in run.models if name in (label, name_in(label))]
    if not found and isinstance(model, str) and is_file(model):
        found = [label for label in run.models if label == get_model(model).label]
    if not found:
        raise UserError(f"the run has no model '{short(name)}': it has {', '.join(run.models)}; give one of them")
    return found


def cheapest(rows: pd.DataFrame) -> pd.Series:
    """Return the cheapest row."""
    return ranked(rows).iloc[0]


def ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cheapest row of each model, the cheapest model first."""
    return rows.loc[
        cheapest_of_each(rows.index, rows["model"].to_dict().__getitem__, rows["flops_per_ms"].to_dict().__getitem__)
    ]


def as_choice(row: pd.Series) -> dict[str, Any]:
    """Return a row as values, as in `Recommendation.choice`; None where there is none."""
    names = (
        *WAY,
        "dt_ms",
        "largest_dt_ms",
        "error_control",
        "status",
        "flops_per_ms",
        "flops_per_ms_low",
        "flops_per_ms_high",
        "ns_per_ms",
        "ns_per_ms_note",
        "error_ms",
        "drive",
        "drive_unit",
        "horizon_ms",
    )
    values = {name: None if pd.isna(row[name]) else row[name] for name in names}
    plain = {name: float(value) if isinstance(value, np.floating) else value for name, value in values.items()}
    return {**plain, "flops_per_s": 1000 * float(row["flops_per_ms"])}


def in_words(choice: Mapping[str, Any]) -> str:
    """Return what a way is and what it costs, as one line."""
    dt, sign = step(choice["dt_ms"]), "\u2265" if choice["status"] == Status.AT_LEAST else "="
    setting = (
        f"dt {sign} {dt} ms"
        if choice["error_control"] is None
        else f"tolerance {sign} {choice['error_control']:g} (mean dt {sign} {dt} ms)"
    )
    return (
        f"{choice['model']} with {choice['method']}, {choice['detection']} detection, {setting}: "
        f"{bounded_text(number(choice['flops_per_s']), Bound.of_cost(choice['status']))} FLOP/s"
    )


#: How many times a cost is another one of which also only an upper bound is known.
UNKNOWN = "an unknown number of times"
WHY_UNKNOWN = " (both costs are upper bounds)"


def times_as_much(row: pd.Series, best: pd.Series) -> str:
    """Say how many times the cost of the best way another way costs, with the sign of its bound."""
    ratio = three_digits(row["flops_per_ms"] / best["flops_per_ms"])
    limit = Bound.of_ratio(row["status"], best["status"])
    text = bounded_text(ratio, limit)
    return UNKNOWN if limit == Bound.NOT_KNOWN else f"{text} times"


def others_than(rows: pd.DataFrame, choice: Mapping[str, Any]) -> pd.DataFrame:
    """Return the cheapest way of each model, and its cost divided by that of the choice."""
    best = ranked(rows)
    frame = best[[*WAY, "status", "dt_ms", "flops_per_ms", "error_ms"]]
    chosen = (best[WAY] == [choice[name] for name in WAY]).all(axis=1)
    bounds = [
        "" if itself else Bound.of_ratio(status, choice["status"]).value
        for itself, status in zip(chosen, best["status"], strict=True)
    ]
    return frame.assign(times=frame["flops_per_ms"] / choice["flops_per_ms"], bound=bounds).reset_index(drop=True)


def others_said(others: pd.DataFrame) -> pd.DataFrame:
    """Return the same for a terminal and a notebook: bounds are shown as bounds."""
    times = [
        bounded(row["times"], row["bound"]) + (f" ({row['note']})" if row.get("note") else "")
        for row in others.to_dict("records")
    ]
    return as_said(others).assign(times=times).drop(columns=["status", "bound", "note"], errors="ignore")
