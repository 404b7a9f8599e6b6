"""The ways to run models in another simulator that a run has: the dt that it needs for a tolerance, and the cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ....accuracy.search.status import WITH_COST, Status
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError
from ...tables.peers import headlines
from ...writing.numbers import NOTE, number, step
from ..run_folder import RunFolder
from .ways import REGIME, WAY, judged_at, judged_said, labels_in, of_regime

#: What the cost of a way in a simulator is: the column, and what is said of it. The first that all ways have is taken.
COSTS = {
    "ns_per_ms": "ns of wall time per ms of model time",
    "flops_per_ms": "operations per ms of model time",
    "steps_per_ms": "steps per ms of model time; it was not timed",
}


def has_rows(run: RunFolder, engine: str) -> bool:
    """Whether a run has rows of a simulator."""
    return bool((run.table["engine"] == engine).any())


def ways_in(
    run: RunFolder,
    rate: float,
    tolerance: float,
    engine: str,
    models: Sequence[str | NeuronModel] | None,
    *,
    drive: str | None = None,
) -> tuple[pd.DataFrame, str, list[str], dict[str, str]]:
    """Return the ways that hold in one regime of the rate that the simulator can run, the cheapest first.

    Parameters
    ----------
    run : RunFolder
    rate, tolerance : float
        In Hz and in ms.
    engine : str
        As it was asked for in the run.
    models : sequence of str or NeuronModel, optional
        By default all of the run.
    drive : str, optional
        If the run has several at this rate.

    Returns
    -------
    DataFrame, str, list of str, dict
        The ways, with their cost in the column ``cost``, and in ``note`` why that cannot be trusted; what the cost is;
        what they are based on; and why the other models of the run have none, by label.

    Raises
    ------
    UserError
        If the run has not this rate or tolerance, or the simulator reaches the tolerance with no model.
    """
    table = run.table[(run.table["engine"] == engine) & (run.table["measure"] == "maximum")]
    title = run.about["engines"][engine]["title"]
    here = of_regime(table, rate, drive)
    held = judged_at(run, table, tolerance)
    here = here[here["tolerance"] == held]
    labels = run.models if models is None else labels_in(run, models)
    lacking = {label: "not among the models asked for" for label in run.models if label not in labels}
    rows: list[pd.Series] = []
    for label in labels:
        judged = here[here["model"] == label]
        failed = judged[~judged["status"].isin(WITH_COST)]
        if len(failed):
            first = failed.iloc[0]
            lacking[label] = f"{first['status']}: {first['reason']}"
        elif len(judged):
            rows.append(judged.sort_values("dt_ms", kind="stable").iloc[0])
    if not rows:
        reasons = "; ".join(f"{label}: {lacking[label]}" for label in labels if label in lacking)
        raise UserError(f"{title} reaches {tolerance:g} ms at {rate:g} Hz with no model of this run: {reasons}")
    found = pd.DataFrame(rows).assign(largest_dt_ms=lambda each: each["dt_ms"])
    found["steps_per_ms"] = 1 / found["dt_ms"].astype(float)
    unit = next(name for name in COSTS if found[name].notna().all())
    notes = found.get(unit + NOTE, "")
    found = found.assign(cost=found[unit].astype(float), note=notes).sort_values("cost", kind="stable")
    found = found.reset_index(drop=True)
    best = found.iloc[0]
    return found, COSTS[unit], [*_said(run, engine, best), *judged_said(best, tolerance, held)], lacking


def _said(run: RunFolder, engine: str, best: pd.Series) -> list[str]:
    """Say what the dt of a way is based on."""
    about = run.about["engines"][engine]
    own = run.engines[(run.engines["engine"] == engine) & (run.engines["model"] == best["model"])]
    own = own[(own[REGIME] == best[REGIME]).all(axis=1)]
    scheme = about["schemes"].get(best["method"], "")
    return [
        f"the largest round dt at which all {best['stimuli']:g} stimuli hold, as at every smaller one that was run "
        f"({best['checked_settings']:g} of them down to half of it); largest spike-time error "
        f"{number(best['error_ms'])} ms of {best['tolerance']:g} ms allowed",
        *headlines(own, run.about["engines"]),
        *([f"its scheme {best['method']}: {scheme}"] if scheme else []),
        f"its spikes: {about['labels']}",
    ]


def in_words(row: Mapping[Any, Any], title: str, unit: str) -> str:
    """Return what a way is and what it costs, as one line."""
    sign = "\u2265" if row["status"] == Status.AT_LEAST else "="
    doubt = f" ({row['note']})" if row["note"] else ""
    return (
        f"{row['model']} in {title}, {row['method']}, dt {sign} {step(row['dt_ms'])} ms: "
        f"{number(row['cost'])} {unit}{doubt}"
    )


def as_choice(row: pd.Series, engine: str) -> dict[str, Any]:
    """Return a way as values, as in `Recommendation.choice`; operations are None if no counter sees them."""
    names = (*WAY, "dt_ms", "largest_dt_ms", "error_control", "status", "flops_per_ms", "flops_per_ms_low")
    more = ("flops_per_ms_high", "ns_per_ms", "ns_per_ms_note", "error_ms", "drive", "drive_unit", "horizon_ms")
    values = {name: None if pd.isna(row[name]) else row[name] for name in (*names, *more)}
    plain = {name: float(value) if isinstance(value, np.floating) else value for name, value in values.items()}
    flops = plain["flops_per_ms"]
    return {**plain, "flops_per_s": None if flops is None else 1000 * flops, "engine": engine}


def others(ways: pd.DataFrame) -> pd.DataFrame:
    """Return each way, and its cost divided by that of the first; ``note`` says why that ratio cannot be trusted."""
    frame = ways[[*WAY, "status", "dt_ms", "flops_per_ms", "error_ms"]]
    first = ways["note"].iloc[0]
    notes = [
        note if i == 0 or not first else "; ".join([*[note] * bool(note), f"the first: {first}"])
        for i, note in enumerate(ways["note"])
    ]
    return frame.assign(times=ways["cost"] / ways["cost"].iloc[0], bound="", note=notes)
