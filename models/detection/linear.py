"""Spikes where a straight line crosses the threshold."""

from ..expression import Expr
from ..program import Vector
from .base import DETECTIONS, Crossing


class Linear:
    """The crossing of the straight line between the step's ends; all variables are interpolated there.

    Second order. A division and, a variable that the reset keeps, a multiplication and two additions.
    Hansel, Mato, Meunier and Neltner 1998, Neural Computation 10:467.
    """

    name = "linear"
    order = 2
    restarts = True

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the crossing and the state there."""
        x, end, v = crossing.start, crossing.end, crossing.variable
        theta = crossing.program.let("theta", (crossing.level - x[v]) / (end[v] - x[v]))
        return theta, x + theta * (end - x)


DETECTIONS.register(Linear())
