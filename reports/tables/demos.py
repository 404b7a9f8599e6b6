"""The twenty demos of Izhikevich 2004, as published and converged: the table, and a sentence that summarizes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ...accuracy.features.shown.demo_runs import DemoRun, run_demo
from ...accuracy.features.shown.demos import demos
from .features import title

#: Columns of `demo_table` and their meaning.
COLUMNS = {
    "letter": "panel of figure 1",
    "feature": "the feature that it shows",
    "tau_ms": "published time step",
    "spikes_as_published": "spikes with the published scheme and step",
    "spikes_converged": "spikes of the reference solution; for a runaway, those before the computation was stopped",
    "first_as_published_ms": "time of the first of them",
    "first_converged_ms": "time of the first of them",
    "shown_as_published": "whether the detector finds the feature with the published scheme and step",
    "shown_converged": "whether it finds it in the reference solution",
    "finding": "both results in words",
    "artefact_from_ms": "the smallest step (of the published one and its halves) that shows a feature which the "
    "converged model does not have",
    "gone_from_ms": "the next smaller step: with this and smaller steps, the feature is gone",
    "same_from_ms": "the largest step at and below which feature and number of spikes equal those of the "
    "converged model",
    "error_ms": "stated error of the reference's spike times",
    "reason_as_published": "numbers from the detector",
    "reason_converged": "numbers from the detector",
}


def demo_table() -> pd.DataFrame:
    """Run the twenty demos of Izhikevich 2004 as published and converged.

    Returns
    -------
    DataFrame
        One row per demo; columns in `COLUMNS`.
    """
    return runs_table(run_demo(demo) for demo in demos())


def runs_table(runs: Iterable[DemoRun]) -> pd.DataFrame:
    """Return the table of demos that were run; it has no rows if none was run."""
    return pd.DataFrame([_row(run) for run in runs], columns=list(COLUMNS))


def headline(table: pd.DataFrame) -> str:
    """Say how many demos show their feature because of the time step, and how many show it with other spikes.

    Parameters
    ----------
    table : DataFrame
        As `demo_table` returns; if empty, the text is empty.
    """
    if not len(table):
        return ""
    published, converged = (table[name].astype(bool) for name in ("shown_as_published", "shown_converged"))
    artefacts = table[published & ~converged].to_dict("records")
    others = (converged & (table["spikes_as_published"] != table["spikes_converged"])).sum()
    said = (
        f"{len(artefacts)} of the {len(table)} demos of Izhikevich (2004) show their feature only because of the "
        "time step"
    )
    named = "; ".join(f"{title(row['feature'])} ({_steps(row)})" for row in artefacts)
    more = f", {others} of them with another number of spikes" if others else ""
    return f"{said}{': ' + named if named else ''}. {converged.sum()} show it converged{more}."


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the part of `demo_table` that fits on a screen, with headings."""
    return pd.DataFrame(
        {
            "": table["letter"],
            "feature": table["feature"],
            "spikes": _pairs(table, "spikes_as_published", "spikes_converged"),
            "first (ms)": _pairs(table, "first_as_published_ms", "first_converged_ms"),
            "finding": table["finding"],
            "published dt (ms)": table["tau_ms"],
            "artefact down to dt": table["artefact_from_ms"],
            "gone from dt": table["gone_from_ms"],
            "converged from dt": table["same_from_ms"],
        }
    )


def _steps(row: dict[Any, Any]) -> str:
    gone = f", gone at {row['gone_from_ms']:g} ms" if pd.notna(row["gone_from_ms"]) else ""
    return f"at dt = {row['artefact_from_ms']:g} ms{gone}"


def _row(run: DemoRun) -> dict[str, object]:
    published, converged = run.spikes_as_published, run.spikes_converged
    return {
        "letter": run.letter,
        "feature": run.feature,
        "tau_ms": run.tau,
        "spikes_as_published": len(published),
        "spikes_converged": len(converged),
        "first_as_published_ms": published[0] if published else None,
        "first_converged_ms": converged[0] if converged else None,
        "shown_as_published": run.as_published.shown,
        "shown_converged": run.converged.shown,
        "finding": _finding(run),
        "artefact_from_ms": run.artefact_from,
        "gone_from_ms": run.gone_from,
        "same_from_ms": run.converged_from,
        "error_ms": run.error,
        "reason_as_published": run.as_published.reason,
        "reason_converged": run.converged.reason,
    }


def _finding(run: DemoRun) -> str:
    if run.artefact:
        return "artefact of the step" + (", converged: a runaway" if run.runaway else "")
    if len(run.spikes_as_published) != len(run.spikes_converged):
        return "shown, with other spikes"
    return "shown"


def _pairs(table: pd.DataFrame, first: str, second: str) -> list[str]:
    return [f"{a:.5g} -> {b:.5g}" for a, b in zip(table[first], table[second], strict=True)]
