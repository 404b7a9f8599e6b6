"""What `spikecost features` shows: tables to print, and the figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ...accuracy.study.phases.progress import Progress
from ...accuracy.study.suite import QUICK
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ..comparison.comparison import compare
from ..figures.features_figure import features_against_cost
from ..tables.demos import demo_table, headline, shown
from ..tables.features import feature_table, features, letters_said, letters_table
from ..writing.escape import to_csv
from ..writing.files import save_figure, write_file
from ..writing.text import fits

#: The rate in Hz and the largest spike-time error in ms at which the costs in the figure are compared; below 50 Hz the
#: squid axon does not fire.
RATE, TOLERANCE = 100.0, 0.1


class ShownTable(NamedTuple):
    """A table for the terminal, and the whole table that it is taken from."""

    title: str
    table: pd.DataFrame
    name: str = ""
    """Columns of `whole` to show; empty if `whole` is a different table."""
    whole: pd.DataFrame = pd.DataFrame()
    """All columns."""


Tables = Iterator[ShownTable]


def feature_tables(
    models: Sequence[str | NeuronModel],
    presets: bool,
    with_demos: bool,
    progress: Progress,
    *,
    plot: str | None = None,
    csv: str | None = None,
    data: str | None = None,
) -> Tables:
    """Make the tables, each with its title, and write the requested files.

    Parameters
    ----------
    models : sequence of str or NeuronModel
        If empty: every model, but no model if only the demos are requested.
    presets : bool
        Whether to include every preset.
    with_demos : bool
        Whether to show the demos of Izhikevich 2004.
    progress : Progress
    plot, csv, data : str, optional
        Files for the figure, for all columns of the last table, and for the numbers in the figure.

    Raises
    ------
    UserError
        If a model is not known or a file cannot be written.
    """
    for file in (plot, csv, data):
        if file is not None:
            _check(Path(file))
    if plot is not None and Path(plot).suffix not in {".png", ".svg", ".pdf"}:
        raise UserError(f"--plot {plot}: give a file that ends in .png, .svg or .pdf")
    of_demos = demo_table() if with_demos or plot else None
    if with_demos and of_demos is not None:
        yield ShownTable(f"{headline(of_demos)} As published -> converged:", shown(of_demos), "demos", of_demos)
    kept = of_demos
    if models or plot or not with_demos:
        found = features(models or None, presets, progress)
        kept = found
        whole = feature_table(found)
        if fits(whole):
            yield ShownTable("Features of Izhikevich 2004", whole, "features", found)
        else:
            title = f"Features of Izhikevich 2004: {letters_said(found)}"
            yield ShownTable(title, letters_table(found), "features", found)
        if found[["model", "parameters"]].drop_duplicates().shape[0] == 1:
            yield ShownTable("Why", found[["letter", "feature", "outcome", "stated_2004", "reason"]])
        if plot is not None:
            suite = replace(
                QUICK, models=tuple(found["model"].unique()), rates=(RATE,), tolerances=(TOLERANCE,), witnessed=False
            )
            costs = compare(suite.models, suite=suite, progress=progress).cheapest
            figure = features_against_cost(found, costs, of_demos)
            save_figure(figure, plot, data)
    if csv is not None and kept is not None:
        write_file(csv, to_csv(kept))


def _check(file: Path) -> None:
    if not file.parent.is_dir() or file.is_dir():
        raise UserError(f"cannot write {file}: give a file in a folder that exists")
