"""The lag of the n-th spike."""

from .base import MEASURES, common
from .spike_trains import Array, SpikeTrain


def lag_by_index(train: SpikeTrain, reference: SpikeTrain) -> Array:
    """Return the lag of each spike behind the reference's spike with the same index, in ms.

    The n-th spike is always compared with the n-th spike of the reference, so one extra spike shifts all later ones.
    The array is as long as the shorter train.

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
    """Lag of the last spike that both trains have, counted from their start: ``t_n - r_n``; positive if late.

    nan if one of the trains is empty. `lag_by_index` returns the lags of all spikes. Hopkins and Furber 2015, Neural
    Computation 27:2148, use it to judge solvers of the Izhikevich model.
    """

    source = "Hopkins and Furber 2015"
    name = "lag"
    unit = "ms"
    perfect = 0.0
    matched = True

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the lag in ms."""
        lag = lag_by_index(train, reference)
        return float(lag[-1]) if lag.size else float("nan")


MEASURES.register(Lag())
