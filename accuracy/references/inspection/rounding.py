"""How far rounding alone may move the spike times of a solution of one equation.

Two computations whose errors are only due to rounding may agree by chance. So the effect of rounding is also estimated
from the solution itself, as in a running error analysis (Wilkinson 1963, "Rounding Errors in Algebraic Processes"). In
each step, the state and its derivative are rounded. An error of the state is a shift in time: the error over the speed
of the state. Without a change of the input, this shift stays the same along the solution, so a slow passage amplifies
errors. When the input changes, or spikes arrive, the error of the state stays the same instead. A spike that is due to
an arrival has no error in time; after the reset, the error of the state is at most the same, unless the reset
multiplies the state by more than 1. Errors within one interval between spikes are independent of each other, so their
squares are added; the errors of equal intervals are equal, so they are added themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inspector import Inspector, Steps, end_slopes

#: Relative rounding of a number.
UNIT = 2.0**-53


class Rounding:
    """The errors of spike times that are due to rounding, while a solution goes on.

    Parameters
    ----------
    fixed : array
        Sorted times in ms at which the input changes or spikes arrive; it is constant between them.
    """

    def __init__(self, fixed: NDArray[np.float64]) -> None:
        self._fixed = fixed
        self._spikes = 0
        #: In ms: the squared shift in the present interval, and the shift from all intervals before it.
        self._square, self._before = 0.0, 0.0
        self._largest = 0.0
        self._last = 0.0

    def add(self, inspector: Inspector, steps: Steps, spikes: Sequence[float]) -> None:
        """Add the next steps that passed the inspection; `spikes` are all spike times in ms up to their end."""
        with np.errstate(all="ignore"):
            noise = UNIT * inspector.noise(steps)
            slowest = noise / steps.lengths  # at rest, the state still moves by its rounding
            speeds = np.maximum(np.abs(steps.series[:, 0, 1]), slowest)
            squares = np.where(noise > 0, (noise / speeds) ** 2, 0.0)  # a state that stays exactly 0 has no error
            last = np.maximum(np.abs(end_slopes(steps)[:, 0]), slowest)
            changes = self._are_fixed(steps.starts) & (speeds > 0)
            factors = np.where(changes, np.concatenate([[self._last], last[:-1]]) / speeds, 1.0)
        self._last = float(last[-1])
        passed = np.searchsorted(np.asarray(spikes, dtype=float), steps.starts, side="right")
        firsts = np.flatnonzero((factors != 1) | (np.diff(passed, prepend=self._spikes) > 0))
        firsts = np.unique(np.concatenate([[0], firsts]))
        for i, square in zip(firsts.tolist(), np.add.reduceat(squares, firsts).tolist(), strict=True):
            if passed[i] > self._spikes and not self._are_fixed(float(spikes[passed[i] - 1])):
                self._pass(int(passed[i]))
            elif factors[i] != 1:
                self._spikes = int(passed[i])
                self._before *= float(factors[i])
                self._square *= float(factors[i]) ** 2
            self._square += square

    def _are_fixed(self, times: Any) -> Any:
        return np.searchsorted(self._fixed, times, "right") > np.searchsorted(self._fixed, times)

    def of_spikes(self, count: int) -> float:
        """Return an estimate of the largest error of the first spike times, in ms."""
        self._pass(count)
        return self._largest

    def _pass(self, spikes: int) -> None:
        """Begin the interval after a number of spikes."""
        if spikes > self._spikes:
            self._before += math.sqrt(self._square)
            self._square, self._spikes = 0.0, spikes
            self._largest = max(self._largest, self._before if math.isfinite(self._before) else math.inf)
