"""Results as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def dumps(value: Any) -> str:
    """Write JSON that people can also read; a number that JSON cannot store is a bug in spikecost."""
    return json.dumps(value, indent=2, allow_nan=False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one dictionary per row, with all digits of its numbers; None for missing values."""
    import pandas as pd  # noqa: PLC0415 - most commands write JSON without any table

    def plain(value: Any) -> Any:
        if value is None or pd.isna(value):
            return None
        return value.item() if hasattr(value, "item") else value

    return [{str(name): plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
