"""The commands of the atlas: what it has, the rows of a model, and the making of parts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ...accuracy.search.status import Status
from ...accuracy.study.phases.progress import Progress
from ...flops.operations import in_words
from ...models.ground.errors import UserError
from ...models.ground.named_files import name_in
from ...models.methods import DOUBLE
from ...models.reading.by_name import get_model
from ..atlas import kept
from ..atlas.checking import check
from ..atlas.columns import PART
from ..atlas.making import make, missing
from ..atlas.plan import DRIVES, PRECISIONS, check_drive, check_precision, parts
from ..page.atlas_page import atlas_page
from ..tables import shared_columns
from ..tables.table import cheapest
from ..writing.files import write_file
from ..writing.numbers import as_said
from ..writing.records import records
from ..writing.text import frame, how_many, prose
from .about_machine.cache import Said

#: Columns of `show`: nothing is timed.
SHOWN = [name for name in shared_columns.SHOWN if name != "ns_per_ms"]
_PART = list(PART)


def info(folder: Path | None = None) -> Said:
    """Say what the atlas has, what it lacks, how long it took, and how large it is."""
    rows = kept.read(folder, [*_PART, "status", "tolerance", "identity", "seconds", "made"], precision=None)
    made = rows.drop_duplicates(_PART)
    planned, lacking = parts(), missing(folder=folder)
    size = sum(path.stat().st_size for path in (folder or kept.FOLDER).glob("*.parquet"))
    timed = rows.drop_duplicates([*_PART, "seconds"])["seconds"].dropna()
    seconds = float(timed.sum())
    absent = Counter((part.stimulus, part.precision) for part, _ in lacking)
    several = Counter((part.stimulus, part.precision) for part in planned)
    order = sorted(several, key=lambda each: (PRECISIONS.index(each[1]), DRIVES.index(each[0])))
    drives = pd.DataFrame(
        [
            {"drive": drive, "precision": precision, "parts": several[key], "missing": absent[key]}
            for key in order
            for drive, precision in [key]
        ]
    )
    judged = rows[rows["tolerance"].notna()]
    numbers = {
        "parts_planned": len(planned),
        "parts_made": len(planned) - len(lacking),
        "rows": len(judged),
        "with_cost": int(judged["status"].isin([Status.REACHED, Status.AT_LEAST]).sum()),
        "models": int(made["model"].nunique()),
        "processor_seconds": round(seconds),
        "seconds_per_part": round(seconds / len(timed), 1) if len(timed) else None,
        "bytes": size,
        "made_from": min(rows["made"], default=None),
        "made_to": max(rows["made"], default=None),
    }
    per_part = (
        f" ({numbers['seconds_per_part']:g} s per part, of {len(timed)} parts that were timed)" if len(timed) else ""
    )
    text = [
        f"{numbers['parts_made']} of {len(planned)} parts are made: {numbers['models']} models and presets, "
        f"{how_many(len(judged), 'row')}, {numbers['with_cost']} of them with a cost",
        f"{seconds / 3600:.2f} hours of processor time{per_part}, {size / 1e6:.2f} MB",
        frame("Parts by drive", drives),
        "spikecost atlas make goes on, the most useful parts first" if lacking else "nothing is missing",
    ]
    return Said("\n".join(map(prose, text[:2])) + "\n" + "\n".join(text[2:]), {**numbers, "drives": records(drives)})


def show(model: str, *, folder: Path | None = None, drive: str | None = None, precision: str = DOUBLE) -> Said:
    """Return the cheapest way to run a model in each regime of the atlas, for every tolerance.

    Parameters
    ----------
    model : str
        Without a preset: every preset.
    folder : Path, optional
    drive : str, optional
        By default all.
    precision : str, optional
        The number format.

    Raises
    ------
    UserError
        If the atlas has no such drive or number format, or no row of the model.
    """
    name = name_in(model)
    if drive is not None:
        check_drive(drive)
    check_precision(precision)
    rows = kept.read(folder, models=[name], wanted={} if drive is None else {"stimulus": drive}, precision=precision)
    rows = rows[rows["model"].isin([model]) if ":" in model else rows["model"].map(name_in) == name]
    if not len(rows):
        get_model(model)  # there is no such model
        making = f", and `spikecost atlas make --models {model}` makes its parts" if precision == DOUBLE else ""
        raise UserError(
            f"the atlas has nothing of {model} with these choices; `spikecost atlas info` says what it has{making}"
        )
    rows = _in_order(rows)
    best = cheapest(rows)
    lacking = rows.groupby(_PART, sort=False)["flops_per_ms"].count()
    said = [
        prose(f"{label} at {level}, {stimulus}, {horizon / 1000:g} s has no cost: {_why(rows, key)}")
        for key in lacking[lacking == 0].index
        for label, stimulus, level, horizon, _ in [key]
    ]
    title = f"The cheapest way to run {model} at equal spike-time accuracy{in_words(precision)}"
    text = "\n".join([frame(title, as_said(best), SHOWN), *said])
    return Said(text, {"cheapest": records(best), "rows": len(rows)})


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows by drive, then by rate (multiples of the rheobase last), then by horizon."""
    keys = {
        "drive": rows["stimulus"].map(DRIVES.index),
        "of rheobase": rows["level"].str.endswith("rheobase"),
        "number": rows["level"].str.partition(" ")[0].astype(float),
    }
    order = rows.assign(**keys).sort_values([*keys, "horizon_ms"], kind="stable").index
    return rows.loc[order]


