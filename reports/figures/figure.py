"""The work-precision figure: cost against error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from ...accuracy.study.study import OURS
from ..tables.points import REGIME, error_by, pareto
from ..writing.drives import regime_text
from ..writing.escape import in_figure
from ..writing.notebook import Picture
from .look import COLOURS, MARKERS, NAME, End, legend_below, line_of, name_ends, pick

#: Errors are drawn down to this fraction of the strictest tolerance.
IN_SIGHT = 1e-3
#: With more models, only their Pareto fronts are drawn: the other curves would cover each other.
MOST_WITH_CURVES = 8
#: Space for names beside a panel, and height around a panel that has them, in inches.
LABEL_WIDTH, AROUND = 1.3, 0.8
#: Space for an entry of the legend in a paper, in inches.
LEGEND_WIDTH = 1.6
#: Label of the ring around the marker of a time that has a note, and its look.
RINGED = "in a ring: a time that cannot be trusted"
_RING: dict[str, Any] = {"marker": "o", "markersize": 11, "markerfacecolor": "none", "linestyle": ""}
#: Markers of other number formats and simulators.
OTHERS = ("x", "+", "1", "2", "3", "4", "|", "_")


class Swept(Protocol):
    """The parts of a run (`spikecost.reports.results.run_tables.RunTables`) that are drawn."""

    @property
    def about(self) -> Mapping[str, Any]:
        """The suite, its measures and its criteria."""

    @property
    def models(self) -> list[str]:
        """Labels of the models."""

    @property
    def points(self) -> pd.DataFrame:
        """One row per curve and setting."""

    @property
    def regimes(self) -> pd.DataFrame:
        """The drive of each model."""


class Timed(Protocol):
    """The parts of a run that are drawn against wall times."""

    @property
    def models(self) -> list[str]:
        """Labels of the models."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per case."""


