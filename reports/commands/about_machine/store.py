"""The store of results: its content, a check of every row, an export for other programs, and what is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ....accuracy.search.kept_runs import version
from ....accuracy.search.runs_as_bytes import UNREADABLE, summary
from ....harness.store import Row, Store
from ....harness.store.store import RESULT, checked_open, named
from ....models.ground.errors import UserError, shortened
from ...writing.text import how_many
from .cache import Said

#: Parts of results that are exported at once.
AT_ONCE = 50
_ENDINGS = (".parquet", ".csv")
#: Columns of the export, whatever is in the store.
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "stimulus", "level", "method", "detection", "precision")),
        ("horizon", pa.float64()),
        ("trials", pa.int64()),
        *((name, pa.string()) for name in ("processor", "compiler")),
        ("setting", pa.float64()),
        ("trial", pa.int64()),
        ("spikes", pa.int64()),
        ("failure", pa.string()),
        *((name, pa.float64()) for name in ("maximum", "mean", "rms", "drift")),
        *((name, pa.int64()) for name in ("matched", "missing", "extra")),
        ("voltage_rms", pa.float64()),
        *((name, pa.string()) for name in ("measures", "tallies", "result")),
    ]
)


def info(given: str | None) -> Said:
    """Say how much the store holds.

    Raises
    ------
    UserError
        If there is no store, or it cannot be read.
    """
    with checked_open(given) as store:
        numbers = store.numbers()
        text = (
            f"{store.path} (set SPIKECOST_STORE to move it)\n"
            f"  {how_many(numbers['results'], 'result')} in {how_many(numbers['parts'], 'part')}, "
            f"{numbers['bytes'] / 1e6:.1f} MB on disk\n"
            f"  {how_many(numbers['runs'], 'run')}, "
            f"{how_many(numbers['trials'], 'stimulus', 'stimuli')} with references, "
            f"{how_many(numbers['trains'], 'recording')}, "
            f"{how_many(numbers['counts'], 'count')}, {how_many(numbers['timings'], 'timing')}\n"
            f"  {how_many(numbers['set_aside'], 'damaged row')} set aside; schema {numbers['schema']}"
        )
        return Said(text, {"store": str(store.path), **numbers})


def verify(given: str | None) -> Said:
    """Compare every row with its checksum, and check the file as a whole.

    Raises
    ------
    UserError
        If there is no store, or it cannot be read.
    """
    with checked_open(given) as store:
        wrong = [{"result": "the file", "reason": reason} for reason in store.why_damaged()]
        rows = 0
        for row in store.rows():
            rows += 1
            if row.damage:
                wrong.append({"result": named(row), "reason": row.damage})
        if not store.is_open:
            wrong.append({"result": "the file", "reason": "it cannot be read to its end"})
        aside = store.numbers()["set_aside"]
        lines = [f"damaged: {each['result']}: {each['reason']}" for each in wrong]
        lines.append(
            f"{store.path}: {how_many(rows, 'row')}, "
            + (
                f"{len(wrong)} damaged; each is computed again when it is needed"
                if wrong
                else "every checksum is right"
            )
            + (f"; {how_many(aside, 'damaged row')} set aside earlier" if aside else "")
        )
        record = {"store": str(store.path), "rows": rows, "damaged": wrong, "set_aside": aside}
        return Said("\n".join(lines), record, not wrong)


def prune(given: str | None, most: float | None) -> Said:
    """Remove rows set aside and results of other versions of the code; if `most` (MB) is given, others, too.

    Those that were not used for the longest time are removed first.

    Raises
    ------
    UserError
        If there is no store, it cannot be read, or `most` is negative.
    """
    if most is not None and not 0 <= most < float("inf"):
        raise UserError(f"--size {most:g}: give a number of megabytes, 0 or more")
    with checked_open(given) as store:
        removed = store.prune(version(), *(() if most is None else (1e6 * most,)))
        numbers = store.numbers()
        text = f"{store.path}: {how_many(removed, 'row')} removed; {how_many(numbers['results'], 'result')} left"
        return Said(text, {"store": str(store.path), "removed": removed, **numbers})


def export(given: str | None, file: str) -> Said:
    """Write every sound result as a table: one row per run (result, setting, trial).

    Parameters
    ----------
    given : str or None
        File of the store.
    file : str
        Ending in ``.parquet`` or ``.csv``.

    Raises
    ------
    UserError
        If there is no store, it cannot be read, the ending is another one, or the file cannot be written.
    """
    path = Path(file)
    if path.suffix not in _ENDINGS:
        raise UserError(f"{shortened(file)}: give a file that ends in {' or '.join(_ENDINGS)}")
    with checked_open(given) as store:
        try:
            rows = _write(_tables(store), path)
        except OSError as error:
            raise UserError(f"cannot write {shortened(file)}: {error.strerror or error}; give another file") from error
        return Said(f"{path}: {how_many(rows, 'run')}", {"store": str(store.path), "file": str(path), "runs": rows})


def _tables(store: Store) -> Iterator[pa.Table]:
    sound = (row for row in store.rows(RESULT) if not row.damage)
    while several := list(islice(sound, AT_ONCE)):
        yield pa.Table.from_pylist([each for row in several for each in _runs(row)], SCHEMA)


def _runs(row: Row) -> list[dict[str, Any]]:
    """Return the runs of a part; none if another version of the code wrote it in another form."""
    try:
        return summary(row)
    except UNREADABLE:
        return []


def _write(tables: Iterator[pa.Table], path: Path) -> int:
    rows = 0
    with ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for table in tables:
            if not len(table):
                continue
            if path.suffix == ".csv":
                frame = table.to_pandas(integer_object_nulls=True)
                frame.to_csv(path, mode="a" if rows else "w", header=not rows, index=False)
            else:
                writer = writer or stack.enter_context(pq.ParquetWriter(path, SCHEMA))
                writer.write_table(table)
            rows += len(table)
    if not rows:
        raise UserError("the store has no results to export; run `spikecost run` first")
    return rows


#: What ``spikecost store`` does, with the arguments of each.
ACTIONS: Mapping[str, Callable[..., Said]] = {"info": info, "verify": verify, "prune": prune, "export": export}
