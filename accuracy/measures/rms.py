"""The root mean square error of matched spikes."""

from .base import MEASURES, common
from .spike_trains import SpikeTrain, spike_time_error


class Rms:
    """Root mean square difference of matched spikes, ``sqrt(sum (t_k - r_k)**2 / n)``.

    Spikes are matched as in `spike_time_error`. nan if none is matched. Missing and extra spikes have no effect.
    """

    name = "rms"
    unit = "ms"
    perfect = 0.0
    matched = True

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the root mean square error in ms."""
        return spike_time_error(*common(train, reference)).rms


MEASURES.register(Rms())
