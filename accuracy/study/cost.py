"""What a run costs: its steps and its spikes separately.

For every method, the cost is a sum over the parts of the step: how often a part ran times what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...flops.conventions import Convention, get_convention
from ...flops.operations import Count
from ...models.definition.language import units
from ...models.methods import METHODS
from ...models.methods.kinds.arrivals import of_arrivals, of_statements


@dataclass(frozen=True)
class Cost:
    """The cost of a run under one convention."""

    steps: float
    """Per ms of model time, without spikes."""
    spike: float
    """What each spike adds."""
    per_ms: float
    """Per ms of model time, with spikes and arrivals."""
    arrival: float = 0.0
    """What each spike that arrives adds: its statements and, where it cuts a step, another piece to integrate."""


def cost(
    count: Count, tallies: Mapping[str, float], spikes: int, horizon: float, convention: str | Convention = "unit"
) -> Cost:
    """Return what a run cost per ms of model time under a convention.

    Parameters
    ----------
    count : Count
    tallies : mapping
        How often each part of the step ran, and how many steps were accepted (`Outcome.tallies`).
    spikes : int
    horizon : float
        In ms.
    convention : str or Convention
        A convention that counts as written ignores spikes and refractory time: all steps cost the same. (Spikes that
        arrive count as run.) If the steps of the method are not all alike, a convention that does not count as run
        gives nan: a part that is repeated until an error is small enough has no fixed count.
    """
    weights, method, precision = get_convention(convention), METHODS[count.step.method], count.step.precision
    if weights.counts != "as run" and not method.steps_alike:
        return Cost(math.nan, math.nan, math.nan)
    at_spikes = {name: n for name, n in tallies.items() if name in method.at_spikes}
    at_arrivals = {name: tallies[name] for name in of_arrivals(tallies)}
    arrivals = sum(tallies[name] for name in of_statements(tallies))
    of_arriving = weights.weigh(count.of(at_arrivals), precision) if arrivals else 0.0
    arrival = of_arriving / arrivals if arrivals else 0.0
    if weights.counts == "as written":
        dt = horizon / tallies["accepted"]
        step = weights.weigh(count.as_written(units.quantity(dt, units.MS)), precision) / dt
        return Cost(step, 0.0, step + of_arriving / horizon, arrival)
    others = {name: n for name, n in tallies.items() if name not in at_spikes and name not in at_arrivals}
    whole, of_steps, of_spikes = (
        weights.weigh(count.of(part, fused=weights.counts == "as fused"), precision)
        for part in (tallies, others, at_spikes)
    )
    return Cost(of_steps / horizon, of_spikes / spikes if spikes else 0.0, whole / horizon, arrival)


def operations(count: Count, tallies: Mapping[str, float], horizon: float) -> dict[str, float]:
    """Return the operations per ms of model time by kind, as run: what `cost` weighs under ``unit``."""
    return {kind: n / horizon for kind, n in count.of(tallies).items()}


def retired_per_ms(step: float, spike: float, count: Count, tallies: Mapping[str, float], horizon: float) -> float:
    """Return the operations retired per ms of model time, from measured operations per step and per spike.

    Refractory steps and spikes that arrive are not measured; the analytic count is used for them.

    Parameters
    ----------
    step, spike : float
        Operations of a step without a spike, and operations that a spike adds.
    count, tallies, horizon
        As in `cost`.
    """
    others = {name: n for name, n in tallies.items() if name not in ("step", "spike")}
    not_measured = get_convention("unit").weigh(count.of(others), count.step.precision)
    return (tallies["step"] * step + not_measured + tallies["spike"] * spike) / horizon
