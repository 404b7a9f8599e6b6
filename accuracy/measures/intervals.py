"""Interspike intervals that cover a train from edge to edge, for the ISI and the SPIKE distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..spike_trains import Array, SpikeTrain


def bounds(train: SpikeTrain) -> Array:
    """Return spike times with one more before and one more after them, at or beyond the edges.

    The edges are treated as PySpike does (Mulansky and Kreuz 2016, SoftwareX 5:183). The interval before the first
    spike is as long as the one after it, or reaches to the edge if that is farther; the last likewise. A train
    without a spike after its start counts as one with a spike at each edge. Spikes at the same time count once.
    """
    times = np.unique(train.times)
    if not (times > train.start).any():
        times = np.array([train.start, train.stop])
    first, last = train.start, train.stop
    if times.size > 1:
        first, last = min(first, 2 * times[0] - times[1]), max(last, 2 * times[-1] - times[-2])
    return np.concatenate([[first], times, [last]])


def pieces(train: SpikeTrain, *bounds: Array) -> Array:
    """Return the times, from edge to edge, between which no interval begins or ends."""
    return np.unique(np.concatenate([[train.start, train.stop], *bounds]).clip(train.start, train.stop))


def index(bounds: Array, pieces: Array) -> NDArray[np.int64]:
    """Return the index of the interval in which each piece lies."""
    return np.searchsorted(bounds, pieces[:-1], side="right") - 1
