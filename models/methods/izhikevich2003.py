"""The scheme of Izhikevich's published code."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .kinds.forms import izhikevich
from .registered import METHODS


class Izhikevich2003(FixedStep):
    """Izhikevich's published scheme: two half steps of v, then a step of u with the new v, all forward Euler.

    Order 1; the two half steps give stability at the published dt = 1 ms. In addition to two dv/dt and one du/dt:
    3 multiplications and 3 additions. Applies to models of Izhikevich's form: dv/dt quadratic in v, everything else
    linear in v and u. This limit is a choice: the same steps are possible for any model with a voltage and another
    variable, but that would not be a published scheme.
    Izhikevich 2003, IEEE Trans. Neural Networks 14:1569, the program in the paper. The programs of his 2004 paper
    use another scheme: v in one step, then u with the new v.
    """

    source = "Izhikevich 2003"
    name = "izhikevich2003"
    order = 1

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        v, u, _ = izhikevich(f)
        x = f.let(x + dt / 2 * f(x, only=[v]))
        x = f.let(x + dt / 2 * f(x, only=[v]))
        return x + dt * f(x, only=[u])


METHODS.register(Izhikevich2003())
