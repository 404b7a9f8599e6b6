"""Strang splitting."""

import math
from collections.abc import Sequence

from ..algebra.draft import MIDDLE, Derivatives, Vector
from ..algebra.expression import Expr
from .exponential_euler import relaxed
from .kinds.fixed_step import FixedStep
from .kinds.forms import groups
from .registered import METHODS


class Strang(FixedStep):
    """Strang splitting: half a step of the voltage, a step of the gates, half a step of the voltage.

    Each substep is the exact solution of ``dx/dt = a + b x`` with all other variables frozen at their latest values.
    Order 2 and symmetric. The rates are evaluated once per step, at the voltage in the middle. In addition: a and b of
    the voltage twice; an exponential, a division, 2 multiplications and 2 additions twice for the voltage and once per
    gate. Unconditionally stable for b < 0. Variables that enter each other's derivatives are split in the same way,
    with the half steps outside.
    Applies if each variable enters its own derivative linearly; it does not apply to Izhikevich's v**2.
    Chen, Raman and Stern 2020, SIAM J. Sci. Comput. 42:B273 ("conditionally linear" systems).
    """

    source = "Chen et al. 2020"
    name = "strang"
    order = 2
    order_alone = math.inf

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        return symmetric(groups(f), x, dt, f)


def symmetric(parts: Sequence[Sequence[str]], x: Vector, dt: Expr, f: Derivatives) -> Vector:
    """Advance the parts in order by half a step, the last part by a whole step, then the others in reverse order."""
    *outer, middle = parts
    for part in outer:
        x = f.let(_flow(part, x, dt / 2, f))
    x = _flow(middle, x, dt, f)
    for part in reversed(outer):
        x = _flow(part, f.let(x), dt / 2, f)
    return x


def _flow(part: Sequence[str], x: Vector, dt: Expr, f: Derivatives) -> Vector:
    a, b = f.linear(x, only=part, at=MIDDLE)
    return x | a.map(lambda a, b, x: relaxed(x, a, b, dt), b, x)


METHODS.register(Strang())
