"""The cost of a model as stated by a paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..language import units


@dataclass(frozen=True)
class PublishedCost:
    """The cost of a forward Euler step under a convention, as stated by its source, not as counted here."""

    step: float
    """Cost per step, in the convention's unit."""
    dt: Any
    """The time step that the source assumes, a quantity."""
    differences: Mapping[str, float] = field(default_factory=dict)
    """Reasons for the difference between the count from the equations and `step`, each with its number of operations
    (positive if the count from the equations is higher). A test checks that they add up to the whole difference."""

    @property
    def dt_ms(self) -> float:
        """The time step in ms."""
        return float(units.in_ms(self.dt, "published cost: dt"))

    @property
    def per_ms(self) -> float:
        """Cost per ms of model time."""
        return self.step / self.dt_ms
