"""How far is a spike train from a reference? One measure per file; importing it here registers it."""

from ...models.ground.registry import import_all
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

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

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
