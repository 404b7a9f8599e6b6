"""Means over stimuli, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..search.sweep import RUNG

#: Number of resamples of a bootstrap, their seed, and the fraction of them inside an interval.
RESAMPLES, SEED, INSIDE = 2000, 20040915, 0.95


@dataclass(frozen=True)
class Interval:
    """A geometric mean and its 95 % percentile bootstrap interval over stimuli.

    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """

    mean: float
    low: float
    high: float


#: Costs that differ by less than this factor are not ranked: each belongs to a largest dt that is known only to within
#: one setting of the ladder.
RESOLUTION = RUNG**2


def too_close(low: float, high: float) -> bool:
    """Whether the interval of a ratio of costs leaves open which cost is larger."""
    return low <= RESOLUTION and high >= 1 / RESOLUTION


def mean(values: Sequence[float]) -> float:
    """Return the geometric mean of positive values."""
    return float(np.exp(_mean(np.log(values), axis=0)))


def interval(values: Sequence[float]) -> Interval:
    """Return the geometric mean of positive values, with its interval."""
    return _interval(_mean, tuple(values))


def ratio(values: Sequence[float], others: Sequence[float]) -> Interval:
    """Return the ratio of two geometric means; the two sets of stimuli are resampled independently."""
    return _interval(_difference, tuple(values), tuple(others))


def _mean(one: Any, axis: int) -> Any:
    return one.mean(axis=axis)


def _difference(one: Any, other: Any, axis: int) -> Any:
    return one.mean(axis=axis) - other.mean(axis=axis)


@lru_cache(maxsize=20_000)  # several tables ask for the same intervals
def _interval(statistic: Callable[..., Any], *samples: tuple[float, ...]) -> Interval:
    """Return the exponential of a statistic of the logarithms of samples, with its interval."""
    logarithms = [np.log(sample) for sample in samples]
    if any(np.isnan(each).any() for each in logarithms):  # a convention may have no cost for a method
        return Interval(np.nan, np.nan, np.nan)
    rng = np.random.default_rng([SEED, 0])
    # the same as `scipy.stats.bootstrap`, which takes a second to import
    resampled = [each[rng.integers(0, each.size, (RESAMPLES, each.size))] for each in logarithms]
    ends = np.percentile(statistic(*resampled, axis=1), [50 * (1 - INSIDE), 50 * (1 + INSIDE)])
    return Interval(*(float(np.exp(value)) for value in (statistic(*logarithms, axis=0), *ends)))
