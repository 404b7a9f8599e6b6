"""The midpoint method, reduced for Izhikevich's model."""

from ..algebra.draft import MIDDLE, Derivatives, Vector
from ..algebra.expression import Expr
from ..algebra.polynomial import plus, times
from .kinds.fixed_step import FixedStep
from .kinds.forms import izhikevich
from .registered import METHODS


class EsrMidpoint(FixedStep):
    """Explicit solver reduction of the midpoint method, for models of Izhikevich's form.

    The equations of the method and the model are combined, and terms that the two stages share are computed once. With
    ``dv/dt = p(u) + (q + r v) v``, where p is linear in u with slope s, and ``du/dt = g(v, u)``, the midpoint is
    ``eta = v + dt/2 (p(u) + (q + r v) v)`` and ``u + beta``, with ``beta = dt/2 g(v, u)``. There
    ``p(u + beta) = p(u) + s beta``, so p need not be evaluated again::

        v' = v + dt (p + s beta + (q + r eta) eta)
        u' = u + dt g(eta, u + beta)

    (Izhikevich 2003: p = 140 - u + I, q = 5, r = 0.04, s = -1, g = a (b v - u).) The parabola is in Horner's form. This
    saves one multiplication per stage. Order 2; the results equal those of `midpoint` up to rounding. For the published
    model it needs 13 additions and subtractions and 12 multiplications per step; `midpoint` needs 14 and 14. It applies
    only to models of Izhikevich's form. The paper's fixed-point arithmetic and threshold correction are not included.
    Hopkins and Furber 2015, Neural Computation 27:2148.
    """

    source = "Izhikevich 2003; Hopkins and Furber 2015"
    name = "esr_midpoint"
    order = 2
    interpretation = "stratonovich"

    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt."""
        v, u, s = izhikevich(f)
        p, q, r = f.quadratic(x, at=MIDDLE)
        beta = f.let(dt / 2 * f(x, only=[u], at=MIDDLE))
        eta = f.let(Vector({v: x[v] + dt / 2 * plus(p, times(plus(q, times(r, x[v])), x[v]))}))
        slope = plus(plus(p, times(s, beta[u])), times(plus(q, times(r, eta[v])), eta[v]))
        recovery = f((x | eta) + beta, only=[u], at=MIDDLE)
        return x + dt * (recovery | {v: slope})


METHODS.register(EsrMidpoint())
