"""The midpoint method."""

from ..algebra.draft import MIDDLE, Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class Midpoint(FixedStep):
    """Midpoint method (RK2): a whole step with the derivatives at half a forward Euler step.

    Order 2. In addition to two right-hand sides: 2 multiplications and 2 additions per variable.
    Stable up to about the same dt as forward Euler. `esr_midpoint` gives the same numbers with fewer operations.
    Runge 1895, Math. Ann. 46:167; Hairer, Norsett and Wanner 1993, Solving Ordinary Differential Equations I,
    section II.1.
    """

    source = "Runge 1895; Hairer et al. 1993"
    name = "midpoint"
    order = 2
    interpretation = "stratonovich"
    brian2 = "rk2"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        return x + dt * f(x + dt / 2 * f(x), at=MIDDLE)


METHODS.register(Midpoint())
