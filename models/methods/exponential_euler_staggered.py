"""Exponential Euler with gates and voltage staggered by half a step."""

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from .fixed_step import FixedStep
from .forms import groups
from .registered import METHODS
from .strang import symmetric


class ExponentialEulerStaggered(FixedStep):
    """Staggered exponential Euler: the gates live half a step off the voltage; each is advanced at the other's middle.

    A step here starts and ends with all variables at the same time, so it is: the gates half a step with the old
    voltage, the voltage a step with the gates of the middle, the gates half a step with the new voltage. (Two halves
    with the same voltage make one step of the gates, exactly.) Each is the exact solution of ``dx/dt = a + b x``, all
    else frozen. Order 2 and symmetric. The rates are evaluated twice a step, where `strang` (voltage outside) takes
    them once; beside that, a and b of the gates twice, and with them an exponential, a division, 2 multiplications and
    2 additions twice a gate, once for the voltage. Updating the voltage and then the gates with the new voltage,
    without half steps, is the same scheme read at the wrong times: order 1. Unconditionally stable for b < 0.
    Applies where each variable enters its own derivative linearly: not to Izhikevich's v**2.
    Hines 1984, Int. J. Biomed. Comput. 15:69 (staggering); MacGregor 1987, Neural and Brain Modeling.
    """

    name = "exponential_euler_staggered"
    order = 2
    exact_alone = True

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        voltage, *others = groups(f)
        return symmetric([*others, voltage], x, dt, f)


METHODS.register(ExponentialEulerStaggered())
