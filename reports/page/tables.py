"""The parts of the page that are text: what the template prints, row by row."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import groupby
from typing import Any

import pandas as pd

from ...accuracy.search.status import WITH_COST, Bound, Status
from ...harness.measuring.timing import NEURONS
from ...models.algebra.expression import KINDS
from ..results import headline as answers
from ..results.leaders import leaders
from ..results.run_tables import RunTables
from ..results.verdict import Says
from ..tables.demos import headline
from ..tables.features import title
from ..tables.peers import headlines
from ..tables.ratios import ANY, cheapest_first
from ..tables.table import SITUATION
from ..writing import drives
from ..writing.numbers import NOTE, bounded_text, short, step, with_interval

Row = dict[Hashable, Any]

#: Number of models whose costs the sentence of the verdict gives.
MOST_SAID = 4
#: With more models, the answer has a row per model, not a column, and the title names only the first.
MOST_ACROSS = 4
#: The answer shows as many models at first; a button shows the others.
MOST_AT_FIRST = 5
MOST_NAMED = 6


def models_text(models: list[str]) -> str:
    """Return the names of the models; if there are many, the first of them and how many others."""
    if len(models) <= MOST_NAMED + 1:
        return ", ".join(models)
    return f"{len(models)} models: {', '.join(models[:MOST_NAMED])} and {len(models) - MOST_NAMED} more"


def regime_text(row: Row) -> str:
    """Return the stimulus, level and horizon of a row, as text."""
    return drives.regime_text(str(row["stimulus"]), str(row["level"]), row["horizon_ms"])


def accuracy(run: RunTables, row: Row) -> str:
    """Return the required accuracy, as text."""
    units = {each["measure"]: each["unit"] for each in run.about["criteria"]}
    units |= {name: each["unit"] for name, each in run.about["measures"].items()}
    unit = units[row["measure"]]
    value = f"{row['tolerance']:.3g}" + ("" if unit == "1" else f" {unit}")
    return f"every spike within {value}" if row["measure"] == "maximum" else f"{row['measure']} within {value}"


def verdict(run: RunTables) -> list[dict[str, Any]]:
    """Return one row per regime and criterion: the cheapest model, and the others with their ratios."""
    rows = leaders(run).to_dict("records")
    found = []
    for _, group in groupby(rows, key=lambda row: tuple(row[name] for name in SITUATION)):
        first, *others = group
        ranked = {first["model"], *(each["model"] for each in others)}
        found.append(
            {
                "regime": regime_text(first),
                "accuracy": accuracy(run, first),
                "first": first,
                "others": others,
                "lacking": [
                    {"model": model, "reason": _why_not(run, first, model)}
                    for model in run.models
                    if model not in ranked
                ],
            }
        )
    return found


def answer(run: RunTables) -> dict[str, Any]:
    """Return what models cost relative to the baseline: sentences, and a table with one row per drive and view."""
    found = answers.costs(run.ratios, run.about, run.models)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for each in found:
        row = rows.setdefault((each.drive, each.view), {"drive": each.drive, "view": each.view, "of": {}})
        row["of"][each.model] = each
    known = [row for row in rows.values() if any(each.text for each in row["of"].values())]
    models = in_order(run.ratios, dict.fromkeys(each.model for each in found if each.text))
    tall = len(models) > MOST_ACROSS
    if tall:  # beside the models stands what they are ordered by
        order = list(dict.fromkeys(row["drive"] for row in known))
        known.sort(key=lambda row: (order.index(row["drive"]), row["view"] != ANY))
    drives = [(drive, len(list(views))) for drive, views in groupby(known, key=lambda row: row["drive"])]
    return {
        "models": models,
        "tall": tall,
        "drives": drives,
        "first": len(models) if len(models) <= MOST_AT_FIRST else MOST_AT_FIRST,
        "rows": [{**row, "called": answers.CALLED[row["view"]]} for row in known],
        "tolerances": answers.tolerances_text(run.about),
        "decides": answers.what_decides(run.ratios, run.about),
        "not_reached": answers.not_reached(run.own, run.points, run.about),
    }


def in_order(ratios: pd.DataFrame, models: Iterable[str]) -> list[str]:
    """Return the models as the answer lists them: if they are many, the cheapest first, else in the suite's order."""
    models = list(models)
    return cheapest_first(ratios, models) if len(models) > MOST_ACROSS else models


