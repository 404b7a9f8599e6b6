"""Everything that can be named on the command line, by kind; kept on disk, because it takes seconds to import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .listing import from_disk


def names_of(kind: str) -> list[str]:
    """Return the names of a kind, such as ``methods``; presets are named with their models."""
    found: dict[str, list[str]] = from_disk("names", _made)
    return found[kind]


def _made() -> Mapping[str, Iterable[str]]:
    from ....accuracy.features import FEATURES  # noqa: PLC0415 - not needed if the names are on disk
    from ....accuracy.measures.base import MEASURES  # noqa: PLC0415
    from ....flops.conventions import CONVENTIONS  # noqa: PLC0415
    from ....flops.counters import COUNTERS  # noqa: PLC0415
    from ....harness.engines import ENGINES  # noqa: PLC0415
    from ....harness.executors import EXECUTORS  # noqa: PLC0415
    from ....harness.stimuli import STIMULI  # noqa: PLC0415
    from ....models.catalogue import MODELS  # noqa: PLC0415
    from ....models.detection import DETECTIONS  # noqa: PLC0415
    from ....models.methods import METHODS  # noqa: PLC0415
    from ....models.number_formats import NUMBER_FORMATS  # noqa: PLC0415
    from ...claims import published  # noqa: F401, PLC0415 - registers the claims
    from ...claims.claim import CLAIMS  # noqa: PLC0415
    from ...comparison.formats import FORMATS  # noqa: PLC0415

    registries: dict[str, Mapping[str, Any]] = {
        "methods": METHODS,
        "detections": DETECTIONS,
        "number formats": NUMBER_FORMATS,
        "conventions": CONVENTIONS,
        "stimuli": STIMULI,
        "measures": MEASURES,
        "engines": ENGINES,
        "executors": EXECUTORS,
        "counters": COUNTERS,
        "features": FEATURES,
        "formats": FORMATS,
        "claims": CLAIMS,
    }
    models = [
        name
        for model in MODELS.values()
        for name in (model.name, *(f"{model.name}:{preset}" for preset in model.presets))
    ]
    return {"models": models, **{kind: list(registry) for kind, registry in registries.items()}}
