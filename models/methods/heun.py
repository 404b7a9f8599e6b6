"""Heun's method."""

from ..algebra.draft import END, Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class Heun(FixedStep):
    """Heun's method (the trapezoidal form of RK2): a whole step with the mean of the derivatives at both ends.

    Order 2. In addition to two right-hand sides: 2 multiplications and 3 additions per variable.
    Stable up to about the same dt as forward Euler. This is not Brian2's ``heun``, which is meant for noise: without
    noise it is forward Euler. Heun 1900, Z. Math. Phys. 45:23; Hairer, Norsett and Wanner 1993, Solving Ordinary
    Differential Equations I, section II.1.
    """

    source = "Heun 1900; Hairer et al. 1993"
    name = "heun"
    order = 2
    interpretation = "stratonovich"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        k1 = f(x)
        k2 = f(x + dt * k1, at=END)
        return x + dt / 2 * (k1 + k2)


METHODS.register(Heun())
