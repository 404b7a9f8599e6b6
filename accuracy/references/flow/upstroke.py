"""Upstrokes that are too fast for a series: the voltage is the independent variable there.

Where a solution changes within 1e-10 ms, the coefficients of its series in time are not finite. As functions of the
voltage v, time and the other variables x are smooth there: ``dt/dv = 1/f`` and ``dx/dv = g/f``, if ``v' = f`` and
``x' = g``. They are integrated by Gauss-Legendre quadrature over short panels; x, which hardly moves, by fixed-point
iteration (Picard).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inspection.inspector import NEGLIGIBLE
from ..inspection.ranges import Array, Range
from .flow import Flow
from .precision import State

#: An upstroke is followed for at most this time, in ms. (The series have finite coefficients if it takes longer.)
LONGEST = 1e-6
#: Numbers of panels between two voltages that are tried until every part of the equations changes slowly over each.
PANELS = tuple(2**k for k in range(9, 15))
#: Largest number of iterations for the other variables, and the relative change at which they have converged.
ITERATIONS, CONVERGED = 8, 2.0**-50
#: A time is accurate relative to at least this, in ms, and a variable relative to at least this value.
SOON, TINY = 1e-3, 1e-9

_POINTS, _WEIGHTS = (np.polynomial.legendre.leggauss(12)[0] + 1) / 2, np.polynomial.legendre.leggauss(12)[1] / 2
#: Matrix from values at the points of a panel of length 1 to integrals from its start to these points.
_INTEGRALS = (_POINTS[:, None] ** np.arange(1, 13) / np.arange(1, 13)) @ np.linalg.inv(
    _POINTS[:, None] ** np.arange(12)
)


@dataclass(frozen=True)
class Upstroke:
    """The fast part of an upstroke."""

    time: float
    """Its length in ms."""
    state: dict[str, float]
    """The state at its end."""
    left: bool
    """Whether it ends before the voltage that it was to reach."""


def follow(
    flow: Flow, state: State, numbers: list[Any], now: Any, end: float, *, longest: float = LONGEST
) -> Upstroke | None:
    """Follow a voltage that rises fast, at most for `LONGEST`.

    Parameters
    ----------
    flow : Flow
    state : dict
        The state at the start.
    numbers : list
        The parameters of the flow.
    now : number
        Time of the start, in ms.
    end : float
        The voltage to reach; no condition changes before it.
    longest : float
        Time after which the neuron's input changes, in ms.

    Returns
    -------
    Upstroke or None
        None if the voltage does not rise fast, or narrow features of the equations cannot be excluded.
    """
    voltage = flow.system.threshold.variable
    start = float(state[voltage])
    others = {name: float(value) for name, value in state.items() if name != voltage}
    reached = end
    for count in PANELS:
        edges = np.linspace(start, reached, count + 1)
        widths = np.diff(edges)[:, None]

        def weights(speeds: dict[str, Range], widths: Array = widths[:, 0]) -> list[Array]:
            """By how much an error of 1 in a change per ms is too large."""
            slowness = 1 / np.where(speeds[voltage][0] > 0, speeds[voltage][0], np.nan)
            sizes: dict[str, Any] = {**others, voltage: max(float(now), SOON) / slowness}
            return [widths * slowness / (NEGLIGIBLE * np.maximum(np.abs(sizes[name]), TINY)) for name in speeds]

        if not np.all(flow.resolved({**others, voltage: (edges[:-1], edges[1:])}, numbers, now, weights)):
            continue
        points = edges[:-1, None] + widths * _POINTS
        moving: dict[str, Any] = dict(others)
        for _ in range(ITERATIONS):
            slopes = flow.speeds({**moving, voltage: points}, numbers, now)
            with np.errstate(all="ignore"):  # speeds may be infinite
                speed = np.broadcast_to(slopes.pop(voltage), points.shape)
                slowness = 1 / speed
                until = np.cumsum((widths * slowness) @ _WEIGHTS)
                good = (speed > 0).all(axis=1) & (until <= min(longest, LONGEST))
                if not good.all():
                    break
                moved = {name: others[name] + _integral(slope * slowness * widths) for name, slope in slopes.items()}
                if all(_same(moving[name], value) for name, value in moved.items()):
                    gained = {name: float(((s * slowness * widths) @ _WEIGHTS).sum()) for name, s in slopes.items()}
                    ended = {name: reached if name == voltage else others[name] + gained[name] for name in state}
                    return Upstroke(float(until[-1]), ended, left=reached < end)
            moving = moved
        else:
            return None
        whole = int(np.argmin(good))  # number of good panels before the first that is not
        if not whole:
            return None
        reached = float(edges[whole])
    return None


def _integral(values: Array) -> Array:
    """Return the integral from the first panel's start to each point, from values times the widths of the panels."""
    before = np.concatenate([[0.0], np.cumsum(values @ _WEIGHTS)[:-1]])
    return np.asarray(before[:, None] + values @ _INTEGRALS.T)


def _same(old: Any, new: Array) -> bool:
    return bool((np.abs(new - old) <= CONVERGED * np.abs(new)).all())
