"""Spikes at the end of a step, named by its start."""

from fractions import Fraction

from ..expression import Const, Expr
from ..program import Vector
from .base import DETECTIONS, Crossing


class GridStart:
    """A spike as on the `grid` in all that happens, but named by the start of its step: the label of Brian2.

    Exactly dt earlier than `grid`, first order too: a way to name spikes, for comparing them with a SpikeMonitor's.
    """

    name = "grid_start"
    order = 1
    restarts = False

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the start of the step, and the state at its end."""
        return Const(Fraction(0)), crossing.end


DETECTIONS.register(GridStart())
