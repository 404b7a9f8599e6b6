"""The page of the atlas: the ranking for a drive, rate, tolerance, feature and detection, and the front of features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from ...accuracy.features import FEATURES
from ...accuracy.features.shown.known import known
from ...accuracy.features.shown.search import FOUND, NOT_TRIED
from ...accuracy.search.status import WITH_COST
from ...accuracy.study.study import OURS
from ...models.detection import DETECTIONS
from ...models.reading.by_name import get_model
from ..atlas import kept
from ..writing.drives import panel_name
from . import packed, plotly_packed, script_of, style_of, template

#: The columns of the ways that the page ranks, as in the atlas.
COLUMNS = (
    *("model", "method", "detection", "engine", "stimulus", "horizon_ms", "level", "measure", "tolerance", "status"),
    *("dt_ms", "error_control", "flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "error_ms"),
    *("round_dt_ms", "round_flops_per_ms"),
)
SCRIPTS = ("tools.js", "plot.js", "choosing.js", "atlas.js")


def atlas_page(folder: Path | None = None) -> str:
    """Return the page as HTML: one file that opens from disk and needs no network.

    Parameters
    ----------
    folder : Path, optional
        The folder of the data; by default those that come with spikecost.
    """
    rows = kept.read(folder, [*COLUMNS, "made"])
    ways = cheapest_of_each_detection(rows)
    models = list(dict.fromkeys(rows["model"]))
    return template("atlas.html").render(
        models=len(models),
        regimes=len(rows.drop_duplicates(["stimulus", "level", "horizon_ms"])),
        made=max(rows["made"], default=""),
        style=style_of(len(models)),
        script=script_of(SCRIPTS),
        plotly=plotly_packed(),
        data=packed(json.dumps(_data(ways, models), separators=(",", ":"), allow_nan=False)),
    )


def cheapest_of_each_detection(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cheapest way of each model in each regime with each tolerance and detection.

    The cost is that at the largest round dt that holds, if there is one, as in the ranking of the page of a run.
    """
    ways = rows[rows["status"].isin(WITH_COST) & (rows["engine"] == OURS)]
    is_round = ways["error_control"].isna() & ways["round_dt_ms"].notna()
    cost = ways["flops_per_ms"].where(~is_round, ways["round_flops_per_ms"])
    key = ["model", "stimulus", "level", "horizon_ms", "tolerance", "detection"]
    best = ways.assign(_cost=cost).sort_values("_cost", kind="stable").groupby(key, sort=False).head(1)
    return best.sort_values(key, kind="stable")[list(COLUMNS)].reset_index(drop=True)


def _data(ways: pd.DataFrame, models: list[str]) -> dict[str, Any]:
    found = {label: known(get_model(label)) or {} for label in models}
    return {
        "ours": OURS,
        "models": models,
        "drives": {name: panel_name(name) for name in ways["stimulus"].unique()},
        "methods": list(dict.fromkeys(ways["method"])),
        "detections": [name for name in DETECTIONS if name in set(ways["detection"])],
        "engines": [OURS],
        "measures": {"maximum": {"unit": "ms"}},
        "criteria": [],
        "looked": len(FEATURES),
        "shown": {
            label: sum(outcome == FOUND for outcome in outcomes.values())
            for label, outcomes in found.items()
            if set(outcomes.values()) - {NOT_TRIED}
        },
        "tables": {
            "table": _columns(ways),
            "features": _columns(
                pd.DataFrame(
                    [
                        {"model": label, "parameters": None, "feature": name, "outcome": str(outcome)}
                        for label, outcomes in found.items()
                        for name, outcome in outcomes.items()
                    ],
                    columns=["model", "parameters", "feature", "outcome"],
                )
            ),
        },
    }


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
