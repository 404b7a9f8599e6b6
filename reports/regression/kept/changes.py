"""Where a figure changed: steps in its history."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from ruptures import KernelCPD

from ...writing.escape import in_figure
from ...writing.notebook import Picture
from .history import Entry

#: Penalty of a step in a figure with noise, in units of the noise's variance times log n. A step adds two parameters,
#: its place and its height, for which the Bayesian information criterion uses 2. A history is examined after every
#: run, so false alarms add up; this penalty marks a step in 1.5 % of histories of 20 runs without a step, and in none
#: of 400 histories of 50 runs.
PENALTY = 6.0
#: Least number of runs at a level, and in all, for a figure with noise: one delayed run is not a step, and fewer runs
#: give a poor estimate of the variance.
LEAST_AT_LEVEL, LEAST_RUNS = 3, 20
#: Relative difference up to which a figure without noise counts as unchanged.
SAME = 1e-6
#: Ratio of the median absolute deviation to the standard deviation of a normal distribution.
_MAD = 1.4826


@dataclass(frozen=True)
class Change:
    """A step in a figure."""

    run: int
    """The first run with the new value."""
    commit: str
    date: str
    before: float
    """Median of the runs up to the change."""
    after: float
    """Median of the runs from the change to the next one."""

    @property
    def percent(self) -> float | None:
        """Size of the change in percent."""
        return 100 * (self.after / self.before - 1) if self.before else None

    def to_json(self) -> dict[str, Any]:
        """Return plain strings and numbers."""
        return {
            "run": self.run,
            "commit": self.commit,
            "date": self.date,
            "before": self.before,
            "after": self.after,
            "percent": self.percent,
        }


def changes(series: Sequence[Entry], noisy: bool = False) -> list[Change]:
    """Find the steps of a figure over runs by PELT (Killick, Fearnhead and Eckley 2012, JASA 107:1590; ruptures).

    The cost of a level is the squared deviation from its mean. A figure without noise, such as a count, has a step
    wherever it changes. For a figure with noise, the variance is estimated from differences of neighbouring runs; a few
    steps do not move the median of these differences.

    Parameters
    ----------
    series : sequence of Entry
    noisy : bool
        Whether the figure has noise, as times do.
    """
    values = np.array([entry.value for entry in series])
    if len(values) < (LEAST_RUNS if noisy else 2):
        return []
    penalty = (SAME * float(np.abs(values).max())) ** 2
    if noisy:
        penalty = max(penalty, PENALTY * _variance(values) * math.log(len(values)))
    ends = _pelt(values, LEAST_AT_LEVEL if noisy else 1, penalty)
    levels = [float(np.median(values[first:last])) for first, last in pairwise([0, *ends])]
    return [
        Change(series[end].run, series[end].commit, series[end].date, before, after)
        for end, before, after in zip(ends, levels, levels[1:], strict=False)
    ]


def _pelt(values: NDArray[np.float64], least: int, penalty: float) -> list[int]:
    """Return the ends of the levels."""
    if not penalty:  # all values are 0
        return [len(values)]
    # a linear kernel is the squared deviation; this class is compiled, and 100 times as fast as `ruptures.Pelt`. Values
    # are taken from the first one, so that a small step of a large figure is not lost in rounding
    return [int(end) for end in KernelCPD(kernel="linear", min_size=least).fit(values - values[0]).predict(pen=penalty)]


def _variance(values: NDArray[np.float64]) -> float:
    differences = np.diff(values)
    return float(_MAD * np.median(np.abs(differences - np.median(differences)))) ** 2 / 2


def plot(figures: Mapping[str, Sequence[Entry]], noisy: Callable[[str], bool]) -> Figure:
    """Draw figures over runs, one below the other; dashed lines mark the steps, with the commit and the change."""
    drawing = Picture(figsize=(7.5, 0.6 + 2.3 * len(figures)), layout="constrained")
    axes = drawing.subplots(len(figures), squeeze=False)[:, 0]
    for axis, (name, series) in zip(axes, figures.items(), strict=True):
        axis.plot(
            [entry.run for entry in series],
            [entry.value for entry in series],
            "o-",
            color="#0072b2",
            label=name,
            markersize=3.5,
            linewidth=1,
            drawstyle="steps-mid",
        )
        axis.set_title(in_figure(name), fontsize=9, loc="left", pad=18)
        axis.margins(y=0.15)
        axis.ticklabel_format(axis="y", useOffset=False)
        for change in changes(series, noisy(name)):
            axis.axvline(change.run - 0.5, color="#d55e00", linestyle="--", linewidth=1)
            percent = "" if change.percent is None else f" {change.percent:+.3g} %"
            axis.annotate(
                f"{in_figure(change.commit[:7])}{percent}",
                (change.run - 0.5, 1.02),
                fontsize=7.5,
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                color="#a04000",
            )
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel("run, in the order in which they were added")
    return drawing
