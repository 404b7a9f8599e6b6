"""Interspike intervals that cover a train from edge to edge, for the ISI distance and the SPIKE distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .spike_trains import Array, SpikeTrain


def bounds(train: SpikeTrain) -> Array:
    """Return the spike times with one more time before and one more after them, at or beyond the edges.

    The edges are treated as in PySpike (Mulansky and Kreuz 2016, SoftwareX 5:183). The interval before the first
    spike is as long as the one after it, or reaches to the edge if that is farther; the same holds after the last
    spike. A train without a spike after its start counts as a train with a spike at each edge. Spikes at the same time
    count once.
    """
    times = np.unique(train.times)
    if not (times > train.start).any():
        times = np.array([train.start, train.stop])
    first, last = train.start, train.stop
    if times.size > 1:
        first, last = min(first, 2 * times[0] - times[1]), max(last, 2 * times[-1] - times[-2])
    return np.concatenate([[first], times, [last]])


def pieces(train: SpikeTrain, *bounds: Array) -> Array:
    """Return times from edge to edge; between two of them no interval begins or ends."""
    return np.unique(np.concatenate([[train.start, train.stop], *bounds]).clip(train.start, train.stop))


def index(bounds: Array, pieces: Array) -> NDArray[np.int64]:
    """Return, for each piece, the index of the interval that contains it."""
    return np.searchsorted(bounds, pieces[:-1], side="right") - 1
