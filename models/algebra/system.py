"""A model's mathematics: its right-hand sides, threshold and reset as expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from brian2.units.fundamentalunits import Dimension

from .expression import Expr, Op, Var, names, nodes, text
from .polynomial import minus, times

T = TypeVar("T")


@dataclass(frozen=True)
class Threshold:
    """The condition for a spike.

    Its usual form is `variable` `comparison` `level`, with a level that is linear in the state variables. Any other
    condition is in `condition`: a comparison, or several with and, or, not.
    """

    variable: str
    """The voltage: the variable compared with the level, or the first state variable in the condition."""
    comparison: str
    """``>`` or ``>=``."""
    level: Expr
    """The level, in terms of parameters and state variables. For another condition, this is only a description: the
    voltage minus the distance to the first comparison that uses it."""
    slopes: Mapping[str, Expr] = field(default_factory=dict)
    """The derivative of the level with respect to each state variable in it, if the level is linear in them."""
    condition: Expr | None = None
    """The condition, if it does not have the usual form; its comparisons are as written."""

    @property
    def holds(self) -> Expr:
        """The condition, in terms of parameters and state variables."""
        if self.condition is not None:
            return self.condition
        return Op("at_most" if self.comparison == ">=" else "less", (self.level, Var(self.variable)))

    @property
    def comparisons(self) -> tuple[Op, ...]:
        """The comparisons in the condition, each once, in their order."""
        found: dict[str, Op] = {}
        for node in nodes(self.holds):
            if isinstance(node, Op) and node.kind in ("less", "at_most"):
                found.setdefault(text(node), node)
        return tuple(found.values())

    @property
    def names(self) -> set[str]:
        """The parameters and state variables on which the condition depends."""
        return names(self.holds)

    def combined(self, leaf: Callable[[int], T], join: Callable[[str, T, T], T], negated: Callable[[T], T]) -> T:
        """Compute something from the comparisons (by their place) and from the words that join them."""
        places = {text(comparison): place for place, comparison in enumerate(self.comparisons)}

        def of(node: Expr) -> T:
            assert isinstance(node, Op)
            if node.kind == "not":
                return negated(of(node.args[0]))
            if node.kind in ("and", "or"):
                return join(node.kind, *map(of, node.args))
            return leaf(places[text(node)])

        return of(self.holds)

    def gap(self, change: Mapping[str, Expr]) -> Expr:
        """Return by how much the variable moves above the level if the state variables change by `change`."""
        total = change[self.variable]
        for name, slope in self.slopes.items():
            total = minus(total, times(slope, change[name]))
        return total


def distance(comparison: Op) -> Expr:
    """Return the expression that is positive where a comparison holds."""
    left, right = comparison.args
    return minus(right, left)


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
