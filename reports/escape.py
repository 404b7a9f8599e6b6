"""Names that users chose, harmless where they are shown: LaTeX, Markdown, CSV, figures. HTML is `html.escape`'s."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pandas as pd

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\textasciigrave{}",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")
#: What makes a spreadsheet take a cell for a formula, if it comes first.
_FORMULA = ("=", "+", "-", "@", "\t")


def latex(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return "".join(_LATEX.get(character, character) for character in _one_line(text))


def markdown(text: str) -> str:
    """Return text that Markdown, and the HTML within it, shows as it is."""
    plain = _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def in_figure(text: str) -> str:
    """Return text that matplotlib draws as it is, not as mathematics."""
    return _one_line(text).replace("$", r"\$")


def cell(value: Any) -> Any:
    """Return a table entry that a spreadsheet takes for text if it is text: an apostrophe is put before a formula.

    What leads a formula behind spaces is taken for one, too; lines become one. Numbers, negative ones too, stay as they
    are.
    """
    if not isinstance(value, str):
        return value
    line = re.sub(r"[\r\n]+", " ", value)
    return f"'{line}" if line.startswith(_FORMULA) or line.lstrip().startswith(_FORMULA) else line


def to_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV, its texts and headings through `cell`."""
    buffer = io.StringIO()
    safe = frame.apply(lambda column: column.map(cell) if column.dtype.kind not in "biufc" else column)
    safe.columns = [cell(str(name)) for name in frame.columns]
    safe.to_csv(buffer, index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    return buffer.getvalue().encode()


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
