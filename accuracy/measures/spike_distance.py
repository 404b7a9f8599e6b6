"""The SPIKE distance."""

import numpy as np

from .base import MEASURES, common
from .intervals import bounds, index, pieces
from .spike_trains import Array, SpikeTrain


class SpikeDistance:
    """Time average of the distances to the other train's nearest spikes, relative to the local interspike intervals.

    ``S(t) = (S1 x2 + S2 x1) / (2 x**2)``, where x1 and x2 are the intervals of the trains at t, and x is their mean.
    The preceding and the following spike each have a distance to the other train's nearest spike; S1 interpolates
    linearly between these two distances (S2 in the same way). Between 0 and 1. Edges as in PySpike. Symmetric; the
    triangle inequality need not hold.

    Kreuz, Chicharro, Houghton, Andrzejak and Mormann 2013, Journal of Neurophysiology 109:1457.
    """

    source = "Kreuz et al. 2013"
    name = "spike_distance"
    unit = "1"
    perfect = 0.0
    matched = False

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the distance."""
        train, reference = common(train, reference)
        a, b = bounds(train), bounds(reference)
        t = pieces(train, a, b)
        (x1, s1), (x2, s2) = _local(a, b, t), _local(b, a, t)
        x = (x1 + x2) / 2
        profile = (s1 * (x2 / x) + s2 * (x1 / x)) / (2 * x)
        # S(t) is linear within a piece: the mean of its ends is exact
        return float(np.diff(t) @ profile.mean(axis=0)) / (train.stop - train.start)


def _local(own: Array, other: Array, t: Array) -> tuple[Array, Array]:
    """Return the interval that contains each piece, and the distance to the other train at the piece's two ends."""
    nearest = np.clip(np.searchsorted(other, own), 1, other.size - 1)
    distance = np.minimum(np.abs(own - other[nearest - 1]), np.abs(other[nearest] - own))
    # the bounds at the ends are not spikes: they take the distance of the neighbouring spike
    distance[0], distance[-1] = distance[1], distance[-2]
    k = index(own, t)
    before, interval = own[k], np.diff(own)[k]
    share = (np.array([t[:-1], t[1:]]) - before) / interval
    return interval, (1 - share) * distance[k] + share * distance[k + 1]


MEASURES.register(SpikeDistance())
