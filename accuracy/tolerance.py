"""The largest time step within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..harness.kernel import Kernel
from ..harness.stimuli import Stimulus
from ..harness.sweep import between
from .reference import Reference
from .spike_trains import SpikeTimeError, SpikeTrain, spike_time_error

#: The largest time step is bisected until the next coarser one known to fail is within this factor.
BRACKET = 1.02
#: A tolerance is only tested against a reference whose stated error is this many times smaller.
REFERENCE_MARGIN = 1000


@dataclass(frozen=True)
class Point:
    """One run of a sweep."""

    dt: Fraction
    """In ms."""
    error: SpikeTimeError | None
    """None if the run failed."""
    failure: str
    """Why it failed, such as ``diverged``; empty if it did not."""

    def within(self, tolerance: float) -> bool:
        """Whether the run holds a tolerance (ms)."""
        return self.error is not None and self.error.within(tolerance)


class ErrorCurve:
    """The spike-time error of a kernel as a function of dt; each dt is run once.

    The comparison ends midway between the reference's last two spikes, so that none sits at its edge.
    """

    def __init__(self, kernel: Kernel, stimulus: Stimulus, reference: Reference) -> None:
        times = reference.train.times
        stop = float(times[-2:].mean()) if len(times) > 1 else reference.train.stop
        self._kernel = kernel
        self._stimulus = stimulus
        self._reference = reference.train.until(stop)
        self._points: dict[Fraction, Point] = {}

    def __call__(self, dt: Fraction) -> Point:
        """Run at dt, or recall."""
        if dt not in self._points:
            self._points[dt] = self._run(dt)
        return self._points[dt]

    @property
    def points(self) -> tuple[Point, ...]:
        """All runs so far, from coarse to fine."""
        return tuple(self._points[dt] for dt in sorted(self._points, reverse=True))

    @property
    def unit(self) -> Fraction:
        """Every dt divides this, in ms."""
        return self._stimulus.unit

    def _run(self, dt: Fraction) -> Point:
        outcome = self._kernel.run([self._stimulus], dt)[0]
        if outcome.failure:
            return Point(dt, None, outcome.failure)
        stop = self._reference.stop
        train = SpikeTrain(outcome.spike_times[outcome.spike_times <= stop], stop)
        return Point(dt, spike_time_error(train, self._reference), "")


@dataclass(frozen=True)
class LargestStep:
    """How large dt may be."""

    status: str
    """``reached``; ``at least`` (the coarsest dt of the sweep holds); or ``not reached``."""
    point: Point | None
    """The run at the largest dt; None if not reached."""
    fails_at: Fraction | None
    """The next coarser dt that was run and fails, in ms."""
    reason: str
    """For ``not reached``: what happened at the finest dt."""


def largest_step(curve: ErrorCurve, sweep: Sequence[Fraction], tolerance: float) -> LargestStep:
    """Find the largest dt at which, and at every smaller one of the sweep, the error holds.

    Parameters
    ----------
    curve : ErrorCurve
    sweep : sequence of Fraction
        Time steps in ms, from coarse to fine.
    tolerance : float
        In ms.
    """
    best: Point | None = None
    fails_at: Fraction | None = None
    for dt in reversed(sweep):
        point = curve(dt)
        if not point.within(tolerance):
            fails_at = dt
            break
        best = point
    if best is None:
        return LargestStep("not reached", None, fails_at, describe(curve(sweep[-1])))
    if fails_at is None:
        return LargestStep("at least", best, None, "")
    while fails_at / best.dt > BRACKET:
        middle = between(best.dt, fails_at, curve.unit)
        if middle is None:
            break
        point = curve(middle)
        if point.within(tolerance):
            best = point
        else:
            fails_at = middle
    return LargestStep("reached", best, fails_at, "")


def describe(point: Point) -> str:
    """Say in a few words what a run gave."""
    at = f"at dt = {float(point.dt):.3g} ms"
    if point.error is None:
        return f"{point.failure} {at}"
    if point.error.missing or point.error.extra:
        return f"{point.error.missing} spikes missing, {point.error.extra} too many {at}"
    return f"error {point.error.maximum:.2g} ms {at}"
