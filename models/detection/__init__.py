"""When within a step does a neuron spike? One detection per file; importing it here registers it."""

from . import dense, grid, grid_start, hermite, linear
from .base import DETECTIONS, Crossing, Detection

__all__ = ["DETECTIONS", "Crossing", "Detection", "dense", "grid", "grid_start", "hermite", "linear"]
