"""The ISI distance."""

import numpy as np

from ..spike_trains import SpikeTrain
from .base import MEASURES, common
from .intervals import bounds, index, pieces


class IsiDistance:
    """Time average of ``|x - y| / max(x, y)``, where x and y are the interspike intervals that the trains are in.

    Between 0 and 1. It compares rates from moment to moment: trains of the same regular rhythm are at 0 whatever their
    lag, up to the edges. Edges as in PySpike. Symmetric, with the triangle inequality.

    Kreuz, Haas, Morelli, Abarbanel and Politi 2007, Journal of Neuroscience Methods 165:151.
    """

    name = "isi_distance"
    unit = "1"
    perfect = 0.0
    matched = False

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the distance."""
        train, reference = common(train, reference)
        a, b = bounds(train), bounds(reference)
        t = pieces(train, a, b)
        x, y = (np.diff(spikes)[index(spikes, t)] for spikes in (a, b))
        return float(np.diff(t) @ (np.abs(x - y) / np.maximum(x, y))) / (train.stop - train.start)


MEASURES.register(IsiDistance())
