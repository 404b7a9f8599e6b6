"""Numbers as people read them."""

from __future__ import annotations

import math
from typing import Any


def number(value: Any) -> str:
    """Print a table entry: four digits, and a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"  # noqa: RUF001 - a dash is shown
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value)


def with_interval(value: float, low: float, high: float) -> str:
    """Print a number with its interval, if it has one."""
    if math.isnan(low) or low == high:
        return short(value)
    return f"{short(value)} ({short(low)} to {short(high)})"


def short(value: float) -> str:
    """Print three digits, never as a power of ten below a million."""
    if value == 0 or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    digits = max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
