"""The comparison: run it, look at it, keep it."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..accuracy.criterion import Criterion
from ..accuracy.study import Progress, Study, run_suite
from ..accuracy.suite import Suite
from ..accuracy.voltage import VoltageRms
from ..accuracy.winners import winners
from ..models import units
from ..models.errors import UserError
from ..models.neuron import NeuronModel
from .aside import replace_file
from .figure import work_precision
from .page import page
from .parity import builds, parity, parity_figure
from .points import points
from .provenance import provenance
from .table import cheapest, table
from .verdict import ranking, verdict
from .winner_map import winner_map, winner_table


class Comparison:
    """Models at equal spike-time accuracy.

    Attributes
    ----------
    study : Study
        Every run.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a model, method, detection, rate and tolerance; columns in `spikecost.reports.table.COLUMNS`."""
        return table(self.study)

    @property
    def cheapest(self) -> pd.DataFrame:
        """The cheapest row of each model, for each rate and tolerance."""
        return cheapest(self.table)

    @property
    def baseline(self) -> str:
        """The model that `verdict` divides by: Izhikevich's if it was run, else the first."""
        labels = list(dict.fromkeys(self.table["model"]))
        return str(next((label for label in labels if label.startswith("izhikevich")), labels[0]))

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """Each model's cost over the baseline's with its interval; columns in `spikecost.reports.verdict.ranking`."""
        return ranking(self.study, self.baseline)

    @property
    def verdict(self) -> pd.DataFrame:
        """The ratios of `ranking`, one column a model."""
        return verdict(self.ranking)

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row a run of the sweeps; columns in `spikecost.reports.points.COLUMNS`."""
        return points(self.study)

    @cached_property
    def winners(self) -> pd.DataFrame:
        """The cheapest model for every rate and tolerance; columns in `spikecost.reports.winner_map.COLUMNS`."""
        return winner_table(winners(self.study))

    @property
    def counters(self) -> pd.DataFrame:
        """What counters saw of a step; columns in `spikecost.reports.parity.COLUMNS`."""
        return parity(self.study)

    @property
    def builds(self) -> pd.DataFrame:
        """What the builds for speed change; empty unless the suite is thorough."""
        return builds(self.study)

    def plot(self, measure: str = "maximum") -> Figure:
        """Return the work-precision figure for a measure; ``voltage_rms`` and those of the suite are there, too."""
        return work_precision(self.study, self.points, measure)

    def save(self, folder: str | Path) -> Path:
        """Write table (CSV, Parquet, Markdown), figure (PNG, SVG), provenance and page; return the page's path.

        Each file is written aside and moved into place, so that a file of an earlier run is either whole or replaced.

        Raises
        ------
        UserError
            If the folder cannot be written.
        """
        folder = writable(folder)
        figures = {
            "work_precision": self.plot(),
            **{f"work_precision_{name}": self.plot(name) for name in (VoltageRms.name, *self.study.suite.all_measures)},
            "winners": winner_map(winners(self.study)),
            "parity": parity_figure(self.study),
        }
        facts = provenance()
        parquet = io.BytesIO()
        self.table.to_parquet(parquet, index=False)
        files = {
            "table.csv": self.table.to_csv(index=False).encode(),
            "table.parquet": parquet.getvalue(),
            "table.md": (self.table.to_markdown(index=False, floatfmt=".4g") + "\n").encode(),
            "points.csv": self.points.to_csv(index=False).encode(),
            "ranking.csv": self.ranking.to_csv(index=False).encode(),
            "winners.csv": self.winners.to_csv(index=False).encode(),
            "counters.csv": self.counters.to_csv(index=False).encode(),
            "builds.csv": self.builds.to_csv(index=False).encode(),
            **{f"{name}.{kind}": _drawn(figure, kind) for name, figure in figures.items() for kind in ("png", "svg")},
            "provenance.json": json.dumps(facts, indent=2).encode(),
            "index.html": page(self, facts).encode(),
        }
        try:
            for name, content in files.items():
                replace_file(folder / name, content)
        except OSError as error:
            raise UserError(f"cannot write {error.filename or folder}: {error.strerror}; give another one") from error
        return folder / "index.html"


def compare(
    models: Sequence[str | NeuronModel],
    tolerance: Any = None,
    *,
    methods: Sequence[str] | None = None,
    detections: Sequence[str] | None = None,
    rates: Sequence[float] | None = None,
    stimuli: Sequence[str] | None = None,
    criteria: Sequence[Criterion] | None = None,
    horizon: Any = None,
    suite: Suite | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
) -> Comparison:
    """Compare models at equal spike-time accuracy.

    Parameters
    ----------
    models : sequence of str or NeuronModel
        Names (``izhikevich``, ``izhikevich:CH``) or definitions.
    tolerance : Quantity or sequence of Quantity, optional
        Largest spike-time error allowed, such as ``0.1*ms``.
    methods, detections : sequence of str, optional
        All that are registered in the suite by default.
    rates : sequence of float, optional
        Firing rates in Hz (numbers, or Quantities in Hz).
    stimuli : sequence of str, optional
        Kinds of stimuli.
    criteria : sequence of Criterion, optional
        Other measures and their tolerances.
    horizon : Quantity, optional
        Model time that is compared, 1 second by default.
    suite : Suite, optional
        What the other arguments change; the default suite without its look at Brian2's code otherwise.
    jobs : int
        Threads.
    progress : Progress, optional

    Returns
    -------
    Comparison

    Raises
    ------
    UserError
        If a name is unknown, a value is not positive or has the wrong unit, there is no C compiler, or no model reaches
        any of the rates.
    """
    if isinstance(models, (str, NeuronModel)):
        raise UserError(f"models = {models!r}: give a list, such as ['lif', 'izhikevich']")
    changes: dict[str, Any] = {"models": tuple(models)}
    if tolerance is not None:
        given = tolerance if isinstance(tolerance, (list, tuple)) else [tolerance]
        changes["tolerances"] = tuple(float(units.in_ms(value, "tolerance")) for value in given)
    named = {"methods": methods, "detections": detections, "stimuli": stimuli, "criteria": criteria}
    for name, values in named.items():
        if values is not None:
            changes[name] = tuple(values)
    if rates is not None:
        changes["rates"] = tuple(float(rate) for rate in rates)
    if horizon is not None:
        changes["horizons"] = (float(units.in_ms(horizon, "horizon")),)
    study = run_suite(replace(suite or Suite(thorough=False), **changes), jobs, progress)
    if not any(regime.trials for regime in study.regimes):
        raise UserError(f"nothing to compare: {study.regimes[0].reason}")
    if not any(curve.points for curve in study.curves):
        first = study.curves[0]
        raise UserError(f"nothing to compare: {first.method} on {first.regime.model.label}: {first.reason}; "
                        "give methods that apply (spikecost methods --model lists them)")
    return Comparison(study)


def writable(folder: str | Path) -> Path:
    """Make a folder and make sure that it can be written.

    Raises
    ------
    UserError
        If not.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"cannot write the folder {folder}: {error.strerror}; give another one") from error
    return folder


def _drawn(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()
