"""A run as data: everything that the page, papers, comparisons and checks need, without running anything again.

In the folder of a run, ``run.json`` says what the run was (the suite, its models, measures and conventions) and lists
the tables, one Parquet file each, with their checksums; ``provenance.json`` says where it was made. ``run.json`` is
written last: a folder is whole, or it says that it is not.

    >>> run = RunFolder.read("spikecost-report")  # doctest: +SKIP
    >>> run.cheapest[["level", "tolerance", "model", "flops_per_ms"]]  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ..accuracy.study import Study
from ..accuracy.winners import winners
from ..models.errors import UserError, short
from ..models.reading import read_json
from .breakdown import by_kind, operations
from .demos import runs_table
from .description import describe
from .features import findings_table
from .figure import work_precision
from .files import replace_all
from .notebook import Shown, figure_html, frame_html
from .parity import builds, parity, parity_by_kind, step_and_spike
from .points import points
from .recorded import spikes, voltages
from .references import references, regimes
from .repeats import by_stimulus, timings
from .run_form import check_about, check_table
from .table import cheapest, table
from .text import frame
from .verdict import baseline, ranking, verdict
from .winner_map import candidate_table, winner_table

#: What ``run.json`` says that it is, and the version of all that this module writes.
FORMAT, VERSION = "spikecost run", 3
#: What is shown of a run, and columns of it.
CHEAPEST = "The cheapest way to run each model at equal spike-time accuracy"
SHOWN = ("stimulus", "level", "tolerance", "model", "method", "detection", "dt_ms", "flops_per_ms", "ns_per_ms",
         "error_ms")
#: What ``about`` holds, as `describe` returns it.
ABOUT = ("made", "interrupted", "baseline", "no_exact_count", "no_hardware_count", "suite", "seeds", "models",
         "measures", "criteria", "costs", "conventions", "columns")
#: What reading a damaged or hostile table may raise.
_DAMAGED = (ValueError, KeyError, OSError, TypeError, NotImplementedError, ArithmeticError, RecursionError, MemoryError)
MANIFEST, PROVENANCE, DATA = "run.json", "provenance.json", "data"


@dataclass(frozen=True, eq=False, repr=False)
class RunFolder(Shown):
    """What a run found, as tidy tables; columns are documented where the tables are made.

    `RunFolder.of` takes it from a study, `RunFolder.read` from a folder.
    """

    about: Mapping[str, Any]
    """The suite, its models, measures and conventions, and more (see `spikecost.reports.description`)."""
    provenance: Mapping[str, str]
    """Facts of the machine and installation, by name."""
    table: pd.DataFrame
    """A row a model, method, detection, regime and criterion (`spikecost.reports.table.COLUMNS`)."""
    points: pd.DataFrame
    """A row a curve and setting of the sweeps (`spikecost.reports.points.COLUMNS`)."""
    ranking: pd.DataFrame
    """Each model's cost over the baseline's with its interval (`spikecost.reports.verdict.ranking`)."""
    winners: pd.DataFrame
    """The cheapest model for every rate and tolerance (`spikecost.reports.winner_map.COLUMNS`)."""
    candidates: pd.DataFrame
    """The cost of every model that gets there (`spikecost.reports.winner_map.CANDIDATE_COLUMNS`)."""
    counters: pd.DataFrame
    """What counters saw of a step (`spikecost.reports.parity.COLUMNS`)."""
    step_and_spike: pd.DataFrame
    """What an exact counter saw a step and a spike retire, apart (`spikecost.reports.parity.APART_COLUMNS`)."""
    parity: pd.DataFrame
    """The same by kind (`spikecost.reports.parity.KIND_COLUMNS`)."""
    builds: pd.DataFrame
    """What the builds for speed change; empty unless the suite is thorough."""
    operations: pd.DataFrame
    """Operations by kind of each part of a Step (`spikecost.reports.breakdown.OPERATION_COLUMNS`)."""
    by_kind: pd.DataFrame
    """Operations a ms of each reached cell, by kind (`spikecost.reports.breakdown.COLUMNS`)."""
    by_stimulus: pd.DataFrame
    """Each cell's largest dt, cost and errors, stimulus by stimulus (`spikecost.reports.repeats.COLUMNS`)."""
    timings: pd.DataFrame
    """Every timed run (`spikecost.reports.repeats.TIMING_COLUMNS`)."""
    regimes: pd.DataFrame
    """What each model was driven by, or why not (`spikecost.reports.references.COLUMNS`)."""
    references: pd.DataFrame
    """A row a stimulus: its seed and its reference (`spikecost.reports.references.TRIAL_COLUMNS`)."""
    spikes: pd.DataFrame
    """Spike times of references and of reached cells (`spikecost.reports.recorded.SPIKE_COLUMNS`)."""
    voltages: pd.DataFrame
    """The voltage around a spike, of the same (`spikecost.reports.recorded.VOLTAGE_COLUMNS`)."""
    features: pd.DataFrame
    """A row a model and feature, if they were looked for (`spikecost.reports.features.COLUMNS`)."""
    demos: pd.DataFrame
    """The twenty demos of Izhikevich 2004, if they were run (`spikecost.reports.demos.COLUMNS`)."""

    @classmethod
    def of(cls, study: Study, provenance: Mapping[str, str]) -> RunFolder:
        """Take a study's data."""
        base, won = baseline(study), winners(study)
        return cls(
            about=describe(study), provenance=dict(provenance), table=table(study), points=points(study),
            ranking=ranking(study, base), winners=winner_table(won), candidates=candidate_table(won),
            counters=parity(study), step_and_spike=step_and_spike(study), parity=parity_by_kind(study),
            builds=builds(study), operations=operations(study),
            by_kind=by_kind(study), by_stimulus=by_stimulus(study), timings=timings(study), regimes=regimes(study),
            references=references(study), spikes=spikes(study), voltages=voltages(study),
            features=findings_table(study.features), demos=runs_table(study.demos),
        )

    @classmethod
    def read(cls, folder: str | Path) -> RunFolder:
        """Read a run.

        Raises
        ------
        UserError
            If the folder holds none, is incomplete, or is of another version.
        """
        folder = Path(folder)
        manifest = _manifest(folder)
        content = {name: _checked(folder, name, digest) for name, digest in manifest["files"].items()}
        lacking = [name for name in (PROVENANCE, *map(_file, TABLES)) if name not in content]
        if lacking:
            raise UserError(f"the run {folder} is incomplete: {MANIFEST} does not list {lacking[0]}; run it again")
        try:
            provenance = read_json(content[PROVENANCE])
            check_about(manifest["about"], provenance)
            frames = {name: pd.read_parquet(io.BytesIO(content[_file(name)])) for name in TABLES}
            for name, frame in frames.items():
                check_table(name, frame)
        except _DAMAGED as error:
            raise UserError(f"the run {folder} cannot be read: {short(str(error), 400)}; run it again") from error
        return cls(about=manifest["about"], provenance=provenance, **frames)

    def __repr__(self) -> str:
        return f"<RunFolder of {self.about['made'][:10]}: {', '.join(self.models)}>"

    @property
    def text(self) -> str:
        """What a terminal shows: the cheapest way to run each model in each situation."""
        return frame(CHEAPEST, self.cheapest, SHOWN)

    def _repr_html_(self) -> str:
        ratios = frame_html(f"Operations per ms, divided by those of {self.baseline}", self.verdict)
        return (ratios + frame_html(CHEAPEST, self.cheapest, SHOWN)
                + figure_html(work_precision(self), "cost against error"))

    def write(self, folder: str | Path, beside: Mapping[str, bytes] | None = None) -> None:
        """Write the run, and other files `beside` it; what was there is replaced.

        All is written aside first and then moved into place, ``run.json`` last.

        Raises
        ------
        UserError
            If the folder cannot be written.
        """
        files = {_file(name): _parquet(getattr(self, name)) for name in TABLES}
        files[PROVENANCE] = _json(self.provenance)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
        manifest = _json({"format": FORMAT, "version": VERSION, "about": self.about, "files": digests})
        replace_all(Path(folder), {**files, **(beside or {})}, MANIFEST, manifest)

    @property
    def baseline(self) -> str:
        """The model that `ranking` and `verdict` divide by."""
        return str(self.about["baseline"])

    @property
    def models(self) -> list[str]:
        """Labels of the models, in the order of the suite."""
        return list(self.about["models"])

    @property
    def measures(self) -> list[str]:
        """The measures that costs can be drawn against: ``maximum``, ``voltage_rms`` and the suite's."""
        return list(self.about["measures"])

    @cached_property
    def cheapest(self) -> pd.DataFrame:
        """The cheapest row of each model, for each regime and tolerance."""
        return cheapest(self.table)

    @cached_property
    def verdict(self) -> pd.DataFrame:
        """The ratios of `ranking`, one column a model."""
        return verdict(self.ranking)