def work_precision(
    run: Swept,
    measure: str = "maximum",
    *,
    width: float | None = None,
    regimes: Sequence[tuple[str, float, str]] | None = None,
) -> Figure:
    """Draw cost against error, one panel per regime, one point per run of the sweep.

    Other number formats and other simulators are drawn with dots, each in a line style of its own; a simulator whose
    operations no counter saw has no cost here, but has one in `time_precision`.
    Runs with missing or extra spikes, and runs that failed, have no error and no point; the table says why. The thick
    line is the Pareto front of each model, its markers show the method; the title states the error of the references.

    Parameters
    ----------
    run : RunTables
    measure : str
        How errors are measured: the largest spike-time error by default, ``voltage_rms``, or a measure that was taken.
    width : float, optional
        Width of a figure for a paper, in inches: two panels across, no title, fonts of the current style.
    regimes : sequence of (stimulus, horizon, level), optional
        The panels; by default all regimes that were reached.

    Raises
    ------
    UserError
        If the measure was not taken.
    """
    points, suite = run.points, run.about["suite"]
    tolerances = [each["tolerance"] for each in run.about["criteria"] if each["measure"] == measure]
    error = error_by(points, measure)
    front = pareto(points, error, [*REGIME, "model"])
    good = points.assign(error=error, front=front)[error > min(tolerances, default=0) * IN_SIGHT]
    ours = good[good["engine"] == OURS]
    reached = run.regimes[run.regimes["reason"] == ""]
    regimes = regimes or list(dict.fromkeys(reached[REGIME].itertuples(index=False, name=None))) or [("", 0.0, "")]
    looks = _Looks(
        models=[model for model in run.models if not width or (good["model"] == model).any()],
        methods=[m for m in suite["methods"] if (good.loc[good["front"], "method"] == m).any()],
        detections=[d for d in suite["detections"] if (ours["detection"] == d).any()],
        engines=_others(good.dropna(subset=["flops_per_ms"])),
    )
    columns = min(len(regimes), 2 if width or len(regimes) <= 4 else 4)
    rows = -(-len(regimes) // columns)
    handles = looks.legend()
    across = max(int(width / LEGEND_WIDTH), 1) if width else 3 * columns
    beside = 0.0 if looks.curves or width else LABEL_WIDTH
    high = 4.0 if not beside else max(4.0, AROUND + NAME * len(looks.models))
    size = (1.6 + (4.2 + beside) * columns, 1.4 + high * rows)
    if width:
        size = (width, 0.3 + 0.15 * -(-len(handles) // across) + 0.8 * width / columns * rows)
    figure = Picture(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for axis, (stimulus, horizon, level) in zip(axes, regimes, strict=False):
        here = (good["stimulus"] == stimulus) & (good["level"] == level) & (good["horizon_ms"] == horizon)
        _panel(axis, good[here], looks, scale=0.6 if width else 1)
        for tolerance in tolerances:
            axis.axhline(tolerance, color="0.45", linewidth=0.9, zorder=2)
        axis.set_title(regime_text(stimulus, level, horizon), fontsize=None if width else 10)
        axis.set_xlabel("operations per ms of model time")
        _ticks(axis)
    for axis, (stimulus, horizon, level) in zip(axes, regimes if beside else (), strict=False):
        here = (good["stimulus"] == stimulus) & (good["level"] == level) & (good["horizon_ms"] == horizon)
        name_ends(axis, _ends(axis, good[here & good["front"]], looks), NAME / (high - AROUND))
    for axis in axes[len(regimes) :]:
        axis.set_visible(False)
    for axis in axes[::columns]:
        axis.set_ylabel(run.about["measures"][measure]["label"])
    if width:
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), across), frameon=False)
        return figure
    legend_below(figure, handles, across)
    floor = float(reached["reference_error_ms"].max()) if len(reached) else 0.0
    figure.suptitle(
        f"Cost at equal accuracy, {suite['trials']} stimuli per regime\n"
        + ("" if looks.curves else "only Pareto fronts, because there are many models; ")
        + f"thick: a model's Pareto front; grey: tolerances; references are within {floor:.1g} ms",
        fontsize=10,
    )
    return figure


@dataclass(frozen=True)
class _Looks:
    """How curves differ: colour for the model, line for the detection; on the fronts, marker for the method.

    Other number formats and simulators have small markers of their own.
    """

    models: list[str]
    methods: list[str]
    detections: list[str]
    engines: list[str]

    @property
    def curves(self) -> bool:
        """Whether there is room for every curve, not only for the fronts."""
        return len(self.models) <= MOST_WITH_CURVES

    def colour(self, model: str) -> str:
        return pick(COLOURS, self.models.index(model))

    def legend(self) -> list[Line2D]:
        handles = [Line2D([], [], color=self.colour(name), linewidth=3, label=in_figure(name)) for name in self.models]
        handles += [
            Line2D([], [], color="0.3", marker=pick(MARKERS, i), linestyle="", label=name)
            for i, name in enumerate(self.methods)
        ]
        handles += [
            Line2D([], [], color="0.3", linestyle=line_of(name, self.detections), label=name)
            for name in self.detections
        ]
        return handles + [
            Line2D([], [], color="0.3", linewidth=0.8, marker=pick(OTHERS, i), markersize=5, label=in_figure(name))
            for i, name in enumerate(self.engines)
        ]

    def line(self, detection: str, engine: str) -> str:
        return line_of(detection, self.detections) if engine == OURS else "-"

    def marker(self, engine: str) -> str:
        return "" if engine == OURS else pick(OTHERS, self.engines.index(engine))


def _others(points: pd.DataFrame) -> list[str]:
    return [str(name) for name in dict.fromkeys(points["engine"]) if name != OURS]


def _panel(axis: Axes, points: pd.DataFrame, looks: _Looks, scale: float) -> None:
    curves = points if looks.curves else points.iloc[:0]
    for key, curve in curves.groupby(["model", "method", "detection", "engine"], sort=False):
        model, _, detection, engine = (str(part) for part in key)
        if engine != OURS and engine not in looks.engines:
            continue
        axis.loglog(
            curve["flops_per_ms"],
            curve["error"],
            color=looks.colour(model),
            linewidth=0.8 * scale,
            alpha=0.4,
            linestyle=looks.line(detection, engine),
            marker=looks.marker(engine),
            markersize=3 * scale,
        )
    for name, front in points[points["front"]].groupby("model", sort=False):
        ordered = front.sort_values("flops_per_ms")
        colour = looks.colour(str(name))
        axis.loglog(
            ordered["flops_per_ms"],
            ordered["error"],
            color=colour,
            linewidth=2.5 * scale,
            zorder=3,
            drawstyle="steps-post",
        )
        for method, best in ordered.groupby("method", sort=False):
            axis.loglog(
                best["flops_per_ms"],
                best["error"],
                color=colour,
                linestyle="",
                zorder=4,
                markersize=6 * scale,
                marker=pick(MARKERS, looks.methods.index(str(method))),
                markeredgecolor="white",
                markeredgewidth=0.6 * scale,
            )


def _ends(axis: Axes, fronts: pd.DataFrame, looks: _Looks) -> list[End]:
    """Return where each front is named: the most expensive at the top, so that connecting lines hardly cross."""
    last = fronts.groupby("model", sort=False)["flops_per_ms"].max().sort_values(ascending=False)
    low, high = (math.log10(value) for value in axis.get_ylim())
    found = []
    for i, model in enumerate(last.index):
        points = fronts[fronts["model"] == model]
        height = high - (high - low) * (i + 0.5) / len(last)
        nearest = points.loc[(np.log10(points["error"]) - height).abs().idxmin()]
        found.append(End(str(model), nearest["flops_per_ms"], nearest["error"], looks.colour(str(model))))
    return found


def time_precision(run: Timed) -> Figure:
    """Draw wall time against error at the verified time steps: our kernels and other simulators in the same axes.

    One point per case of the largest spike-time error: a model in one way at one tolerance, at the largest dt that
    holds. Of our ways, the fastest at each tolerance is drawn, with spikes on the grid and with any detection. A
    time that cannot be trusted (column ``ns_per_ms_note``) is in a ring.

    Parameters
    ----------
    run : RunTables
    """
    cases = run.table[(run.table["measure"] == "maximum") & run.table["ns_per_ms"].notna()]
    models = [model for model in run.models if (cases["model"] == model).any()]
    engines = _others(cases)
    columns = min(max(len(models), 1), 3)
    rows = -(-max(len(models), 1) // columns)
    figure = Picture(figsize=(1.6 + 3.6 * columns, 1.6 + 3.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for axis, model in zip(axes, models, strict=False):
        here = cases[cases["model"] == model]
        own = here[here["engine"] == OURS]
        ways = {"ours, any detection": own, "ours, spikes on the grid": own[own["detection"] == "grid"]}
        for style, (label, part) in zip(("-", "--"), ways.items(), strict=True):
            _times(axis, _fastest(part), label, color="0.3", linestyle=style, marker="o")
        for i, name in enumerate(engines):
            part = here[here["engine"] == name]
            shown = _fastest(part) if name.startswith(f"{OURS}:") else part
            _times(axis, shown, name, color=pick(COLOURS, i), marker=pick(OTHERS, i))
        axis.set_title(in_figure(model), fontsize=10)
        axis.set_xlabel("ns per ms of model time, one neuron")
        _ticks(axis)
    for axis in axes[len(models) :]:
        axis.set_visible(False)
    for axis in axes[::columns]:
        axis.set_ylabel("largest spike-time error (ms)")
    if cases["ns_per_ms_note"].astype(bool).any():
        axes[0].plot([], [], color="0.3", label=RINGED, **_RING)
    handles = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _fastest(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the fastest way of each situation."""
    return cases.sort_values("ns_per_ms", kind="stable").drop_duplicates(["stimulus", "level", "tolerance"])


def _times(axis: Axes, cases: pd.DataFrame, label: str, **look: Any) -> None:
    several = cases.groupby(["stimulus", "level"], sort=False)
    for i, (_, group) in enumerate(several):
        ordered = group.sort_values("tolerance")
        axis.loglog(ordered["ns_per_ms"], ordered["error_ms"], label="_" if i else in_figure(label), **look)
        doubtful = ordered[ordered["ns_per_ms_note"].astype(bool)]
        axis.loglog(doubtful["ns_per_ms"], doubtful["error_ms"], color=look["color"], **_RING)


def _ticks(axis: Axes) -> None:
    axis.set(xscale="log", yscale="log")  # axes without a point would be linear and have no such ticks
    axis.xaxis.set_major_locator(LogLocator(10, numticks=12))
    axis.yaxis.set_major_locator(LogLocator(10, numticks=16))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(True, which="major", color="0.92")
