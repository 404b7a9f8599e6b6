"""What spike detection is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..expression import Expr
from ..program import Derivatives, Program, Vector
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
    variable: str
    """The variable that is compared with the threshold."""
    level: Expr
    """The threshold."""
    program: Program
    """Where intermediates are assigned."""


class Detection(Protocol):
    """Where within a step a spike is."""

    name: str
    order: int
    """Order of the crossing's error; with it, spike times converge with the lower of this and the method's order."""
    restarts: bool
    """Whether the state is reset at the crossing and the rest of the step is integrated from there."""

    def locate(self, crossing: Crossing) -> tuple[Expr, Vector]:
        """Return the crossing as a fraction of the step, in [0, 1], and the state there."""
        ...


DETECTIONS: Registry[Detection] = Registry("detection", "spikecost.detections")
