"""Rates from lookup tables over the voltage, as NEURON's TABLE statement makes them.

Every part of the equations that depends only on the voltage, and that is more expensive than a lookup, becomes a
straight line between the entries of a table::

    position = (v - low)*(1/step)      cell = its whole part, within the table      fraction = position - cell
    value = entries[cell] + fraction*differences[cell]

Position, cell and fraction are common to all tables: three additions or multiplications, and two more per table. The
whole part is a conversion and integer arithmetic, not a floating-point operation. Outside the table the line of its
first or last cell is continued (NEURON takes the end value there). The error is of second order in the table's step.
The derivative jumps from cell to cell, so methods of higher order lose their order when their error reaches that of
the table.
Hines and Carnevale 2000, Neural Computation 12:995 (NMODL's TABLE).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Dimension

from ...algebra.draft import substitute
from ...algebra.expression import FLOATS, Const, Expr, Op, Table, Var, evaluate, names, nodes
from ...algebra.functions import CALLS, ROWS
from ...algebra.polynomial import minus, times
from ...algebra.rewriting import Graph
from ...algebra.system import System
from ...ground.errors import UserError, quoted
from ..language import units
from ..language.names import NOT_REFRACTORY

#: Largest number of cells of a table: a table of this size fills the second-level cache.
MOST_CELLS = 100_000
#: Operations that are more expensive than a lookup.
_EXPENSIVE = {*CALLS, "sqrt", "div"}


@dataclass(frozen=True)
class TableGrid:
    """The voltages of the tables' entries: quantities in the voltage's unit."""

    step: Any
    low: Any
    high: Any

    def __str__(self) -> str:
        unit = units.unit_name(units.dimension_of(self.step))
        low, high, step = (f"{float(units.internal(value)):g}" for value in (self.low, self.high, self.step))
        of = "" if unit == "1" else f" {unit}"
        return f"from {low} to {high}{of} in steps of {step}{of}"

    def cells(self, dimension: Dimension, where: str) -> tuple[Fraction, Fraction, int]:
        """Return the lowest voltage, the step, and the number of steps.

        Raises
        ------
        UserError
            If a value is not a finite number in the voltage's unit, or the step does not divide the range.
        """
        for name in ("step", "low", "high"):
            value = getattr(self, name)
            try:
                units.internal(value)
            except UserError as error:
                raise UserError(f"{where}: the tables' {name}: {error}") from None
            if units.dimension_of(value) is not dimension:
                raise UserError(
                    f"{where}: the tables' {name} = {quoted(value)} has the wrong unit, "
                    f"expected {units.unit_name(dimension)}"
                )
        low, high, step = (units.internal(value) for value in (self.low, self.high, self.step))
        unit = units.unit_name(dimension)
        if not (step > 0 and low < high):
            raise UserError(f"{where}: tables {self}: give a positive step, and a low end below the high one")
        count = (high - low) / step
        if count > MOST_CELLS:
            raise UserError(
                f"{where}: tables {self} have {float(count):.3g} cells; give a step of at least "
                f"{float((high - low) / MOST_CELLS):.3g} {unit}"
            )
        if count.denominator != 1:
            near = " or ".join(f"{float((high - low) / n):.12g}" for n in _decimal_divisions(high - low, count))
            raise UserError(
                f"{where}: a step of {float(step):g} {unit} does not divide the tables' range of "
                f"{float(high - low):g} {unit}; use {near} {unit}"
            )
        return low, step, int(count)


def _decimal_divisions(length: Fraction, count: Fraction) -> list[int]:
    """Return the nearest numbers below and above `count` that divide a length into parts with finite decimals."""

    def is_decimal(n: int) -> bool:
        rest = (length / n).denominator
        for factor in (2, 5):
            while rest % factor == 0:
                rest //= factor
        return rest == 1

    fewer = next((n for n in range(int(count), 0, -1) if is_decimal(n)), None)
    more = next(n for n in range(int(count) + 1, 4 * int(count) + 4) if is_decimal(n))
    return [more] if fewer is None else [fewer, more]


def tabulate(system: System, grid: TableGrid, where: str) -> System:
    """Return the system with lookups in place of expensive parts that depend only on the voltage.

    Parameters
    ----------
    system : System
    grid : TableGrid
    where : str
        For messages.

    Raises
    ------
    UserError
        If the grid is not valid, there is nothing to tabulate, or a value of a table is not finite; if the equations
        are others while the neuron is refractory.
    """
    if system.waiting is not None:
        raise UserError(
            f"{where}: tables are not possible for equations with {NOT_REFRACTORY}; write them without, or run the "
            "model without tables"
        )
    return _Tabulation(system, grid, where).system()


class _Tabulation:
    def __init__(self, system: System, grid: TableGrid, where: str) -> None:
        self._system = system
        self._where = where
        self._voltage = system.threshold.variable
        low, step, self._count = grid.cells(system.dimensions[self._voltage], where)
        self._points = np.array([_extended(low + i * step) for i in range(self._count + 1)])
        position, cell, self._fraction = (Var(self._unused(name)) for name in ("position", "cell", "fraction"))
        self._cell = cell
        self._place: dict[str, Expr] = {
            position.name: times(minus(Var(self._voltage), Const(low)), Const(1 / step)),
            cell.name: Op("cell", (position, Const(Fraction(self._count)))),
            self._fraction.name: position - cell,
        }
        self._opened: dict[str, Expr] = {}
        self._tables = 0

    def system(self) -> System:
        system = self._system
        subexpressions = {}
        for name, value in system.subexpressions.items():
            self._opened[name] = substitute(value, self._opened)
            subexpressions[name] = self._rewritten(value, name)
        derivatives = {name: self._rewritten(value, f"d{name}") for name, value in system.derivatives.items()}
        if not self._tables:
            raise UserError(
                f"{self._where}: nothing to tabulate: no exponential, power, root or quotient depends "
                f"only on {self._voltage}"
            )
        return dataclasses.replace(
            system,
            derivatives=derivatives,
            subexpressions={**self._place, **subexpressions},
            dimensions={**system.dimensions, **dict.fromkeys(self._place, units.DIMENSIONLESS)},
        )

    def _rewritten(self, value: Expr, name: str) -> Expr:
        if not isinstance(value, Op):
            return value
        opened = substitute(value, self._opened)
        if names(opened) == {self._voltage} and _is_expensive(opened):
            return self._looked_up(opened, name)
        args = (self._rewritten(arg, f"{name}_{i}") for i, arg in enumerate(value.args, 1))
        return Op(value.kind, tuple(args))

    def _looked_up(self, value: Expr, name: str) -> Expr:
        with np.errstate(all="ignore"):
            found = evaluate(value, {self._voltage: self._points}, ARRAYS, _extended)
        finite = np.isfinite(np.asarray(found, dtype=float))
        if not finite.all():
            raise UserError(
                f"{self._where}: {name} is not finite at {self._voltage} = "
                f"{float(self._points[~finite][0]):g}; give tables over a smaller range"
            )
        self._tables += 1
        entries, differences = (
            Table(f"{name}_{what}", tuple(np.asarray(numbers, dtype=float).tolist()))
            for what, numbers in (("entries", found[:-1]), ("differences", np.diff(found)))
        )
        return Op("entry", (entries, self._cell)) + self._fraction * Op("entry", (differences, self._cell))

    def _unused(self, name: str) -> str:
        while name in self._system.dimensions:
            name += "_in_table"
        return name


def _is_expensive(value: Expr) -> bool:
    """Whether `value`, as it would run, is more expensive than a lookup."""
    return any(isinstance(node, Op) and node.kind in _EXPENSIVE for node in nodes(Graph().lower(value, {})))


def _extended(value: Fraction) -> np.longdouble:
    return np.longdouble(value.numerator) / np.longdouble(value.denominator)


#: Evaluation with arrays.
ARRAYS: Mapping[str, Callable[..., Any]] = {
    **FLOATS,
    **{name: row.array for name, row in ROWS.items()},
    "select": np.where,
    "sinc": lambda x: np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x)),
}
