"""Spikes at the end of a step, labelled with its start."""

from fractions import Fraction

from ..algebra.draft import Vector
from ..algebra.expression import Const, Expr
from .base import DETECTIONS, Crossing


class GridStart:
    """The same spikes as `grid`, but labelled with the start of the step, as in Brian2.

    Spike times are exactly dt earlier than with `grid`, also of first order. Use it to compare with a SpikeMonitor.
    """

    name = "grid_start"
    order = 1
    restarts = False

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the start of the step, and the state at its end."""
        return Const(Fraction(0)), crossing.end


DETECTIONS.register(GridStart())
