"""Spike trains, and how far one is from another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from ...models.definition.language import units
from ...models.ground.errors import UserError, check_kind
from ...models.ground.html import raster_html, table_html

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpikeTrain:
    """Spike times within edges: plain numbers in ms, or quantities (Brian2's, neo's ...), which become such.

    Raises
    ------
    UserError
        If the edges are not finite or in order, or the times not finite, not in order, or outside the edges.
    """

    times: Array
    stop: float
    start: float = 0.0

    def __post_init__(self) -> None:
        times = units.in_unit(self.times, ms, "spike times and edges")
        object.__setattr__(self, "times", times)
        for edge in ("start", "stop"):
            value = units.in_unit(getattr(self, edge), ms, "spike times and edges")
            if value.ndim:
                raise UserError(f"the edge {edge} must be one number in ms, not an array of shape {value.shape}")
            object.__setattr__(self, edge, float(value))
        if not -np.inf < self.start <= self.stop < np.inf:
            raise UserError(f"the edges {self.start:g} to {self.stop:g} ms are not two finite times in order")
        if times.ndim != 1:
            raise UserError(f"spike times must be one list of numbers in ms, not an array of shape {times.shape}")
        if not np.isfinite(times).all():
            i = int(np.flatnonzero(~np.isfinite(times))[0])
            raise UserError(f"spike time {i} (counted from 0) is {times[i]:g}; give finite numbers in ms")
        back = np.flatnonzero(np.diff(times) < 0)
        if back.size:
            raise UserError(
                f"spike times are out of order: {times[back[0] + 1]:g} ms follows {times[back[0]]:g} ms; sort them"
            )
        if times.size and times[0] < self.start:
            raise UserError(
                f"spike time {times[0]:g} ms is before the train's start of {self.start:g} ms; "
                "leave it out or give an earlier start"
            )
        if times.size and times[-1] > self.stop:
            raise UserError(
                f"spike time {times[-1]:g} ms is after the train's stop of {self.stop:g} ms; "
                "leave it out or give a later stop"
            )

    def __repr__(self) -> str:
        first = ", ".join(f"{time:g}" for time in self.times[:3])
        more = ", ..." if len(self.times) > 3 else ""
        return f"<SpikeTrain: {len(self.times)} spikes from {self.start:g} to {self.stop:g} ms: [{first}{more}]>"

    def __len__(self) -> int:
        return int(self.times.size)

    def _repr_html_(self) -> str:
        return raster_html(self.times, self.stop)

    def until(self, stop: float) -> SpikeTrain:
        """Return the part up to `stop`."""
        return SpikeTrain(self.times[self.times <= units.number_in(stop, ms, "stop")], stop, self.start)


@dataclass(frozen=True, slots=True)
class SpikeTimeError:
    """Differences of matched spikes, later than the reference being positive."""

    maximum: float
    """Largest absolute difference in ms; nan if no spike is matched."""
    mean: float
    """Mean difference in ms; positive if spikes are late on average."""
    rms: float
    """Root mean square difference in ms."""
    drift: float
    """Slope of the difference over time, ms per s of model time; nan with fewer than two different spike times."""
    matched: int
    missing: int
    """Spikes of the reference without a partner."""
    extra: int
    """Spikes of the train without a partner."""

    def _repr_html_(self) -> str:
        facts = {
            f"{name} error ({unit})": f"{getattr(self, name):.4g}"
            for name, unit in (("maximum", "ms"), ("mean", "ms"), ("rms", "ms"))
        }
        facts["drift (ms/s)"] = f"{self.drift:.4g}"
        counts = {name: getattr(self, name) for name in ("matched", "missing", "extra")}
        return table_html("Spike-time error", [*facts, *counts], [[*facts.values(), *counts.values()]])

    def within(self, tolerance: Any) -> bool:
        """Whether every spike is there, none is too many, and all are within the tolerance (ms, or a quantity)."""
        allowed = units.number_in(tolerance, ms, "tolerance")
        return self.missing == 0 and self.extra == 0 and (self.matched == 0 or self.maximum <= allowed)


def spike_time_error(train: SpikeTrain, reference: SpikeTrain) -> SpikeTimeError:
    """Compare a train with a reference.

    Spikes are matched in order. If the trains have different numbers of spikes, all of the shorter one are matched,
    to those of the longer one, in order, that make the sum of absolute differences smallest; the rest are missing or
    extra.

    Raises
    ------
    UserError
        If one of them is not a SpikeTrain.
    """
    for name, given in (("train", train), ("reference", reference)):
        check_kind(given, SpikeTrain, name, "a SpikeTrain, such as sc.SpikeTrain(times, stop)")
    times, expected = train.times, reference.times
    if times.size != expected.size:
        of_train, of_reference = _match(times, expected)
        times, expected = times[of_train], expected[of_reference]
    matched = times.size
    (found,) = matched_errors(times[None], expected[None], len(reference) - matched, len(train) - matched)
    return found


def matched_errors(times: Array, expected: Array, missing: int = 0, extra: int = 0) -> list[SpikeTimeError]:
    """Return the differences of matched spikes of several trains: arrays (trains, spikes), each row in order."""
    differences = times - expected
    count, matched = differences.shape
    if not matched:
        return [SpikeTimeError(math.nan, math.nan, math.nan, math.nan, 0, missing, extra)] * count
    at = expected - expected.mean(axis=1, keepdims=True)
    return [
        SpikeTimeError(maximum, mean, rms, drift, matched, missing, extra)
        for maximum, mean, rms, drift in zip(
            np.abs(differences).max(axis=1).tolist(),
            differences.mean(axis=1).tolist(),
            np.sqrt((differences**2).mean(axis=1)).tolist(),
            map(_drift, at, differences),
            strict=True,
        )
    ]


def _drift(at: Array, differences: Array) -> float:
    """Return the slope of differences (ms) at some times (ms, of mean 0), in ms per s."""
    spread = float(at @ at)
    return float(1000 * (at @ differences)) / spread if at.size > 1 and spread > 0 else math.nan


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
