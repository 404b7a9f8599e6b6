"""How far is a spike train from a reference? One measure per file; importing it here registers it."""

from . import (
    drift,
    extra,
    gamma,
    isi_distance,
    lag,
    maximum,
    mean,
    missing,
    rms,
    spike_distance,
    van_rossum,
    victor_purpura,
)
from .base import MEASURES, Measure
from .gamma import Gamma
from .lag import lag_by_index
from .van_rossum import VanRossum
from .victor_purpura import VictorPurpura

__all__ = [
    "MEASURES",
    "Gamma",
    "Measure",
    "VanRossum",
    "VictorPurpura",
    "drift",
    "extra",
    "gamma",
    "isi_distance",
    "lag",
    "lag_by_index",
    "maximum",
    "mean",
    "missing",
    "rms",
    "spike_distance",
    "van_rossum",
    "victor_purpura",
]
