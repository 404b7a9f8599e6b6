"""Means over stimuli, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..harness.sweep import RUNG
from .spike_trains import Array

#: Resamples of a bootstrap, their seed, and the part of them that lies within an interval.
RESAMPLES, SEED, INSIDE = 2000, 20040915, 0.95


@dataclass(frozen=True)
class Interval:
    """A geometric mean and its 95 % percentile bootstrap interval over stimuli.

    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """

    mean: float
    low: float
    high: float


#: Costs that differ by less than this factor are not ranked: each is at a dt that is the largest to within a setting of
#: the ladder.
RESOLUTION = RUNG**2


def too_close(low: float, high: float) -> bool:
    """Whether a ratio of costs with this interval says nothing about which is larger."""
    return low <= RESOLUTION and high >= 1 / RESOLUTION


def interval(values: Sequence[float]) -> Interval:
    """Return the geometric mean of positive values."""
    return _interval(np.log(values), _resampled(np.log(values), 0))


def ratio(values: Sequence[float], others: Sequence[float]) -> Interval:
    """Return the ratio of two geometric means; the two sets of stimuli are resampled apart."""
    one, other = np.log(values), np.log(others)
    return _interval(np.array([one.mean() - other.mean()]), _resampled(one, 0) - _resampled(other, 1))


def _resampled(values: Array, stream: int) -> Array:
    generator = np.random.default_rng([SEED, stream])
    means: Array = values[generator.integers(0, values.size, (RESAMPLES, values.size))].mean(axis=1)
    return means


def _interval(logarithms: Array, resampled: Array) -> Interval:
    low, high = np.quantile(resampled, [(1 - INSIDE) / 2, (1 + INSIDE) / 2])
    return Interval(*(float(np.exp(value)) for value in (logarithms.mean(), low, high)))
