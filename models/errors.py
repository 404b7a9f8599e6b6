"""The one kind of error that a user can cause."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake in what was asked for.

    The message is one line that says what was given, what is expected and what to do.
    The command line prints it and exits with status 2.
    """
