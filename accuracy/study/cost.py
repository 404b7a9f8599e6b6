"""What a run costs: its steps and its spikes, apart.

For every method it is the sum over the tallies of a run: how often a part of the step ran times what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...flops.conventions import Convention, get_convention
from ...flops.operations import Count
from ...models.language import units
from ...models.methods import METHODS


@dataclass(frozen=True)
class Cost:
    """Under one convention."""

    steps: float
    """A ms of model time without its spikes."""
    spike: float
    """What a spike adds."""
    per_ms: float
    """A ms of model time, spikes included."""


def cost(count: Count, tallies: Mapping[str, float], spikes: int, horizon: float, convention: str | Convention = "unit"
         ) -> Cost:
    """Return what a ms of model time of a run cost under a convention.

    Parameters
    ----------
    count : Count
    tallies : mapping
        How often each part of the step ran, and how many steps were accepted (`Outcome.tallies`).
    spikes : int
    horizon : float
        In ms.
    convention : str or Convention
        One that counts as written knows neither spikes nor the time spent refractory: all steps cost the same. Where
        not all steps are alike and a convention does not count as run, all are nan: what is repeated until an error is
        small enough has no written form.
    """
    weights, method = get_convention(convention), METHODS[count.step.method]
    if weights.counts != "as run" and not method.steps_alike:
        return Cost(math.nan, math.nan, math.nan)
    if weights.counts == "as written":
        dt = horizon / tallies["accepted"]
        step = weights.weigh(count.as_written(units.quantity(dt, units.MS))) / dt
        return Cost(step, 0.0, step)
    at_spikes = {name: n for name, n in tallies.items() if name in method.at_spikes}
    others = {name: n for name, n in tallies.items() if name not in at_spikes}
    whole, of_steps, of_spikes = (
        weights.weigh(count.of(part, fused=weights.counts == "as fused")) for part in (tallies, others, at_spikes))
    return Cost(of_steps / horizon, of_spikes / spikes if spikes else 0.0, whole / horizon)


def operations(count: Count, tallies: Mapping[str, float], horizon: float) -> dict[str, float]:
    """Return the operations of a ms of model time by kind, as run: what `cost` weighs under ``unit``."""
    return {kind: n / horizon for kind, n in count.of(tallies).items()}


def retired_per_ms(step: float, spike: float, count: Count, tallies: Mapping[str, float], horizon: float) -> float:
    """Return what a ms of model time retires where a step and what a spike adds to it were measured.

    Steps spent refractory are taken as counted.

    Parameters
    ----------
    step, spike : float
        Operations.
    count, tallies, horizon
        As of `cost`.
    """
    waits = get_convention("unit").weigh(count.as_run_refractory)
    return (tallies["step"] * step + tallies["refractory step"] * waits + tallies["spike"] * spike) / horizon
