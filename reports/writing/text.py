"""Tables and counts as text for a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...models.ground.errors import visible
from .numbers import number

if TYPE_CHECKING:
    import pandas as pd

#: Width in characters if the output is not a terminal.
WIDTH = 160


def by_kind(operations: Mapping[str, int]) -> str:
    """Write operations, such as ``5 add, 2 mul``."""
    return ", ".join(f"{n} {kind}" for kind, n in operations.items() if n) or "nothing"


#: Texts of numbers, including bounds and dashes.
_NUMBER = re.compile(r"([\u2264\u2265] )?[-+\u2013\d.,e]*|not known")


def numeric(column: pd.Series) -> bool:
    """Whether a column contains only numbers, or texts of numbers: then it is aligned right."""
    return column.dtype.kind in "fi" or all(isinstance(each, str) and bool(_NUMBER.fullmatch(each)) for each in column)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of texts one below the other, each column as wide as its longest text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def frame(title: str, table: pd.DataFrame, columns: Sequence[str] = ()) -> str:
    """Write some columns of a table (by default all); the text ends with an empty line."""
    columns = columns or list(table.columns)
    right = [name for name in columns if numeric(table[name])]
    return rows(title, columns, table[list(columns)].to_dict("records"), right)


def rows(title: str, columns: Sequence[str], values: Sequence[Mapping[Any, Any]], right: Collection[str]) -> str:
    """Write rows of values by column; the columns in `right` are aligned right. The text ends with an empty line."""
    shown = Table(title=escape(visible(title, keep="")), title_justify="left", box=None, pad_edge=False)
    for name in columns:
        shown.add_column(escape(visible(str(name), keep="")), justify="right" if name in right else "left")
    for row in values:
        shown.add_row(*(escape(visible(number(row[name]), keep="")) for name in columns))
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()
