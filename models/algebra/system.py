"""A model's mathematics: its right-hand sides, threshold and reset as expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from brian2.units.fundamentalunits import Dimension

from .expression import Expr
from .polynomial import minus, times


@dataclass(frozen=True)
class Threshold:
    """A spike is where `variable` `comparison` `level` holds."""

    variable: str
    comparison: str
    """``>`` or ``>=``."""
    level: Expr
    """In terms of parameters and state variables."""
    slopes: Mapping[str, Expr] = field(default_factory=dict)
    """Of the level along each state variable in it, where it moves: it is linear in them."""

    def gap(self, change: Mapping[str, Expr]) -> Expr:
        """Return by how much the variable moves away from the level, where the state variables change by `change`."""
        total = change[self.variable]
        for name, slope in self.slopes.items():
            total = minus(total, times(slope, change[name]))
        return total


@dataclass(frozen=True)
class System:
    """A model's mathematics, in ms, mV and uA/cm2."""

    dimensions: Mapping[str, Dimension]
    """Of every state variable, subexpression and declared parameter."""
    state: tuple[str, ...]
    """State variables, in the order of the equations."""
    parameters: tuple[str, ...]
    """Declared parameters, the input apart: operands at run time, one value a neuron."""
    subexpressions: Mapping[str, Expr]
    """In an order in which each needs only earlier ones."""
    derivatives: Mapping[str, Expr]
    """Of each state variable, per ms."""
    held: frozenset[str]
    """State variables that stay where they are while the neuron is refractory."""
    threshold: Threshold
    reset: tuple[tuple[str, Expr], ...]
    """Statements, in order."""
