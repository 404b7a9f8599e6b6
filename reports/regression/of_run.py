"""The figures of a run."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ...accuracy.search.status import Status
from ...accuracy.study.study import OURS
from ...flops.conventions import CONVENTIONS
from ...models.ground.errors import NoValue, UserError
from ...models.ground.named_files import is_file
from ...models.reading.files import place_of
from ..comparison.run_folder import RunFolder
from ..results.provenance import commit_said, project_commit_said
from .confirmation import confirm
from .kept.figures import NAMED, SETTINGS, Figures, setting_part

#: The convention in which the figures are counted, whatever columns the suite asks for in addition.
CONVENTION = "unit"
#: Parts of a Step that the figures describe.
_STEP, _SPIKE, _OTHER = "step", "spike", ("refractory step", "once per run")
#: Facts by their name in the provenance.
_FACTS = {
    "compiler": "compiler",
    "flags": "flags, one neuron",
    "libc": "mathematics library",
    "processor": "processor",
    "vector instructions": "vector instructions",
}
#: Not arithmetic (convention: unit).
_FREE = ("sign",)


def figures_of(run: RunFolder) -> Figures:
    """Return the figures of a run.

    Raises
    ------
    UserError
        If the run was interrupted: it is not known whether the missing figures are worse.
    """
    if run.about["interrupted"]:
        raise UserError("the run was interrupted, so some of its figures are missing; run it again")
    values: dict[str, float | NoValue] = {}
    for part in (
        _operations(run.operations),
        _counters(run),
        _spikes(run.step_and_spike),
        _errors(run.points[run.points["engine"] == OURS]),
        _cases(run.own),
        _references(run.regimes),
    ):
        for name, value in part:
            if name in values:
                raise UserError(
                    f"the run has two figures with the name {name}; let the settings of its suite differ by more"
                )
            values[name] = value
    contradictions, unconfirmed = confirm(
        run.retired,
        {
            (row["model"], row["method"], row["detection"], row["part"], row["kind"]): float(row["operations"])
            for row in _rows(run.operations)
        },
    )
    return Figures(
        values=values,
        times=_times(run),
        suite=_suite(run),
        places=_places(run),
        contradictions=contradictions,
        unconfirmed=unconfirmed,
        models={label: str(model["content"])[:16] for label, model in run.about["models"].items()},
        environment=environment(run.provenance),
        made={
            "date": str(run.about["made"]),
            "spikecost": run.provenance.get("spikecost", "unknown"),
            "commit": project_commit_said(run.provenance) or commit_said(run.provenance),
        },
    )


def _suite(run: RunFolder) -> dict[str, Any]:
    given = run.about["suite"]
    found = {name: given[name] for name in (*SETTINGS, *NAMED) if name in given}
    if not found.get("rates_of"):  # older baselines do not have it
        found.pop("rates_of", None)
    return found | {"models": run.models, "convention": _convention()}


def _convention() -> str:
    """Return the convention in which the figures are counted; with other weights it is another one."""
    weights = sorted(CONVENTIONS[CONVENTION].weights.items())
    return f"{CONVENTION} {hashlib.sha256(repr(weights).encode()).hexdigest()[:8]}"


def _places(run: RunFolder) -> dict[str, tuple[str, int]]:
    given = [str(model) for model in run.about["suite"]["models"]]
    if len(given) != len(run.models):
        return {}
    found = {label: place_of(asked) for label, asked in zip(run.models, given, strict=True) if is_file(asked)}
    return {label: place for label, place in found.items() if place}


def environment(provenance: Mapping[str, str]) -> dict[str, str]:
    """Return what measured counts and times depend on; see `TOOLCHAIN`."""
    return {fact: provenance.get(entry, "unknown") for fact, entry in _FACTS.items()}


def _operations(frame: pd.DataFrame) -> Iterator[tuple[str, float]]:
    for (model, method, detection, part), rows in frame.groupby(["model", "method", "detection", "part"], sort=False):
        tally = dict(zip(rows["kind"], rows["operations"], strict=True))
        total = float(sum(n for kind, n in tally.items() if kind not in _FREE))
        subject = f"{model}/{method}/{detection}"
        if part == _STEP:
            yield f"{subject}/operations_per_step", total
            yield from ((f"{subject}/{kind}_per_step", float(n)) for kind, n in tally.items())
        elif part == _SPIKE:
            yield f"{subject}/operations_per_spike", total
        elif part not in _OTHER:
            yield f"{subject}/{part}/operations_per_block", total


def _counters(run: RunFolder) -> Iterator[tuple[str, float]]:
    columns = {
        "instrumented": "instrumented_per_step",
        "in_libm": "libm_per_step",
        "instructions": "instructions_per_step",
    }
    for row in _rows(run.counters):
        for column, figure in columns.items():
            if _is_number(row[column]):
                yield f"{row['model']}/{row['method']}/{figure}", float(row[column])


def _spikes(frame: pd.DataFrame) -> Iterator[tuple[str, float]]:
    for row in _rows(frame.drop_duplicates(["model", "method", "detection"])):
        if _is_number(row["instrumented_spike"]):
            yield f"{_subject(row)}/instrumented_per_spike", float(row["instrumented_spike"])


def _errors(points: pd.DataFrame) -> Iterator[tuple[str, float | NoValue]]:
    """Yield errors at fixed settings: of every curve, the coarsest of each decade."""
    seen = set()
    for row in _rows(points):
        controlled = _is_number(row["error_control"])
        setting = float(row["error_control"] if controlled else row["dt_ms"])
        decade = math.floor(math.log10(setting) + 1e-9)
        curve = f"{_subject(row)}/{row['stimulus']}/{row['level']}/{row['horizon_ms']:g} ms"
        if (curve, decade) in seen:
            continue
        seen.add((curve, decade))
        reason = row["failure"] or f"{row['missing']:g} spikes missing, {row['extra']:g} extra"
        yield (
            f"{curve}/{setting_part(setting, controlled)}/error_ms",
            float(row["error_ms"]) if _is_number(row["error_ms"]) else NoValue(str(reason)),
        )


def _cases(table: pd.DataFrame) -> Iterator[tuple[str, float | NoValue]]:
    for row in _rows(table):
        unit = "" if row["tolerance_unit"] == "1" else f" {row['tolerance_unit']}"
        case = (
            f"{_subject(row)}/{row['stimulus']}/{row['level']}/{row['horizon_ms']:g} ms/"
            f"{row['measure']} {row['tolerance']:g}{unit}"
        )
        failed = row["status"] == Status.FAILED
        said = [str(row["reason"])] if failed and row["reason"] else [row["status"], *filter(None, [row["reason"]])]
        why = NoValue(": ".join(map(str, said)), failed)
        for figure in ("dt_ms", "flops_per_ms"):
            yield f"{case}/{figure}", float(row[figure]) if _is_number(row[figure]) else why


def _references(regimes: pd.DataFrame) -> Iterator[tuple[str, float | NoValue]]:
    """Yield how accurate the references are: errors are measured against them, so they are judged, too."""
    for row in _rows(regimes):
        for figure in ("reference_tolerance", "reference_error_ms", "reference_checked_ms"):
            value = row[figure]
            reason = row["reason"] or ("not checked" if value is None or math.isnan(value) else f"it is {value:g}")
            yield (
                f"{row['model']}/reference/{row['stimulus']}/{row['level']}/{row['horizon_ms']:g} ms/{figure}",
                float(value) if _is_number(value) else NoValue(str(reason), bool(row["failed"])),
            )


def _times(run: RunFolder) -> dict[str, tuple[float, ...]]:
    """Return each kernel's times, of all its cases together: per step, or per ms if the method chooses its steps."""
    found: dict[str, list[float]] = {}
    case = ["model", "method", "detection", "stimulus", "horizon_ms", "level", "measure", "tolerance"]
    steps = run.own.set_index(case)
    for row in _rows(run.timings[(run.timings["build"] == "scalar") & (run.timings["engine"] == OURS)]):
        key = tuple(row[name] for name in case)
        if key not in steps.index or not steps.index.is_unique:
            raise UserError(
                f"the run is damaged: it has a time of {row['model']} with {row['method']}, but not "
                "exactly one case of it; run it again"
            )
        of = steps.loc[key]
        dt = 1.0 if _is_number(of["error_control"]) else float(of["dt_ms"])
        found.setdefault(_subject(row), []).append(float(row["calibrations_per_ms"]) * dt)
    return {kernel: tuple(samples) for kernel, samples in found.items()}


def _subject(row: Mapping[str, Any]) -> str:
    return f"{row['model']}/{row['method']}/{row['detection']}"


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _is_number(value: Any) -> bool:
    return value is not None and math.isfinite(value)
