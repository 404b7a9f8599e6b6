"""The scheme of the programs of Izhikevich 2004."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .fixed_step import FixedStep
from .forms import izhikevich
from .registered import METHODS


class Izhikevich2004(FixedStep):
    """A step of v, then a step of u with the new v, both forward Euler: semi-implicit (symplectic) Euler.

    Order 1. Beside one right-hand side: a multiplication and an addition a variable, as many as forward Euler.
    Applies to models of Izhikevich's form, dv/dt quadratic in v and all else linear in v and u.
    Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, the programs of figure 1, which name a spike by its step's
    start: detection `grid_start`. The program of his 2003 paper takes v in two half steps (`izhikevich2003`).
    """

    name = "izhikevich2004"
    order = 1

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        v, u, _ = izhikevich(f)
        x = f.let(x + dt * f(x, only=[v]))
        return x + dt * f(x, only=[u])


METHODS.register(Izhikevich2004())
