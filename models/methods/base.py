"""What an integration method is.

A `Method` makes a step of straight-line assignments, the same for every step. An `AdaptiveMethod` makes blocks of them,
of which a step runs some, some of them several times: by its error, or by how fast a series converges. Both are named
by users in one breath; no name is in both registries.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Protocol

from ..errors import UserError
from ..expression import Expr
from ..neuron import NeuronModel
from ..program import Derivatives, Vector
from ..registry import Registry
from ..simplify import Block


class Method(Hashable, Protocol):
    """One step of an integration method, as mathematics."""

    name: str
    brian2: str
    """The name of the same method in Brian2; empty if it has none."""

    @property
    def order(self) -> float:
        """Order of convergence of the state at a fixed time, for a smooth right-hand side; infinite without error.

        A method that solves ``dx/dt = a + b x`` exactly, all other variables frozen, says ``exact_alone = True`` beside
        it: where there are none, it is exact. `order.order_on` gives the order on a model.
        """
        ...

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt.

        Parameters
        ----------
        x : Vector
            State at t.
        dt : Expr
            Step in ms.
        f : Derivatives
            ``f(x)`` is dx/dt per ms.

        Raises
        ------
        NotApplicable
            If the method cannot integrate this right-hand side.
        """
        ...


METHODS: Registry[Method] = Registry("method", "spikecost.methods")


class AdaptiveMethod(Hashable, Protocol):
    """A method whose steps do not all cost the same."""

    name: str
    brian2: str
    """The name of the same method in Brian2; empty if it has none."""
    varying: bool
    """Whether it can follow an input that varies within a step."""
    knob: str
    """What a user sets: ``dt`` (in ms) or ``tolerance`` (relative error of a step)."""

    @property
    def order(self) -> float:
        """Order of convergence in its step at a fixed error control; infinite if its order adapts."""
        ...

    @property
    def detections(self) -> tuple[str, ...]:
        """Spike detections that it can be used with."""
        ...

    def refuses(self, model: NeuronModel) -> str:
        """Return why the method cannot integrate a model; empty if it can."""
        ...

    def blocks(self, model: NeuronModel, detection: str, varying: bool) -> Mapping[str, Block]:
        """Return the blocks, by name, of which the kernel of the method's own name runs a step.

        Parameters
        ----------
        model : NeuronModel
        detection : str
        varying : bool
            Whether the input may change within a step.
        """
        ...


ADAPTIVE: Registry[AdaptiveMethod] = Registry("adaptive method", "spikecost.adaptive_methods")


def get_method(name: str) -> Method | AdaptiveMethod:
    """Return a method of either kind.

    Raises
    ------
    UserError
        If there is none of that name.
    """
    if name in ADAPTIVE:
        return ADAPTIVE[name]
    try:
        return METHODS[name]
    except UserError as error:
        raise UserError(f"{error}, {', '.join(ADAPTIVE)}") from None


def knob(method: str) -> str:
    """Return what a user sets of a method: ``dt`` or ``tolerance``."""
    return ADAPTIVE[method].knob if method in ADAPTIVE else "dt"
