"""Make names that users chose harmless in LaTeX, Markdown, CSV and figures. For HTML, use `html.escape`."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import Any

import pandas as pd

from ...models.ground.errors import visible

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",  # after the end of a row, [..] would be a row distance
    "-": "{-}",
    "'": "{'}",  # two of them would print another sign
    "\u2013": "--",
    "\u2014": "---",
    "\u00d7": r"\ensuremath{\times}",
    "\u00b1": r"\ensuremath{\pm}",
    "\u00b0": r"\ensuremath{^\circ}",
    "\u00b5": r"\ensuremath{\mu}",
    "\u2264": r"\ensuremath{\leq}",
    "\u2265": r"\ensuremath{\geq}",
    "\u00df": r"{\ss}",
    "\u00e6": r"{\ae}",
    "\u00c6": r"{\AE}",
    "\u00f8": r"{\o}",
    "\u00d8": r"{\O}",
}
#: Accents, by the character that follows a letter in Unicode.
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau
    upsilon phi chi psi omega""".split()  # noqa: SIM905 - easier to read
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")
#: Greek letters by their LaTeX name; capitals that look Latin have no name.
_NAMED = {chr(0x3B1 + i): name for i, name in enumerate(_GREEK) if name != "omicron"}
_NAMED |= {
    chr(0x391 + _GREEK.index(name)): name.title()
    for name in ("gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega")
}
#: First characters that make a spreadsheet treat a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t")


def latex(text: str) -> str:
    """Return text that LaTeX and BibTeX print unchanged: accented and Greek letters; others as their number."""
    return "".join(_LATEX.get(character) or _letter(character) for character in _one_line(text))


def _letter(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    base, *accents = list(unicodedata.normalize("NFD", character))
    if base.isascii() and base.isalpha() and len(accents) == 1 and accents[0] in _ACCENTS:
        dotless = {"i": r"\i", "j": r"\j"}.get(base, base) if accents[0] != "\u0327" else base
        return rf"{{\{_ACCENTS[accents[0]]}{{{dotless}}}}}"
    if character in _NAMED:
        return rf"\ensuremath{{\{_NAMED[character]}}}"
    return f"{{[}}U+{ord(character):04X}{{]}}"


def markdown(text: str) -> str:
    """Return text that Markdown, and HTML within it, shows unchanged."""
    plain = _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def in_figure(text: str) -> str:
    """Return text that matplotlib draws unchanged, not as mathematics."""
    return _one_line(text).replace("$", r"\$")


def cell(value: Any) -> Any:
    """Return a table entry that a spreadsheet takes for text if it is text: a formula gets an apostrophe in front.

    A formula may also begin with spaces; several lines become one. Numbers, also negative ones, stay unchanged.
    """
    if not isinstance(value, str):
        return value
    line = visible(re.sub(r"[\r\n]+", " ", value))
    return f"'{line}" if line.startswith(_FORMULA) or line.lstrip().startswith(_FORMULA) else line


def to_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV, its texts and headings through `cell`."""
    buffer = io.StringIO()
    seen: dict[str, Any] = {}  # long tables repeat their texts

    def safely(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value not in seen:
            seen[value] = cell(value)
        return seen[value]

    safe = frame.apply(lambda column: column.map(safely) if column.dtype.kind not in "biufc" else column)
    safe.columns = [cell(str(name)) for name in frame.columns]
    safe.to_csv(buffer, index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    return buffer.getvalue().encode()


def _one_line(text: str) -> str:
    return visible(" ".join(str(text).split()))
