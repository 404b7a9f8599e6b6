"""The Victor-Purpura distance."""

from typing import Any

import numpy as np
from brian2 import second

from ...models.definition.language import units
from ...models.ground.errors import UserError
from .base import MEASURES, common
from .spike_trains import Array, SpikeTrain


class VictorPurpura:
    """The lowest cost of editing one train into the other: D^spike[q] of Victor and Purpura.

    Inserting or deleting a spike costs 1, shifting it by ``dt`` costs ``q |dt|``. For spikes more than ``2/q`` apart it
    is cheaper to delete one and insert the other. A metric.

    Victor and Purpura 1996, Journal of Neurophysiology 76:1310.

    Parameters
    ----------
    cost : Quantity
        ``q``, the cost of a shift per time.
    """

    source = "Victor and Purpura 1996"
    unit = "1"
    perfect = 0.0
    matched = False

    def __init__(self, cost: Any) -> None:
        per_ms = units.internal(cost)
        if units.dimension_of(cost) is not (1 / second).dim or per_ms <= 0:
            raise UserError(f"cost = {cost} is not a positive rate; give a Brian2 quantity such as 100/second")
        self.cost = float(per_ms)
        self.name = f"victor_purpura_{float(1000 * per_ms):g}_per_s"

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the distance."""
        train, reference = common(train, reference)
        return _least_cost(train.times, reference.times, self.cost)


def _least_cost(a: Array, b: Array, q: float) -> float:
    """Return the lowest cost of editing a into b.

    ``new[i]`` is the cost of editing the first i spikes of a into the first k - i of b. Entries with the same k do not
    depend on each other, so a diagonal is computed at once. Costs are only added, so small costs keep their digits.
    """
    n, m = a.size, b.size
    reverse = b[::-1]
    older = np.full(n + 1, np.inf)
    old = np.full(n + 1, np.inf)
    old[0] = 0
    for k in range(1, n + m + 1):
        new = np.full(n + 1, np.inf)
        low, high = max(0, k - m), min(n, k)
        new[low : high + 1] = old[low : high + 1] + 1  # insert a spike
        low = max(1, low)
        new[low : high + 1] = np.minimum(new[low : high + 1], old[low - 1 : high] + 1)  # delete one
        high = min(n, k - 1)
        apart = np.abs(a[low - 1 : high] - reverse[m - k + low : m - k + high + 1])
        new[low : high + 1] = np.minimum(new[low : high + 1], older[low - 1 : high] + q * apart)  # shift one
        older, old = old, new
    return float(old[n])


MEASURES.register(VictorPurpura(100 / second))
