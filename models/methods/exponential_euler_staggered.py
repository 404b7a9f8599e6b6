"""Exponential Euler with gates and voltage staggered by half a step."""

import math

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .kinds.fixed_step import FixedStep
from .kinds.forms import groups
from .registered import METHODS
from .strang import symmetric


class ExponentialEulerStaggered(FixedStep):
    """Staggered exponential Euler: the times of the gates are half a step from the times of the voltage.

    Here a step starts and ends with all variables at the same time. It therefore consists of three parts: half a step
    of the gates with the old voltage, a step of the voltage with the new gates, half a step of the gates with the new
    voltage. (Two half steps with the same voltage equal one step of the gates exactly.) Each part is the exact solution
    of ``dx/dt = a + b x`` with all other variables frozen. Order 2 and symmetric. The rates are evaluated twice per
    step; `strang` evaluates them once. In addition: a and b of the gates twice; an exponential, a division,
    2 multiplications and 2 additions twice per gate and once for the voltage. If the voltage and then the gates are
    updated with the new voltage but without half steps, the scheme is the same but read at the wrong times: order 1.
    Unconditionally stable for b < 0.
    Applies if each variable enters its own derivative linearly; it does not apply to Izhikevich's v**2.
    Hines 1984, Int. J. Biomed. Comput. 15:69 (staggering); MacGregor 1987, Neural and Brain Modeling.
    """

    source = "Hines 1984; MacGregor 1987"
    name = "exponential_euler_staggered"
    order = 2
    order_alone = math.inf

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        voltage, *others = groups(f)
        return symmetric([*others, voltage], x, dt, f)


METHODS.register(ExponentialEulerStaggered())
