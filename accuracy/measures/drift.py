"""The rate at which the error of matched spikes grows."""

from .base import MEASURES, common
from .spike_trains import SpikeTrain, spike_time_error


class Drift:
    """Slope of the least-squares line through the differences ``t_k - r_k`` over ``r_k``; positive if spikes get later.

    Spikes are matched as in `spike_time_error`. nan with fewer than two different spike times. A constant lag has no
    drift.
    """

    name = "drift"
    unit = "ms/s"
    perfect = 0.0
    matched = True

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the drift in ms per second of model time."""
        return spike_time_error(*common(train, reference)).drift


MEASURES.register(Drift())
