"""The method of Rush and Larsen."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .exponential_euler import relaxed
from .kinds.fixed_step import FixedStep
from .kinds.forms import gates
from .registered import METHODS


class RushLarsen(FixedStep):
    """Gates by exponential Euler, all other variables by forward Euler, all from the state at the start of the step.

    A gate is a variable that relaxes linearly, ``dx/dt = a + b x``, at a rate b that depends on the voltage. It is
    advanced by the exact solution with a and b from the start of the step. Order 1. In addition to a and b: an
    exponential, a division, 2 multiplications and 2 additions per gate; a multiplication and an addition for every
    other variable. The gates are stable at any dt. The voltage is stable only where forward Euler is: dt below 2
    divided by its fastest rate.
    Does not apply to a model without gates. Rush and Larsen 1978, IEEE Trans. Biomed. Eng. 25:389.
    """

    source = "Rush and Larsen 1978"
    name = "rush_larsen"
    order = 1

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        relaxing = gates(f)
        a, b = f.linear(x, only=relaxing)
        others = [name for name in x if name not in relaxing]
        return (x + dt * f(x, only=others)) | a.map(lambda a, b, x: relaxed(x, a, b, dt), b, x)


METHODS.register(RushLarsen())
