"""Double precision: 64 bits."""

import numpy as np

from ..algebra.rewriting import SERIES_BELOW
from ..methods import Step
from .base import NUMBER_FORMATS, FloatingPoint


class Double(FloatingPoint):
    """IEEE 754 binary64: 53 bits of a number, rounding error at most 1.1e-16 of its value.

    The default, and the precision of Brian2, NEST, NEURON and Arbor. All references and checks are in this precision or
    a higher one.
    """

    name = "double"
    description = "64-bit floating point, rounding error at most 1.1e-16 of a number"
    series_below = SERIES_BELOW.value
    c_type = "double"
    suffix = ""
    letter = "d"
    integer = "long long"

    def why_not(self, step: Step) -> str:
        """Return nothing: every method computes in double precision."""
        del step
        return ""


NUMBER_FORMATS.register(Double(np.float64))
