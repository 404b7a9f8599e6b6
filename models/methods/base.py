"""What an integration method is."""

from __future__ import annotations

from typing import Protocol

from ..expression import Expr
from ..program import Derivatives, Vector
from ..registry import Registry


class Method(Protocol):
    """One step of an integration method, as mathematics."""

    name: str
    brian2: str
    """The name of the same method in Brian2; empty if it has none."""

    @property
    def order(self) -> float:
        """Order of convergence of the state at a fixed time, for a smooth right-hand side; infinite without error."""
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
