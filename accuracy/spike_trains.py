"""Spike trains, and how far one is from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models.errors import UserError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpikeTrain:
    """Spike times within edges, all in ms.

    Raises
    ------
    UserError
        If times are not finite, not in order, or outside the edges.
    """

    times: Array
    stop: float
    start: float = 0.0

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=float)
        object.__setattr__(self, "times", times)
        if times.ndim != 1 or not np.isfinite(times).all():
            raise UserError("spike times must be one list of finite numbers in ms")
        if (np.diff(times) < 0).any():
            raise UserError("spike times are out of order; sort them")
        if times.size and not (self.start <= times[0] and times[-1] <= self.stop):
            raise UserError(f"spike times from {times[0]:g} to {times[-1]:g} ms are outside "
                            f"the edges {self.start:g} to {self.stop:g} ms")

    def __len__(self) -> int:
        return int(self.times.size)

    def until(self, stop: float) -> SpikeTrain:
        """Return the part up to `stop`."""
        return SpikeTrain(self.times[self.times <= stop], stop, self.start)


@dataclass(frozen=True)
class SpikeTimeError:
    """Differences of matched spikes, later than the reference being positive."""

    maximum: float
    """Largest absolute difference in ms; nan if no spike is matched."""
    mean: float
    """Mean difference in ms: the sign tells late from early."""
    rms: float
    """Root mean square difference in ms."""
    drift: float
    """Slope of the difference over time, ms per s of model time; nan below two different spike times."""
    matched: int
    missing: int
    """Spikes of the reference without a partner."""
    extra: int
    """Spikes of the train without a partner."""

    def within(self, tolerance: float) -> bool:
        """Whether every spike is there, none is too many, and all are within the tolerance (ms)."""
        return self.missing == 0 and self.extra == 0 and (self.matched == 0 or self.maximum <= tolerance)


def spike_time_error(train: SpikeTrain, reference: SpikeTrain) -> SpikeTimeError:
    """Compare a train with a reference.

    Spikes are matched in order. If the trains have different numbers of spikes, all of the shorter one are matched,
    to those of the longer one, in order, that make the sum of absolute differences smallest; the rest are missing or
    extra.
    """
    a, b = _match(train.times, reference.times)
    differences = train.times[a] - reference.times[b]
    matched = differences.size
    nan = float("nan")
    drift = nan
    if matched > 1:
        at = reference.times[b] - reference.times[b].mean()
        spread = float(at @ at)
        drift = float(1000 * (at @ differences)) / spread if spread > 0 else nan
    return SpikeTimeError(
        maximum=float(np.abs(differences).max()) if matched else nan,
        mean=float(differences.mean()) if matched else nan,
        rms=float(np.sqrt((differences**2).mean())) if matched else nan,
        drift=drift,
        matched=matched,
        missing=len(reference) - matched,
        extra=len(train) - matched,
    )


def _match(a: Array, b: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return indices into both trains of the matched spikes."""
    if a.size > b.size:
        of_b, of_a = _match(b, a)
        return of_a, of_b
    short, spare = a.size, b.size - a.size
    if spare == 0 or short == 0:
        return np.arange(short), np.arange(short)
    # cost[i, k]: the first i of the shorter train matched, k of the longer one skipped
    cost = np.zeros((short + 1, spare + 1))
    for i in range(1, short + 1):
        cost[i] = np.minimum.accumulate(cost[i - 1] + np.abs(a[i - 1] - b[i - 1 : i + spare]))
    partners = np.empty(short, dtype=np.int64)
    k = spare
    for i in range(short, 0, -1):
        while k > 0 and cost[i, k] == cost[i, k - 1]:
            k -= 1
        partners[i - 1] = i - 1 + k
    return np.arange(short), partners
