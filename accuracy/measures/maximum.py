"""The largest error of a matched spike."""

from .base import MEASURES, common
from .spike_trains import SpikeTrain, spike_time_error


class Maximum:
    """Largest absolute difference of matched spikes, ``max |t_k - r_k|``.

    Spikes are matched as in `spike_time_error`. nan if none is matched. Missing and extra spikes have no effect.
    """

    name = "maximum"
    unit = "ms"
    perfect = 0.0
    matched = True

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the largest error in ms."""
        return spike_time_error(*common(train, reference)).maximum


MEASURES.register(Maximum())
