"""What spikecost contains: models, detections and conventions."""

from __future__ import annotations

import pandas as pd

from ....accuracy.features import FEATURES
from ....accuracy.features.shown.known import known
from ....accuracy.features.shown.search import FOUND
from ....flops.conventions import CONVENTIONS
from ....flops.operations import count
from ....models.catalogue import MODELS
from ....models.definition.neuron import NeuronModel
from ....models.detection import DETECTIONS


def also() -> list[str]:
    """Return one line each about features, detections, methods and conventions."""
    lines = [
        f"features: found with the default parameters, of the {len(FEATURES)} of Izhikevich 2004 (a dash: not "
        "searched); which and why: spikecost features MODEL",
        f"detections: {', '.join(DETECTIONS)}",
        "methods: spikecost methods, and with --model which of them apply and what they cost",
    ]
    for name in CONVENTIONS:
        convention = CONVENTIONS[name]
        lines.append(f"convention {name}: counts {convention.counts}, in {convention.unit}. {convention.source}")
    return lines


def models() -> pd.DataFrame:
    """Return one row per model.

    The columns: state variables, cost of a forward Euler step as run, number of features found (none: not searched),
    presets, source.
    """
    return pd.DataFrame(
        [
            {
                "model": name,
                "variables": ", ".join(model.system.state),
                "Euler step": count(model, "euler").flops_per_step("unit"),
                "features": _features(model),
                "presets": ", ".join(model.presets),
                "what it is": model.description + (f"; rates in tables {model.tables}" if model.tables else ""),
                "source": model.source,
            }
            for name, model in MODELS.items()
        ]
    )


def _features(model: NeuronModel) -> int | None:
    outcomes = known(model)
    return None if outcomes is None else sum(outcome == FOUND for outcome in outcomes.values())
