"""What commands say of the catalogue, kept on disk: to compute it, Brian2 is imported and equations are read."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import entry_points, version
from typing import Any

from ....models.ground import cache as kept
from ....models.ground.code_version import code_version

#: The folders of code that answers are made of.
_CODE = ("models", "flops", "harness", "accuracy", "reports")
#: The libraries that read equations.
_LIBRARIES = ("brian2", "numpy", "sympy")


def recalled(
    question: Sequence[str], groups: Sequence[str], make: Callable[[], Any], lasts: Callable[[Any], bool] = bool
) -> Any:
    """Return the answer to a question, from disk if it was given before with the same code and libraries.

    Parameters
    ----------
    question : sequence of str
        All that the answer depends on, in addition to code and libraries.
    groups : sequence of str
        Kinds of items that the answer may contain. If another package adds such items, it is always made again: its
        code is not known here.
    make : callable
        Returns the answer; JSON must be able to hold it. Errors are not kept.
    lasts : callable
        Whether an answer can be kept.
    """
    if any(entry_points(group=f"spikecost.{group}") for group in groups):
        return make()
    parts = [*question, code_version(*_CODE), platform.python_version()]
    key = "\n".join([*parts, *(f"{name} {version(name)}" for name in _LIBRARIES)])
    found = kept.read("code", key)
    if found is not None:
        with suppress(ValueError):
            return json.loads(found)
    made = make()
    if lasts(made):
        kept.write("code", key, json.dumps(made).encode())
    return made
