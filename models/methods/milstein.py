"""The Milstein method."""

from ..algebra.draft import Derivatives, NotApplicable, Vector
from ..algebra.expression import Expr, Op, Var
from ..definition.parts.random_inputs import ITO
from .kinds.fixed_step import FixedStep
from .kinds.noise import BOTH
from .registered import METHODS


class Milstein(FixedStep):
    """The Milstein method, without derivatives of the factor g of the noise.

    ``x + dt f + g dW + (g(x + sqrt(dt) g) - g)/(2 sqrt(dt)) dW**2``, where dW is the increment of the path; in Ito's
    interpretation, with ``dW**2 - dt`` in place of ``dW**2``. Strong order 1. In addition to one right-hand side: a
    second g, 6 multiplications, a division and 4 additions per variable that has noise. Applies if every variable has
    one source of noise at most, and its factor depends on no variable with another source. Without noise it would be
    forward Euler. Kloeden and Platen 1992, Numerical Solution of Stochastic Differential Equations, sections 10.3 and
    11.1.
    """

    source = "Kloeden and Platen 1992"
    name = "milstein"
    order = 1
    interpretation = BOTH
    without_noise = "euler"
    drifts = False
    """Whether the second g is taken after ``dt f``, too."""

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        drift, factors, sources = f.with_noise(x)
        if not f.has_noise:
            raise NotApplicable("the model has no noise, and without noise this is forward Euler")
        root = Op("sqrt", (dt,))
        forward = x + dt * drift
        _, moved, _ = f.with_noise(f.let((forward if self.drifts else x) + root * factors))
        after = dict(forward)
        for name, source in sources.items():
            step = dt * Var(source)
            square = step * step - dt if f.interpretation == ITO else step * step
            change = (moved[name] - factors[name]) / (2 * root)
            after[name] = after[name] + factors[name] * step + change * square
        return Vector(after)


METHODS.register(Milstein())
