"""Limits: how much worse than the baseline's a figure may be, and how bad at all."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ...models.errors import UserError
from .figures import Kind

#: What a baseline says of limits: by pattern of names, ``soft_percent`` (null: only reported), ``hard``, or both.
Given = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Limit:
    """Of one figure."""

    soft_percent: float | None
    """How much worse than the baseline it may be; None if it is only reported."""
    hard: float | None = None
    """The number itself may be no worse than this, whatever the baseline says; None if there is no such limit."""


def limit_for(name: str, kind: Kind, given: Given) -> Limit:
    """Return the limit of a figure: the longest matching pattern's; what that leaves out, its kind's."""
    matching = [pattern for pattern in given if fnmatchcase(name, pattern)]
    found = given[max(matching, key=lambda each: (len(each), each))] if matching else {}
    return Limit(found.get("soft_percent", kind.soft_percent), found.get("hard"))


def read_limits(given: Any, where: str) -> Given:
    """Check the limits that a baseline file holds, such as ``{"*/dt_ms": {"soft_percent": 5, "hard": 0.01}}``.

    Raises
    ------
    UserError
        If they are not written so.
    """
    if not isinstance(given, dict):
        raise UserError(f"{where}: limits are no object; write patterns of names, each with soft_percent or hard")
    for pattern, value in given.items():
        limit = f"{where}: limit '{pattern}'"
        if not (isinstance(value, dict) and value and value.keys() <= {"soft_percent", "hard"}):
            raise UserError(f"{limit}: give soft_percent, hard, or both")
        for name, number in value.items():
            if number is not None and (isinstance(number, bool) or not isinstance(number, (int, float))
                                       or not abs(number) <= sys.float_info.max):
                raise UserError(f"{limit}: {name} = {str(number)[:40]!r} is not a finite number")
        if (value.get("soft_percent") or 0) < 0:
            raise UserError(f"{limit}: soft_percent is below 0; give how much worse the figure may become")
    return given
