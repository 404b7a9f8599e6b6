"""What a paper states that a model costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import units


@dataclass(frozen=True)
class PublishedCost:
    """The cost of a forward Euler step under a convention, as its source states it, not as it is counted here."""

    step: float
    """Of a step, in the convention's unit."""
    dt: Any
    """The time step that the source assumes, a quantity."""
    differences: Mapping[str, float] = field(default_factory=dict)
    """By how much what is counted from the equations exceeds `step`, and why: operations by their reason. They add up
    to the whole difference; a test holds them to it."""

    @property
    def dt_ms(self) -> float:
        """The time step in ms."""
        return float(units.in_ms(self.dt, "published cost: dt"))

    @property
    def per_ms(self) -> float:
        """Of a ms of model time."""
        return self.step / self.dt_ms
