"""Spikes where the method's own solution between steps crosses the threshold."""

import math

from ..algebra.draft import NotApplicable, Vector
from ..algebra.expression import Expr
from .base import DETECTIONS, Crossing


class Dense:
    """The crossing of the polynomial that the method gives between the ends of its step, to rounding errors.

    The polynomial is the continuous extension of `dormand_prince` or the Taylor series of `parker_sochacki`; all
    variables are taken from it. Its root is found by Newton's method within bounds that shrink around the crossing;
    each iteration is counted when it runs. The result is as accurate as the method's polynomial. A method without such
    a polynomial cannot be used.
    """

    name = "dense"
    order = math.inf
    restarts = True

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:  # noqa: ARG002 - the interface of every detection
        """Raise an error: a method with dense output makes its own blocks."""
        raise NotApplicable("it has no dense output")


DETECTIONS.register(Dense())
