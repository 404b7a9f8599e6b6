"""The error for a user's mistake, and the object that replaces a value that does not exist."""

from __future__ import annotations

import errno
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")

#: The number of characters of a given text that a message quotes.
QUOTED = 100


def short(given: str, most: int = QUOTED) -> str:
    """Return a given text as a message quotes it: on one line, not too long."""
    text = " ".join(given.split())
    return text if len(text) <= most else f"{text[:most]}..."


def quoted(given: object) -> str:
    """Return a given value as a message quotes it; a quantity as people write it: ``8 Hz``.

    Brian2 prints ``8. Hz``, and its repr is ``8. * hertz``.
    """
    if hasattr(given, "in_best_unit"):
        return short(re.sub(r"(?<=\d)\.(?=[\s\]]|$)", "", str(given)))
    if isinstance(given, list | tuple) and any(hasattr(each, "in_best_unit") for each in given):
        opened, closed = "[]" if isinstance(given, list) else "()"
        return short(f"{opened}{', '.join(map(quoted, given))}{closed}")
    return short(repr(given))


def check_kind(value: object, kind: type | tuple[type, ...], name: str, expected: str) -> None:
    """Check the type of an argument.

    Raises
    ------
    UserError
        If it is not of this kind; `expected` says what to give.
    """
    if not isinstance(value, kind):
        raise UserError(f"{name} = {quoted(value)}: give {expected}")


def whole_number(value: object, name: str, expected: str) -> int:
    """Return a whole number, perhaps one of NumPy, as an int.

    Raises
    ------
    UserError
        If it is none; `expected` says what to give.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise UserError(f"{name} = {quoted(value)}: give {expected}")
    return int(value)


def check_path(value: object, name: str, expected: str) -> None:
    """Check that an argument is the path of a file or folder: text that is not empty, or a Path.

    Raises
    ------
    UserError
        If it is not; `expected` says what to give.
    """
    if not isinstance(value, str | Path) or value == "":
        raise UserError(f"{name} = {quoted(value)}: give {expected}")


def check_text(value: object, name: str, example: str, *, optional: bool = False) -> None:
    """Check that an argument is text, or None if it is optional.

    Raises
    ------
    UserError
        If it is not.
    """
    if not (optional and value is None):
        check_kind(value, str, name, f"text, such as '{example}'")


def check_mapping(values: object, name: str, example: str, *, optional: bool = False) -> None:
    """Check that an argument is a dictionary or another mapping, or None if it is optional.

    Raises
    ------
    UserError
        If it is not.
    """
    if not (optional and values is None):
        check_kind(values, Mapping, name, f"a dictionary, such as {example}")


def check_list(values: object, name: str, example: str) -> None:
    """Check that an argument is a list, tuple or other collection, and not one text, number or quantity.

    Raises
    ------
    UserError
        If it is not.
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0:
        raise UserError(f"{name} = {quoted(values)}: give a list, such as {example}")


#: Characters that a terminal obeys or hides instead of showing: control and format characters, lone surrogates, unusual
#: line ends.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: str, keep: str = "\n\t") -> str:
    """Return a text that is safe to print: characters that a terminal would obey or hide are written as numbers.

    Files and programs of others contain arbitrary text. A name may contain an escape sequence, which moves the cursor
    or renames the window, or a character that reverses the direction of writing. Such characters are shown as numbers,
    in a form that JSON reads as the same character.

    Parameters
    ----------
    text : str
    keep : str
        Control characters that stay.
    """
    if text.isprintable():
        return text
    return "".join(
        _shown(each) if each not in keep and unicodedata.category(each) in _HIDDEN else each for each in text
    )


def _shown(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


class UserError(ValueError):
    """A mistake in what the user gave.

    The message is one line that says what was given, what is expected and what to do.
    The command line prints it and exits with status 2.

    Parameters
    ----------
    said : str
    about : str
        What the message is about, such as a model or a file; the message begins with it.
    """

    def __init__(self, said: str = "", *, about: str = "") -> None:
        # quoted names from files of others may contain line breaks
        self.said, self.about = (each if each.isprintable() else " ".join(each.split()) for each in (said, about))
        super().__init__(f"{self.about}: {self.said}" if about else self.said)
        self.place: tuple[str | int, ...] = ()
        """The place in a definition: a field, then names within it; a number is a line of a text, counted from 0."""

    def __reduce__(self) -> tuple[Any, ...]:
        # subclasses have other arguments; workers in other processes send errors back
        return _as_it_was, (type(self), self.args, self.__dict__)

    def without(self, about: str) -> str:
        """Return the message for a place that names what it is about already."""
        return self.said if self.about == about else str(self)


def _as_it_was(kind: type[UserError], args: tuple[Any, ...], state: dict[str, Any]) -> UserError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


#: The message of a command for which the system refuses memory.
MORE_MEMORY = "there is not enough memory for this; end other programs, allow more (ulimit -v), or ask for less"


def is_without_memory(error: BaseException) -> bool:
    """Whether something failed because the system refuses memory; libraries that are loaded have their own words."""
    if isinstance(error, ImportError):
        return any(said in str(error) for said in ("failed to map segment", "annot allocate memory", "bad_alloc"))
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


class NoThreadError(MemoryError):
    """The system refuses another thread, so that nothing more can be done: this is the reason of no single result."""


@contextmanager
def at(*place: str | int) -> Iterator[None]:
    """Add the place of what a block reads to the front of the places of its errors."""
    try:
        yield
    except UserError as error:
        error.place = (*place, *error.place)
        raise


def reason_of(error: BaseException, about: str = "") -> str:
    """Return in one line why something failed: the message of a user's mistake; for other errors, also their name.

    Parameters
    ----------
    error : BaseException
    about : str
        What the reader knows already: a message about it does not name it again.
    """
    if isinstance(error, UserError):
        return error.without(about)
    said = " ".join(str(error).split())
    name = type(error).__name__
    return f"failed with {name}: {said}" if said else f"failed with {name}"


@dataclass(frozen=True)
class NoValue:
    """The reason why there is no value; returned instead of a value."""

    reason: str
    failed: bool = False
    """Whether the program failed, and nothing is known; otherwise the request is the reason."""

    def __str__(self) -> str:
        return self.reason


def attempt(look: Callable[[], Found], about: str = "") -> Found | NoValue:
    """Return the result of a function, or why it has none, so that an error in one place does not end the rest.

    Parameters
    ----------
    look : callable
    about : str
        What the reader of the reason knows already; see `reason_of`.

    Raises
    ------
    NoThreadError
        As the function does.
    """
    try:
        return look()
    except NoThreadError:
        raise
    except Exception as error:
        return NoValue(reason_of(error, about), failed=not isinstance(error, UserError))


def shortened(path: str, most: int = 200) -> str:
    """Return a path that can be printed on one line: bytes that are not text are escaped, a long path is shortened."""
    text = path.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 4 :]}"
