"""Exponential Euler with all other variables frozen."""

import math
from fractions import Fraction

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Const, Expr, exp
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class ExponentialEuler(FixedStep):
    """Exponential Euler with all other variables frozen at the start of the step: Brian2's ``exponential_euler``.

    Each variable obeys ``dx/dt = a + b x`` with a and b from the start of the step, and is advanced by the exact
    solution ``(x + a/b) exp(b dt) - a/b``. Order 1. In addition to a and b: an exponential, a division,
    2 multiplications and 2 additions per variable. Unconditionally stable for b < 0. This is not the variant that
    updates the voltage first, or the variant staggered by half a step, which has order 2. Applies if each variable
    enters its own derivative linearly; it does not apply to Izhikevich's v**2.
    MacGregor 1987, Neural and Brain Modeling; Rotter and Diesmann 1999, Biol. Cybern. 81:381.
    """

    source = "MacGregor 1987; Rotter and Diesmann 1999"
    name = "exponential_euler"
    order = 1
    order_alone = math.inf
    brian2 = "exponential_euler"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        a, b = f.linear(x)
        return x.map(lambda x, a, b: relaxed(x, a, b, dt), a, b)


def relaxed(x: Expr, a: Expr, b: Expr, dt: Expr) -> Expr:
    """Return x after dt, where ``dx/dt = a + b x`` with a and b constant."""
    if isinstance(b, Const) and b.value == 0:
        return x if isinstance(a, Const) and a.value == Fraction(0) else x + dt * a
    asymptote = a / b
    return (x + asymptote) * exp(b * dt) - asymptote


METHODS.register(ExponentialEuler())
