"""The scheme of the programs of Izhikevich 2004."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .kinds.forms import izhikevich
from .registered import METHODS


class Izhikevich2004(FixedStep):
    """A step of v, then a step of u with the new v, both forward Euler: semi-implicit (symplectic) Euler.

    Order 1. In addition to one right-hand side: a multiplication and an addition per variable, as with forward Euler.
    Applies to models of Izhikevich's form: dv/dt quadratic in v, everything else linear in v and u.
    Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, the programs of figure 1, which label a spike with the start
    of its step (detection `grid_start`). The program of his 2003 paper uses two half steps of v (`izhikevich2003`).
    """

    source = "Izhikevich 2004"
    name = "izhikevich2004"
    order = 1

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        v, u, _ = izhikevich(f)
        x = f.let(x + dt * f(x, only=[v]))
        return x + dt * f(x, only=[u])


METHODS.register(Izhikevich2004())
