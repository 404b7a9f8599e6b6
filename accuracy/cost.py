"""What a run costs: its steps and its spikes, apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..flops.adaptive import AdaptiveCount
from ..flops.conventions import Convention, get_convention
from ..flops.operations import Count
from ..models import units

#: Blocks of adaptive methods that run at spikes alone.
AT_SPIKES = frozenset({"dense output", "newton", "locate", "crossing", "reset"})


@dataclass(frozen=True)
class Cost:
    """Under one convention."""

    steps: float
    """A ms of model time without its spikes."""
    spike: float
    """What a spike adds."""
    per_ms: float
    """A ms of model time, spikes included."""


def cost(count: Count, dt: float, rate: float, convention: str | Convention = "unit") -> Cost:
    """Return what a ms of model time costs under a convention.

    Parameters
    ----------
    count : Count
    dt : float
        In ms.
    rate : float
        Spikes a second. They and the time spent refractory are included unless the convention counts as written,
        which knows neither.
    convention : str or Convention
    """
    weights = get_convention(convention)
    step = weights.weigh(count.weighed_by(weights, units.quantity(dt, units.MS)))
    if weights.counts == "as written":
        return Cost(step / dt, 0.0, step / dt)
    waiting = _waiting(count, rate)
    steps = ((1 - waiting) * step + waiting * weights.weigh(count.as_run_refractory)) / dt
    spike = weights.weigh(count.as_run_spike)
    return Cost(steps, spike, steps + spike * rate / 1000)


def operations(count: Count, dt: float, rate: float) -> dict[str, float]:
    """Return the operations of a ms of model time by kind, as run: what `cost` weighs under ``unit``.

    Parameters
    ----------
    count, dt, rate
        As of `cost`.
    """
    waiting = _waiting(count, rate)
    return {kind: ((1 - waiting) * n + waiting * count.as_run_refractory[kind]) / dt
            + rate / 1000 * count.as_run_spike[kind] for kind, n in count.as_run.items()}


def retired_per_ms(step: float, spike: float, count: Count, dt: float, rate: float) -> float:
    """Return what a ms of model time retires where a step and what a spike adds to it were measured.

    Steps spent refractory are taken as counted.

    Parameters
    ----------
    step, spike : float
        Operations.
    count, dt, rate
        As of `cost`.
    """
    waiting, waits = _waiting(count, rate), get_convention("unit").weigh(count.as_run_refractory)
    return ((1 - waiting) * step + waiting * waits) / dt + spike * rate / 1000


def _waiting(count: Count, rate: float) -> float:
    """Return the share of the time that is spent refractory."""
    return min(rate / 1000 * count.step.model.refractory_ms, 1)


def adaptive_cost(count: AdaptiveCount, tallies: Mapping[str, int], spikes: int, horizon: float,
                  convention: str | Convention = "unit") -> Cost:
    """Return what a ms of model time of an adaptive method's run cost under a convention.

    Parameters
    ----------
    count : AdaptiveCount
    tallies : mapping
        How often each block ran.
    spikes : int
    horizon : float
        In ms.
    convention : str or Convention
        All are nan that do not count as run: what an error control repeats has no written form.
    """
    weights = get_convention(convention)
    if weights.counts != "as run":
        return Cost(math.nan, math.nan, math.nan)
    at_spikes = {name: n for name, n in tallies.items() if name in AT_SPIKES}
    whole, of_spikes = (weights.weigh(count.of(part)) for part in (tallies, at_spikes))
    return Cost((whole - of_spikes) / horizon, of_spikes / spikes if spikes else 0.0, whole / horizon)
