"""A Brian2 program of what is recommended, and why there may be none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ....accuracy.search.status import Bound
from ....models.ground.errors import UserError, short
from ...results.brian2_code import brian2_code
from ...results.recorded_model import recorded_model
from ...writing.numbers import bounded_text, number, step
from ..run_folder import RunFolder
from .budget import share
from .engines import ENGINES
from .ways import as_choice, cheapest, in_words, times_as_much


def way_in_brian2(
    run: RunFolder, rows: pd.DataFrame, best: pd.Series, budget: float
) -> tuple[dict[str, Any], list[str]]:
    """Return the cheapest way that Brian2 offers for the model, and what to say of it."""
    model = recorded_model(best["model"], definition(run, best["model"]))
    if model.system.random or model.arrivals:
        drawn = "other random numbers" if model.system.random else "other spikes that arrive"
        return {}, [f"there is no program: in Brian2 the model would get {drawn} than those of the run"]
    has = ENGINES["brian2"].runs
    if has(best):
        return as_choice(best), ["the Brian2 program below runs exactly this", *_of_tables(run, best)]
    own = rows[[row["model"] == best["model"] and has(row) for row in rows.to_dict("records")]]
    if not len(own):
        return {}, [
            "there is no Brian2 program: Brian2 finds spikes only at the end of a step, and none of its methods meets "
            "the request there in this run"
        ]
    row = cheapest(own)
    dt = bounded_text(f"{step(row['dt_ms'])} ms", Bound.of_dt(row["status"]))
    part = f", {share(row, budget)}" if math.isfinite(budget) else ""
    return as_choice(row), [
        "there is no Brian2 program of this way: Brian2 finds spikes only at the end of a step. There, the same "
        f"accuracy needs {row['method']} at dt = {dt} and {times_as_much(row, best)} the operations{part}; "
        "with --engine brian2 that is recommended, with its program"
    ]


def _of_tables(run: RunFolder, best: pd.Series) -> list[str]:
    if not definition(run, best["model"])["tables"]:
        return []
    return ["the program evaluates rates that the kernel looks up in tables, so it needs more operations"]


def program_of(run: RunFolder, choice: Mapping[str, Any]) -> str:
    """Return the Brian2 program that runs a choice."""
    title = (
        f"{in_words(choice)}, errors of at most {number(choice['error_ms'])} ms over {choice['horizon_ms'] / 1000:g} s"
    )
    return brian2_code(
        definition(run, choice["model"]),
        choice["method"],
        title=title,
        **{name: choice[name] for name in ("dt_ms", "drive", "drive_unit", "horizon_ms")},
    )


def definition(run: RunFolder, label: str) -> Mapping[str, Any]:
    """Return the definition of a model in a run.

    Raises
    ------
    UserError
        If the run has none.
    """
    if label not in run.about["models"]:
        raise undefined(label)
    found: Mapping[str, Any] = run.about["models"][label]
    return found


def undefined(label: str) -> UserError:
    """Return the error of a model without definition."""
    return UserError(f"the run has no definition of its model '{short(label)}'; run it again")
