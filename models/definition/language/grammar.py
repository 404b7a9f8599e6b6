"""The grammar of a model's texts: the part of Brian2's language that is read, before other code sees the text.

Texts may come from other people's files. They are read only by this grammar, which has numbers, names,
``+ - * / // % **``, comparisons, ``and``, ``or``, ``not``, and functions. No part of a text is ever evaluated as
Python, and the rest of Python (other keywords, strings, subscripts, attributes) does not exist in this grammar. A text
that is too large to be a model is refused here, before it costs time.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import cast

from ...algebra.functions import CALLABLE, FUNCTIONS
from ...ground.errors import short
from .trees import (
    Binary,
    Call,
    Condition,
    Junction,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Switch,
    Test,
    Truth,
    is_test,
    written,
)

USE = f"use + - * / // % **, the functions {', '.join(FUNCTIONS)}, timestep(t, dt), int(x), and int(a > b)"
#: Limits of a text: characters, nested brackets, nested operations.
LONGEST, BRACKETS, DEEPEST = 50_000, 40, 150
#: The highest power of anything except a number.
HIGHEST_POWER = 128

_KINDS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "**": "pow"}
_SIGNS = ("<", "<=", ">", ">=", "==", "!=")
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t]+)
  | (?P<newline>\n)
  | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_.]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>\*\*|//|[<>=!]=|[-+*/%<>(),](?!=))
""",
    re.VERBOSE,
)
_STATEMENT = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(\*\*|//|[-+*/%])?=(?!=)")


class Unreadable(Exception):
    """A text that does not follow this grammar: what is wrong with it, and what to write instead."""

    def __init__(self, problem: str, instead: str) -> None:
        super().__init__(f"{problem}; {instead}")
        self.problem, self.instead = problem, instead


def expression(text: str) -> Node:
    """Read an expression.

    Raises
    ------
    Unreadable
        If the text is not an expression.
    """
    reader = _Reader(text)
    found = reader.number(*reader.read_sum())[0]
    reader.end()
    return found


def condition(text: str) -> Test | None:
    """Read a condition: comparisons of expressions, with and, or, not; None if the text is valid but not a condition.

    Raises
    ------
    Unreadable
        If the text cannot be read.
    """
    reader = _Reader(text)
    found, _ = reader.read_test()
    reader.end()
    return found if is_test(found) else None


def statements(text: str) -> Iterator[tuple[str, str, Node]]:
    """Read assignments such as ``v = c; u += d``.

    Yields
    ------
    str, str, Node
        The target, the operator before the ``=`` (or nothing), and the value.

    Raises
    ------
    Unreadable
        If the text contains anything else.
    """
    for statement in _split(without_comments(text)):
        match = _STATEMENT.match(statement)
        if match is None:
            raise Unreadable(f"'{short(statement)}' is not supported", "write v = c or u += d")
        rest = statement[match.end() :].strip()
        if not rest:
            raise Unreadable(f"cannot read '{short(statement)}'", "write statements such as v = c; u += d")
        if re.search(r"(?<![<>=!])=(?!=)", rest) or "," in _outside_brackets(rest):
            raise Unreadable(f"'{short(statement)}' is not supported", "write v = c or u += d")
        yield match[1], _KINDS[match[2]] if match[2] else "", expression(rest)


def without_comments(text: str) -> str:
    """Check the characters of a text, and return it with blanks in place of its comments.

    Raises
    ------
    Unreadable
        If it is too long, or contains characters that are not allowed.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"a text of {len(text)} characters is too long", f"write at most {LONGEST}")
    text = text.replace("\r\n", "\n")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") and character not in "\t\n":
            raise Unreadable(f"the character {character!r} has no meaning here", "remove it")
    return re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)


def _outside_brackets(text: str) -> str:
    """Return the characters of a text that are in no brackets."""
    open_brackets, found = 0, []
    for character in text:
        open_brackets += (character == "(") - (character == ")")
        found += [character] if open_brackets <= 0 else []
    return "".join(found)


def _split(text: str) -> Iterator[str]:
    """Yield the statements of a text, separated by line breaks or ``;``; a line break in brackets does not count."""
    open_brackets, begins = 0, 0
    for place, character in enumerate(f"{text};"):
        open_brackets += (character == "(") - (character == ")")
        if character in ";\n" and (open_brackets <= 0 or place == len(text)):
            if text[begins:place].strip():
                yield text[begins:place].strip()
            begins = place + 1


class _Reader:
    """Reads one text from left to right; operators have the precedence of Python, as in Brian2."""

    def __init__(self, text: str) -> None:
        self._text = without_comments(text).strip()
        self._tokens: list[tuple[str, str, int]] = []
        self._next = self._brackets = 0
        self._tokens = list(self._read_tokens())

    def end(self) -> None:
        """Refuse a text that is not finished."""
        if self._token() in _SIGNS:
            raise Unreadable(f"'{short(self._text)}' is not supported", USE)
        if self._next < len(self._tokens):
            raise self._cannot(self._place())

    def _read_tokens(self) -> Iterator[tuple[str, str, int]]:
        place = open_brackets = 0
        while place < len(self._text):
            match = _TOKEN.match(self._text, place)
            if match is None:  # the error is raised when this token is reached, so that its context can be quoted
                yield "unknown", self._text[place], place
                return
            kind = str(match.lastgroup)
            open_brackets += (match[0] == "(") - (match[0] == ")")
            if kind == "newline" and open_brackets <= 0:
                raise self._cannot(place)
            if kind not in ("space", "newline"):
                yield kind, match[0], place
            place = match.end()

    def _cannot(self, place: int) -> Unreadable:
        if self._next < len(self._tokens) and self._tokens[self._next][0] in ("unknown", "name"):
            return Unreadable(f"'{short(self._text)}' is not supported", USE)
        rest = self._text[place:]
        at = f" at '{short(rest[:20])}'" if rest and place else ""
        return Unreadable(f"cannot read '{short(self._text)}'{at}", "write it as in Brian2, such as EL + 2*mV")

    def _token(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _place(self) -> int:
        return self._tokens[self._next][2] if self._next < len(self._tokens) else len(self._text)

    # each method returns what it read, and the depth of its nesting

    def read_test(self, words: tuple[str, ...] = ("or", "and")) -> tuple[Node | Test, int]:
        """Read what may be a condition, or an expression; `words` are the words that join conditions here."""
        operand = partial(self.read_test, words[1:]) if words else self._negation
        left, depth = operand()
        while words and self._token() == words[0]:
            self._take()
            right, other = operand()
            left = Junction(words[0], self._condition(left), self._condition(right))
            depth = self._deeper(max(depth, other))
        return left, depth

    def _negation(self) -> tuple[Node | Test, int]:
        if self._token() != "not":
            return self._comparison()
        self._take()
        self._enter()
        operand, depth = self._negation()
        self._brackets -= 1
        return Not(self._condition(operand)), self._deeper(depth)

    def _comparison(self) -> tuple[Node | Test, int]:
        left, depth = self.read_sum()
        if self._token() not in _SIGNS:
            return left, depth
        left, depth = self.number(left, depth)
        sign = self._take()
        right, other = self.number(*self.read_sum())
        return Condition(sign, left, right), max(depth, other) + 1

    def number(self, read: Node | Test, depth: int) -> tuple[Node, int]:
        """Return what was read, if it is a number and not a condition."""
        if is_test(read):
            raise Unreadable(f"'{short(written(read))}' is true or false, not a number", "write int(a > b)")
        return cast(Node, read), depth

    def _condition(self, read: Node | Test) -> Test:
        if not is_test(read):
            raise Unreadable(
                f"'{short(written(read))}' is a number, not a condition", "write a comparison such as a > b"
            )
        return read

    def read_sum(self) -> tuple[Node | Test, int]:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> tuple[Node | Test, int]:
        return self._chain(("*", "/", "//", "%"), self._signed)

    def _chain(self, signs: tuple[str, ...], operand: Callable[[], tuple[Node | Test, int]]) -> tuple[Node | Test, int]:
        read, depth = operand()
        while self._token() in signs:
            left, depth = self.number(read, depth)
            sign = self._take()
            right, other = self.number(*operand())
            read, depth = Binary(_KINDS[sign], left, right), self._deeper(max(depth, other))
        return read, depth

    def _signed(self) -> tuple[Node | Test, int]:
        if self._token() not in ("+", "-"):
            return self._power()
        sign = self._take()
        self._enter()
        operand, depth = self.number(*self._signed())
        self._brackets -= 1
        return (Negative(operand), self._deeper(depth)) if sign == "-" else (operand, depth)

    def _power(self) -> tuple[Node | Test, int]:
        read, depth = self._atom()
        if self._token() != "**":
            return read, depth
        base, depth = self.number(read, depth)
        self._take()
        self._enter()
        power, other = self.number(*self._signed())
        self._brackets -= 1
        return Binary("pow", base, power), self._deeper(max(depth, other))

    def _atom(self) -> tuple[Node | Test, int]:
        if self._next == len(self._tokens):
            raise self._cannot(len(self._text))
        kind, sign, place = self._tokens[self._next]
        if kind == "number":
            self._next += 1
            return Number(self._number(sign, place)), 1
        if kind == "name":
            if sign in ("True", "False"):
                self._next += 1
                return Truth(sign == "True"), 1
            if keyword.iskeyword(sign):
                raise self._cannot(place)
            self._next += 1
            return self._call(sign, place) if self._token() == "(" else (Name(sign), 1)
        if sign != "(":
            raise self._cannot(place)
        self._take()
        self._enter()
        inside, depth = self.read_test()
        self._close(place)
        return inside, depth

    def _call(self, function: str, place: int) -> tuple[Node, int]:
        called = short(self._call_text(place))
        if function not in CALLABLE:
            raise Unreadable(f"'{called}' is not supported: no function of the language is called '{function}'", USE)
        refused = Unreadable(f"'{called}' is not supported", USE)
        self._take()
        self._enter()
        inside, depth = self.read_test()
        others: list[Node] = []
        while self._token() == "," and not is_test(inside):
            self._take()
            more, other = self.number(*self.read_sum())
            others.append(more)
            depth = max(depth, other)
        unknown = self._next < len(self._tokens) and self._tokens[self._next][0] == "unknown"
        if unknown or self._token() in _SIGNS or (is_test(inside) and function != "int"):
            raise refused
        self._close(place)
        depth = self._deeper(depth)
        if is_test(inside):
            return Switch(inside), depth
        needed = CALLABLE[function].arguments
        if 1 + len(others) != needed:
            raise Unreadable(
                f"'{called}' has {1 + len(others)} arguments", f"give {function} {needed} argument{'s'[: needed > 1]}"
            )
        return Call(function, (cast(Node, inside), *others)), depth

    def _call_text(self, place: int) -> str:
        open_brackets = 0
        for end in range(place, len(self._text)):
            open_brackets += (self._text[end] == "(") - (self._text[end] == ")")
            if self._text[end] == ")" and open_brackets == 0:
                return self._text[place : end + 1]
        return self._text[place:]

    def _close(self, place: int) -> None:
        if self._token() != ")":
            raise self._cannot(self._place() if self._token() else place)
        self._take()
        self._brackets -= 1

    def _enter(self) -> None:
        self._brackets += 1
        if self._brackets > BRACKETS:
            raise Unreadable(
                f"'{short(self._text)}' has more than {BRACKETS} nested brackets",
                "write parts of it as separate equations",
            )

    def _deeper(self, depth: int) -> int:
        if depth > DEEPEST:
            raise Unreadable(
                f"'{short(self._text)}' has more than {DEEPEST} nested operations",
                "write parts of it as separate equations",
            )
        return depth + 1

    def _number(self, token: str, place: int) -> Fraction:
        if re.fullmatch(r"0+[1-9][0-9]*", token):
            raise self._cannot(place)
        value = float(token)
        if value == float("inf"):
            raise Unreadable(f"a number in '{short(self._text)}' is too large", "give one below 1e308")
        if value == 0 and re.search(r"[1-9]", re.split(r"[eE]", token)[0]):
            raise Unreadable(f"a number in '{short(self._text)}' is too small", "give 0, or one above 1e-307")
        return Fraction(int(token)) if token.isdigit() else Fraction(repr(value))
