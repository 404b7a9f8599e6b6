"""How many spikes are too many."""

from ..spike_trains import SpikeTrain, spike_time_error
from .base import MEASURES, common


class Extra:
    """Spikes of the train that are left without a partner.

    Spikes are matched as in `spike_time_error`: all of the shorter train are, so these are the spikes too many.
    """

    name = "extra"
    unit = "spikes"
    perfect = 0.0
    matched = False

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the number of spikes too many."""
        return float(spike_time_error(*common(train, reference)).extra)


MEASURES.register(Extra())
