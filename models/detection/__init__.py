"""Spike detection, one way a file; importing one here registers it."""

from . import dense, grid, grid_start, hermite, linear
from .base import DETECTIONS, Crossing, Detection

__all__ = ["DETECTIONS", "Crossing", "Detection", "dense", "grid", "grid_start", "hermite", "linear"]
