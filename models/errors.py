"""The one kind of error that a user can cause."""

from __future__ import annotations

#: So many characters of what was given are quoted in a message.
QUOTED = 100


def short(given: str, most: int = QUOTED) -> str:
    """Return what was given as a message quotes it: in one line, not too long."""
    text = " ".join(given.split())
    return text if len(text) <= most else f"{text[:most]}..."


class UserError(ValueError):
    """A mistake in what was asked for.

    The message is one line that says what was given, what is expected and what to do.
    The command line prints it and exits with status 2.
    """


def reason_of(error: BaseException) -> str:
    """Return in one line why something failed: a user's mistake as it is told, any other error with its name."""
    said = " ".join(str(error).split())
    if isinstance(error, UserError):
        return said
    name = type(error).__name__
    return f"failed with {name}: {said}" if said else f"failed with {name}"


def shortened(path: str, most: int = 200) -> str:
    """Return a path as it can be printed on one line: what is no text is escaped, a long one loses its middle."""
    text = path.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 4 :]}"
