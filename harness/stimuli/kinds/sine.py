"""A sinusoidal input."""

from __future__ import annotations

import math
from typing import Any

from brian2 import Hz

from ....models.definition.language import units
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values, per_ms
from ..parts.shape import Shape


def sine(mean: Any, amplitude: Any, frequency: Any, duration: Any, phase: float = 0.0) -> Stimulus:
    """Return the input ``mean + amplitude*sin(2 pi frequency t + phase)``.

    Parameters
    ----------
    mean, amplitude : Quantity or float
        In the unit of the model's input.
    frequency : Quantity
        Such as ``8*Hz``.
    duration : Quantity
        A time.
    phase : float
        In radians.

    Raises
    ------
    UserError
        If a unit does not fit.
    """
    dimension, (offset, swing) = internal_values(mean, amplitude)
    shape = Shape(
        offset,
        amplitude=swing,
        phase=units.number_in(phase, None, "phase"),
        omega=2 * math.pi * per_ms(frequency, "frequency"),
    )
    return Stimulus([units.in_ms(duration, "duration")], [shape], dimension)


class Sine(Kind):
    """The drive plus a sine with an amplitude of a fifth of the drive, at 8 Hz."""

    name = "sine"

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:  # noqa: ARG002 - nothing is random
        """Return the sine."""
        return sine(drive, 0.2 * drive, 8 * Hz, duration)


STIMULI.register(Sine())
