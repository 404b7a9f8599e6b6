"""The store of results: its content, a check of every row, an export for other programs, and what is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ...accuracy.search.kept_runs import summary, version
from ...harness.store import Store
from ...harness.store.store import checked_open, named
from ...models.ground.errors import UserError, shortened
from .cache import Said

#: Parts of results that are exported at once.
AT_ONCE = 50
_ENDINGS = (".parquet", ".csv")


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
            f"  {numbers['results']} results in {numbers['parts']} parts, {numbers['bytes'] / 1e6:.1f} MB on disk\n"
            f"  {numbers['set_aside']} damaged rows that were set aside; schema {numbers['schema']}"
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
            f"{store.path}: {rows} rows, "
            + (
                f"{len(wrong)} damaged; each is computed again when it is needed"
                if wrong
                else "every checksum is right"
            )
            + (f"; {aside} damaged rows were set aside earlier" if aside else "")
        )
        record = {"store": str(store.path), "rows": rows, "damaged": wrong, "set_aside": aside}
        return Said("\n".join(lines), record, not wrong)


def prune(given: str | None, most: float | None) -> Said:
    """Remove rows set aside and results of other versions of the code; or, if `most` (MB) is given, also the oldest.

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
        text = f"{store.path}: {removed} rows removed; {numbers['results']} results are left"
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
        return Said(f"{path}: {rows} runs", {"store": str(store.path), "file": str(path), "runs": rows})


def _tables(store: Store) -> Iterator[pd.DataFrame]:
    sound = (row for row in store.rows() if not row.damage)
    while several := list(islice(sound, AT_ONCE)):
        yield pd.DataFrame([each for row in several for each in summary(row)])


def _write(tables: Iterator[pd.DataFrame], path: Path) -> int:
    rows, writer = 0, None
    try:
        for table in tables:
            if path.suffix == ".csv":
                table.to_csv(path, mode="a" if rows else "w", header=not rows, index=False)
            else:
                made = pa.Table.from_pandas(table, preserve_index=False)
                writer = writer or pq.ParquetWriter(path, made.schema)
                writer.write_table(made.cast(writer.schema))
            rows += len(table)
    finally:
        if writer is not None:
            writer.close()
    if not rows:
        raise UserError("the store has no results to export; run `spikecost run` first")
    return rows


#: What ``spikecost store`` does, with the arguments of each.
ACTIONS: Mapping[str, Callable[..., Said]] = {"info": info, "verify": verify, "prune": prune, "export": export}
