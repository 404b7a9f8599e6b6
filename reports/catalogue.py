"""What there is: models, detections and conventions."""

from __future__ import annotations

import pandas as pd

from ..flops.conventions import CONVENTIONS
from ..flops.operations import count
from ..models.catalogue import MODELS
from ..models.detection import DETECTIONS
from . import text


def catalogue() -> str:
    """Write what there is."""
    lines = [text.frame("Models", models()),
             f"detections: {', '.join(DETECTIONS)}",
             "methods: spikecost methods, and with --model which of them apply and what they cost"]
    for name in CONVENTIONS:
        convention = CONVENTIONS[name]
        lines.append(f"convention {name}: counts {convention.counts}, in {convention.unit}. {convention.source}")
    return "\n".join(lines)


def models() -> pd.DataFrame:
    """Return one row a model: its state variables, what a step of forward Euler costs as run, presets, source."""
    return pd.DataFrame([{
        "model": name,
        "variables": ", ".join(model.system.state),
        "Euler step": count(model, "euler").flops_per_step("unit"),
        "presets": ", ".join(model.presets),
        "what it is": model.description + (f"; rates in tables {model.tables}" if model.tables else ""),
        "source": model.source,
    } for name, model in MODELS.items()])
