"""Strang splitting."""

from collections.abc import Sequence

from ..algebra.draft import MIDDLE, Derivatives, Vector
from ..algebra.expression import Expr
from .exponential_euler import relaxed
from .fixed_step import FixedStep
from .forms import groups
from .registered import METHODS


class Strang(FixedStep):
    """Strang splitting: half a step of the voltage, a step of the gates, half a step of the voltage.

    Each substep is the exact solution of ``dx/dt = a + b x`` with all other variables frozen where they are by then.
    Order 2 and symmetric. The rates are evaluated once a step, at the voltage of its middle; beside that, a and b of
    the voltage twice, and with them an exponential, a division, 2 multiplications and 2 additions twice for the
    voltage, once a gate. Unconditionally stable for b < 0. Variables that enter each other's derivatives are split
    among themselves in the same way, half steps outside.
    Applies where each variable enters its own derivative linearly: not to Izhikevich's v**2.
    Chen, Raman and Stern 2020, SIAM J. Sci. Comput. 42:B273 ("conditionally linear" systems).
    """

    name = "strang"
    order = 2
    exact_alone = True

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        return symmetric(groups(f), x, dt, f)


def symmetric(parts: Sequence[Sequence[str]], x: Vector, dt: Expr, f: Derivatives) -> Vector:
    """Advance the parts one after the other by half a step, the last by a whole one, and the others back again."""
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
