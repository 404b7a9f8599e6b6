"""The one kind of error that a user can cause."""

from __future__ import annotations


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
