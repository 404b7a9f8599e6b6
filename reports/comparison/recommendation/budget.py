"""A budget of operations per second: read, written, and the part of it that a way needs."""

from __future__ import annotations

import math
import re

import pandas as pd

from ....accuracy.search.status import Bound
from ....models.ground.errors import UserError, quoted
from ...writing.numbers import bounded_text, short

_BUDGET = re.compile(r"\s*([\d.]+(?:[eE][-+]?\d+)?)\s*([kMGT]?)\s*(?:FLOPS?(?:/s)?)?\s*", re.IGNORECASE)
_PREFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
#: From this multiple of a budget, costs are not written in percent.
_TIMES = 2
_SIZES = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))


def budget_said(operations: float) -> str:
    """Write operations per second as people do: ``500 kFLOP/s``."""
    prefix, size = next(((p, s) for p, s in _SIZES if operations >= s), ("", 1.0))
    return f"{operations / size:.4g} {prefix}FLOP/s"


def read_budget(budget: str | float | None) -> float:
    """Read ``5e5 FLOP/s`` as operations per second; no budget is infinite.

    Raises
    ------
    UserError
        If it cannot be read or is not positive.
    """
    if budget is None:
        return math.inf
    match = _BUDGET.fullmatch(str(budget))
    try:
        found = float(match[1]) * _PREFIX[match[2].lower()] if match else 0.0
    except ValueError:
        found = 0.0
    if match and match[2] == "m":
        raise UserError(
            f"cannot read the budget {quoted(budget)}: m is milli; give M for a million, such as '5 MFLOP/s'"
        )
    if not 0 < found < math.inf:
        raise UserError(
            f"cannot read the budget {quoted(budget)}: expected operations per second, such as '5e5 FLOP/s'"
        )
    return found


def share(row: pd.Series, budget: float) -> str:
    """Return how much of the budget a way needs: ``2 % of the budget``, or ``12 times the budget``.

    It is a bound if the cost of the way is one.
    """
    part = 1000 * row["flops_per_ms"] / budget
    text = short(100 * part) if part < _TIMES else short(part)
    return f"{bounded_text(text, Bound.of_cost(row['status']))} {'% of' if part < _TIMES else 'times'} the budget"
