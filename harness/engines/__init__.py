"""How do other simulators run the same models? Engines, one per file; importing one here registers it."""

from ...models.ground.registry import import_all
from .base import ENGINES, Engine, EngineRun, Labels, Scheme, named_engine

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = ["ENGINES", "Engine", "EngineRun", "Labels", "Scheme", "named_engine"]
