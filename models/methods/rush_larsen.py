"""The method of Rush and Larsen."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .exponential_euler import relaxed
from .fixed_step import FixedStep
from .forms import gates
from .registered import METHODS


class RushLarsen(FixedStep):
    """Gates by exponential Euler, the voltage and all else by forward Euler, everything from the step's start.

    A gate is a variable that relaxes linearly, ``dx/dt = a + b x``, at a rate b that the voltage sets; it takes the
    exact solution with a and b of the step's start. Order 1. Beside a and b: an exponential, a division,
    2 multiplications and 2 additions a gate; a multiplication and an addition for every other variable.
    The gates are stable at any dt, the voltage is only as forward Euler: dt below 2 over its fastest rate.
    Does not apply to a model without gates. Rush and Larsen 1978, IEEE Trans. Biomed. Eng. 25:389.
    """

    name = "rush_larsen"
    order = 1

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        relaxing = gates(f)
        a, b = f.linear(x, only=relaxing)
        others = [name for name in x if name not in relaxing]
        return (x + dt * f(x, only=others)) | a.map(lambda a, b, x: relaxed(x, a, b, dt), b, x)


METHODS.register(RushLarsen())
