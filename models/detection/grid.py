"""Spikes at the end of a step."""

from fractions import Fraction

from ..algebra.draft import Vector
from ..algebra.expression import Const, Expr
from .base import DETECTIONS, Crossing


class Grid:
    """A spike is at the end of the step that passes the threshold, and the reset is applied there, as in Brian2.

    Spike times are of first order with every method. Brian2 labels spikes as `grid_start` does, exactly dt earlier.
    """

    name = "grid"
    order = 1
    restarts = False

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the end of the step."""
        return Const(Fraction(1)), crossing.end


DETECTIONS.register(Grid())
