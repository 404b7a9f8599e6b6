"""Spikes where the method's own solution between steps crosses the threshold."""

import math

from ..expression import Expr
from ..program import NotApplicable, Vector
from .base import DETECTIONS, Crossing


class Dense:
    """The crossing of the polynomial that the method itself gives between the ends of its step, to round-off.

    The polynomial is that of the method: the continuous extension of `dormand_prince`, the Taylor series of
    `parker_sochacki`; all variables are taken from it. Its root is found by Newton's method, kept between bounds that
    close in on the crossing, and each iteration is counted as it runs. As accurate as the method's polynomial.
    A method that gives none cannot be used with it.
    """

    name = "dense"
    order = math.inf
    restarts = True

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:  # noqa: ARG002 - that of any detection
        """Refuse: a method with dense output makes its own blocks."""
        raise NotApplicable("it has no dense output")


DETECTIONS.register(Dense())
