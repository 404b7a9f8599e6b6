"""The ways to run models that a run has for one rate and tolerance: ranked, as values, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ....accuracy.search.status import Bound, Status
from ....accuracy.study.winners import cheapest_of_each
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError, short
from ....models.ground.named_files import is_file, name_in
from ....models.ground.registry import known_are, nearest
from ....models.reading.by_name import get_model
from ...tables import shared_columns
from ...tables.repeats import NOTES
from ...writing.numbers import as_said, bounded, bounded_text, number, step
from ...writing.numbers import short as three_digits
from ...writing.text import how_many
from ..run_folder import RunFolder
from .engines import Restriction

#: The columns that name a way.
WAY = ["model", "method", "detection"]
#: The columns that name a regime.
REGIME = list(shared_columns.REGIME)


def source_of(run: RunFolder) -> str:
    """Return what has the costs, as messages call it: the run or the atlas."""
    return str(run.about.get("from", "the run"))


def _within(run: RunFolder) -> str:
    """Return where ways were looked for, with what has the reasons why there is none."""
    if is_run(run):
        return "in this run; the reasons are in its page"
    return f"in the atlas with {', '.join(run.about['suite']['stimuli'])}; `spikecost atlas show MODEL` has the reasons"


def is_run(run: RunFolder) -> bool:
    """Whether a run was made or given: otherwise it stands for the atlas."""
    return "from" not in run.about


def of_regime(rows: pd.DataFrame, rate: float, drive: str | None) -> pd.DataFrame:
    """Return the rows of one regime of a rate: under the drive that is named, over the longest horizon.

    Costs and dt of different regimes do not belong together: a dt that was run in one may not have been run in another.

    Raises
    ------
    UserError
        If there is no such rate or drive, or there are several drives and none is named.
    """
    level = f"{rate:g} Hz"
    if level not in set(rows["level"]):
        raise UserError(
            f"the run has no {level}: it has {', '.join(dict.fromkeys(rows['level']))}; give one of them, "
            f"or run with --rates {rate:g}"
        )
    here = rows[rows["level"] == level]
    drives = list(dict.fromkeys(here["stimulus"]))
    if drive is None and len(drives) > 1:
        raise UserError(
            f"the run has several drives at {level}, which need different time steps: {', '.join(drives)}; name one "
            f"with --drive {drives[0]}"
        )
    if drive is not None and drive not in drives:
        raise UserError(
            f"the run has no drive '{short(drive)}' at {level}: {known_are(drive, drives)}; give one of them"
        )
    here = here[here["stimulus"] == (drive or drives[0])]
    longest: pd.DataFrame = here[here["horizon_ms"] == here["horizon_ms"].max()]
    return longest


def _ways_of(run: RunFolder, here: pd.DataFrame, tolerance: float, held: float) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per way that holds in a regime: the cheapest of those for `tolerance` and for stricter ones.

    A way that holds at a stricter tolerance holds at a looser one, too, and may cost less: where an error control
    chooses the steps, fewer operations may give smaller errors.
    """
    level, stimulus, horizon = here[["level", "stimulus", "horizon_ms"]].iloc[0]
    reached = here[here["flops_per_ms"].notna() & (here["tolerance"] <= tolerance)]
    if not len(reached):
        raise UserError(f"no model reaches {held:g} ms at {level}, {stimulus}, {horizon / 1000:g} s {_within(run)}")
    rows = (
        _rounded(reached)
        .sort_values(["flops_per_ms", "tolerance"], ascending=[True, False], kind="stable")
        .groupby(WAY, sort=False)
        .head(1)
        .sort_index()
    )
    said = [
        f"costs come from {source_of(run)} of {run.about['made'][:10]}: "
        f"{how_many(int(rows['stimuli'].max()), 'stimulus', 'stimuli')} ({stimulus}), over {horizon / 1000:g} s"
    ]
    return rows, said


def judged_said(best: pd.Series, tolerance: float, held: float) -> list[str]:
    """Say at which tolerance a way was judged, if it is not that which was asked for."""
    if best["tolerance"] < held:
        return [
            f"judged at {best['tolerance']:g} ms: what holds there holds at {tolerance:g} ms, too, and it costs less "
            "than what was found for looser tolerances"
        ]
    if held < tolerance:
        return [f"judged at {held:g} ms, the loosest tolerance that is strict enough"]
    return []


