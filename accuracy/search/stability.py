"""The largest time step at which a method does not diverge, whatever its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ...harness.kernels.kernel import Failure
from .sweep import TimeSteps
from .tolerance import ErrorCurve


@dataclass(frozen=True)
class Stability:
    """The stability limit of a method in a regime, within the range of a sweep."""

    stable: Fraction | None
    """Largest dt (ms) at which, and at every finer one of the sweep, every state stays finite; None if there is none.
    If `diverges` is None, it is the sweep's coarsest dt, and the limit is larger."""
    diverges: Fraction | None
    """The next coarser dt that was run; it diverges. None if no dt of the sweep diverges."""


def stability(curve: ErrorCurve, sweep: TimeSteps, run: Sequence[Fraction]) -> Stability:
    """Find the stability limit over all stimuli of a curve, by bisection between settings of the sweep.

    Parameters
    ----------
    curve : ErrorCurve
    sweep : TimeSteps
    run : sequence of Fraction
        The settings of the sweep that were run, from coarse to fine.
    """
    diverging = [setting for setting in run if _diverges(curve, setting)]
    if not diverging:
        return Stability(run[0], None)
    coarse = diverging[-1]
    stable = next((setting for setting in run if setting < coarse), None)
    while stable is not None and coarse / stable > sweep.bracket:
        middle = sweep.between(stable, coarse)
        if middle is None:
            break
        stable, coarse = (stable, middle) if _diverges(curve, middle) else (middle, coarse)
    return Stability(stable, coarse)


def _diverges(curve: ErrorCurve, setting: Fraction) -> bool:
    return any(run.failure == Failure.DIVERGED for run in curve(setting))
