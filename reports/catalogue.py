"""What there is: models, detections and conventions."""

from __future__ import annotations

from ..flops.conventions import CONVENTIONS
from ..models.catalogue import MODELS
from ..models.detection import DETECTIONS
from ..models.methods import ADAPTIVE, METHODS
from ..models.step import applies


def catalogue() -> str:
    """Write what there is."""
    lines = []
    for name in MODELS:
        model = MODELS[name]
        presets = f" [presets {', '.join(model.presets)}]" if model.presets else ""
        methods = ", ".join(method for method in (*METHODS, *ADAPTIVE)
                            if not applies(model, method, "dense" if method in ADAPTIVE else "grid"))
        tables = f"; rates in tables {model.tables}" if model.tables else ""
        lines += [f"{name}: {model.description}{tables}{presets}", f"    {model.source}", f"    methods: {methods}"]
    lines.append(f"detections: {', '.join(DETECTIONS)}")
    for name in CONVENTIONS:
        convention = CONVENTIONS[name]
        lines.append(f"convention {name}: counts {convention.counts}, in {convention.unit}. {convention.source}")
    return "\n".join(lines)
