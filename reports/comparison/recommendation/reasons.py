"""Why a way is recommended, as sentences."""

from __future__ import annotations

import math

import pandas as pd

from ....accuracy.search.status import Bound
from ...writing.numbers import bounded_text, number, step
from ...writing.text import how_many
from .budget import budget_said, share
from .ways import UNKNOWN, WHY_UNKNOWN, times_as_much

#: The models with ways that meet a request are named if there are at most this many.
MOST_NAMED = 9


def reasons_for(rows: pd.DataFrame, best: pd.Series, tolerance: float, budget: float) -> list[str]:
    """Return why a way is recommended, as sentences."""
    low, high = 1000 * best["flops_per_ms_low"], 1000 * best["flops_per_ms_high"]
    limit = Bound.of_cost(best["status"])
    cost = bounded_text(number(1000 * best["flops_per_ms"]), limit)
    between = "" if limit or math.isnan(low) else f" (95 % interval {number(low)} to {number(high)})"
    is_round = best["dt_ms"] < best["largest_dt_ms"]
    largest = f"{bounded_text(step(best['largest_dt_ms']), Bound.of_dt(best['status']))} ms"
    said = [
        f"{cost} operations per second of model time{between}; largest "
        f"spike-time error {number(best['error_ms'])} ms of {tolerance:g} ms allowed",
        *(["the coarsest dt of the run holds: a larger one may hold, too, and would cost less"] if limit else []),
        *(
            [
                f"dt = {number(best['dt_ms'])} ms is a round number that was run and holds; the largest that holds is "
                f"{largest}, with {number(1000 * best['largest_flops_per_ms'])} FLOP/s"
            ]
            if is_round
            else []
        ),
        *(
            [
                f"{'all ' if best['stimuli'] > 1 else ''}"
                f"{how_many(int(best['stimuli']), 'stimulus was', 'stimuli were')} "
                f"run at {'the largest' if is_round else 'it'}, at "
                f"{how_many(int(best['checked_settings']), 'smaller one')} down to half of it, and at finer ones"
            ]
            if best["checked_settings"]
            else []
        ),
        f"the cheapest of {how_many(len(rows), 'way that meets', 'ways that meet')} the request, with "
        f"{_few(list(dict.fromkeys(rows['model'])))}",
    ]
    same = rows[rows["model"] == best["model"]]
    second = same[same.index != best.name].sort_values("flops_per_ms")
    if len(second):
        next_best = second.iloc[0]
        costs = times_as_much(next_best, best)
        said.append(
            f"the model's next best way, {next_best['method']} with {next_best['detection']}, "
            f"costs {costs} as much{WHY_UNKNOWN if costs == UNKNOWN else ''}"
        )
    if math.isfinite(budget):
        said.append(f"{share(best, budget)} of {budget_said(budget)}")
    return said


def _few(models: list[str]) -> str:
    """Return the names of models, or their number if they are many: `Recommendation.others` has all of them."""
    return ", ".join(models) if len(models) <= MOST_NAMED else f"{len(models)} models and presets"
