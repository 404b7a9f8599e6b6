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
