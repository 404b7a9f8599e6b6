"""When within a step does a neuron spike? One detection per file; importing it here registers it."""

from ..ground.registry import import_all
from . import dense, grid, grid_start, hermite, linear
from .base import DETECTIONS, Crossing, Detection

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = ["DETECTIONS", "Crossing", "Detection", "dense", "grid", "grid_start", "hermite", "linear"]
