"""The one kind of error that a user can cause, and what stands in the place of a value that there is not."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

Found = TypeVar("Found")

#: So many characters of what was given are quoted in a message.
QUOTED = 100


def short(given: str, most: int = QUOTED) -> str:
    """Return what was given as a message quotes it: in one line, not too long."""
    text = " ".join(given.split())
    return text if len(text) <= most else f"{text[:most]}..."


#: What a terminal obeys or hides instead of showing it: control and format characters, lone surrogates, odd line ends.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: str, keep: str = "\n\t") -> str:
    """Return a text as it can be printed anywhere: what a terminal would obey or hide is written as its number.

    Files and programs of others bring texts of their own. A name in them may hold an escape sequence, which moves the
    cursor or renames the window, or a sign that turns the direction of writing. Both are shown by their number, in the
    form that JSON reads as the same character.

    Parameters
    ----------
    text : str
    keep : str
        Control characters that stay.
    """
    if text.isprintable():
        return text
    return "".join(_shown(each) if each not in keep and unicodedata.category(each) in _HIDDEN else each
                   for each in text)


def _shown(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


class UserError(ValueError):
    """A mistake in what was asked for.

    The message is one line that says what was given, what is expected and what to do.
    The command line prints it and exits with status 2.
    """

    def __init__(self, message: str = "") -> None:
        # names of others, which a message quotes, may hold ends of lines
        super().__init__(message if message.isprintable() else " ".join(message.split()))
        self.place: tuple[str | int, ...] = ()
        """Where in a definition it is: a field, then names within it; a number is a line of a text, the first is 0."""


@contextmanager
def at(*place: str | int) -> Iterator[None]:
    """Put the place of what is read in a block before the places of errors that come out of it."""
    try:
        yield
    except UserError as error:
        error.place = (*place, *error.place)
        raise


def reason_of(error: BaseException) -> str:
    """Return in one line why something failed: a user's mistake as it is told, any other error with its name."""
    said = " ".join(str(error).split())
    if isinstance(error, UserError):
        return said
    name = type(error).__name__
    return f"failed with {name}: {said}" if said else f"failed with {name}"


@dataclass(frozen=True)
class NoValue:
    """Why there is no value; it is returned in the place of one."""

    reason: str
    failed: bool = False
    """Whether the program failed, so that nothing is known; the reason is of what was asked for otherwise."""

    def __str__(self) -> str:
        return self.reason


def attempt(look: Callable[[], Found]) -> Found | NoValue:
    """Return what a function returns, or why it returns nothing: what is wrong in one place ends nothing else."""
    try:
        return look()
    except Exception as error:
        return NoValue(reason_of(error), failed=not isinstance(error, UserError))


def shortened(path: str, most: int = 200) -> str:
    """Return a path as it can be printed on one line: what is no text is escaped, a long one loses its middle."""
    text = path.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 4 :]}"
