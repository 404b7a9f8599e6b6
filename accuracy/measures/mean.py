"""The mean error of matched spikes."""

from .base import MEASURES, common
from .spike_trains import SpikeTrain, spike_time_error


class Mean:
    """Mean difference of matched spikes, ``sum (t_k - r_k) / n``; positive if late.

    Spikes are matched as in `spike_time_error`. nan if none is matched. 0 is best, but late and early spikes cancel.
    """

    name = "mean"
    unit = "ms"
    perfect = 0.0
    matched = True

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the mean error in ms."""
        return spike_time_error(*common(train, reference)).mean


MEASURES.register(Mean())
