"""The Milstein method as Brian2 has it."""

from .milstein import Milstein
from .registered import METHODS


class MilsteinOfBrian2(Milstein):
    """The Milstein method with the second factor of the noise after the drift: Brian2's ``milstein``.

    ``x + dt f + g dW + (g(x + dt f + sqrt(dt) g) - g)/(2 sqrt(dt)) dW**2``, where dW is the increment of the path. The
    drift in the second g adds a term of the size of ``dt**1.5`` with the same sign in every step: strong order 1/2
    where g depends on a variable that drifts, otherwise 1. Operations and limits are those of `milstein`.
    Compare Kloeden and Platen 1992, Numerical Solution of Stochastic Differential Equations, section 11.1.
    """

    source = "Kloeden and Platen 1992"
    name = "milstein_of_brian2"
    interpretation = "stratonovich"
    brian2 = "milstein"
    drifts = True


METHODS.register(MilsteinOfBrian2())
