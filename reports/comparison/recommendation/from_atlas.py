"""The atlas as a run, so that a recommendation is made of it without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ....models.ground.errors import UserError
from ....models.reading.by_name import get_model
from ...atlas import kept
from ...atlas.plan import HORIZON
from ...results.description import describe_model
from ...tables.references import COLUMNS as REGIMES
from ...tables.table import COLUMNS
from ..run_folder import TABLES, RunFolder

_HERTZ = " Hz"


def run_of_atlas(rate: float, stimulus: str, folder: Path | None = None) -> tuple[RunFolder, float, str]:
    """Return the nearest stricter regime of the atlas as a run: the lowest rate that is not below the one asked for.

    Returns
    -------
    RunFolder, float, str
        The run, its rate in Hz, and what to say of it.

    Raises
    ------
    UserError
        If the atlas has no such regime.
    """
    rows = kept.read(folder, wanted={"stimulus": stimulus, "horizon_ms": HORIZON})
    known = sorted({float(level.removesuffix(_HERTZ)) for level in rows["level"] if level.endswith(_HERTZ)})
    above = [each for each in known if each >= rate]
    if not above:
        has = f"it has {', '.join(f'{each:g} Hz' for each in known)}" if known else "it has none of this drive"
        raise UserError(
            f"the atlas has no rate of {rate:g} Hz or more with {stimulus}: {has}; `spikecost atlas info` says what is "
            "missing, and without --atlas the models are run"
        )
    rows = rows[rows["level"] == f"{above[0]:g}{_HERTZ}"].reset_index(drop=True)
    nearest = "" if above[0] == rate else f", the nearest rate that is not below {rate:g} Hz"
    labels = list(dict.fromkeys(rows["model"]))
    said = f"from the atlas, nothing was run: {stimulus} at {above[0]:g} Hz{nearest}, {len(labels)} models and presets"
    return _as_run(rows, labels, stimulus), above[0], said


def _as_run(rows: pd.DataFrame, labels: list[str], stimulus: str) -> RunFolder:
    """Return rows of one regime as a run, whose other tables are empty."""
    tables: dict[str, Any] = dict.fromkeys(TABLES, pd.DataFrame())
    without = rows[rows["status"] == "rate not reachable"].drop_duplicates("model")
    about = {
        "made": max(rows["made"]),
        "suite": {"trials": int(rows["stimuli"].max()), "stimuli": [stimulus]},
        "models": {label: describe_model(get_model(label)) for label in labels},
    }
    tables["table"] = rows.reindex(columns=list(COLUMNS)).assign(tolerance_unit="ms")
    tables["regimes"] = without.reindex(columns=list(REGIMES))
    return RunFolder(about=about, provenance={}, **tables)
