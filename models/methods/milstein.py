"""The Milstein method."""

from ..algebra.draft import Derivatives, NotApplicable, Vector
from ..algebra.expression import Expr, Op, Var
from ..definition.random_inputs import ITO
from .fixed_step import FixedStep
from .registered import METHODS


class Milstein(FixedStep):
    """The Milstein method without derivatives, for noise: Brian2's ``milstein``.

    ``x + dt f + g dW + (g(x + dt f + sqrt(dt) g) - g)/(2 sqrt(dt)) dW**2``, where dW is the increment of the path; in
    Ito's interpretation, with ``dW**2 - dt`` in place of ``dW**2``. Strong order 1. In addition to one right-hand side: a
    second factor g of the noise per variable that has noise, 6 multiplications, a division and 4 additions. Applies if
    every variable has one source of noise at most, and its factor depends on no variable with another source. Without
    noise it would be forward Euler. Kloeden and Platen 1992, Numerical Solution of Stochastic Differential Equations,
    sections 10.3 and 11.1.
    """

    name = "milstein"
    order = 1
    interpretation = "both"
    brian2 = "milstein"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        drift, factors, sources = f.with_noise(x)
        if not f.has_noise:
            raise NotApplicable("the model has no noise, and without noise this is forward Euler")
        root = Op("sqrt", (dt,))
        _, moved, _ = f.with_noise(f.let(x + dt * drift + root * factors))
        after = dict(x + dt * drift)
        for name, source in sources.items():
            step = dt * Var(source)
            square = step * step - dt if f.interpretation == ITO else step * step
            change = (moved[name] - factors[name]) / (2 * root)
            after[name] = after[name] + factors[name] * step + change * square
        return Vector(after)


METHODS.register(Milstein())
