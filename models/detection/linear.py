"""Spikes where a straight line crosses the threshold."""

from ..algebra.draft import Vector
from ..algebra.expression import Expr
from .base import DETECTIONS, Crossing


class Linear:
    """The crossing of the straight line between the step's ends, on which all variables are interpolated.

    If a condition has several comparisons, each is interpolated, and the spike is where all of it becomes true.
    Second order. It costs a division and, per variable that the reset keeps, a multiplication and two additions.
    Hansel, Mato, Meunier and Neltner 1998, Neural Computation 10:467.
    """

    source = "Hansel et al. 1998"
    name = "linear"
    order = 2
    restarts = True

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the crossing and the state there."""
        theta = crossing.draft.let("theta", crossing.or_at_once(crossing.straight_line()))
        return theta, crossing.start + theta * (crossing.end - crossing.start)


DETECTIONS.register(Linear())
