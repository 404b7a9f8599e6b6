"""Limits: how far from the baseline's a figure may be, for worse and for better, and how bad at all."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ...models.errors import UserError
from .figures import Kind

#: What a baseline says of limits: by pattern of names, one or more of `FIELDS`.
Given = Mapping[str, Mapping[str, float | None]]
#: ``soft_percent``: how much worse (null: the figure is only reported); ``improved_percent``: how much better before
#: the baseline must be renewed (null: as much as it likes); ``hard``: the number itself.
FIELDS = ("soft_percent", "improved_percent", "hard")


@dataclass(frozen=True)
class Limit:
    """Of one figure."""

    soft_percent: float | None
    """How much worse than the baseline it may be; None if it is only reported."""
    hard: float | None = None
    """The number itself may be no worse than this, whatever the baseline says; None if there is no such limit."""
    improved_percent: float | None = 0.0
    """How much better than the baseline it may be before the baseline must be renewed; None if there is no limit."""


def limit_for(name: str, kind: Kind, given: Given) -> Limit:
    """Return the limit of a figure: the longest matching pattern's; what that leaves out, its kind's."""
    matching = [pattern for pattern in given if fnmatchcase(name, pattern)]
    found = given[max(matching, key=lambda each: (len(each), each))] if matching else {}
    soft = found.get("soft_percent", kind.soft_percent)
    return Limit(soft, found.get("hard"), found.get("improved_percent", soft))


def refuse_idle(given: Given, names: Collection[str], where: str) -> None:
    """Make sure that every limit is that of a figure: one with a typing error in it limits nothing.

    Raises
    ------
    UserError
        If a pattern matches no figure.
    """
    idle = [pattern for pattern in given if not any(fnmatchcase(name, pattern) for name in names)]
    if idle:
        more = f" (and {len(idle) - 1} more)" if idle[1:] else ""
        raise UserError(f"{where}: limit '{idle[0]}'{more} matches no figure: mend or delete it; a figure is called "
                        f"such as {next(iter(sorted(names)), 'lif/rk4/grid/operations_per_step')}")


def read_limits(given: Any, where: str) -> Given:
    """Check the limits that a baseline file holds, such as ``{"*/dt_ms": {"soft_percent": 5, "hard": 0.01}}``.

    Raises
    ------
    UserError
        If they are not written so.
    """
    if not isinstance(given, dict):
        raise UserError(f"{where}: limits are no object; write patterns of names, each with {', '.join(FIELDS)}")
    for pattern, value in given.items():
        limit = f"{where}: limit '{pattern}'"
        if not (isinstance(value, dict) and value and value.keys() <= set(FIELDS)):
            raise UserError(f"{limit}: give soft_percent, hard, or both, and improved_percent where better figures "
                            "have another limit")
        for name, number in value.items():
            if number is not None and (isinstance(number, bool) or not isinstance(number, (int, float))
                                       or not abs(number) <= sys.float_info.max):
                raise UserError(f"{limit}: {name} = {str(number)[:40]!r} is not a finite number")
        for name, than in (("soft_percent", "worse"), ("improved_percent", "better")):
            if (value.get(name) or 0) < 0:
                raise UserError(f"{limit}: {name} is below 0; give how much {than} the figure may become")
    return given
