"""How late the n-th spike is."""

from ..spike_trains import Array, SpikeTrain
from .base import MEASURES, common


def lag_by_index(train: SpikeTrain, reference: SpikeTrain) -> Array:
    """Return how late each spike is after the reference's spike of the same index, in ms.

    The n-th spike is compared with the n-th whatever lies between, so that one spike too many shifts all that follow.
    The array ends with the shorter train.

    Raises
    ------
    UserError
        If the edges do not overlap.
    """
    one, other = common(train, reference)
    both = min(len(one), len(other))
    lag: Array = one.times[:both] - other.times[:both]
    return lag


class Lag:
    """Lag of the last spike that both trains have, counted from their start: ``t_n - r_n``; late is positive.

    nan if one of the trains is empty. `lag_by_index` returns the lags of all spikes. Hopkins and Furber 2015, Neural
    Computation 27:2148, judge solvers of the Izhikevich model by it.
    """

    name = "lag"
    unit = "ms"
    perfect = 0.0
    matched = True

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the lag in ms."""
        lag = lag_by_index(train, reference)
        return float(lag[-1]) if lag.size else float("nan")


MEASURES.register(Lag())
