"""A run as data: everything that the page, papers, comparisons and checks need, without any new run.

In the folder of a run, ``run.json`` describes the run (the suite, its models, measures and conventions) and lists every
other file with its checksum, and its own checksum. The other files are the tables (one Parquet file each),
``provenance.json``, which says where the run was made, and the files for people. ``run.json`` is written last, so an
incomplete folder can be recognized.

    >>> run = RunFolder.read("spikecost-report")  # doctest: +SKIP
    >>> run.cheapest[["level", "tolerance", "model", "flops_per_ms"]]  # doctest: +SKIP

`spikecost.compare` returns the same class, with the study it was made of.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ...accuracy.study.study import Study
from ...accuracy.study.winners import winners
from ...harness.executors.beside import HERE, SecondProcess
from ...models.ground.errors import UserError, check_path, short
from ...models.ground.interruption import keeping
from ...models.ground.named_files import named_in, seen_from_here
from ...models.reading.data import read_json
from ..figures.figure import work_precision
from ..results.description import describe
from ..results.run_form import check_about, check_names, check_table
from ..results.run_tables import RunTables
from ..results.verdict import baseline, ranking, verdict_text
from ..tables import shared_columns
from ..tables.breakdown import by_kind, operations
from ..tables.demos import runs_table
from ..tables.features import findings_table
from ..tables.parity import builds, parity, parity_by_kind, retired_by_kind, step_and_spike
from ..tables.peers import engines, floors
from ..tables.points import points
from ..tables.ratios import ratios
from ..tables.recorded import spikes, voltages
from ..tables.references import references, regimes
from ..tables.repeats import by_stimulus, timings
from ..tables.table import table
from ..tables.winners import candidate_table, winner_table
from ..writing.encoded import to_parquet
from ..writing.files import writable
from ..writing.notebook import Shown, figure_html, frame_html
from ..writing.numbers import as_said
from ..writing.text import frame
from .files_of_run import as_json, read_files, write_files
from .places import PROVENANCE, table_file
from .rendering import PAGE, render

#: Title of the table that is shown of a run.
CHEAPEST = "The cheapest way to run each model at equal spike-time accuracy"
#: Errors that reading a damaged or hostile table may raise.
_DAMAGED = (ValueError, KeyError, OSError, TypeError, NotImplementedError, ArithmeticError, RecursionError, MemoryError)


@dataclass(frozen=True, eq=False, repr=False)
class RunFolder(Shown, RunTables):
    """Models at equal spike-time accuracy: the results of a run, as tidy tables (`RunTables`).

    `RunFolder.of` takes the data from a study, `RunFolder.read` from a folder.
    """

    _study: Study | None = None

    @classmethod
    def of(cls, study: Study, provenance: Mapping[str, str]) -> RunFolder:
        """Return the data of a study."""
        base, won = baseline(study), winners(study)
        return cls(
            about=describe(study),
            provenance=dict(provenance),
            table=table(study),
            points=points(study),
            ranking=ranking(study, base),
            ratios=ratios(study, base),
            winners=winner_table(won),
            candidates=candidate_table(won),
            counters=parity(study),
            step_and_spike=step_and_spike(study),
            parity=parity_by_kind(study),
            retired=retired_by_kind(study),
            builds=builds(study),
            operations=operations(study),
            by_kind=by_kind(study),
            by_stimulus=by_stimulus(study),
            timings=timings(study),
            regimes=regimes(study),
            references=references(study),
            spikes=spikes(study),
            voltages=voltages(study),
            features=findings_table(study.features),
            demos=runs_table(study.demos),
            engines=engines(study),
            floors=floors(study),
            _study=study,
        )

    @classmethod
    def read(cls, folder: str | Path) -> RunFolder:
        """Read a run.

        Raises
        ------
        UserError
            If the folder contains no run, or one that is incomplete or of another version.
        """
        check_path(folder, "folder", "the folder of a run, such as 'spikecost-report'")
        folder = Path(folder)
        about, content = read_files(folder, (PROVENANCE, *map(table_file, TABLES)))
        try:
            provenance = read_json(content[PROVENANCE])
            check_about(about, provenance)
            frames = {name: pd.read_parquet(io.BytesIO(content[table_file(name)])) for name in TABLES}
            for name, frame in frames.items():
                check_table(name, frame)
            check_names(about, frames)
        except _DAMAGED as error:
            raise UserError(f"the run {folder} cannot be read: {short(str(error), 400)}; run it again") from error
        about = _with_models(about, lambda model: seen_from_here(model, Path(os.path.relpath(folder))))
        return cls(about=about, provenance=provenance, **frames, _study=None)

    def __repr__(self) -> str:
        return f"<RunFolder of {self.about['made'][:10]}: {', '.join(self.models)}>"

    @property
    def text(self) -> str:
        """The text for a terminal: the cheapest way to run each model in each situation."""
        return frame(CHEAPEST, as_said(self.cheapest), shared_columns.SHOWN)

    @property
    def study(self) -> Study:
        """Every run behind the tables.

        Raises
        ------
        UserError
            If the run was read from a folder, which contains only the tables.
        """
        if self._study is None:
            raise UserError("a run that was read from a folder has tables but no study; run the suite again")
        return self._study

    @property
    def run(self) -> RunFolder:
        """The run itself, for scripts that use the data of the result of `compare`."""
        return self

    def plot(self, measure: str = "maximum") -> Figure:
        """Return the work-precision figure for a measure: ``maximum``, ``voltage_rms``, or one of the suite."""
        return work_precision(self, measure)

    def _repr_html_(self) -> str:
        ratios = frame_html(f"Operations per ms, divided by those of {self.baseline}", verdict_text(self.ranking))
        return (
            ratios
            + frame_html(CHEAPEST, as_said(self.cheapest), shared_columns.SHOWN)
            + figure_html(work_precision(self), "cost against error")
        )

    def save(self, folder: str | Path, second: SecondProcess = HERE) -> Path:
        """Write the run, page, figures (PNG) and tables (CSV, Markdown); return the page's path.

        All files are first written to a temporary folder and then moved into place; an incomplete folder can be
        recognized. Signals that end a process wait until everything is written.

        Parameters
        ----------
        folder : str or Path
        second : SecondProcess, optional
            A second process, which draws some figures; by default all are drawn here.

        Raises
        ------
        UserError
            If the folder cannot be written.
        """
        folder = writable(folder)
        with keeping():
            self.write(folder, render(self, folder, second))
        return folder / PAGE

    def write(self, folder: str | Path, beside: Mapping[str, bytes] | None = None) -> None:
        """Write the run, and the other files `beside` in the same folder; existing files are replaced.

        All files are first written to a temporary folder and then moved into place, ``run.json`` last.

        Raises
        ------
        UserError
            If the folder cannot be written.
        """
        files = {table_file(name): to_parquet(getattr(self, name)) for name in TABLES}
        about = _with_models(self.about, lambda model: named_in(model, Path(folder)))
        write_files(Path(folder), about, files | {PROVENANCE: as_json(self.provenance), **(beside or {})})


#: Names of the tables.
TABLES = tuple(each.name for each in fields(RunTables) if each.name not in ("about", "provenance"))


def _with_models(about: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    """Return what a run says about itself, its models named otherwise: in its folder, paths are relative to that."""
    suite = about["suite"]
    return {**about, "suite": {**suite, "models": [named(str(model)) for model in suite["models"]]}}
