"""The exact propagator of linear models."""

import math

from ..algebra.draft import MIDDLE, Derivatives, NotApplicable, Vector
from ..algebra.expression import Expr, exp, exprel
from ..algebra.polynomial import is_zero, minus, plus, times
from .fixed_step import FixedStep
from .registered import METHODS


class Exact(FixedStep):
    """Exact solution of a linear model with the input constant within a step (Rotter and Diesmann's exact integration).

    With ``dx/dt = c + b x`` a step is ``x' = P x + Q c``, ``P = exp(b dt)``, ``Q = (exp(b dt) - 1)/b``; P and Q are
    computed once per run. A variable y that drives x, ``dx/dt = c + b x + k y``, adds ``k R y`` with
    ``R = (exp(b dt) - exp(b_y dt))/(b - b_y)``, and ``k (R - Q)/b_y c_y`` if dy/dt has a constant part c_y.
    The only error is rounding, at any dt; the time of a spike has the error of its detection. If the input varies, its
    value at the middle of the step is used, and the order is 2. In addition to c: 2 multiplications and an addition per
    variable, and a multiplication and an addition for each variable that drives it. Applies to linear models in which a
    variable that drives another is not driven itself (leaky integrate-and-fire, also with exponential synapses). It
    does not apply to oscillators, which would need sines.
    Rotter and Diesmann 1999, Biol. Cybern. 81:381.
    """

    name = "exact"
    order = math.inf
    brian2 = "exact"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        c, matrix = f.affine(at=MIDDLE)
        drivers = {
            name: [other for other in x if other != name and not is_zero(row[other])] for name, row in matrix.items()
        }
        rates = {name: row[name] for name, row in matrix.items()}
        after = {}
        for name in x:
            decay, response = exp(rates[name] * dt), dt * exprel(rates[name] * dt)
            value = plus(decay * x[name], times(response, c[name]))
            for other in drivers[name]:
                if drivers[other]:
                    raise NotApplicable(f"{other} drives {name} and is driven by {', '.join(drivers[other])}")
                transfer = dt * decay * exprel(minus(rates[other], rates[name]) * dt)
                weight = matrix[name][other]
                value = value + weight * transfer * x[other]
                if not is_zero(c[other]):
                    if is_zero(rates[other]):
                        raise NotApplicable(f"{other} drives {name} and grows without bound")
                    value = value + weight * (transfer - response) / rates[other] * c[other]
            after[name] = value
        return Vector(after)


METHODS.register(Exact())
