"""Exponential Euler with what is not linear in a variable frozen, too."""

import math

from ..algebra.draft import Derivatives, Vector
from ..algebra.expression import Expr
from ..definition.neuron import NeuronModel
from .exponential_euler import relaxed
from .kinds.fixed_step import FixedStep
from .registered import METHODS


class FrozenExponentialEuler(FixedStep):
    """Exponential Euler in which also functions of the variable itself are frozen, such as ``exp(v)`` in dv/dt.

    Brian2's ``exponential_euler`` accepts a derivative that is not linear in its variable, if it has a term that is: it
    writes the derivative as ``a + b v`` and takes ``exp(v)``, ``tanh(v)`` or ``1/(1 + v)`` in a and b from the start of
    the step. That is this method; it applies where Brian2's does and ``exponential_euler`` does not need it, such as
    the exponential integrate-and-fire neuron. Powers of the variable are not frozen: with ``v**2`` it does not apply.
    Order 1. Operations as in ``exponential_euler``. Suites do not contain it unless they name it.
    Stimberg, Brette and Goodman 2019, eLife 8:e47314.
    """

    name = "exponential_euler_frozen"
    order = 1
    order_alone = math.inf
    brian2 = "exponential_euler"
    source = "Stimberg et al. 2019"
    usual = False

    def why_not(self, model: NeuronModel, detection: str, varying: bool) -> str:
        """Return why the method cannot be used; one reason is that `exponential_euler` can."""
        if not METHODS["exponential_euler"].why_not(model, detection, varying):
            return "each derivative is linear in its variable, so that exponential_euler is the same"
        return super().why_not(model, detection, varying)

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        a, b = f.linear(x, freeze=True)
        return x.map(lambda x, a, b: relaxed(x, a, b, dt), a, b)


METHODS.register(FrozenExponentialEuler())
