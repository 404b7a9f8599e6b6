"""Completion of commands, options and names in the shell, by argcomplete.

``eval "$(register-python-argcomplete spikecost)"`` in the shell's start-up file turns it on. The shell then calls the
program with a variable set, and nothing but the names that can follow is printed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

#: A shell that asks for completions sets it.
_ASKED = "_ARGCOMPLETE"
#: What the values of options and arguments are names of (`spikecost.reports.commands.about_models.names`).
_NAMES = {
    "model": "models",
    "models": "models",
    "method": "methods",
    "methods": "methods",
    "detection": "detections",
    "detections": "detections",
    "precision": "number formats",
    "precisions": "number formats",
    "convention": "conventions",
    "stimuli": "stimuli",
    "measures": "measures",
    "engine": "engines",
    "engines": "engines",
    "executor": "executors",
    "counter": "counters",
    "features": "features",
    "format": "formats",
    "names": "claims",
}
#: Options that take several names with commas between them.
_WITH_COMMAS = ("features", "format")


def complete_if_asked(parser: argparse.ArgumentParser) -> None:
    """If a shell asks for completions, print them and end the program."""
    if _ASKED not in os.environ:
        return
    import argcomplete

    for action in _actions(parser):
        kind = _NAMES.get(action.dest)
        if kind and action.nargs != 0 and not isinstance(action, argparse.BooleanOptionalAction):
            vars(action)["completer"] = _completer(kind, with_commas=action.dest in _WITH_COMMAS)
    argcomplete.autocomplete(parser, always_complete_options="long")


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
        else:
            yield action


def _completer(kind: str, *, with_commas: bool) -> Callable[..., Sequence[str]]:
    def names(prefix: str, **_: Any) -> Sequence[str]:
        from ..reports.commands.about_models.names import names_of

        before, comma, _last = prefix.rpartition(",") if with_commas else ("", "", prefix)
        found = [f"{before}{comma}{name}" for name in names_of(kind)]
        return found + _files(prefix) if kind == "models" else found

    return names


def _files(prefix: str) -> list[str]:
    """Return files that may hold models: Python, TOML, and the folders on the way to them."""
    from argcomplete.completers import FilesCompleter

    return [name for name in FilesCompleter((".py", ".toml"))(prefix) if not os.path.basename(name).startswith(".")]
