"""The integration methods, and what a step of a model costs with each."""

from __future__ import annotations

import inspect
import math

import pandas as pd

from ..flops.operations import count
from ..models.methods import ADAPTIVE, METHODS, get_method
from ..models.neuron import NeuronModel
from ..models.step import applies


def methods(model: NeuronModel | None = None) -> pd.DataFrame:
    """Return one row a method: its name, its order, for a model what a step costs, and what the method is."""
    rows = []
    for name in (*METHODS, *ADAPTIVE):
        method = get_method(name)
        infinite = "adapts" if name in ADAPTIVE else "exact"
        row = {"method": name, "order": infinite if math.isinf(method.order) else f"{method.order:g}"}
        if model is not None:
            row |= _cost(model, name)
        rows.append(row | {"what it is": (inspect.getdoc(type(method)) or "").partition("\n")[0].replace("`", "")})
    return pd.DataFrame(rows)


def _cost(model: NeuronModel, method: str) -> dict[str, str]:
    if method in ADAPTIVE:
        return {"operations a step": "–", "by kind": "not all steps cost the same"}  # noqa: RUF001 - as below
    why_not = applies(model, method)
    if why_not:
        return {"operations a step": "–", "by kind": f"not applicable: {why_not}"}  # noqa: RUF001 - the dash of tables
    found = count(model, method)
    kinds = ", ".join(f"{n} {kind}" for kind, n in found.as_run.present.items())
    return {"operations a step": f"{found.flops_per_step('unit'):g}", "by kind": kinds}
