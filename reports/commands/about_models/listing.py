"""The lists of `spikecost models`, kept on disk: to make them, the equations of all models are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...writing import text
from .on_disk import recalled

_ROOT = Path(__file__).parents[3]
#: The file that the lists are made of, in addition to code.
_KNOWN = "accuracy/features/shown/catalogue.csv"
#: Other packages may add to the lists: then they are always made again.
_GROUPS = ("models", "detections", "conventions", "features")


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
    question = ("listing", (_ROOT / _KNOWN).read_text())
    return Listing(**recalled(question, _GROUPS, lambda: asdict(_made())))


def _made() -> Listing:
    from ...writing.records import records  # noqa: PLC0415 - not needed if the lists are on disk
    from .catalogue import also, models  # noqa: PLC0415

    table = models()
    return Listing(records(table), [name for name in table.columns if text.numeric(table[name])], also())