#: Names of the tables.
TABLES = tuple(each.name for each in fields(RunFolder) if each.name not in ("about", "provenance"))


def _file(name: str) -> str:
    return f"{DATA}/{name}.parquet"


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; give one that `spikecost run --out` wrote")
    try:
        found = read_json(path.read_bytes())
        version = found["version"] if found["format"] == FORMAT else None
    except FileNotFoundError:
        started = (folder / DATA).is_dir()
        what = "is incomplete: it has no" if started else "is no run: it has no"
        raise UserError(f"the folder {folder} {what} {MANIFEST}; give one that `spikecost run --out` wrote") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"cannot read {path}: {error}; give a folder that `spikecost run --out` wrote") from error
    if version != VERSION:
        raise UserError(f"the run {folder} is of format version {version}, this spikecost reads version {VERSION}; "
                        "run it again, or read it with the spikecost that wrote it")
    if not (isinstance(found.get("files"), dict) and isinstance(found.get("about"), dict)):
        raise UserError(f"the run {folder} is incomplete: {MANIFEST} lists no files; run it again")
    lacking = [name for name in ABOUT if name not in found["about"]]
    if lacking:
        raise UserError(f"the run {folder} is incomplete: {MANIFEST} does not say {lacking[0]}; run it again")
    return dict(found)


def _checked(folder: Path, name: str, digest: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise UserError(f"the run {folder} is incomplete: {name}: {error.strerror}; run it again") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise UserError(f"the run {folder} is not as it was written: {name} has changed; run it again")
    return content


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
