"""The work-precision figure: cost against error."""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from ..accuracy.study import Curve, Study
from .table import flops_per_ms

_Item = TypeVar("_Item", bound=str)
_Line = Literal["-", "--", ":", "-."]

#: Colours that stay apart for colour-blind readers (Okabe and Ito 2008).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES: tuple[_Line, ...] = ("-", "--", ":", "-.")


def work_precision(study: Study) -> Figure:
    """Draw cost against largest spike-time error, one panel a firing rate, every run of the sweep a point.

    Runs with missing or extra spikes, and runs that failed, have no error and no point; the table says why.
    """
    curves = [curve for curve in study.curves if _points(curve)[0].size]
    rates = sorted({curve.regime.rate for curve in curves}) or [0.0]
    models = list(dict.fromkeys(curve.regime.model.label for curve in curves))
    methods = [m for m in study.suite.methods if any(curve.method == m for curve in curves)]
    detections = [d for d in study.suite.detections if any(curve.detection == d for curve in curves)]
    figure = Figure(figsize=(1.6 + 4.2 * len(rates), 5.4), layout="constrained")
    axes = figure.subplots(1, len(rates), sharex=True, sharey=True, squeeze=False)[0]
    for axis, rate in zip(axes, rates, strict=True):
        for curve in curves:
            if curve.regime.rate == rate:
                axis.loglog(
                    *_points(curve),
                    color=_pick(_COLOURS, models.index(curve.regime.model.label)),
                    marker=_pick(_MARKERS, methods.index(curve.method)),
                    linestyle=_pick(_LINES, detections.index(curve.detection)),
                    markersize=3.5, linewidth=1, alpha=0.85,
                )
        for tolerance in study.suite.tolerances:
            axis.axhline(tolerance, color="0.6", linewidth=0.7, zorder=0)
        axis.set_title(f"{rate:g} Hz", fontsize=11)
        axis.set_xlabel("operations per ms of model time")
        _ticks(axis)
    axes[0].set_ylabel("largest spike-time error (ms)")
    handles = [Line2D([], [], color=_pick(_COLOURS, i), linewidth=3, label=name) for i, name in enumerate(models)]
    handles += [Line2D([], [], color="0.3", marker=_pick(_MARKERS, i), linestyle="", label=name)
                for i, name in enumerate(methods)]
    handles += [Line2D([], [], color="0.3", linestyle=_pick(_LINES, i), label=name)
                for i, name in enumerate(detections)]
    figure.legend(handles=handles, loc="outside lower center", ncols=max(len(models), len(methods), len(detections)),
                  frameon=False, fontsize=9)
    figure.suptitle(f"Cost at equal spike-time accuracy (constant drive, {study.suite.horizon / 1000:g} s; "
                    "grey lines: tolerances)", fontsize=11)
    return figure


def _points(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    if curve.count is None or curve.regime.drive is None:
        return np.empty(0), np.empty(0)
    good = [p for p in curve.points if p.error and p.error.matched and not p.error.missing and not p.error.extra]
    cost = [flops_per_ms(curve.count, float(p.dt), curve.regime.drive.rate) for p in good]
    error = [p.error.maximum for p in good if p.error]
    return np.array(cost), np.array(error)


def _pick(items: tuple[_Item, ...], index: int) -> _Item:
    return items[index % len(items)]


def _ticks(axis: Axes) -> None:
    axis.set(xscale="log", yscale="log")  # without a point the axes would be linear, and have no such ticks
    axis.xaxis.set_major_locator(LogLocator(10, numticks=12))
    axis.yaxis.set_major_locator(LogLocator(10, numticks=16))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(True, which="major", color="0.92")
