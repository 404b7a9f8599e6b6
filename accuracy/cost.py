"""What a run costs: its steps and its spikes, apart."""

from __future__ import annotations

from dataclasses import dataclass

from ..flops.conventions import get_convention
from ..flops.operations import Count
from ..models import units


@dataclass(frozen=True)
class Cost:
    """Under one convention."""

    steps: float
    """A ms of model time without its spikes."""
    spike: float
    """What a spike adds."""
    per_ms: float
    """A ms of model time, spikes included."""


def cost(count: Count, dt: float, rate: float, convention: str = "unit") -> Cost:
    """Return what a ms of model time costs under a convention.

    Parameters
    ----------
    count : Count
    dt : float
        In ms.
    rate : float
        Spikes a second. They and the time spent refractory are included unless the convention counts as written,
        which knows neither.
    convention : str
    """
    weights = get_convention(convention)
    step = weights.weigh(count.weighed_by(weights, units.quantity(dt, units.MS)))
    if weights.counts == "as written":
        return Cost(step / dt, 0.0, step / dt)
    waiting = min(rate / 1000 * count.step.model.refractory_ms, 1)  # share of the time
    steps = ((1 - waiting) * step + waiting * weights.weigh(count.as_run_refractory)) / dt
    spike = weights.weigh(count.as_run_spike)
    return Cost(steps, spike, steps + spike * rate / 1000)
