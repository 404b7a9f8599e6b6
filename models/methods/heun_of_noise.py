"""Brian2's Heun method for noise."""

from ..algebra.draft import Derivatives, NotApplicable, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class HeunOfNoise(FixedStep):
    """Heun's method for the noise and forward Euler for the rest: Brian2's ``heun``.

    ``x + dt f + (g + g(x + g dW))/2 dW``, where dW is the increment of the path. Strong order 1, in Stratonovich's
    interpretation, if variables with different sources of noise do not enter each other's factors. In addition to one
    right-hand side: a second factor g of the noise, 3 multiplications and 3 additions per variable that has noise. It
    is not `heun`, which takes the mean of the whole derivative. Without noise it would be forward Euler.
    Rumelin 1982, SIAM J. Numer. Anal. 19:604.
    """

    source = "Rumelin 1982"
    name = "heun_of_noise"
    order = 1
    interpretation = "stratonovich"
    brian2 = "heun"
    without_noise = "euler"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        if not f.has_noise:
            raise NotApplicable("the model has no noise, and without noise this is forward Euler")
        drift, noise = f.apart(x)
        _, moved = f.apart(f.let(x + dt * noise))
        return x + dt * drift + dt / 2 * (noise + moved)


METHODS.register(HeunOfNoise())
