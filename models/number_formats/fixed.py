"""Fixed point: 32-bit integers that count parts of 1/32768."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..algebra.expression import LOGICAL, TESTS, Const, Op, nodes
from ..algebra.rewriting import SERIES_BELOW
from ..definition.language.names import TIME
from ..methods import METHODS, Step
from .base import NUMBER_FORMATS, Plain

#: Bits after the point, and the number of parts of 1.
BITS = 15
ONE = 2**BITS
#: Numbers are from -LIMIT up to, but not including, LIMIT.
LIMIT = 2**16

_CODE = f"""
#ifdef ONE_NEURON
/* Each operation is an instruction of its own, so that what is counted can be seen in the machine code. */
#define AS_IT_IS(x) __asm__("" : "+r"(x))
#else
#define AS_IT_IS(x) (void)(x)
#endif
#define NOT_KNOWN(x) do {{ if (__builtin_constant_p(x)) AS_IT_IS(x); }} while (0)
/* Sums and products wrap around on overflow. A product has 64 bits, and is rounded down. */
static inline int fixed_add(int a, int b)
{{
    unsigned sum = (unsigned)a + (unsigned)b;
    AS_IT_IS(sum);
    return (int)sum;
}}
static inline int fixed_sub(int a, int b)
{{
    unsigned difference = (unsigned)a - (unsigned)b;
    AS_IT_IS(difference);
    return (int)difference;
}}
static inline int fixed_mul(int a, int b)
{{
    NOT_KNOWN(a);
    NOT_KNOWN(b);
    long long product = (long long)a * b;
    AS_IT_IS(product);
    return (int)(product >> {BITS});
}}
static inline int fixed_less(int a, int b)
{{
    NOT_KNOWN(a);
    NOT_KNOWN(b);
    return a < b;
}}
static inline int fixed_at_most(int a, int b)
{{
    NOT_KNOWN(a);
    NOT_KNOWN(b);
    return a <= b;
}}
static inline int is_number(int x) {{ (void)x; return 1; }}
"""
#: With ?: the compiler would branch around one of the values.
_SELECT = """
static inline int choose(int test, int yes, int no)
{
    long long all = test;
    AS_IT_IS(all);
    all = -all;
    NOT_KNOWN(yes);
    NOT_KNOWN(no);
    return no ^ ((yes ^ no) & (int)all);
}
"""


class Fixed(Plain):
    """Numbers of 16 bits before the point, 15 after it, and a sign: ``accum`` of C for embedded systems (TR 18037).

    The format of SpiNNaker's processors, which have no floating-point unit. A multiplication is an integer one, whose
    64-bit product is shifted by 15 bits, that is rounded down, as GCC does it. Additions, subtractions and comparisons
    are those of integers. Results that are too large wrap around. Parameters, the initial state, the input and dt are
    cut towards zero, as SpiNNaker's host does it; the constants in the equations and of the method are compiled, and
    rounded as the name of the format says: GCC rounds them down, which programmers can avoid. Hopkins and Furber 2015.

    Spikes are found at the end of a step. Models with functions, divisions, tables, random inputs, arriving spikes, a
    refractory time or the time in their equations are refused.
    """

    bits = 32
    dtype = np.dtype(np.int32)
    largest_whole = LIMIT - 1
    series_below = SERIES_BELOW.value
    c_type = "int"
    functions = False
    register = "r"
    is_number = _CODE
    select = _SELECT
    kinds: Mapping[str, tuple[str, ...]] = MappingProxyType(
        {
            "add": ("int_add",),
            "sub": ("int_add",),
            "sign": ("int_add",),
            "mul": ("int_mul", "shift"),
            "compare": ("int_compare",),
        }
    )

    def __init__(self, name: str, *, down: bool) -> None:
        self.name = name
        self._down = down
        self.description = (
            f"32-bit fixed point, {BITS} bits after the point: steps of 3.1e-5 from -65536 to 65536; constants rounded "
            + ("down" if down else "to nearest")
        )

    def __repr__(self) -> str:
        return f"<number format {self.name}>"

    def _parts(self, value: Fraction | float) -> int:
        parts = Fraction(value) * ONE
        found: int = math.floor(parts if self._down else parts + Fraction(1, 2))
        return found

    def literal(self, value: Fraction | float) -> str:
        """Return the number of parts of 1/32768."""
        return str(self._parts(value))

    def operation(self, kind: str, args: list[str]) -> str:
        """Return a sum, a product or a comparison in C; empty if C's own operator does it."""
        if kind in ("add", "sub", "mul", "less", "at_most"):
            return f"fixed_{kind}({', '.join(args)})"
        return f"fixed_sub(0, {args[0]})" if kind == "neg" else ""

    def from_double(self, text: str) -> str:
        """Return C code that converts a double, cut towards zero."""
        return f"(int)({text} * {ONE}.0)"

    def as_double(self, text: str) -> str:
        """Return C code that converts a number to double."""
        return f"{text} / {ONE}.0"

    def stored(self, values: NDArray[np.float64]) -> NDArray[Any]:
        """Return numbers cut towards zero; those that are too large become the largest."""
        with np.errstate(invalid="ignore"):
            parts = np.nan_to_num(np.trunc(values * float(ONE)), nan=0.0)
        limits = np.iinfo(np.int32)
        found: NDArray[Any] = np.clip(parts, limits.min, limits.max).astype(np.int32)
        return found

    def numbers(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Return what stored numbers mean."""
        found: NDArray[np.float64] = np.asarray(stored, dtype=np.float64) / ONE
        return found

    def why_not(self, step: Step) -> str:
        """Return why a step cannot be computed in fixed point; empty if it can."""
        model, system = step.model, step.model.system
        until = system.refractory
        if not METHODS[step.method].template.any_format:
            return f"{step.method} chooses its steps by errors that are smaller than a part of {self.name}"
        if step.detection not in ("grid", "grid_start"):
            return f"{step.detection} divides, and {self.name} has no division; use detection grid"
        refused = {
            "the time in its equations": TIME in system.state,
            "arriving spikes": bool(model.arrivals),
            "random inputs": bool(system.random),
            "tables": bool(model.tables),
            "a refractory time": bool(model.refractory_ms) or (until is not None and until.condition is None),
        }
        for what, found in refused.items():
            if found:
                return f"{self.name} is for models without {what}"
        return self._why_not_numbers(step)

    def _why_not_numbers(self, step: Step) -> str:
        model = step.model
        all_nodes = [
            node for block in step.blocks.values() for node in nodes(*(assign.value for assign in block.assignments))
        ]
        known = {"add", "sub", "mul", "neg", "less", "at_most", "select", *TESTS, *LOGICAL}
        for node in all_nodes:
            if isinstance(node, Op) and node.kind not in known:
                what = {"div": "a division", "pow": "a power"}.get(node.kind, f"the function {node.kind}")
                return f"its step has {what}, and {self.name} has sums, products and comparisons only"
        named = [*model.parameter_values.items(), *model.initial_values.items()]
        constants = [("the constant", float(node.value)) for node in all_nodes if isinstance(node, Const)]
        for name, value in (*named, *constants):
            if not -LIMIT <= value < LIMIT:
                return f"{name} {value:g} is too large for {self.name}, which ends at {LIMIT}"
            if value and not self._parts(value):
                return f"{name} {value:g} is 0 in {self.name}, whose smallest number is {1 / ONE:.2g}"
        return ""


NUMBER_FORMATS.register(Fixed("s16.15", down=False))
NUMBER_FORMATS.register(Fixed("s16.15_down", down=True))
