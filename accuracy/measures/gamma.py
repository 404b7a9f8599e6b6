"""The coincidence factor Gamma."""

from typing import Any

from brian2 import ms

from ...models.definition.language import units
from .base import MEASURES, common
from .spike_trains import Array, SpikeTrain


class Gamma:
    """Coincidences within a window, minus those by chance, as a fraction of the spikes.

    Gamma = (N_coinc - <N_coinc>) / ((N_train + N_reference)/2) / (1 - 2 nu window), where ``nu`` is the rate of the
    train and ``<N_coinc> = 2 nu window N_reference`` is the expected number for a Poisson process of that rate. 1 is
    perfect, 0 is chance. Each spike is in at most one coincidence, and as many coincidences as possible are formed.

    nan if both trains are empty, or if ``2 nu window`` is 1 or more: every spike would then be a coincidence by chance.

    Kistler, Gerstner and van Hemmen 1997, Neural Computation 9:1015 (window 2 ms); Jolivet et al. 2008, Journal of
    Neuroscience Methods 169:417 (window 4 ms).

    Parameters
    ----------
    window : Quantity
        Largest distance of two coincident spikes, in either direction.
    """

    source = "Kistler et al. 1997; Jolivet et al. 2008"
    unit = "1"
    perfect = 1.0
    matched = False

    def __init__(self, window: Any) -> None:
        self.window = float(units.in_ms(window, "window"))
        self.name = f"gamma_{self.window:g}ms"

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return Gamma."""
        train, reference = common(train, reference)
        spikes = len(train) + len(reference)
        by_chance = 2 * self.window * len(train) / (train.stop - train.start)
        if spikes == 0 or by_chance >= 1:
            return float("nan")
        found = coincidences(train.times, reference.times, self.window)
        return (found - by_chance * len(reference)) / (spikes / 2) / (1 - by_chance)


def coincidences(a: Array, b: Array, window: float) -> int:
    """Return the largest number of pairs of spikes within `window` of each other; each spike is in at most one pair."""
    first, second = a.tolist(), b.tolist()
    i = j = found = 0
    while i < len(first) and j < len(second):
        distance = first[i] - second[j]
        if abs(distance) <= window:  # spikes are in order of time, so this pair prevents no better one
            found, i, j = found + 1, i + 1, j + 1
        elif distance < 0:
            i += 1
        else:
            j += 1
    return found


MEASURES.register(Gamma(2 * ms))
MEASURES.register(Gamma(4 * ms))
