"""Runge-Kutta stages that advance one variable at a time."""

from ..algebra.draft import END, MIDDLE, Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class FrozenRungeKutta4(FixedStep):
    """The classical stages for each variable alone, all other variables frozen at the start of the step.

    Order 1, because the error of the frozen variables is that of forward Euler; order 4 only if no variable depends on
    another. What the frozen variables give, such as the rates of a gate, is computed once per step. It exists to test
    a published ranking: the public simulator of the first author of Valadez-Godinez, Sossa and Santiago-Montero 2020,
    Neural Networks 122:196, advances its variables in this way. Whether the paper's program did so is not known. Suites
    do not contain it unless they name it.
    """

    source = "Valadez-Godinez et al. 2020"
    name = "rk4_frozen"
    order = 1
    order_alone = 4.0
    usual = False

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        first = f(x)
        for name in list(x):
            own = [name]
            k1 = Vector({name: first[name]})
            k2 = f(x + dt / 2 * k1, only=own, at=MIDDLE)
            k3 = f(x + dt / 2 * k2, only=own, at=MIDDLE)
            k4 = f(x + dt * k3, only=own, at=END)
            first = first | (k1 + 2 * k2 + 2 * k3 + k4)
        return x + dt / 6 * first


METHODS.register(FrozenRungeKutta4())
