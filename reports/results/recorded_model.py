"""A model from its definition in a run.

The run may come from another person. Its description of a model is read like a model file: it cannot name a file, a
catalogue entry or code, and a text that is not a model is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.definition.parts.tables import TableGrid
from ...models.ground.errors import UserError, quoted, short

_TEXTS = ("description", "source", "equations", "threshold", "reset", "input", "interpretation", "content")
_TABLES = ("parameters", "constants", "initial")


def recorded_model(label: str, described: Mapping[str, Any]) -> NeuronModel:
    """Return the model that `spikecost.reports.results.description.describe_model` described.

    Parameters
    ----------
    label : str
        Its name in the run, with its preset if it had one.
    described : mapping

    Raises
    ------
    UserError
        If the definition is incomplete, is not a model, or is not the one that was run.
    """
    where = f"the run's model '{short(label)}'"
    if not isinstance(described, Mapping):
        raise UserError(f"{where} has no definition; run it again")
    for field in (*_TEXTS, *_TABLES):
        if not isinstance(described.get(field), Mapping if field in _TABLES else str):
            raise UserError(f"{where} has no {field}; run it again")
    refractory = described.get("refractory") if described.get("refractory") != 0 else None
    name, _, preset = label.partition(":")
    named = name.isidentifier() and name.isascii()
    fields: dict[str, Any] = {field: described[field] for field in _TEXTS if field != "content"}
    try:
        for field in _TABLES:
            fields[field] = {
                key: _quantity(value, text_allowed=field == "initial") for key, value in described[field].items()
            }
        if not isinstance(refractory, str | None):
            refractory = _quantity({"value": refractory, "unit": "ms"})
        model = NeuronModel(
            name=name if named else "model",
            preset=preset if named else "",
            refractory=refractory,
            published=described.get("published", ""),
            arrivals=described.get("arrivals", {}),
            sampling=_quantity(described["sampling"]) if described.get("sampling") is not None else None,
            tables=_grid(described.get("grid")),
            **fields,
        )
    except UserError as error:
        raise UserError(f"{where} cannot be read: {error}") from None
    digest = hashlib.sha256(model.definition.encode()).hexdigest()
    if "published" in described and digest != described["content"]:  # older runs do not describe all parts of a model
        raise UserError(f"{where} differs from the one that was run: its definition has changed; run it again")
    return model


def _quantity(described: Any, *, text_allowed: bool = False) -> Any:
    if text_allowed and isinstance(described, str):
        return described
    if not (
        isinstance(described, Mapping)
        and described.keys() == {"value", "unit"}
        and type(described["value"]) in (int, float)
        and isinstance(described["unit"], str)
    ):
        raise UserError(f"{quoted(described)} is not a quantity; expected a value and a unit")
    value = float(units.internal(described["value"]))
    return units.quantity(value, units.dimension_named(described["unit"]))


def _grid(described: Any) -> TableGrid | None:
    if described is None:
        return None
    if not (isinstance(described, Mapping) and described.keys() == {"step", "low", "high"}):
        raise UserError(f"{quoted(described)} is not a grid of tables; expected step, low and high")
    return TableGrid(**{name: _quantity(value) for name, value in described.items()})
