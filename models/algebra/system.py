"""A model's mathematics: its right-hand sides, threshold and reset as expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from brian2.units.fundamentalunits import Dimension

from .expression import Expr
from .polynomial import minus, times


@dataclass(frozen=True)
class Threshold:
    """The condition for a spike: `variable` `comparison` `level`."""

    variable: str
    comparison: str
    """``>`` or ``>=``."""
    level: Expr
    """The level, in terms of parameters and state variables."""
    slopes: Mapping[str, Expr] = field(default_factory=dict)
    """The derivative of the level with respect to each state variable in it; the level is linear in them."""

    def gap(self, change: Mapping[str, Expr]) -> Expr:
        """Return by how much the variable moves above the level if the state variables change by `change`."""
        total = change[self.variable]
        for name, slope in self.slopes.items():
            total = minus(total, times(slope, change[name]))
        return total


@dataclass(frozen=True)
class System:
    """A model's mathematics, in ms, mV and uA/cm2."""

    dimensions: Mapping[str, Dimension]
    """The dimension of every state variable, subexpression and declared parameter."""
    state: tuple[str, ...]
    """State variables, in the order of the equations."""
    parameters: tuple[str, ...]
    """Declared parameters except the input: operands at run time, with one value per neuron."""
    subexpressions: Mapping[str, Expr]
    """Subexpressions, in an order in which each needs only earlier ones."""
    derivatives: Mapping[str, Expr]
    """The derivative of each state variable, per ms."""
    held: frozenset[str]
    """State variables that do not change while the neuron is refractory."""
    threshold: Threshold
    reset: tuple[tuple[str, Expr], ...]
    """The statements of the reset, in order."""
    arrivals: Mapping[str, tuple[tuple[str, Expr], ...]] = field(default_factory=dict)
    """For each input of spikes, the statements that an arriving spike runs, in order."""
