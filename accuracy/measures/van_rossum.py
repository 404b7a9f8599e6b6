"""The van Rossum distance."""

from typing import Any

import numpy as np
from brian2 import ms

from ...models.definition.language import units
from .base import MEASURES, common
from .spike_trains import SpikeTrain


class VanRossum:
    """Distance of the trains when each spike is replaced by a decaying exponential with time constant tau.

    ``D**2 = 2/tau * integral of (f - g)**2`` from the start to infinity, where f and g are the sums of
    ``exp(-(t - t_k)/tau)`` over the spikes up to t. One additional or missing spike gives 1; with the paper's ``1/tau``
    instead of ``2/tau`` it would give 1/sqrt(2). A metric.

    van Rossum 2001, Neural Computation 13:751.

    Parameters
    ----------
    tau : Quantity
        The time constant.
    """

    source = "van Rossum 2001"
    unit = "1"
    perfect = 0.0
    matched = False

    def __init__(self, tau: Any) -> None:
        self.tau = float(units.in_ms(tau, "tau"))
        self.name = f"van_rossum_{self.tau:g}ms"

    def __call__(self, train: SpikeTrain, reference: SpikeTrain) -> float:
        """Return the distance."""
        train, reference = common(train, reference)
        times = np.concatenate([train.times, reference.times])
        signs = np.repeat([1.0, -1.0], [len(train), len(reference)])
        order = np.argsort(times, kind="stable")
        gaps = np.diff(times[order], append=np.inf) / self.tau
        # between spikes f - g only decays, so the integral is a sum of squares, without cancellation
        difference, after = 0.0, []
        for sign, decay in zip(signs[order].tolist(), np.exp(-gaps).tolist(), strict=True):
            difference += sign
            after.append(difference)
            difference *= decay
        return float(np.sqrt(np.square(after) @ -np.expm1(-2 * gaps)))


MEASURES.register(VanRossum(10 * ms))
