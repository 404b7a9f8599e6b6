"""An input that changes linearly."""

from __future__ import annotations

from typing import Any

from ....models.definition.language import units
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values
from ..parts.shape import Shape


def ramp(start: Any, stop: Any, duration: Any) -> Stimulus:
    """Return an input that changes linearly from one value to another.

    Parameters
    ----------
    start, stop : Quantity or float
        In the unit of the model's input.
    duration : Quantity
        A time.

    Raises
    ------
    UserError
        If the units of the values differ or `duration` is not a positive time.
    """
    length = units.in_ms(duration, "duration")
    dimension, (first, last) = internal_values(start, stop)
    return Stimulus([length], [Shape(first, slope=(last - first) / float(length))], dimension)


class Ramp(Kind):
    """From 0.8 to 1.2 times the drive."""

    name = "ramp"

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:  # noqa: ARG002 - nothing is random
        """Return the ramp."""
        return ramp(0.8 * drive, 1.2 * drive, duration)


STIMULI.register(Ramp())
