"""An input that changes once."""

from __future__ import annotations

from typing import Any

from ....models.definition.language import units
from ....models.ground.errors import UserError, quoted
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values


def step(before: Any, after: Any, at: Any, duration: Any) -> Stimulus:
    """Return an input that changes once, at the time `at`; its total length is `duration`.

    Raises
    ------
    UserError
        If the change is after the end, a time is not positive, or the values' units differ.
    """
    first, whole = units.in_ms(at, "at"), units.in_ms(duration, "duration")
    if first >= whole:
        raise UserError(
            f"the step at {quoted(at)} does not fit into the horizon of {quoted(duration)}; give an earlier time"
        )
    dimension, values = internal_values(before, after)
    return Stimulus([first, whole - first], values, dimension)


class InputStep(Kind):
    """0.8 times the drive, then 1.2 times the drive from the middle on."""

    name = "step"

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:  # noqa: ARG002 - nothing is random
        """Return the step."""
        return step(0.8 * drive, 1.2 * drive, duration / 2, duration)


STIMULI.register(InputStep())