def judged_at(run: RunFolder, rows: pd.DataFrame, tolerance: float) -> float:
    """Return the loosest tolerance of rows that is strict enough.

    Raises
    ------
    UserError
        If there is none.
    """
    known = sorted(set(rows["tolerance"].dropna()))
    strict = [value for value in known if value <= tolerance]
    if not strict:
        otherwise = f"run with --tolerances {tolerance:g}ms" if is_run(run) else "with `--atlas off` the models are run"
        raise UserError(
            f"{source_of(run)} has no tolerance as strict as {tolerance:g} ms: it has "
            f"{', '.join(f'{value:g} ms' for value in known) or 'none'}; {otherwise}"
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


def _why_none_holds(run: RunFolder, rows: pd.DataFrame, here: pd.DataFrame, held: float) -> dict[str, str]:
    """Return why models of a run have no way in `rows`, although the regime of `here` was asked for, by label."""
    silent = run.regimes[run.regimes["reason"].fillna("").astype(bool)]
    silent = silent.merge(here[REGIME].drop_duplicates(), on=REGIME)
    reasons = {row["model"]: row["reason"] for row in silent.to_dict("records")}
    judged = here[here["tolerance"] == held]
    failed = judged[judged["flops_per_ms"].isna() & (judged["status"] != Status.NOT_APPLICABLE)]
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


@dataclass(frozen=True)
class Ways:
    """The ways that hold, and what is said of them."""

    rows: pd.DataFrame
    """One per way."""
    said: list[str]
    """What they are based on."""
    left_out: dict[str, str]
    """Why the other models have none, by label."""
    held: float
    """The loosest tolerance that is strict enough, in ms."""


def ways_asked_for(
    run: RunFolder,
    rate: float,
    tolerance: float,
    models: Sequence[str | NeuronModel] | None,
    engine: Restriction | None,
    *,
    drive: str | None = None,
) -> Ways:
    """Return the ways that hold, of some models and with some engine alone, under one drive, and what to say of them.

    Raises
    ------
    UserError
        If the run has not this rate, tolerance, drive or model, or there is no such way.
    """
    table = run.own[run.own["measure"] == "maximum"]
    here = of_regime(table, rate, drive)
    held = judged_at(run, table, tolerance)
    rows, said = _ways_of(run, here, tolerance, held)
    left_out = _why_none_holds(run, rows, here, held)
    if models is not None:
        labels = labels_in(run, models)
        rows = rows[rows["model"].isin(labels)]
        if not len(rows):
            raise UserError(
                f"none of {', '.join(labels)} reaches {tolerance:g} ms at {rate:g} Hz in "
                f"{'this run' if is_run(run) else 'the atlas'}: "
                f"{'; '.join(f'{label}: {left_out[label]}' for label in labels)}"
            )
        left_out |= {label: "not among the models asked for" for label in run.models if label not in labels}
    if engine is not None:
        able = rows[[engine.runs(row) for row in rows.to_dict("records")]]
        if not len(able):
            raise UserError(
                f"{engine.title} has no way of {'this run' if is_run(run) else 'the atlas'} that reaches "
                f"{tolerance:g} ms at {rate:g} Hz ({engine.said}); allow a larger tolerance, or leave the engine out"
            )
        without = set(rows["model"]) - set(able["model"])
        left_out |= {label: f"{engine.title} has no way of it that holds" for label in run.models if label in without}
        rows, said = able, [*said, f"only ways that {engine.title} has: {engine.said}"]
    return Ways(rows.reset_index(drop=True), said, left_out, held)


def labels_in(run: RunFolder, models: Sequence[str | NeuronModel]) -> list[str]:
    """Return the labels in a run of models that a user names: without a preset, every preset of the run.

    Raises
    ------
    UserError
        If the run lacks one of them.
    """
    labels: dict[str, None] = {}
    for model in models:
        name = model.label if isinstance(model, NeuronModel) else model
        found = [label for label in run.models if name in (label, name_in(label))]
        if not found and isinstance(model, str) and is_file(model):
            found = [label for label in run.models if label == get_model(model).label]
        if not found:
            raise _lacking(run, name)
        labels |= dict.fromkeys(found)
    return list(labels)


def _lacking(run: RunFolder, name: str) -> UserError:
    """Return the error of a model that a run does not have."""
    if is_run(run):
        near = nearest(name, run.models)
        meant = f"did you mean '{near}'? " if near else ""
        return UserError(
            f"the run has no model '{short(name)}': {meant}it has {', '.join(run.models)}; give one of them"
        )
    get_model(name)  # there is no such model
    first = run.own.iloc[0]
    return UserError(
        f"the atlas does not have {short(name)} at {first['level']} with {first['stimulus']} yet; leave it out, or run "
        "the models with `--atlas off`"
    )


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
        "stimulus",
        "drive",
        "drive_unit",
        "horizon_ms",
    )
    values = {name: None if pd.isna(row[name]) else row[name] for name in names}
    plain = {name: float(value) if isinstance(value, np.floating) else value for name, value in values.items()}
    return {**plain, "tolerance_ms": float(row["tolerance"]), "flops_per_s": 1000 * float(row["flops_per_ms"])}


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