def _why(rows: pd.DataFrame, key: Sequence[object]) -> str:
    cannot = rows["status"].isin([Status.NOT_APPLICABLE, Status.LEFT_OUT])
    here = rows[(rows[_PART] == list(key)).all(axis=1) & ~cannot]
    return str(here["reason"].mode().iloc[0])


def paged(file: str, folder: Path | None = None) -> Said:
    """Write the page of the atlas.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    content = atlas_page(folder).encode()
    write_file(file, content)
    return Said(
        f"wrote {file} ({len(content) / 1e6:.1f} MB): open it in a browser; it needs no network", {"file": file}
    )


def made(
    models: Sequence[str],
    drives: Sequence[str],
    *,
    seconds: float,
    jobs: int,
    folder: Path | None,
    store: str | None,
    progress: Progress,
) -> Said:
    """Make parts that are missing; see `make`."""
    begun = time.monotonic()
    found = make(models, drives, seconds=seconds, jobs=jobs, folder=folder, store=store, progress=progress)
    text = (
        f"{how_many(len(found.parts), 'part')} made in {found.seconds:.0f} s of processor time "
        f"({time.monotonic() - begun:.0f} s); {found.left} missing"
    )
    made_now = [list(part.key) for part in found.parts]
    return Said(text, {"made": made_now, "processor_seconds": found.seconds, "missing": found.left})


def checked(
    fraction: float, seed: str, *, seconds: float, jobs: int, folder: Path | None, store: str | None, progress: Progress
) -> Said:
    """Compute a sample of the rows again; see `check`."""
    found = check(fraction, seed, seconds=seconds, jobs=jobs, folder=folder, store=store, progress=progress)
    left_out = (
        f"; {found.wanted - found.rows} more were drawn, and left out for the time" if found.rows < found.wanted else ""
    )
    text = [f"{found.rows} of {found.of} rows were computed again{left_out}: "]
    if len(found.different):
        text[0] += f"{len(found.different)} numbers differ"
        text.append(frame("Numbers that differ", found.different))
    else:
        text[0] += "all are the same" if found.rows else "nothing was compared"
    record = {"rows": found.rows, "of": found.of, "drawn": found.wanted, "different": records(found.different)}
    return Said("\n".join(text), record, not len(found.different) and found.rows > 0)
