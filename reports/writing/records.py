"""Results as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def dumps(value: Any) -> str:
    """Write JSON that people can also read; a number that JSON cannot store is a bug in spikecost."""
    return json.dumps(value, indent=2, allow_nan=False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one dictionary per row, with all digits of its numbers; None for missing values."""

    def plain(value: Any) -> Any:
        return value.item() if hasattr(value, "item") else value

    # column by column, because a table may have a hundred thousand rows
    missing = [frame.iloc[:, i].isna().tolist() for i in range(frame.shape[1])]
    values = [frame.iloc[:, i].tolist() for i in range(frame.shape[1])]
    columns = [
        [None if absent else plain(value) for value, absent in zip(*each, strict=True)]
        for each in zip(values, missing, strict=True)
    ]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def listed(rows: list[dict[str, Any]]) -> str:
    """Write `records` as JSON, as ``json.dumps`` with an indent of 1 does within an object.

    It takes a tenth of the time: the compiled encoder of Python's library indents nothing.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",\n   ", ": "))
    written = [f"  {{\n   {encoder.encode(row)[1:-1]}\n  }}" for row in rows]
    return "[\n" + ",\n".join(written) + "\n ]" if written else "[]"
