"""Forward Euler."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class Euler(FixedStep):
    """Forward Euler: ``x + dt f(x)``.

    Order 1. In addition to one right-hand side: a multiplication and an addition per variable.
    With noise this is the Euler-Maruyama method, of strong order 1 if no factor of the noise depends on the state, and
    of order 1/2, in Ito's interpretation, if one does.
    Stable only if dt is below 2 divided by the fastest rate (Hodgkin-Huxley: near 0.04 ms in a spike).
    Hairer, Norsett and Wanner 1993, Solving Ordinary Differential Equations I, section I.7.
    """

    source = "Hairer et al. 1993"
    name = "euler"
    order = 1
    # not in the docstring, which is cited whenever the method is used: Kloeden and Platen 1992, section 10.2
    interpretation = "ito"
    brian2 = "euler"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        return x + dt * f(x)


METHODS.register(Euler())
