"""The lists of `spikecost models`, kept on disk: to make them, the equations of all models are read."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

from ....models.ground import cache as kept
from ....models.ground.code_version import text_version
from ...writing import text

_ROOT = Path(__file__).parents[3]
#: The folders of code, and the file, that the lists are made of.
_CODE = ("models", "flops", "harness", "accuracy", "reports")
_KNOWN = "accuracy/features/shown/catalogue.csv"
#: The libraries that read equations.
_LIBRARIES = ("brian2", "numpy", "sympy")
#: How the groups of entry points start with which other packages add to the lists: then they are always made again.
_GROUPS = "spikecost."


@dataclass(frozen=True)
class Listing:
    """The models, and what can be used with them."""

    models: Sequence[Mapping[str, Any]]
    """One row per model (`spikecost.reports.commands.about_models.catalogue.models`); None for missing values."""
    numeric: Sequence[str]
    """The columns of numbers."""
    lines: Sequence[str]
    """Detections, methods and conventions, one line each."""

    @property
    def text(self) -> str:
        """The lists as text for a terminal."""
        return "\n".join(
            [text.rows("Models", list(self.models[0]), self.models, self.numeric), *map(text.prose, self.lines)]
        )


def listed() -> Listing:
    """Return the lists, from disk if they were made before with the same code and libraries."""
    return Listing(**from_disk("listing", lambda: asdict(_made())))


def from_disk(what: str, make: Callable[[], Any], lasts: Callable[[Any], bool] = lambda _: True) -> Any:
    """Return what the code and its libraries say, from disk if it was made before with the same.

    Parameters
    ----------
    what : str
        Its name on disk.
    make : callable
        Makes it, of values that JSON can store.
    lasts : callable
        Whether what was made may be kept.
    """
    if any(group.startswith(_GROUPS) for group in entry_points().groups):
        return make()
    key = [
        what,
        text_version(*_CODE),
        (_ROOT / _KNOWN).read_text("utf-8"),
        platform.python_version(),
        *(f"{name} {version(name)}" for name in _LIBRARIES),
    ]
    found = kept.read("code", "\n".join(key))
    if found is not None:
        with suppress(ValueError):
            return json.loads(found)
    made = make()
    if lasts(made):
        kept.write("code", "\n".join(key), json.dumps(made).encode())
    return made


def _made() -> Listing:
    from ...writing.records import records  # noqa: PLC0415 - not needed if the lists are on disk
    from .catalogue import also, models  # noqa: PLC0415

    table = models()
    return Listing(records(table), [name for name in table.columns if text.numeric(table[name])], also())
