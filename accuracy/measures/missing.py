"""The number of missing spikes."""

from .base import MEASURES, common
from .spike_trains import SpikeTrain, spike_time_error


class Missing:
    """Spikes of the reference without a partner in the train.

    Spikes are matched as in `spike_time_error`: all spikes of the shorter train are matched.
    """

    name = "missing"
    unit = "spikes"
    perfect = 0.0
    matched = False

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the number of missing spikes."""
        return float(spike_time_error(*common(train, reference)).missing)


MEASURES.register(Missing())
