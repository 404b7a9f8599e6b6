"""Tables, sentences and counts as text for a terminal.

No line is longer than the terminal, and no number or name is cut: a table that is too wide loses the columns that are
the same in every row, which are given once, and then the last columns of each row, which are written below it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from ...models.ground.errors import visible
from .numbers import number

if TYPE_CHECKING:
    import pandas as pd

#: Width in characters if there is no terminal and COLUMNS is not set.
WIDTH = 80
#: The narrowest terminal that texts are fitted to.
NARROWEST = 40
#: Columns with spaces that are wider than this are prose, which is wrapped, but not to less than this.
PROSE = 24
#: Heads of columns of names that people type: they are never broken, even if they contain spaces.
NAMES = ("figure", "model", "method", "detection")
_GAP = 2


def width() -> int:
    """Return the width of the terminal: ``COLUMNS``, else that of the output or of the error output, else `WIDTH`."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return max(int(given), NARROWEST)
    for stream in (sys.stdout, sys.stderr):  # the output may go through a pipe to a program that shows it
        try:
            found = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError, AttributeError):
            continue
        if found:
            return max(found, NARROWEST)
    return WIDTH


def by_kind(operations: Mapping[str, int]) -> str:
    """Write operations, such as ``5 add, 2 mul``."""
    return ", ".join(f"{n} {kind}" for kind, n in operations.items() if n) or "nothing"


#: Texts of numbers, including bounds, notes and dashes.
_NUMBER = re.compile(r"([\u2264\u2265] )?[-+\u2013\d.,e]*( \([a-z]+[^()]*\))?|not known")


def numeric(column: pd.Series) -> bool:
    """Whether a column contains only numbers, or texts of numbers: then it is aligned right."""
    return column.dtype.kind in "fi" or all(isinstance(each, str) and bool(_NUMBER.fullmatch(each)) for each in column)


def how_many(things: int, one: str, several: str = "") -> str:
    """Say how many of something there are: ``1 row``, ``2 rows``; `several` is the plural, if it is not with an s."""
    return f"{things} {one if things == 1 else several or f'{one}s'}"


def prose(text: str) -> str:
    """Break the lines of a text between words where they are wider than the terminal; an indent is continued."""
    most = width()
    return "\n".join(
        part
        for line in text.split("\n")
        for part in ([line] if cell_len(line) <= most else _wrapped(line, most, _indent(line) + "  "))
    )


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _wrapped(text: str, most: int, indent: str = "") -> list[str]:
    """Break a text between words; a word that is wider than the line gets a line for itself."""
    start = _indent(text)
    lines, line = [], start
    for word in text[len(start) :].split(" "):
        if line.strip(" ") and cell_len(line) + 1 + cell_len(word) > most:
            lines.append(line.rstrip(" "))
            line = indent + word
        else:
            line = f"{line} {word}" if line.strip(" ") else line + word
    return [*lines, line.rstrip(" ")]


def frame(title: str, table: pd.DataFrame, columns: Sequence[str] = ()) -> str:
    """Write some columns of a table (by default all); the text ends with an empty line."""
    columns = columns or list(table.columns)
    right = [name for name in columns if numeric(table[name])]
    return rows(title, columns, table[list(columns)].to_dict("records"), right)


def fits(table: pd.DataFrame) -> bool:
    """Whether a table fits the terminal with every row in one line."""
    cells = ([str(name), *map(number, table[name])] for name in table.columns)
    return _total([max(map(cell_len, each)) for each in cells]) <= width()


def rows(title: str, columns: Sequence[str], values: Sequence[Mapping[Any, Any]], right: Collection[str] = ()) -> str:
    """Write rows of values by column; the columns in `right` are aligned right. The text ends with an empty line."""
    most = width()
    table = [
        _Column(
            visible(str(name), keep=""), [visible(number(row[name]), keep="") for row in values], right=name in right
        )
        for name in columns
    ]
    head = _wrapped(visible(title, keep=""), most) if title else []
    return "\n".join([*head, *_laid_out(table, len(values), most), ""])


class _Column:
    """A column: its head and its texts."""

    def __init__(self, head: str, texts: list[str], *, right: bool) -> None:
        self.head, self.texts, self.right = head, texts, right
        self.whole = max(map(cell_len, texts), default=0)
        """Width of the texts."""
        self.natural = max(self.whole, cell_len(head))
        """Width of texts and head in one line each."""
        self.prose = not right and head not in NAMES and self.whole > PROSE and any(" " in text for text in texts)
        parts = [text.split(" ") for text in texts] if self.prose else [[text] for text in texts]
        words = max((cell_len(word) for each in parts for word in each), default=0)
        self.least = max(words, *map(cell_len, _pieces(head)), min(PROSE, self.whole) if self.prose else 0)
        """Width if the head and prose are wrapped."""

    @property
    def same(self) -> bool:
        """Whether it has the same text in each of several rows."""
        return len(self.texts) > 1 and len(set(self.texts)) == 1


