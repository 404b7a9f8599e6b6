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

from collections.abc import Hashable
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..algebra.expression import Const, Table, nodes
from ..ground.registry import Registry
from ..language.names import TIME
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
    c_type: str
    suffix: str
    """At the end of the names of C's mathematics functions."""
    is_number: str
    """C code of ``is_number(x)``, which says without floating-point operations whether a number is finite."""
    select: str
    """C code of ``choose(test, yes, no)``, for kernels that do not run neurons in lanes."""

    def literal(self, value: Fraction | float) -> str:
        """Return a constant in C."""
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


class FloatingPoint:
    """Binary floating-point numbers of IEEE 754, which C's compiler computes with."""

    name: str
    description: str
    c_type: str
    suffix: str
    is_number: str
    select: str

    def __init__(self, dtype: type[np.floating[Any]]) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        known = np.finfo(dtype)
        self.bits: int = known.bits
        self.largest_whole: int = 2 ** (known.nmant + 1)
        self._smallest, self._largest = float(known.tiny), float(known.max)

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


def why_not_timed(step: Step, name: str) -> str:
    """Return why the time of a step cannot be computed in a format that is not double; empty if it can."""
    model = step.model
    if TIME in model.system.state and not METHODS[step.method].counts_steps(model, step.detection):
        return f"its equations contain t, which {step.detection} would sum in {name}; use detection grid"
    return ""


NUMBER_FORMATS: Registry[NumberFormat] = Registry("precision", "spikecost.number_formats")
