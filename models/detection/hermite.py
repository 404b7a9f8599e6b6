"""Spikes where a cubic crosses the threshold."""

from ..algebra.derivative import derivative
from ..algebra.draft import END, Vector, substitute
from ..algebra.expression import Expr, less, names, select
from ..algebra.polynomial import ZERO, plus, times
from .base import DETECTIONS, Crossing

#: Newton's method starts from the straight line's crossing, with an error of first order in dt. Each iteration squares
#: the error: after two it is of fourth order, after three it is smaller than the cubic's own error.
NEWTON_ITERATIONS = 3


class Hermite:
    """The crossing of the cubic with the values and derivatives of the step's ends; it interpolates all variables.

    A threshold that moves is interpolated with the variables that move it; for a condition of another form, the cubic
    is that of each comparison's distance.
    Fourth order. It costs two right-hand sides and three Newton iterations. If the cubic has no crossing within the
    step (in a very coarse step it may bend back), the crossing of the straight line is used.
    Shelley and Tao 2001, J. Comput. Neurosci. 11:111.
    """

    source = "Shelley and Tao 2001"
    name = "hermite"
    order = 4
    restarts = True

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the crossing and the state there."""
        draft, v, level = crossing.draft, crossing.variable, crossing.level
        x0, x1 = crossing.start, crossing.end
        start = crossing.dt * crossing.f(x0)
        end = crossing.dt * crossing.f(x1, at=END)
        rise = x1 - x0
        # x(s) = x0 + s (c1 + s (c2 + s c3)), s from 0 to 1
        c1 = start.map(lambda value: draft.let("c1", value))
        c2 = (3 * rise - 2 * start - end).map(lambda value: draft.let("c2", value))
        c3 = (start + end - 2 * rise).map(lambda value: draft.let("c3", value))
        if crossing.threshold.condition is not None:
            slopes = start, end

            def cross(distance: Expr, before: Expr, after: Expr) -> Expr:
                return self._cross(crossing, slopes, distance, before, after)

            theta = draft.let("theta", crossing.earliest(cross))
            return theta, x0 + theta * (c1 + theta * (c2 + theta * c3))
        line = draft.let("line", crossing.straight_line())
        g1, g2, g3 = (crossing.gap(c) for c in (c1, c2, c3))
        if crossing.threshold.slopes:
            g1, g2, g3 = (draft.let("gap", g) for g in (g1, g2, g3))
        s = line
        for _ in range(NEWTON_ITERATIONS):
            value = x0[v] + s * (g1 + s * (g2 + s * g3)) - level
            slope = g1 + s * (2 * g2 + 3 * s * g3)
            s = draft.let("s", s - value / slope)
        within = select(less(0, s), select(less(s, 1), s, line), line)
        theta = draft.let("theta", crossing.or_at_once(within))
        return theta, x0 + theta * (c1 + theta * (c2 + theta * c3))

    def _cross(
        self, crossing: Crossing, slopes: tuple[Vector, Vector], distance: Expr, before: Expr, after: Expr
    ) -> Expr:
        """Return where the cubic with the values and slopes of a distance at the step's ends crosses zero.

        `slopes` are the changes of the state per step, at its start and its end.
        """
        draft = crossing.draft
        rates = []
        for change, x in zip(slopes, (crossing.start, crossing.end), strict=True):
            rate: Expr = ZERO
            for name in sorted(names(distance) & set(x)):
                partial = derivative(distance, name)
                assert partial is not None  # it is smooth
                rate = plus(rate, times(substitute(partial, x), change[name]))
            rates.append(draft.let("rate", rate))
        first, last = rates
        rise = draft.let("rise", after - before)
        g2, g3 = draft.let("g2", 3 * rise - 2 * first - last), draft.let("g3", first + last - 2 * rise)
        line = draft.let("line", before / (before - after))
        s: Expr = line
        for _ in range(NEWTON_ITERATIONS):
            value = before + s * (first + s * (g2 + s * g3))
            slope = first + s * (2 * g2 + 3 * s * g3)
            s = draft.let("s", s - value / slope)
        return select(less(0, s), select(less(s, 1), s, line), line)


DETECTIONS.register(Hermite())
