"""Where a run's files are in its folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

MANIFEST, PROVENANCE, DATA = "run.json", "provenance.json", "data"
#: Folder of an interrupted run within the run's folder.
INTERRUPTED = "interrupted"
#: A run with a table of points of this size, in bytes, has about 2000 points, and its figures take seconds.
_LONG = 50_000


def table_file(name: str) -> str:
    """Return the file of a table."""
    return f"{DATA}/{name}.parquet"


def is_long(folder: str | Path) -> bool:
    """Whether the figures of a run take longer than to start another process for them."""
    with suppress(OSError):
        return (Path(folder) / table_file("points")).stat().st_size > _LONG
    return False
