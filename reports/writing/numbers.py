"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...accuracy.search.status import Bound

if TYPE_CHECKING:
    import pandas as pd


DASH = "–"  # noqa: RUF001 - a dash is shown
#: End of the name of a column that holds notes on the numbers of another column.
NOTE = "_note"


def number(value: Any) -> str:
    """Print a table entry: four digits, or a dash if there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value)


_SIGNS: dict[str, str] = {Bound.AT_MOST: "\u2264 ", Bound.AT_LEAST: "\u2265 "}


def bounded(value: Any, bound: str) -> str:
    """Print a table entry with the sign of its bound (`Bound`)."""
    return bounded_text(number(value), bound)


def bounded_text(text: str, bound: str) -> str:
    """Put the sign of a bound before a printed number; a dash stays unchanged."""
    if bound == Bound.NOT_KNOWN:
        return str(bound)
    return f"{_SIGNS.get(bound, '')}{text}" if any(character.isdigit() for character in text) else text


def step(value: Any) -> str:
    """Print a dt: four digits, rounded down, so the printed dt does not exceed the one that was run."""
    if not isinstance(value, float) or not math.isfinite(value) or value <= 0:
        return number(value)
    unit = 10.0 ** (math.floor(math.log10(value)) - 3)
    # a value with no more digits may be slightly below itself in binary
    return number(math.floor(value / unit * (1 + 1e-12)) * unit)


#: Costs of a case; they are upper bounds if dt is a lower bound.
_COSTS = ("flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "ns_per_ms", "ns_per_ms_simd")


def as_said(cases: pd.DataFrame) -> pd.DataFrame:
    """Return rows of cases with dt and costs as texts; bounds (status ``at least``) are shown as bounds.

    Parameters
    ----------
    cases : DataFrame
        With ``status`` and ``dt_ms``; notes, in columns such as ``ns_per_ms_note``, are put beside their numbers.
    """

    def said(texts: pd.Series, bound: Callable[[str], Bound]) -> pd.Series:
        shown = texts.astype(object)
        shown[:] = [bounded_text(text, bound(status)) for text, status in zip(texts, cases["status"], strict=True)]
        return shown

    notes = [name for name in cases if str(name).endswith(NOTE)]
    costs = {name: said(cases[name].map(number), Bound.of_cost) for name in _COSTS if name in cases}
    for name in notes:
        column = str(name).removesuffix(NOTE)
        pairs = zip(costs[column], cases[name], strict=True)
        costs[column][:] = [f"{text} ({note})" if note and text != DASH else text for text, note in pairs]
    return cases.assign(dt_ms=said(cases["dt_ms"].map(step), Bound.of_dt), **costs).drop(columns=notes)


def with_interval(value: float, low: float, high: float) -> str:
    """Print a number with its interval, if it has one."""
    if math.isnan(low) or low == high:
        return short(value)
    return f"{short(value)} ({short(low)} to {short(high)})"


def short(value: float) -> str:
    """Print three digits; numbers below a million without a power of ten."""
    if value == 0 or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    digits = max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
