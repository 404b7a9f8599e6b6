"""Results as JSON."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd


def dumps(value: Any) -> str:
    """Write JSON, as people read it, too; a number that JSON does not have is an error of ours."""
    return json.dumps(value, indent=2, allow_nan=False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row a dictionary, its numbers to the last digit; None where there is none."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