def lacking(verdict: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return why models are not compared, each reason once: the model, the reason, and where it holds."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in verdict:
        for each in row["lacking"]:
            found.setdefault((each["model"], each["reason"]), []).append(f"{row['regime']}, {row['accuracy']}")
    return [{"model": model, "reason": reason, "where": where} for (model, reason), where in found.items()]


def several_rates(run: RunTables) -> list[str]:
    """Say at which drives a model has several rates, because others may find another rate than the run did."""
    rows = run.regimes[run.regimes["several_rates"].astype(bool)].to_dict("records")
    return [f"{regime_text(row)}: {row['several_rates']}" for row in rows]


def _why_not(run: RunTables, situation: Row, model: str) -> str:
    """Say why a model has no cost in a situation: its regime could not be made, or no method reaches the tolerance."""
    regimes = run.regimes
    own = regimes[
        (regimes["model"] == model)
        & (regimes["stimulus"] == situation["stimulus"])
        & (regimes["level"] == situation["level"])
        & (regimes["horizon_ms"] == situation["horizon_ms"])
    ]
    reasons = [str(reason) for reason in own["reason"] if reason]
    if reasons:
        return reasons[0]
    table = run.own[(run.own["model"] == model) & (run.own["status"] == Status.NOT_REACHED)]
    tried = table[(table[SITUATION] == [situation[name] for name in SITUATION]).all(axis=1)]
    example = [f" ({row['method']}, {row['detection']}: {row['reason']})" for row in tried.tail(1).to_dict("records")]
    return "no method reaches the tolerance" + "".join(example)


def in_short(rows: list[dict[str, Any]]) -> list[str]:
    """Return the verdict in a sentence or two: which model is cheapest, how often, and what the others cost."""
    if not rows:
        return []
    winners: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        winners.setdefault(str(row["first"]["model"]), []).append(row)
    said = []
    for model, won in sorted(winners.items(), key=lambda item: -len(item[1])):
        others: dict[str, list[Row]] = {}
        for row in won:
            for each in row["others"]:
                if each["bound"] != Bound.NOT_KNOWN:
                    others.setdefault(str(each["model"]), []).append(each)
        costs = [
            f"{other} costs {_between(found)} times as much"
            + (f" in {len(found)} of them" if len(found) < len(won) else "")
            + ("" if all(each["ranked"] for each in found) else ", in some situations too close to rank")
            for other, found in sorted(others.items(), key=lambda item: min(each["ratio"] for each in item[1]))
        ]
        if len(costs) > MOST_SAID + 1:
            costs[MOST_SAID:] = [f"the table lists the other {len(costs) - MOST_SAID} models"]
        share = f"all {len(rows)}" if len(won) == len(rows) > 1 else f"{len(won)} of {len(rows)}"
        situations = "situation" if len(rows) == 1 else "situations"
        said.append(
            f"{model} is cheapest in {'the only' if len(rows) == 1 else share} {situations}"
            + (f"; {'; '.join(costs)}" if costs else "")
            + "."
        )
    return said


def _between(found: list[Row]) -> str:
    low, high = (
        bounded_text(short(each["ratio"]), each["bound"])
        for each in (min(found, key=_ratio_of), max(found, key=_ratio_of))
    )
    return low if low == high else f"{low} to {high}"


def _ratio_of(row: Row) -> float:
    return float(row["ratio"])


def published(run: RunTables) -> dict[str, Any]:
    """Return the models, and one row per view and situation with the ratio of each model to the baseline."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in run.ranking.to_dict("records"):
        known = isinstance(row["level"], str)
        key = (regime_text(row) if known else "any", accuracy(run, row) if known else "none required", str(row["view"]))
        entry = rows.setdefault(key, {"regime": key[0], "accuracy": key[1], "view": key[2], "ratios": {}})
        unsure = row["says"] in (Says.TOO_CLOSE, Says.COARSER_MAY_SUFFICE) and row["bound"] != Bound.NOT_KNOWN
        entry["ratios"][row["model"]] = _ratio(row) + (f", {row['says']}" if unsure else "")
    order = {key: i for i, key in enumerate(dict.fromkeys(key[:2] for key in rows))}
    return {
        "models": list(dict.fromkeys(run.ranking["model"])),
        "rows": [rows[key] for key in sorted(rows, key=lambda key: order[key[:2]])],
    }


def dt_text(row: Row) -> str:
    """Print the dt of a row, as a bound if it is one."""
    return bounded_text(step(row["dt_ms"]), Bound.of_dt(row["status"]))


def cost_text(row: Row) -> str:
    """Print the cost of a row with its interval, as a bound if it is one."""
    return bounded_text(
        with_interval(row["flops_per_ms"], row["flops_per_ms_low"], row["flops_per_ms_high"]),
        Bound.of_cost(row["status"]),
    )


def times_text(row: Row) -> str:
    """Print how many times the cheapest cost a cost is, with the interval, as a bound if it is one."""
    text = bounded_text(with_interval(row["ratio"], row["ratio_low"], row["ratio_high"]), row["bound"])
    return "costs more or less (not known)" if row["bound"] == Bound.NOT_KNOWN else f"{text} times"


def _ratio(row: Row) -> str:
    return bounded_text(with_interval(row["ratio"], row["low"], row["high"]), row["bound"])


def winner_maps(run: RunTables) -> list[dict[str, Any]]:
    """Return one map per kind of stimulus, horizon and measure: levels across, tolerances down.

    A map with one model everywhere is left out.
    """
    candidates = {key: group.to_dict("records") for key, group in run.candidates.groupby(SITUATION, sort=False)}
    maps = []
    for (stimulus, horizon, measure), group in run.winners.groupby(["stimulus", "horizon_ms", "measure"], sort=False):
        if group["winner"].nunique() < 2:  # one model everywhere: the verdict says more
            continue
        fields = {(row["level"], row["tolerance"]): row for row in group.to_dict("records")}
        levels = list(dict.fromkeys(group["level"]))
        rows = [
            {
                "accuracy": accuracy(run, {"measure": measure, "tolerance": tolerance}),
                "fields": [
                    _field(
                        fields[level, tolerance],
                        candidates.get((stimulus, horizon, level, measure, tolerance), []),
                        run,
                    )
                    for level in levels
                ],
            }
            for tolerance in sorted(set(group["tolerance"]), reverse=True)
        ]
        title = f"{drives.panel_name(str(stimulus))}, {float(str(horizon)) / 1000:g} s"
        maps.append({"title": title, "levels": levels, "rows": rows})
    return maps


def _field(winner: Row, candidates: list[Row], run: RunTables) -> dict[str, Any]:
    if not candidates:
        return {"model": "", "place": 0, "close": False, "others": []}
    first = candidates[0]
    return {
        "model": first["model"],
        "method": first["method"],
        "detection": first["detection"],
        "cost": cost_text(first),
        "place": run.models.index(first["model"]),
        "close": len(candidates) > 1 and not winner["ranked"],
        "others": [
            {
                "model": each["model"],
                "ratio": bounded_text(
                    short(each["flops_per_ms"] / first["flops_per_ms"]), Bound.of_ratio(each["status"], first["status"])
                ),
            }
            for each in candidates[1:]
        ],
    }


def failed(run: RunTables) -> list[dict[str, Any]]:
    """Return one row per model, status and reason of cases without a number: how many, and which."""
    table = run.own[~run.own["status"].isin(WITH_COST)]
    found = []
    for (model, status, reason), group in table.groupby(["model", "status", "reason"], sort=False, dropna=False):
        rows = group[["method", "detection", "level", "measure", "tolerance"]].to_dict("records")
        ways = dict.fromkeys(f"{row['method']}, {row['detection']}" for row in rows)
        where = dict.fromkeys(f"{row['level']}, {accuracy(run, row)}" for row in rows)
        found.append(
            {
                "model": model,
                "status": status,
                "reason": reason,
                "cells": len(group),
                "ways": list(ways),
                "where": list(where),
            }
        )
    return found


def stability(run: RunTables) -> dict[str, Any]:
    """Return the models, and one row per method with each model's stability limit: the smallest over all its cases."""
    known = run.own[run.own["stable_dt_ms"].notna() | run.own["diverges_at_dt_ms"].notna()]
    rows: dict[str, dict[str, Any]] = {}
    for (model, method), group in known.groupby(["model", "method"], sort=False):
        limit = {
            "dt": group["stable_dt_ms"].min() if group["stable_dt_ms"].notna().all() else 0.0,
            "beyond": bool(group["diverges_at_dt_ms"].isna().all()),
        }
        rows.setdefault(str(method), {"method": method, "of": {}})["of"][model] = limit
    return {"models": list(dict.fromkeys(known["model"])), "rows": list(rows.values())}


def operations(run: RunTables) -> pd.DataFrame:
    """Return one row per model, method, detection and part of its Step, with one column per kind of operation."""
    index = ["model", "method", "detection", "part"]
    wide = run.operations.pivot_table(index=index, columns="kind", values="operations", sort=False).reset_index()
    return wide[[*index, *(kind for kind in KINDS if kind in wide)]]


def peers(run: RunTables) -> dict[str, Any]:
    """Return how far other simulators are off, and one row per simulator and case with the dt that it needs."""
    rows = []
    others = run.table[run.table["engine"].isin(run.about["engines"])]
    for row in others.to_dict("records"):
        known = row["status"] in WITH_COST
        rows.append(
            {
                **{name: row[name] for name in ("model", "engine", "method")},
                "regime": regime_text(row),
                "accuracy": accuracy(run, row),
                "dt": dt_text(row) if known else "",
                "error": short(row["error_ms"]) if known else "",
                "ns": _ns(row["ns_per_ms"], row[f"ns_per_ms{NOTE}"]),
                "ns_many": _ns(row["ns_per_ms_simd"], row[f"ns_per_ms_simd{NOTE}"]),
                "reason": "" if known else f"{row['status']}: {row['reason']}",
            }
        )
    return {"headlines": headlines(run.engines, run.about["engines"]), "rows": rows, "many": NEURONS}


def _ns(value: Any, note: str) -> str:
    return "" if pd.isna(value) else short(value) + (f" ({note})" if note else "")


def features(run: RunTables) -> dict[str, Any]:
    """Return the models in which features were searched, and one row per feature with the result for each model."""
    if not len(run.features):
        return {"models": [], "rows": []}
    found: pd.DataFrame = run.features.assign(
        label=[
            f"{row['model']}:{row['parameters']}" if row["parameters"] else row["model"]
            for row in run.features.to_dict("records")
        ]
    )
    rows: dict[str, dict[str, Any]] = {}
    for row in found.to_dict("records"):
        entry = rows.setdefault(
            str(row["feature"]), {"letter": row["letter"], "title": title(str(row["feature"])), "of": {}}
        )
        entry["of"][row["label"]] = row
    return {"models": list(dict.fromkeys(found["label"])), "rows": list(rows.values())}


def demos(run: RunTables) -> dict[str, Any]:
    """Return a sentence that summarizes the demos of 2004, and one row per demo."""
    rows = run.demos.astype(object).where(run.demos.notna(), None).to_dict("records")
    return {"headline": headline(run.demos), "rows": [{**row, "title": title(str(row["feature"]))} for row in rows]}
