"""How the cost of a step is printed; what it is may have been kept on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...writing.text import prose, rows


def as_text(said: Mapping[str, Any]) -> str:
    """Write what `counts.said` returns as text for a terminal."""
    table = said["table"]
    head = [rows(said["title"], list(table[0]), table, ("cost",))] if table else []
    return "\n".join([*head, *map(prose, said["lines"])])
