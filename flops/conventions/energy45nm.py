"""Energy of the arithmetic in a 45 nm process."""

from collections.abc import Mapping

from .base import CONVENTIONS, Convention

# Horowitz 2014, figure 1.1.9, in pJ
_ADD = 0.9
_MUL = 3.7
# an 8-bit table refined twice by Newton's method, y (2 - b y), and a multiplication by the numerator
_DIV = 5 * _MUL + 2 * _ADD
#: Multiplications, additions (with subtractions and comparisons) and divisions that glibc 2.36 executes: the average
#: over arguments between -4 and 4, where the function has a value, rounded.
_FUNCTIONS = {
    "log": (10, 13, 0),
    "log10": (14, 16, 0),
    "log1p": (16, 17, 2),
    "expm1": (15, 18, 1),
    "sin": (13, 18, 0),
    "cos": (13, 19, 0),
    "tan": (11, 20, 1),
    "arcsin": (8, 10, 0),
    "arccos": (8, 12, 0),
    "arctan": (8, 16, 1),
}
#: The same for the functions of single precision, most of which glibc computes in double precision; a square root in
#: them counts as the multiplications and additions of its iterations.
_SINGLE = {
    "exp": (7, 6, 0),
    "pow": (14, 13, 0),
    "log": (6, 6, 0),
    "log10": (9, 9, 0),
    "log1p": (13, 17, 2),
    "expm1": (13, 18, 1),
    "sin": (8, 4, 0),
    "cos": (9, 4, 0),
    "tan": (20, 20, 0),
    "arcsin": (11, 12, 0),
    "arccos": (16, 15, 1),
    "arctan": (14, 14, 1),
}
# the same figure: 32-bit integers
_INT_ADD, _INT_MUL = 0.1, 3.1
# an integer addition: an upper bound for a change of sign or a select of one number
_BITS = _INT_ADD


def _energies(functions: Mapping[str, tuple[int, int, int]]) -> dict[str, float]:
    return {kind: muls * _MUL + adds * _ADD + divs * _DIV for kind, (muls, adds, divs) in functions.items()}


ENERGY45NM = CONVENTIONS.register(
    Convention(
        name="energy45nm",
        counts="as run",
        weights={
            "add": _ADD,
            "sub": _ADD,
            "compare": _ADD,
            "round": _ADD,
            "mul": _MUL,
            "div": _DIV,
            # the same for 1/sqrt(a), y (3/2 - a/2 y y), with a/2 once and a multiplication by a
            "sqrt": 8 * _MUL + 2 * _ADD,
            # as executed by glibc 2.36. exp: 10 multiplications and 12 additions, subtractions and comparisons;
            # pow: 26 multiplications and 37 additions, subtractions and comparisons
            "exp": 10 * _MUL + 12 * _ADD,
            "pow": 26 * _MUL + 37 * _ADD,
            **_energies(_FUNCTIONS),
            "select": _BITS,
            "sign": _BITS,
            "int_add": _INT_ADD,
            "int_compare": _INT_ADD,
            "int_mul": _INT_MUL,
            "shift": _INT_ADD,
        },
        of_formats={"single": _energies(_SINGLE)},
        unit="pJ",
        source="Horowitz 2014, ISSCC, figure 1.1.9: 32-bit floating-point addition 0.9 pJ and multiplication 3.7 pJ at "
        "45 nm and 0.9 V: single precision. The table has no 64-bit entries: double precision takes more energy. "
        "Derived, not published: subtraction, comparison and rounding as an addition; division and square root as "
        "Newton iterations of these; exp, pow, log, sin and other functions as the additions, multiplications and "
        "divisions that glibc 2.36 executes; a random number as Marsaglia's polar method draws it; select and sign as "
        "a 32-bit integer addition (0.1 pJ, published), an upper bound. Integers: addition 0.1 pJ and multiplication "
        "3.1 pJ at 32 bits, published; subtraction, comparison and a shift as an addition. Arithmetic only: no "
        "memory, no instruction handling",
    )
)
