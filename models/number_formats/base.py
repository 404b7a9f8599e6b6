"""A number format: how the numbers of a step are stored, rounded and written in C.

The format belongs to the `Step`. The same assignments run in each format, so the operations are the same in number and
kind; their operands, and so the results, differ. Only the state, the parameters, the input and what is computed from
them are in the format. Time is not: a kernel counts whole steps, and a spike is the number of its step and a fraction
of dt, which become a time in double precision. So spike times are not rounded to the format, however long the run.

Two exceptions, where the equations contain the time. If all steps are whole (detections on the grid), ``t`` is the
number of steps times dt, in the format; `NumberFormat.largest_whole` limits the number of steps. If steps are divided
at spikes, ``t`` is a sum of steps, whose rounding errors grow with the run: formats other than double refuse this.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from fractions import Fraction
from string import Template
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..algebra.expression import Const, Expr, Table, nodes, rebuild
from ..algebra.rewriting import SERIES_BELOW
from ..algebra.simplify import Block
from ..definition.language.names import TIME
from ..ground.registry import Registry
from ..methods import METHODS, Step


class NumberFormat(Hashable, Protocol):
    """A way to store numbers, and how C computes with them."""

    name: str
    """What users type."""
    description: str
    bits: int
    """Of a number."""
    dtype: np.dtype[Any]
    """Of the arrays that a kernel reads and writes."""
    largest_whole: int
    """All whole numbers up to this are exact."""
    series_below: Fraction
    r"""Below this \|x\|, a rate such as ``x/(exp(x) - 1)`` is computed as its series ``1 - x/2``: see `in_format`."""
    c_type: str
    suffix: str
    """At the end of the names of C's mathematics functions."""
    is_number: str
    """C code of ``is_number(x)``, which says without floating-point operations whether a number is finite."""
    select: str
    """C code of ``choose(test, yes, no)``, for kernels that do not run neurons in lanes."""

    functions: bool
    """Whether C's library has functions for it, such as exp."""
    register: str
    """GCC's letter for the registers that hold a number."""
    kinds: Mapping[str, tuple[str, ...]]
    """The kinds of operation that an operation of a Step is, by its kind, where they are others."""

    def literal(self, value: Fraction | float) -> str:
        """Return a constant in C."""
        ...

    def operation(self, kind: str, args: list[str]) -> str:
        """Return an operation in C; empty if C's own operator or function does it."""
        ...

    def from_double(self, text: str) -> str:
        """Return C code that converts a double, for a variable of this type."""
        ...

    def as_double(self, text: str) -> str:
        """Return C code that converts a number, for a parameter of type double."""
        ...

    def numbers(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Return what stored numbers mean."""
        ...

    def stored(self, values: NDArray[np.float64]) -> NDArray[Any]:
        """Return numbers as kernels store them."""
        ...

    def why_not(self, step: Step) -> str:
        """Return why a step cannot be computed in this format; empty if it can.

        Parameters
        ----------
        step : Step
            The same step in double precision.
        """
        ...


_IS_NUMBER = """\
static inline int is_number($c_type x)
{
    $integer bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return (bits >> $fraction & $exponent) != $exponent;
}
"""
_SELECT = """
#if defined(__SSE4_1__)
#include <smmintrin.h>
static inline $c_type choose(int test, $c_type yes, $c_type no)
{
    FRESH(yes); /* a number known to the compiler would make another instruction of it */
    FRESH(no);
    const $vector mask = _mm_castsi128_p$letter(_mm_cvtsi${bits}_si128(-($integer)test));
    return _mm_cvts${letter}_f$bits(_mm_blendv_p$letter(_mm_set_s$letter(no), _mm_set_s$letter(yes), mask));
}
#else
static inline $c_type choose(int test, $c_type yes, $c_type no)
{
    FRESH(yes);
    FRESH(no);
    return test ? yes : no;
}
#endif
"""


class Plain:
    """What a format is unless it says something else: C computes in it, and converts it."""

    suffix = ""
    functions = True
    register = "x"
    kinds: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def operation(self, kind: str, args: list[str]) -> str:  # noqa: ARG002 - by default
        """Return nothing: C's operators and functions compute."""
        return ""

    def from_double(self, text: str) -> str:
        """Return the double: C converts it."""
        return text

    def as_double(self, text: str) -> str:
        """Return the number: C converts it."""
        return text

    def numbers(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Return stored numbers as doubles."""
        return stored.astype(np.float64)


class FloatingPoint(Plain):
    """Binary floating-point numbers of IEEE 754, which C's compiler computes with."""

    name: str
    description: str
    series_below: Fraction
    c_type: str
    suffix: str
    letter: str
    """Of its instructions, such as the d of ``addsd`` and ``addpd``."""
    integer: str
    """The type in C of a whole number with as many bits."""

    def __init__(self, dtype: type[np.floating[Any]]) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        known = np.finfo(dtype)
        self.bits: int = known.bits
        self.largest_whole: int = 2 ** (known.nmant + 1)
        self._smallest, self._largest = float(known.tiny), float(known.max)
        in_c = {
            "c_type": self.c_type,
            "letter": self.letter,
            "integer": self.integer,
            "vector": "__m128" + self.letter.removeprefix("s"),
            "bits": self.bits,
            "fraction": known.nmant,
            "exponent": hex(2**known.iexp - 1),
        }
        self.is_number: str = Template(_IS_NUMBER).substitute(in_c)
        self.select: str = Template(_SELECT).substitute(in_c)

    def __repr__(self) -> str:
        return f"<number format {self.name}>"

    def literal(self, value: Fraction | float) -> str:
        """Return the shortest decimal number that is the constant, rounded to nearest."""
        return f"{self.dtype.type(float(value))!s}{self.suffix}"

    def stored(self, values: NDArray[np.float64]) -> NDArray[Any]:
        """Return numbers rounded to nearest; those that are too large become infinite."""
        with np.errstate(over="ignore"):
            return values.astype(self.dtype, copy=False)

    def why_not(self, step: Step) -> str:
        """Return why a step cannot be computed in this format; empty if it can."""
        if not METHODS[step.method].template.any_format:
            return (
                f"{step.method} chooses its steps by errors that are smaller than the rounding of {self.name} precision"
            )
        if why := why_not_timed(step, self.name):
            return why
        model = step.model
        named = [*model.parameter_values.items(), *model.initial_values.items()]
        constants = [
            ("the constant", number)
            for block in step.blocks.values()
            for node in nodes(*(assign.value for assign in block.assignments))
            for number in (
                (float(node.value),) if isinstance(node, Const) else node.values if isinstance(node, Table) else ()
            )
        ]
        for name, value in (*named, *constants):
            if value and not self._smallest <= abs(value) <= self._largest:
                return f"{name} {value:g} is not a normal number in {self.name} precision"
        return ""


def in_format(step: Step, number: NumberFormat) -> Step:
    r"""Return a step in double precision as the same step in another format: the same operations in number and kind.

    One constant differs, the \|x\| below which ``x/(exp(x) - 1)`` and ``(exp(x) - 1)/x`` are computed as a series. Just
    above it, rounding ``exp(x)`` changes the quotient by 1/\|x\| roundings: by up to 6 % in single precision with the
    constant of double, 1e-6.
    """
    below = Const(number.series_below)

    def in_number(value: Expr) -> Expr:
        return rebuild(value, change=lambda node, made: below if node is SERIES_BELOW else made)[0]

    blocks = {
        name: Block(tuple(replace(each, value=in_number(each.value)) for each in block.assignments))
        for name, block in step.blocks.items()
    }
    return replace(step, blocks=blocks, precision=number.name)


def why_not_timed(step: Step, name: str) -> str:
    """Return why the time of a step cannot be computed in a format that is not double; empty if it can."""
    model = step.model
    if TIME in model.system.state and not METHODS[step.method].counts_steps(model, step.detection):
        return f"its equations contain t, which {step.detection} would sum in {name}; use detection grid"
    return ""


NUMBER_FORMATS: Registry[NumberFormat] = Registry("precision", "spikecost.number_formats")
