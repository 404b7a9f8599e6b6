"""Spike detection: the order of events in a step, and where within the step a spike is.

The order of events is the same for all detections: the update (the method proposes the step's end), the test (is the
end past the threshold?), the reset, the label. Detections differ in where the reset acts and in the time of the spike.
On the grid the reset acts on the proposed end, which is the next step's start. `grid` labels the spike with that time,
`grid_start` with the start of the step, as Brian2 does (its clock still shows that time when the spike is recorded).

Izhikevich's published program has another order in its loop: test, reset, update. This is the same sequence with
another starting point: its loop tests the end of the loop before, so it spikes and resets as `grid` does. It counts
loops from one and labels a spike with the loop that finds it. If our step k (from 0) passes the threshold, its label
is k + 2, that of `grid` is k + 1 and that of `grid_start` is k, in steps. It does not report a crossing in its last
update.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from ..algebra.derivative import derivative
from ..algebra.draft import Derivatives, Draft, NotApplicable, Vector, substitute
from ..algebra.expression import Expr, Op, expr, less, names, select
from ..algebra.polynomial import ZERO, minus
from ..algebra.system import Threshold, distance
from ..algebra.words import words
from ..ground.registry import Registry


@dataclass(frozen=True)
class Crossing:
    """A step that ends past the threshold."""

    start: Vector
    """State at the step's start."""
    end: Vector
    """State that the method proposes for the step's end."""
    dt: Expr
    """Length of the step in ms."""
    f: Derivatives
    threshold: Threshold
    draft: Draft
    """The program to which intermediates are added."""
    starts_below: bool = True
    """Whether the step always starts below the threshold (`NeuronModel.steps_start_below`). A step that starts above it
    spikes immediately."""

    @property
    def variable(self) -> str:
        """The variable compared with the threshold."""
        return self.threshold.variable

    @property
    def level(self) -> Expr:
        """The threshold at the step's start."""
        return substitute(self.threshold.level, self.start)

    def gap(self, change: Vector) -> Expr:
        """Return the change of the distance to the threshold (which may move, too) for a change of the state."""
        return self.threshold.gap(change)

    def straight_line(self) -> Expr:
        """Return the fraction of the step at which the straight line between its ends crosses the threshold."""
        if self.threshold.condition is not None:
            return self.earliest(lambda _, before, after: before / (before - after))
        v = self.variable
        at: Expr = (self.level - self.start[v]) / self.gap(self.end - self.start)
        return at

    def or_at_once(self, theta: Expr) -> Expr:
        """Return the crossing `theta`, or the start of the step if the step starts above the threshold."""
        if self.starts_below or self.threshold.condition is not None:
            return theta
        return select(less(self.start[self.variable], self.level), theta, 0)

    def earliest(self, cross: Callable[[Expr, Expr, Expr], Expr]) -> Expr:
        """Return where in the step a condition that holds at its end becomes true, if its form is not the usual one.

        Parameters
        ----------
        cross : callable
            Returns where a distance rises through zero, from the expression of the distance, its value at the start of
            the step (negative) and its value at the end.

        Raises
        ------
        NotApplicable
            If a comparison of the condition is not smooth.
        """
        draft = self.draft

        def of(node: Expr, *, opposite: bool, holds: bool) -> Expr:
            """Return the place for a part of the condition; 2 if it does not hold at the end."""
            assert isinstance(node, Op)
            if node.kind == "not":
                return of(node.args[0], opposite=not opposite, holds=holds)
            if node.kind in ("and", "or"):
                every = (node.kind == "and") != opposite
                a, b = (draft.let("part", of(arg, opposite=opposite, holds=holds and every)) for arg in node.args)
                return select(less(a, b), b, a) if every else select(less(a, b), a, b)
            if not names(node) & set(self.start):  # it does not change
                return expr(0) if holds else select(less(node.args[1], node.args[0]) if opposite else node, 0, 2)
            check_smooth(node)
            rise = minus(ZERO, distance(node)) if opposite else distance(node)
            before, after = (draft.let("gap", substitute(rise, x)) for x in (self.start, self.end))
            place = cross(rise, before, after)
            if not (single and self.starts_below):
                place = select(less(before, 0), place, 0)
            return place if holds else select(less(0, after), place, 2)

        single = len(self.threshold.comparisons) == 1
        return of(self.threshold.holds, opposite=False, holds=True)


def check_smooth(comparison: Op) -> dict[str, Expr]:
    """Return the derivatives of a comparison's distance with respect to the names in it.

    Raises
    ------
    NotApplicable
        If it has kinks or jumps.
    """
    found = {name: derivative(distance(comparison), name) for name in sorted(names(comparison))}
    if None in found.values():
        raise NotApplicable(f"the threshold's comparison {words(comparison)} is not smooth: it is tested on the grid")
    return {name: slope for name, slope in found.items() if slope is not None}


class Detection(Hashable, Protocol):
    """A way to find where within a step a spike is."""

    name: str
    restarts: bool
    """Whether the state is reset at the crossing, and the rest of the step is integrated from there."""

    @property
    def order(self) -> float:
        """Order of the error of the crossing; infinite if the detection adds no error.

        Spike times converge with the lower of this order and the method's order.
        """
        ...

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the crossing as a fraction of the step, in [0, 1], and the state there."""
        ...


DETECTIONS: Registry[Detection] = Registry("detection", "spikecost.detections")
