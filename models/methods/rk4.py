"""The classical Runge-Kutta method."""

from ..algebra.draft import END, MIDDLE, Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class RungeKutta4(FixedStep):
    """Classical Runge-Kutta method of order 4; every stage advances all variables together.

    In addition to four right-hand sides: 5 multiplications and 8 additions per variable in the code that runs.
    Hairer, Norsett and Wanner 1993, Solving Ordinary Differential Equations I, table II.1.2.
    """

    source = "Hairer et al. 1993"
    name = "rk4"
    order = 4
    interpretation = "stratonovich"
    brian2 = "rk4"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        k1 = f(x)
        k2 = f(x + dt / 2 * k1, at=MIDDLE)
        k3 = f(x + dt / 2 * k2, at=MIDDLE)
        k4 = f(x + dt * k3, at=END)
        return x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


METHODS.register(RungeKutta4())
