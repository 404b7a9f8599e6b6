"""A sinusoidal input with increasing frequency."""

from __future__ import annotations

import math
from typing import Any

from brian2 import Hz

from ....models.definition.language import units
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values, per_ms
from ..parts.shape import Shape


def chirp(mean: Any, amplitude: Any, start: Any, stop: Any, duration: Any) -> Stimulus:
    """Return a sine around `mean` with a frequency that changes linearly in time; its phase is 0 at the start.

    Parameters
    ----------
    mean, amplitude : Quantity or float
        In the unit of the model's input.
    start, stop : Quantity
        Frequencies at the start and at the end, such as ``1*Hz``.
    duration : Quantity
        A time.

    Raises
    ------
    UserError
        If a unit does not fit.
    """
    length = units.in_ms(duration, "duration")
    dimension, (offset, swing) = internal_values(mean, amplitude)
    first, last = per_ms(start, "start"), per_ms(stop, "stop")
    shape = Shape(offset, amplitude=swing, omega=2 * math.pi * first, sweep=math.pi * (last - first) / float(length))
    return Stimulus([length], [shape], dimension)


class Chirp(Kind):
    """The drive plus a sine with an amplitude of a fifth of the drive, from 1 to 40 Hz."""

    name = "chirp"

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:  # noqa: ARG002 - nothing is random
        """Return the chirp."""
        return chirp(drive, 0.2 * drive, 1 * Hz, 40 * Hz, duration)


STIMULI.register(Chirp())
