"""The comparison: run it, look at it, keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from brian2 import Hz
from matplotlib.figure import Figure

from ..accuracy.criterion import Criterion
from ..accuracy.runner import Progress, run_suite
from ..accuracy.study import Study
from ..accuracy.suite import Suite
from ..harness.interruption import keeping
from ..models import units
from ..models.errors import UserError
from ..models.neuron import NeuronModel
from .figure import work_precision
from .files import writable
from .notebook import Shown
from .provenance import provenance
from .rendering import PAGE, render
from .run_folder import RunFolder


class Comparison(Shown):
    """Models at equal spike-time accuracy.

    Attributes
    ----------
    study : Study
        Every run.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def run(self) -> RunFolder:
        """All that was found, as data; `save` writes it."""
        return RunFolder.of(self.study, provenance())

    @property
    def table(self) -> pd.DataFrame:
        """One row a model, method, detection, rate and tolerance; columns in `spikecost.reports.table.COLUMNS`."""
        return self.run.table

    @property
    def cheapest(self) -> pd.DataFrame:
        """The cheapest row of each model, for each rate and tolerance."""
        return self.run.cheapest

    @property
    def baseline(self) -> str:
        """The model that `verdict` divides by: Izhikevich's if it was run, else the first."""
        return self.run.baseline

    @property
    def ranking(self) -> pd.DataFrame:
        """Each model's cost over the baseline's with its interval; columns in `spikecost.reports.verdict.ranking`."""
        return self.run.ranking

    @property
    def verdict(self) -> pd.DataFrame:
        """The ratios of `ranking`, one column a model."""
        return self.run.verdict

    @property
    def points(self) -> pd.DataFrame:
        """One row a run of the sweeps; columns in `spikecost.reports.points.COLUMNS`."""
        return self.run.points

    @property
    def winners(self) -> pd.DataFrame:
        """The cheapest model for every rate and tolerance; columns in `spikecost.reports.winner_map.COLUMNS`."""
        return self.run.winners

    @property
    def counters(self) -> pd.DataFrame:
        """What counters saw of a step; columns in `spikecost.reports.parity.COLUMNS`."""
        return self.run.counters

    @property
    def builds(self) -> pd.DataFrame:
        """What the builds for speed change; empty unless the suite is thorough."""
        return self.run.builds

    @property
    def features(self) -> pd.DataFrame:
        """Which features the models show; empty unless the suite looks for them."""
        return self.run.features

    @property
    def demos(self) -> pd.DataFrame:
        """The twenty demos of Izhikevich 2004, as published and converged; empty unless the suite runs them."""
        return self.run.demos

    def plot(self, measure: str = "maximum") -> Figure:
        """Return the work-precision figure for a measure; ``voltage_rms`` and those of the suite are there, too."""
        return work_precision(self.run, measure)

    @property
    def text(self) -> str:
        """What a terminal shows: the cheapest way to run each model in each situation."""
        return self.run.text

    def _repr_html_(self) -> str:
        return self.run._repr_html_()

    def save(self, folder: str | Path) -> Path:
        """Write the run (see `RunFolder`), page, figures (PNG, SVG) and tables (CSV, Markdown); return the page's path.

        All is written aside and then moved into place: a folder is whole, or it says that it is not. Signals that end
        a process wait until it is written.

        Raises
        ------
        UserError
            If the folder cannot be written.
        """
        folder = writable(folder)
        with keeping():
            self.run.write(folder, render(self.run))
        return folder / PAGE


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
        What the other arguments change; the default suite without its look at Brian2's code and for features otherwise.
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
        changes["rates"] = tuple(units.number_in(rate, Hz, "rate") for rate in rates)
    if horizon is not None:
        changes["horizons"] = (float(units.in_ms(horizon, "horizon")),)
    study = run_suite(replace(suite or Suite(thorough=False, features=False), **changes), jobs, progress)
    if not any(curve.points for curve in study.curves):
        first = study.curves[0]
        raise UserError(f"nothing to compare: {first.method} on {first.regime.model.label}: {first.reason}; "
                        "give methods that apply (spikecost methods --model lists them)")
    return Comparison(study)
