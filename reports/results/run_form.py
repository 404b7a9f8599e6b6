"""The form of a run in its folder: the content of ``run.json``, and the columns of numbers and text of each table.

A run may come from another person. A run without this form is refused when it is read, so later code need not check
it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...accuracy.study.study import ours_in
from ...models.ground.errors import UserError, quoted, short
from ...models.ground.named_files import name_in
from ...models.reading.data import Misfit, structure
from ..tables import (
    breakdown,
    demos,
    features,
    parity,
    peers,
    points,
    ratios,
    recorded,
    references,
    repeats,
    shared_columns,
    table,
    winners,
)
from ..tables.ratios import VIEWS
from .verdict import PUBLISHED

#: Columns that every run has, by table.
COLUMNS: Mapping[str, Iterable[str]] = {
    "table": table.COLUMNS,
    "points": points.COLUMNS,
    "ranking": ("view", *shared_columns.SITUATION, "model", "ratio", "low", "high", "bound", "says"),
    "ratios": ratios.COLUMNS,
    "winners": winners.COLUMNS,
    "candidates": winners.CANDIDATE_COLUMNS,
    "counters": parity.COLUMNS,
    "step_and_spike": parity.APART_COLUMNS,
    "parity": parity.KIND_COLUMNS,
    "retired": parity.RETIRED_COLUMNS,
    "builds": ("model", "method", "build", "changes"),
    "operations": breakdown.OPERATION_COLUMNS,
    "by_kind": breakdown.COLUMNS,
    "by_stimulus": repeats.COLUMNS,
    "timings": repeats.TIMING_COLUMNS,
    "regimes": references.COLUMNS,
    "references": references.TRIAL_COLUMNS,
    "spikes": recorded.SPIKE_COLUMNS,
    "voltages": recorded.VOLTAGE_COLUMNS,
    "features": features.COLUMNS,
    "demos": demos.COLUMNS,
    "engines": peers.ENGINE_COLUMNS,
    "floors": peers.FLOOR_COLUMNS,
}
#: Columns of text; all others contain numbers or truth values.
TEXT = frozenset(
    {
        "bound",
        "build",
        "changes",
        "computed_as",
        "counter",
        "detection",
        "drive_unit",
        "engine",
        "exact_counter",
        "failure",
        "feature",
        "finding",
        "kind",
        "letter",
        "level",
        "measure",
        "method",
        "model",
        "no_operations",
        "ns_per_ms_note",
        "ns_per_ms_simd_note",
        "outcome",
        "parameters",
        "part",
        "reason",
        "reason_as_published",
        "reason_converged",
        "says",
        "second",
        "several_rates",
        "stated_2004",
        "status",
        "stimulus",
        "tolerance_unit",
        "version",
        "view",
        "voltage_unit",
        "winner",
    }
)

#: Columns of names that do not come from the run: the method that found a reference is not a method of a suite.
_FREE = {("references", "method")}


@dataclass(frozen=True)
class _SuiteForm:
    models: tuple[str, ...]
    methods: tuple[str, ...]
    detections: tuple[str, ...]
    stimuli: tuple[str, ...]
    rates: tuple[float, ...]
    rheobases: tuple[float, ...]
    horizons: tuple[float, ...]
    trials: int
    tolerances: tuple[float, ...]
    criteria: tuple[str, ...]
    measures: tuple[str, ...]
    coarsest: float
    finest: float
    finest_varying: float
    per_decade: int
    repeats: int
    time_lanes: bool
    witnessed: bool
    conventions: tuple[str, ...]
    thorough: bool
    features: bool
    precisions: tuple[str, ...]
    engines: tuple[str, ...]
    seed: int = 0
    rates_of: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _SeedsForm:
    stimuli: tuple[int, ...]
    bootstrap: int


@dataclass(frozen=True)
class _ModelForm:
    """The part of a model that is shown; `spikecost.reports.results.recorded_model` reads the rest before a run."""

    description: str
    source: str
    tables: str
    content: str


@dataclass(frozen=True)
class _MeasureForm:
    unit: str
    perfect: float
    label: str


@dataclass(frozen=True)
class _CriterionForm:
    measure: str
    tolerance: float
    unit: str
    text: str


@dataclass(frozen=True)
class _CostForm:
    label: str
    unit: str


@dataclass(frozen=True)
class _ConventionForm:
    counts: str
    unit: str
    source: str


@dataclass(frozen=True)
class _EngineForm:
    title: str
    labels: str
    schemes: Mapping[str, str]
    detection: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class _AboutForm:
    made: str
    interrupted: bool
    baseline: str
    no_exact_count: str
    no_hardware_count: str
    suite: _SuiteForm
    seeds: _SeedsForm
    models: Mapping[str, _ModelForm]
    measures: Mapping[str, _MeasureForm]
    criteria: tuple[_CriterionForm, ...]
    costs: Mapping[str, _CostForm]
    conventions: Mapping[str, _ConventionForm]
    columns: Mapping[str, str]
    engines: Mapping[str, _EngineForm]


@dataclass(frozen=True)
class _ProvenanceForm:
    facts: Mapping[str, str]


def check_about(about: Any, provenance: Any) -> None:
    """Check what a run says about itself, and about where it was made.

    Raises
    ------
    UserError
        At the first value with a wrong type.
    """
    try:
        structure(about, _AboutForm, "run.json", more_allowed=True)
        structure({"facts": provenance}, _ProvenanceForm, "provenance.json")
    except Misfit as error:
        raise UserError(str(error)) from None


def check_table(name: str, frame: pd.DataFrame) -> None:
    """Check a table's columns.

    Raises
    ------
    UserError
        If a column is missing, or contains something else than it should.
    """
    missing = [column for column in COLUMNS[name] if column not in frame]
    if missing or not frame.columns.is_unique:
        raise UserError(
            f"its table '{name}' has no column '{missing[0]}'"
            if missing
            else f"its table '{name}' has two columns with the same name"
        )
    for column in frame:
        values, text = frame[column], column in TEXT
        if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype.kind not in "biufO":
            raise UserError(f"its table '{name}' has a column '{short(str(column))}' of {values.dtype}")
        if not text and values.dtype.kind in "biuf":
            if values.dtype.kind == "f" and np.isinf(values).any():
                raise UserError(
                    f"its table '{name}' has a number in the column '{short(str(column))}' that is not finite"
                )
            continue
        odd = next(
            (
                value
                for value in values
                if not (isinstance(value, str) if text else _is_number(value)) and not _is_empty(value)
            ),
            None,
        )
        if odd is not None:
            raise UserError(
                f"its table '{name}' has {quoted(odd)} in the column '{short(str(column))}' of "
                f"{'text' if text else 'numbers'}"
            )


def check_names(about: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> None:
    """Check that tables name only models, methods, detections and measures that the run lists.

    Raises
    ------
    UserError
        At the first name that it does not list.
    """
    suite, models = about["suite"], set(about["models"])
    others = about["engines"].values()
    names = set(map(name_in, models))  # features are listed by name and parameters
    known = {
        "model": models,
        "winner": models,
        "second": models,
        "method": {*suite["methods"], *(scheme for each in others for scheme in each["schemes"])},
        "detection": {*suite["detections"], *(each["detection"] for each in others)},
        "engine": {*map(ours_in, suite["precisions"]), *suite["engines"]},
        "measure": set(about["measures"]),
        "view": {PUBLISHED, *VIEWS},
    }
    if about["baseline"] and about["baseline"] not in models:
        raise UserError(f"its baseline {short(repr(about['baseline']))} is not one of its models")
    for name, frame in frames.items():
        for column in known.keys() & set(frame):
            if (name, column) in _FREE:
                continue
            allowed = known[column] | names if (name, column) == ("features", "model") else known[column]
            # a curve has all of them; a reference has no method, and a situation may have no winner
            odd = [
                each
                for each in frame[column].unique()
                if each not in allowed and (name == "points" or not (each == "" or _is_empty(each)))
            ]
            if odd:
                raise UserError(
                    f"its table '{name}' has {short(repr(odd[0]))} in the column '{column}', which the run "
                    "does not have"
                )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not (isinstance(value, float) and math.isinf(value))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - this is true for nan only