def _pieces(head: str) -> list[str]:
    """Return the parts of a head between which it may be broken: at spaces, and after underscores."""
    return [piece for word in head.split(" ") for piece in re.findall(r"[^_]*_+|[^_]+", word)] or [""]


def _laid_out(columns: list[_Column], count: int, most: int) -> list[str]:
    if _total([each.natural for each in columns]) <= most:
        return _side_by_side(columns, [each.natural for each in columns], count)
    same = [each for each in columns if each.same]
    if same and len(same) < len(columns) and not _fits(columns, most):
        rest = [each for each in columns if not each.same]
        once = ", ".join(_pair(each, 0) for each in same if each.texts[0])
        lines = _wrapped(f"in every row: {once}", most, "  ") if once else []
        return [*lines, *_laid_out(rest, count, most)]
    if _fits(columns, most):
        return _side_by_side(columns, _shared(columns, most), count)
    return _folded(columns, count, most)


def _fits(columns: list[_Column], most: int) -> bool:
    return _total([each.least for each in columns]) <= most


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _shared(columns: list[_Column], most: int) -> list[int]:
    """Return widths of columns that fill the line: first every column of names and numbers, then the prose."""
    widths = [each.least for each in columns]
    for prose_now in (False, True):
        some = [index for index, each in enumerate(columns) if each.prose == prose_now]
        order = sorted(some, key=lambda index: columns[index].natural - widths[index])
        for place, index in enumerate(order):
            waiting = len(order) - place if prose_now else 1
            free = (most - _total(widths)) // waiting
            widths[index] = min(columns[index].natural, widths[index] + max(free, 0))
    return widths


def _side_by_side(columns: list[_Column], widths: list[int], count: int) -> list[str]:
    heads = [_head(each.head, wide) for each, wide in zip(columns, widths, strict=True)]
    deep = max(map(len, heads))
    lines = _lines([[""] * (deep - len(head)) + head for head in heads], columns, widths)
    for row in range(count):
        lines += _lines(_cells(columns, widths, row), columns, widths)
    return lines


def _cells(columns: list[_Column], widths: list[int], row: int) -> list[list[str]]:
    """Return the cells of one row, prose in several lines."""
    return [
        _wrapped(each.texts[row], wide) if each.prose else [each.texts[row]]
        for each, wide in zip(columns, widths, strict=True)
    ]


def _lines(cells: list[list[str]], columns: list[_Column], widths: list[int]) -> list[str]:
    """Write the cells of one row, each of which may have several lines."""
    lines = []
    for part in range(max(map(len, cells))):
        texts = [cell[part] if part < len(cell) else "" for cell in cells]
        padded = [
            " " * max(wide - cell_len(text), 0) + text if each.right else text + " " * max(wide - cell_len(text), 0)
            for text, each, wide in zip(texts, columns, widths, strict=True)
        ]
        lines.append((" " * _GAP).join(padded).rstrip(" "))
    return lines


def _head(head: str, wide: int) -> list[str]:
    """Break a head between its pieces."""
    if cell_len(head) <= wide:
        return [head]
    lines = [""]
    for word in head.split(" "):
        space = " " if lines[-1] else ""
        for piece in _pieces(word):
            if lines[-1] and cell_len(lines[-1] + space + piece) > wide:
                lines.append(piece)
            else:
                lines[-1] += space + piece
            space = ""
    return lines


def _folded(columns: list[_Column], count: int, most: int) -> list[str]:
    """Write the first columns side by side, and the others of each row below it."""
    shown = [columns[0]]
    for each in columns[1:]:
        if each.prose or _total([one.least for one in (*shown, each)]) > most:
            continue
        shown.append(each)
    below = [each for each in columns if each not in shown]
    widths = _shared(shown, most)
    lines = _side_by_side(shown, widths, 0)
    for row in range(count):
        lines += _lines(_cells(shown, widths, row), shown, widths)
        short = ", ".join(_pair(each, row) for each in below if not each.prose and each.texts[row])
        long = [_pair(each, row) for each in below if each.prose and each.texts[row]]
        for text in filter(None, [short, *long]):
            lines += _wrapped(f"    {text}", most, "      ")
    return lines


def _pair(column: _Column, row: int) -> str:
    """Write one value with its head, which a column of sentences need not have."""
    return f"{column.head} {column.texts[row]}".strip()
