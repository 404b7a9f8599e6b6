"""The data of the atlas: one Parquet file per model. What is in them is not made again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ...accuracy.study.study import ours_in
from ...models.ground.errors import UserError, shortened
from ...models.ground.named_files import name_in
from ...models.methods import DOUBLE
from ..writing.files import alone_in, replace_file, writable
from .columns import COLUMNS, KEY

#: The data that come with spikecost.
FOLDER = Path(__file__).with_name("data")
#: Columns of whole numbers, and of texts; the others are numbers in double precision.
_WHOLE = ("spikes", "checked_settings", "stimuli")
_TEXTS = (
    *("model", "method", "detection", "engine", "stimulus", "level", "measure", "status", "drive_unit", "reason"),
    *("identity", "version", "made"),
)
#: Numbers that are kept with all digits.
EXACT = ("tolerance", "horizon_ms", "dt_ms", "round_dt_ms", "error_control", "stable_dt_ms", "drive")
#: The others are kept to this many bits, five digits: the atlas is then a third as large.
BITS = 17
#: How each column is kept in a file.
SCHEMA = pa.schema(
    [
        (
            name,
            pa.string()
            if name in _TEXTS
            else pa.int32()
            if name in _WHOLE
            else pa.float64()
            if name in EXACT
            else pa.float32(),
        )
        for name in COLUMNS
    ]
)


def read(
    folder: Path | None = None,
    columns: Sequence[str] = (),
    *,
    models: Iterable[str] = (),
    wanted: Mapping[str, object] = MappingProxyType({}),
    precision: str | None = DOUBLE,
) -> pd.DataFrame:
    """Read rows.

    Parameters
    ----------
    folder : Path, optional
        By default the data that come with spikecost.
    columns : sequence of str, optional
        By default all.
    models : iterable of str, optional
        Names of models, without presets; by default all.
    wanted : mapping
        Values that the rows have, by column.
    precision : str, optional
        A number format; all, if it is None.

    Raises
    ------
    UserError
        If a file cannot be read.
    """
    folder = folder or FOLDER
    names = set(models)
    paths = [path for path in sorted(folder.glob("*.parquet")) if not names or path.stem in names]
    asked = {**wanted} if precision is None else {**wanted, "engine": ours_in(precision)}
    filters = [(name, "=", value) for name, value in asked.items()] or None
    chosen = pa.schema([field for field in SCHEMA if not columns or field.name in columns])
    found = []
    for path in paths:
        try:
            found.append(pq.read_table(path, columns=chosen.names, filters=filters))
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise UserError(
                f"the atlas {shortened(str(path))} cannot be read: {error}; install spikecost again, or remove the "
                "file and make its parts again"
            ) from error
    table = pa.concat_tables(each.cast(chosen) for each in found) if found else chosen.empty_table()
    frame: pd.DataFrame = table.to_pandas()
    short = [name for name in chosen.names if chosen.field(name).type == pa.float32()]
    return frame.astype(dict.fromkeys(short, "float64"))


def add(rows: pd.DataFrame, folder: Path | None = None) -> None:
    """Add the rows of one model and preset; rows with the same key are replaced.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    folder = writable(folder or FOLDER)
    (name,) = {name_in(label) for label in rows["model"]}
    with alone_in(folder):
        before = read(folder, models=[name], precision=None)
        # a way that could not be run may now have costs, and the other way round: all rows of a way are replaced
        way = [each for each in KEY if each != "tolerance"]
        replaced = pd.MultiIndex.from_frame(before[way]).isin(pd.MultiIndex.from_frame(rows[way]))
        kept = before[~replaced]
        both = pd.concat([kept, rows[list(COLUMNS)]]) if len(kept) else rows[list(COLUMNS)]
        replace_file(folder / f"{name}.parquet", encoded(both.sort_values(way, kind="stable")))


def encoded(rows: pd.DataFrame) -> bytes:
    """Return rows as Parquet, numbers with the digits that are kept."""
    frame = rows.assign(**{each.name: rounded(rows[each.name]) for each in SCHEMA if each.type == pa.float32()})
    buffer = io.BytesIO()
    pq.write_table(
        pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False).replace_schema_metadata(None),
        buffer,
        store_schema=False,
        write_statistics=["stimulus", "level"],
        compression="zstd",
        compression_level=19,
        row_group_size=20_000,
        use_dictionary=[field.name for field in SCHEMA if field.type != pa.float32()],
        use_byte_stream_split=[field.name for field in SCHEMA if field.type == pa.float32()],
    )
    return buffer.getvalue()


def rounded(values: pd.Series) -> pd.Series:
    """Return numbers to `BITS` bits."""
    mantissa, exponent = np.frexp(values.to_numpy(float))
    return pd.Series(np.ldexp(np.round(mantissa * 2**BITS) / 2**BITS, exponent), index=values.index)
