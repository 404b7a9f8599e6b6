"""The lines of a model's equations: the name that each declares, and the text of its right-hand side."""

from __future__ import annotations

import re
from dataclasses import dataclass

import brian2
from brian2.core.namespace import DEFAULT_UNITS
from brian2.units.fundamentalunits import Dimension

from ...ground.errors import UserError, at, short
from . import grammar, noise, units
from .grammar import Unreadable
from .names import LONGEST_NAME, NAME

#: The kinds of equations.
DIFFERENTIAL, SUBEXPRESSION, PARAMETER = "differential equation", "subexpression", "parameter"
_FLAGS = {DIFFERENTIAL: ("unless refractory",), PARAMETER: ("constant",), SUBEXPRESSION: ()}
#: Units that equations can declare: only units without a prefix, as in Brian2.
_BASE_UNITS = {
    name: unit.dim for name, unit in DEFAULT_UNITS.items() if float(unit) == 1.0 and repr(unit)[-1] not in ("2", "3")
}

_WRITE = "write lines such as dv/dt = -v/tau : volt, or I : amp"
_HEAD = re.compile(r"\s*(?:d([A-Za-z_][A-Za-z0-9_]*)\s*/\s*dt\s*=|([A-Za-z_][A-Za-z0-9_]*)\s*(=(?!=))?)\s*")
_UNIT = re.compile(r"[ \t]*([A-Za-z0-9*/. -]+?)[ \t]*(?:\s*\(([^()\n]*)\)|(?=\n)|$)")
_FACTOR = re.compile(r"\s*([*/])\s*([A-Za-z]+)\s*(?:\*\*\s*(-?\s*[0-9]{1,2}(?:\.[0-9]{1,3})?))?")


@dataclass(frozen=True)
class Line:
    """One equation as written; it may span several lines of the text."""

    name: str
    kind: str
    """`DIFFERENTIAL`, `SUBEXPRESSION` or `PARAMETER`."""
    right: str
    """The right-hand side; empty for a parameter."""
    dimension: Dimension
    flags: tuple[str, ...]
    ends: int
    """The position of its end in the text."""


def lines(text: str, given: str) -> list[Line]:
    """Split a text into its equations; each has a right-hand side that can be read.

    Random numbers have names there (`noise.named`).

    Raises
    ------
    UserError
        If the text is not in Brian2's form; the message quotes the line, and the place of the error is its number.
    """
    try:
        bare, _ = noise.named(grammar.without_comments(text))
    except Unreadable as error:
        raise UserError(f"{given}: cannot read the equations: {error}") from None
    found: dict[str, Line] = {}
    place = 0
    while bare[place:].strip():
        try:
            line = _line(bare, place)
            if line.name in found:
                raise Unreadable(f"Duplicate definition of '{line.name}'", "keep one of them")
        except Unreadable as error:
            first = next((part for part in bare[place:].splitlines() if part.strip()), "")
            with at(_line_number(bare, place)):
                raise UserError(f"{given}: Brian2 cannot read the equations at '{short(first)}': {error}") from None
        found[line.name], place = line, line.ends
    return list(found.values())


def _line_number(text: str, place: int) -> int:
    """Return the number of the line that contains the first text at or after a position."""
    return text.count("\n", 0, place + len(text[place:]) - len(text[place:].lstrip()))


def _line(text: str, place: int) -> Line:
    head = _HEAD.match(text, place)
    if head is None:
        raise Unreadable("an equation begins with a name", _WRITE)
    name = head[1] or head[2]
    kind = DIFFERENTIAL if head[1] else SUBEXPRESSION if head[3] else PARAMETER
    if not NAME.fullmatch(name):
        raise Unreadable(
            f"'{short(name)}' is not a name", f"use up to {LONGEST_NAME} letters, digits and _, a letter first"
        )
    try:
        brian2.Equations.check_identifier(name)
    except (SyntaxError, ValueError) as error:
        raise Unreadable(" ".join(str(error).split()).rstrip("."), "choose another name") from None
    colon = text.find(":", head.end())
    if colon < 0:
        raise Unreadable("there is no colon with a unit behind it", _WRITE)
    right = " ".join(text[head.end() : colon].split())
    if bool(right) != (kind != PARAMETER):
        problem = "there is no right-hand side" if kind != PARAMETER else f"'{short(right)}' before the colon"
        raise Unreadable(problem, _WRITE)
    match = _UNIT.match(text, colon + 1)
    if match is None:
        raise Unreadable("there is no unit behind the colon", _WRITE)
    flags = tuple(" ".join(flag.split()) for flag in match[2].split(",")) if match[2] is not None else ()
    for flag in flags:
        if flag not in _FLAGS[kind]:
            raise Unreadable(
                f"Equations of type '{kind}' cannot have a flag '{short(flag)}', only "
                f"{', '.join(_FLAGS[kind]) or 'none'}",
                _WRITE,
            )
    if kind != PARAMETER:
        try:
            grammar.expression(right)
        except Unreadable as error:
            if error.instead != grammar.USE:  # text that only Brian2 can run is reported later, with its equation
                raise
    return Line(name, kind, right, _declared(match[1]), flags, match.end())


def _declared(text: str) -> Dimension:
    """Read the unit of an equation: base units with ``*``, ``/`` and ``**`` between them, or 1."""
    if text in ("1", "integer", "boolean"):
        return units.DIMENSIONLESS
    rest = text[1:] if re.match(r"1\s*/", text) else f"*{text}"
    dimension, place = units.DIMENSIONLESS, 0
    while place < len(rest):
        match = _FACTOR.match(rest, place)
        if match is None:
            raise Unreadable(f"'{short(text)}' is not a unit", "write base units such as volt, amp/metre**2, or 1")
        if match[2] not in _BASE_UNITS:
            raise Unreadable(
                f"'{short(match[2])}' in '{short(text)}' is not a base unit",
                "use those without a prefix, such as volt, amp, second, siemens/metre**2, or 1",
            )
        power = float(match[3].replace(" ", "")) if match[3] else 1.0
        dimension = dimension * _BASE_UNITS[match[2]] ** (power if match[1] == "*" else -power)
        place = match.end()
    return dimension
