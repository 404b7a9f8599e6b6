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
class Refractory:
    """How long the neuron is refractory after a spike, if this is not a constant time."""

    duration: Expr | None = None
    """The time in ms, in terms of parameters and state variables; None if a condition ends refractoriness."""
    condition: Expr | None = None
    """The neuron stays refractory while this holds."""
    settled: bool = False
    """Whether the end is known at the spike: the duration does not change while the neuron is refractory."""

    @property
    def value(self) -> Expr:
        """The time, or the condition."""
        found = self.duration if self.condition is None else self.condition
        assert found is not None
        return found

    @property
    def needs(self) -> tuple[Expr, ...]:
        """Everything that must be known in every step."""
        if self.condition is None and not self.settled:
            return (self.value, Var("t"), Var("lastspike"))
        return (self.value,)


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
    random: Mapping[str, str] = field(default_factory=dict)
    """The kind of each random input of the equations, ``xi``, ``randn`` or ``rand``; noise first."""
    diffusion: Mapping[str, Mapping[str, Expr]] = field(default_factory=dict)
    """For each state variable, the factor of each source of noise in its derivative, without subexpressions."""
    interpretation: str = ""
    """The interpretation of noise whose factor depends on the state: ``stratonovich`` or ``ito``."""
    refractory: Refractory | None = None
    """How long the neuron is refractory, if this is not a constant time."""
    is_crossing: bool = False
    """Whether a spike is a crossing of the threshold: the condition must become false before the next spike."""
    waiting: System | None = None
    """The equations while the neuron is refractory, if they contain ``not_refractory``."""

    @property
    def while_refractory(self) -> System:
        """The equations while the neuron is refractory; `held` variables do not change then."""
        return self.waiting or self

    @property
    def noise(self) -> tuple[str, ...]:
        """The sources of noise."""
        return tuple(name for name, kind in self.random.items() if kind == "xi")

    @property
    def sampled(self) -> tuple[str, ...]:
        """The random numbers that are held for a sampling step."""
        return tuple(name for name, kind in self.random.items() if kind != "xi")

    @property
    def depends_on_noise(self) -> str:
        """A state variable whose factor of a source depends on a variable that this source moves; empty if none does.

        Then Ito's and Stratonovich's interpretation of the equations have different solutions.
        """
        for name, factors in self.diffusion.items():
            for source, factor in factors.items():
                if names(factor) & {other for other in self.state if source in self.diffusion.get(other, {})}:
                    return name
        return ""
