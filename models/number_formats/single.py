"""Single precision: 32 bits."""

from fractions import Fraction

import numpy as np

from .base import NUMBER_FORMATS, FloatingPoint


class Single(FloatingPoint):
    """IEEE 754 binary32: 24 bits of a number, rounding error at most 6.0e-8 of its value.

    The default of GeNN. Vector registers hold twice as many numbers as in double precision. Constants, parameters, the
    initial state, the input and dt are rounded to nearest once; functions such as exp are those of C's library for this
    format, ``expf``. If dt is so small that a step changes a variable by less than 3.0e-8 of its value, the variable
    stands still.
    """

    name = "single"
    description = "32-bit floating point, rounding error at most 6.0e-8 of a number"
    # here the series leaves out x**2/12 or x**2/6 of the value, and rounding exp(x) changes the quotient by 6e-8/|x|:
    # all are about 1e-5
    series_below = Fraction(1, 128)
    c_type = "float"
    suffix = "f"
    letter = "s"
    integer = "int"


NUMBER_FORMATS.register(Single(np.float32))
