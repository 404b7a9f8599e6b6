"""Double precision: 64 bits."""

import numpy as np

from ..methods import Step
from .base import NUMBER_FORMATS, FloatingPoint


class Double(FloatingPoint):
    """IEEE 754 binary64: 53 bits of a number, rounding error at most 1.1e-16 of its value.

    The default, and the precision of Brian2, NEST, NEURON and Arbor. All references and checks are in this precision or
    a higher one.
    """

    name = "double"
    description = "64-bit floating point, rounding error at most 1.1e-16 of a number"
    c_type = "double"
    suffix = ""
    is_number = """\
static inline int is_number(double x)
{
    long long bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return (bits >> 52 & 0x7ff) != 0x7ff;
}
"""
    select = """
#if defined(__SSE4_1__)
#include <smmintrin.h>
static inline double choose(int test, double yes, double no)
{
    FRESH(yes); /* a number known to the compiler would make another instruction of it */
    FRESH(no);
    const __m128d mask = _mm_castsi128_pd(_mm_cvtsi64_si128(-(long long)test));
    return _mm_cvtsd_f64(_mm_blendv_pd(_mm_set_sd(no), _mm_set_sd(yes), mask));
}
#else
static inline double choose(int test, double yes, double no)
{
    FRESH(yes);
    FRESH(no);
    return test ? yes : no;
}
#endif
"""

    def why_not(self, step: Step) -> str:
        """Return nothing: every method computes in double precision."""
        del step
        return ""


NUMBER_FORMATS.register(Double(np.float64))
