"""The atlas as a run, so that a recommendation is made of it without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ....accuracy.features.shown.known import known
from ....accuracy.features.shown.search import FOUND
from ....accuracy.study.phases.progress import Progress
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError, short
from ....models.ground.named_files import is_file, name_in
from ....models.reading.by_name import get_model
from ...atlas import kept
from ...atlas.making import computed
from ...atlas.plan import HORIZON, Part, check_drive, methods
from ...results.description import describe_model
from ...tables.references import COLUMNS as REGIMES
from ...tables.repeats import NOTES
from ...tables.table import COLUMNS
from ..run_folder import TABLES, RunFolder

_HERTZ = " Hz"
#: The drive under which the atlas is asked if none is named.
USUAL = "ornstein_uhlenbeck"


def why_not_from_atlas(
    rate: float, tolerance: float, models: Sequence[str | NeuronModel] | None, features: Sequence[str] = ()
) -> str:
    """Return why the atlas cannot answer under the `USUAL` drive; empty if it can."""
    rows = kept.read(columns=["model", "level", "tolerance"], wanted={"stimulus": USUAL, "horizon_ms": HORIZON})
    level = _nearest(rows, rate)
    if level is None:
        return f"it has no rate of {rate:g} Hz or more"
    rows = rows[rows["level"] == f"{level:g}{_HERTZ}"]
    if not (rows["tolerance"] <= tolerance).any():
        return f"it has no tolerance as strict as {tolerance:g} ms"
    here = {*rows["model"], *map(name_in, rows["model"])}
    lacking = [short(str(model)) for model in models or () if is_of_atlas(model) and model not in here]
    if lacking:
        return f"it does not have {', '.join(lacking)} at {level:g} Hz yet"
    if models is not None and not any(map(is_of_atlas, models)):
        return "it has models of the catalogue only"
    if features and not any(_shows(label, features) for label in dict.fromkeys(rows["model"])):
        return f"none of its models at {level:g} Hz shows {', '.join(features)}"
    return ""


def run_of_atlas(
    rate: float,
    stimulus: str,
    folder: Path | None = None,
    *,
    models: Sequence[str | NeuronModel] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[RunFolder, float, str]:
    """Return the nearest stricter regime of the atlas as a run: the lowest rate that is not below the one asked for.

    Parameters
    ----------
    rate : float
        In Hz.
    stimulus : str
    folder : Path, optional
    models : sequence of str or NeuronModel, optional
        Those that are not of the catalogue are run, alone, as the atlas was made.
    jobs, progress
        As in `run_suite`.

    Returns
    -------
    RunFolder, float, str
        The run, its rate in Hz, and what to say of it.

    Raises
    ------
    UserError
        If the atlas has no such drive or rate, or a model has the name of one of the atlas.
    """
    check_drive(stimulus)
    rows = kept.read(folder, wanted={"stimulus": stimulus, "horizon_ms": HORIZON})
    level = _nearest(rows, rate)
    if level is None:
        has = ", ".join(f"{each:g} Hz" for each in _rates(rows)) or "none"
        raise UserError(
            f"the atlas has no rate of {rate:g} Hz or more with {stimulus}: it has {has}; `spikecost atlas info` says "
            "what is missing, and with `--atlas off` the models are run"
        )
    rows = rows[rows["level"] == f"{level:g}{_HERTZ}"].reset_index(drop=True)
    own = [get_model(model) for model in models or () if not is_of_atlas(model)]
    known_models = {label: get_model(label) for label in dict.fromkeys(rows["model"])}
    nearest = "" if level == rate else f", the nearest rate that is not below {rate:g} Hz"
    said = f"{stimulus} at {level:g} Hz{nearest}, {len(known_models)} models and presets"
    if not own:
        return _as_run(rows, known_models, stimulus), level, f"from the atlas, nothing was run: {said}"
    for model in own:
        if model.label in known_models:
            raise UserError(f"{model.label} is a name in the atlas, too; give your model another name")
        made = computed(
            Part(model.label, stimulus, level), methods(), jobs=jobs, store=None, model=model, progress=progress
        )
        if made is None:
            raise KeyboardInterrupt
        rows = pd.concat([rows, made], ignore_index=True)
        known_models[model.label] = model
    ran = ", ".join(model.label for model in own)
    return _as_run(rows, known_models, stimulus), level, f"from the atlas: {said}; only {ran} was run, in the same way"


def _shows(label: str, features: Sequence[str]) -> bool:
    outcomes = known(get_model(label)) or {}
    return all(outcomes.get(name) == FOUND for name in features)


def is_of_atlas(model: str | NeuronModel) -> bool:
    """Whether a model is named, so that the atlas may have it."""
    return isinstance(model, str) and not is_file(model)


def _rates(rows: pd.DataFrame) -> list[float]:
    return sorted({float(level.removesuffix(_HERTZ)) for level in rows["level"] if level.endswith(_HERTZ)})


def _nearest(rows: pd.DataFrame, rate: float) -> float | None:
    return min((each for each in _rates(rows) if each >= rate), default=None)


def _as_run(rows: pd.DataFrame, models: dict[str, NeuronModel], stimulus: str) -> RunFolder:
    """Return rows of one regime as a run, whose other tables are empty."""
    tables: dict[str, Any] = dict.fromkeys(TABLES, pd.DataFrame())
    without = rows[rows["status"] == "rate not reachable"].drop_duplicates("model")
    about = {
        "from": "the atlas",
        "made": max(rows["made"]),
        "suite": {"trials": int(rows["stimuli"].max()), "stimuli": [stimulus]},
        "models": {label: describe_model(model) for label, model in models.items()},
    }
    # nothing is timed for the atlas
    tables["table"] = rows.reindex(columns=list(COLUMNS)).assign(tolerance_unit="ms", **dict.fromkeys(NOTES, ""))
    tables["regimes"] = without.reindex(columns=list(REGIMES))
    return RunFolder(about=about, provenance={}, **tables)
