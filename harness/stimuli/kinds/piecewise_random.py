"""A frozen random input, constant over pieces."""

from __future__ import annotations

from typing import Any

from brian2 import ms

from ....models.definition.language import units
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values, random_numbers, whole_pieces


def piecewise_random(low: Any, high: Any, piece: Any, duration: Any, seed: int) -> Stimulus:
    """Return a frozen random input: pieces of equal length, each value uniform between `low` and `high`.

    Parameters
    ----------
    low, high : Quantity or float
        In the unit of the model's input.
    piece, duration : Quantity
        Times; `duration` is a whole number of pieces.
    seed : int
        Seed of numpy's default generator; it is stored in the stimulus.

    Raises
    ------
    UserError
        If the duration is not a whole number of pieces, a unit does not fit, or the seed is not valid.
    """
    fractions = random_numbers(seed).random(whole_pieces(piece, duration))
    length, (dimension, (lowest, highest)) = units.in_ms(piece, "piece"), internal_values(low, high)
    values = [lowest + float(f) * (highest - lowest) for f in fractions]
    return Stimulus([length] * len(values), values, dimension, seed)


class PiecewiseRandom(Kind):
    """Uniform between 0.6 and 1.4 times the drive, a new value every 10 ms."""

    name = "piecewise_random"
    seeded = True

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:
        """Return the random input."""
        return piecewise_random(0.6 * drive, 1.4 * drive, 10 * ms, duration, seed)


STIMULI.register(PiecewiseRandom())
