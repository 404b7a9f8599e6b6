"""The description of a run as JSON: its suite, and the models, measures and conventions that it used."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import Any

from brian2.units.fundamentalunits import get_dimensions

from ...accuracy.measures import MEASURES
from ...accuracy.search.voltage import VoltageRms
from ...accuracy.study.intervals import SEED
from ...accuracy.study.study import Study
from ...accuracy.study.suite import Suite
from ...flops.conventions import CONVENTIONS, get_convention
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ..tables.parity import why_no_exact_count, why_no_hardware_count
from ..tables.peers import described
from ..tables.points import costs
from ..tables.table import columns
from .verdict import baseline


def describe(study: Study) -> dict[str, Any]:
    """Return the description of a study, in values that JSON can store.

    ``suite``: its fields, models by label; ``seeds``: of the stimuli that have random numbers (the first is that of the
    suite), and of the bootstrap; ``models``: by label, the definition, and a digest of what is run and counted of it;
    ``measures``: by name, the unit, perfect value and axis label of errors; ``costs``: by column of the points, unit
    and label; ``conventions``: by name; ``columns``: of the table, with their meaning; ``engines``: other
    simulators by name, with the models as they read them.
    """
    models = {regime.model.label: regime.model for regime in study.regimes}
    taken = ("maximum", VoltageRms.name, *study.suite.drawn_measures)
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "interrupted": study.interrupted,
        "baseline": baseline(study),
        "no_exact_count": why_no_exact_count(study),
        "no_hardware_count": why_no_hardware_count(study),
        "suite": _suite(study.suite),
        "seeds": {"stimuli": list(range(study.suite.seed, study.suite.seed + study.suite.trials)), "bootstrap": SEED},
        "models": {label: describe_model(model) for label, model in models.items()},
        "measures": {name: _measure(name) for name in taken},
        "criteria": [
            {"measure": each.measure, "tolerance": each.tolerance, "unit": each.unit, "text": str(each)}
            for each in study.suite.all_criteria
        ],
        "costs": costs(study),
        "conventions": {
            name: {"counts": each.counts, "unit": each.unit, "source": each.source}
            for name, each in [*CONVENTIONS.items(), *((own.name, own) for own in study.suite.own_conventions)]
        },
        "columns": columns(study),
        "engines": described(study),
    }


def _suite(suite: Suite) -> dict[str, Any]:
    fields = {field.name: getattr(suite, field.name) for field in dataclasses.fields(suite)}
    fields["models"] = [model.label if isinstance(model, NeuronModel) else model for model in suite.models]
    fields["conventions"] = [get_convention(each).name for each in suite.conventions]
    fields["criteria"] = [f"{each.measure}={each.tolerance!r}" for each in suite.criteria]
    fields["rates_of"] = {kind: list(rates) for kind, rates in suite.rates_of.items()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def describe_model(model: NeuronModel) -> dict[str, Any]:
    """Return the definition of a model: its texts, its numbers in internal units, and a digest of all of them."""
    return {
        "description": model.description,
        "source": model.source,
        "equations": model.equations,
        "threshold": model.threshold,
        "reset": model.reset,
        "refractory": model.refractory if isinstance(model.refractory, str) else model.refractory_ms,
        "input": model.input,
        "arrivals": dict(model.arrivals),
        "interpretation": model.interpretation,
        "sampling": None if model.sampling is None else _quantity(model.sampling),
        "published": model.published,
        "tables": str(model.tables or ""),
        "grid": {name: _quantity(getattr(model.tables, name)) for name in ("step", "low", "high")}
        if model.tables
        else None,
        "parameters": {name: _quantity(value) for name, value in model.parameters.items()},
        "constants": {name: _quantity(value) for name, value in model.constants.items()},
        "initial": {name: _quantity(value) for name, value in model.initial.items()},
        "content": hashlib.sha256(model.definition.encode()).hexdigest(),
    }


def _quantity(value: Any) -> dict[str, Any] | str:
    if isinstance(value, str):
        return value
    return {"value": float(units.internal(value)), "unit": units.unit_name(get_dimensions(value))}


def _measure(name: str) -> dict[str, Any]:
    measure = VoltageRms if name == VoltageRms.name else MEASURES[name]
    return {"unit": measure.unit, "perfect": measure.perfect, "label": _axis_label(name)}


def _axis_label(measure: str) -> str:
    """Return the label of an axis of errors."""
    known = {
        "maximum": "largest spike-time error (ms), worst stimulus",
        "rms": "root mean square spike-time error (ms), mean over the stimuli",
        "mean": "mean spike-time error (ms), late or early, mean over the stimuli",
        "drift": "drift of the spike-time error (ms/s), late or early, mean over the stimuli",
        VoltageRms.name: "error of the voltage between spikes, median stimulus",
    }
    if measure in known:
        return known[measure]
    unit = MEASURES[measure].unit
    away = f"1 - {measure}" if MEASURES[measure].perfect else f"|{measure}|"
    return f"{away}, mean" if unit == "1" else f"{away} ({unit}), mean"
