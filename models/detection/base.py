"""What spike detection is.

The order of events in a step, of all detections: the update (the method proposes the step's end), the test (is the end
past the threshold?), the reset, the label. They differ in where the reset acts and which time the spike carries. On the
grid the reset acts on the proposed end, which is the next step's start; `grid` labels the spike with that time,
`grid_start` with the step's own start, as Brian2 does (its clock still shows it when the spike is recorded).

Izhikevich's published program tests at the head of its loop: test, reset, update. That is the same sequence cut
elsewhere: what its loop finds is the end of the loop before, so that it spikes and resets as `grid` does. It counts its
loops from one and labels a spike with the loop that finds it: t = k + 2 where our step k (from 0) passes the threshold,
which `grid` labels k + 1 and `grid_start` k, in steps. A crossing in its very last update it does not report.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from ..equations import Threshold
from ..expression import Expr, less, select
from ..program import Derivatives, Program, Vector, substitute
from ..registry import Registry


@dataclass(frozen=True)
class Crossing:
    """A step at whose end the threshold is passed."""

    start: Vector
    """State at the step's start."""
    end: Vector
    """State that the method proposes for its end."""
    dt: Expr
    """Length of the step in ms."""
    f: Derivatives
    threshold: Threshold
    program: Program
    """Where intermediates are assigned."""
    starts_below: bool = True
    """Whether the step is sure to start below the threshold (`NeuronModel.steps_start_below`); where it does not, the
    spike is at once."""

    @property
    def variable(self) -> str:
        """The variable that is compared with the threshold."""
        return self.threshold.variable

    @property
    def level(self) -> Expr:
        """The threshold at the step's start."""
        return substitute(self.threshold.level, self.start)

    def gap(self, change: Vector) -> Expr:
        """Return by how much the variable moves away from the threshold, which may move too, where the state moves."""
        return self.threshold.gap(change)

    def straight_line(self) -> Expr:
        """Return where the straight line between the step's ends crosses the threshold."""
        v = self.variable
        at: Expr = (self.level - self.start[v]) / self.gap(self.end - self.start)
        return at

    def or_at_once(self, theta: Expr) -> Expr:
        """Return where a step that starts below the threshold crosses it, or its start if it is not sure to."""
        if self.starts_below:
            return theta
        return select(less(self.start[self.variable], self.level), theta, 0)


class Detection(Hashable, Protocol):
    """Where within a step a spike is."""

    name: str
    restarts: bool
    """Whether the state is reset at the crossing and the rest of the step is integrated from there."""

    @property
    def order(self) -> float:
        """Order of the crossing's error, infinite if it adds none of its own.

        With it, spike times converge with the lower of this and the method's order.
        """
        ...

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the crossing as a fraction of the step, in [0, 1], and the state there."""
        ...


DETECTIONS: Registry[Detection] = Registry("detection", "spikecost.detections")
