"""The ISI distance."""

import numpy as np

from .base import MEASURES, common
from .intervals import bounds, index, pieces
from .spike_trains import SpikeTrain


class IsiDistance:
    """Time average of ``|x - y| / max(x, y)``, where x and y are the current interspike intervals of the trains.

    Between 0 and 1. It compares instantaneous rates: for trains of the same regular rhythm it is 0 for every lag,
    except near the edges. Edges as in PySpike. Symmetric; the triangle inequality holds.

    Kreuz, Haas, Morelli, Abarbanel and Politi 2007, Journal of Neuroscience Methods 165:151.
    """

    source = "Kreuz et al. 2007"
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
