"""The number of extra spikes."""

from .base import MEASURES, common
from .spike_trains import SpikeTrain, spike_time_error


class Extra:
    """Spikes of the train without a partner in the reference.

    Spikes are matched as in `spike_time_error`: all spikes of the shorter train are matched.
    """

    name = "extra"
    unit = "spikes"
    perfect = 0.0
    matched = False

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the number of extra spikes."""
        return float(spike_time_error(*common(train, reference)).extra)


MEASURES.register(Extra())
