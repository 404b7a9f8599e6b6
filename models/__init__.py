"""What is a neuron model? Definitions, the catalogue, integration methods, and the time step made from them."""

import sys


def _import_brian2() -> None:
    """Import Brian2 now if the command line is not UTF-8: Brian2 would fail to write it into its log.

    Otherwise it is imported where it is first needed: it takes most of a second.
    """
    given = sys.argv
    plain = [each.encode("utf-8", "backslashreplace").decode() for each in given]
    if plain != given:
        sys.argv = plain
        try:
            import brian2  # noqa: F401, PLC0415 - only the effect of its import is needed
        finally:
            sys.argv = given


_import_brian2()
