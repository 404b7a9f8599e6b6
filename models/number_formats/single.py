"""Single precision: 32 bits."""

import numpy as np

from .base import NUMBER_FORMATS, FloatingPoint


class Single(FloatingPoint):
    """IEEE 754 binary32: 24 bits of a number, rounding error at most 6.0e-8 of its value.

    Vector registers hold twice as many numbers as in double precision. The default of GeNN and Brian2CUDA. Constants,
    parameters, the initial state, the input and dt are rounded to nearest once; functions such as exp are those of C's
    library for this format, ``expf``. Knight and Nowotny 2018, Frontiers in Neuroscience 12:941.
    """

    name = "single"
    description = "32-bit floating point, rounding error at most 6.0e-8 of a number"
    c_type = "float"
    suffix = "f"
    is_number = """\
static inline int is_number(float x)
{
    int bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return (bits >> 23 & 0xff) != 0xff;
}
"""
    select = """
#if defined(__SSE4_1__)
#include <smmintrin.h>
static inline float choose(int test, float yes, float no)
{
    FRESH(yes); /* a number known to the compiler would make another instruction of it */
    FRESH(no);
    const __m128 mask = _mm_castsi128_ps(_mm_cvtsi32_si128(-test));
    return _mm_cvtss_f32(_mm_blendv_ps(_mm_set_ss(no), _mm_set_ss(yes), mask));
}
#else
static inline float choose(int test, float yes, float no)
{
    FRESH(yes);
    FRESH(no);
    return test ? yes : no;
}
#endif
"""


NUMBER_FORMATS.register(Single(np.float32))
