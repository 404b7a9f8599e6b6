"""The integration methods, and the cost per step of a model with each."""

from __future__ import annotations

import inspect
import math

import pandas as pd

from ....flops.operations import count
from ....models.definition.neuron import NeuronModel
from ....models.detection import DETECTIONS
from ....models.methods import METHODS
from ....models.order import Order, order_on
from ....models.step import why_not


def methods(model: NeuronModel | None = None) -> pd.DataFrame:
    """Return one row per method: name, order, cost per step of a model if one is given, and a description.

    If a model is given, the order is that on the model, with the reason if it differs from the method's own.
    """
    rows = []
    for name, method in METHODS.items():
        row = {"method": name, "order": _order(name, model)}
        if model is not None:
            row |= _cost(model, name)
        rows.append(row | {"what it is": _first_paragraph(method)})
    return pd.DataFrame(rows)


def detections() -> pd.DataFrame:
    """Return one row per spike detection: name, order of spike times, and a description."""
    return pd.DataFrame(
        [
            {
                "detection": name,
                "order": "the method's" if math.isinf(detection.order) else f"{detection.order:g}",
                "what it is": _first_paragraph(detection),
            }
            for name, detection in DETECTIONS.items()
        ]
    )


def _first_paragraph(item: object) -> str:
    return " ".join((inspect.getdoc(type(item)) or "").partition("\n\n")[0].split()).replace("`", "")


def _order(method: str, model: NeuronModel | None) -> str:
    order = Order(METHODS[method].order)
    if model is not None and METHODS[method].steps_alike and not why_not(model, method):
        order = order_on(model, method)
    infinite = "exact" if METHODS[method].steps_alike else "adapts"
    text = infinite if math.isinf(order.value) else f"{order.value:g}"
    return f"{text}: {order.why}" if order.why else text


def _cost(model: NeuronModel, method: str) -> dict[str, str]:
    if not METHODS[method].steps_alike:
        return {"operations per step": "–", "by kind": "not all steps cost the same"}  # noqa: RUF001 - as below
    reason = why_not(model, method)
    if reason:
        return {"operations per step": "–", "by kind": f"not applicable: {reason}"}  # noqa: RUF001 - the dash of tables
    found = count(model, method)
    kinds = ", ".join(f"{n} {kind}" for kind, n in found.as_run.present.items())
    return {"operations per step": f"{found.flops_per_step('unit'):g}", "by kind": kinds}
