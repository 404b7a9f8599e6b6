"""Limits: how far a figure may be from the baseline, for worse and for better, and how bad its value may be at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ....models.ground.errors import UserError, short
from .figures import Rule

#: Limits in a baseline: by pattern of names, one or more of `FIELDS`.
Given = Mapping[str, Mapping[str, float | None]]
#: ``soft_percent``: how much worse (null: the figure is only reported); ``improved_percent``: how much better before
#: the baseline must be renewed (null: no limit); ``hard``: a limit on the number itself.
FIELDS = ("soft_percent", "improved_percent", "hard")


@dataclass(frozen=True)
class Limit:
    """Limits of one figure."""

    soft_percent: float | None
    """How much worse than the baseline it may be; None if it is only reported."""
    hard: float | None = None
    """Limit on the number itself, whatever the baseline says; None if there is no such limit."""
    improved_percent: float | None = 0.0
    """How much better than the baseline it may be before the baseline must be renewed; None if there is no limit."""


def limit_for(name: str, kind: Rule, given: Given) -> Limit:
    """Return the limit of a figure: from the longest matching pattern, and for missing fields from its kind."""
    matching = [pattern for pattern in given if fnmatchcase(name, pattern)]
    found = given[max(matching, key=lambda each: (len(each), each))] if matching else {}
    soft = found.get("soft_percent", kind.soft_percent)
    return Limit(soft, found.get("hard"), found.get("improved_percent", soft))


def refuse_idle(given: Given, names: Collection[str], where: str) -> None:
    """Check that every limit matches a figure: a limit with a typing error has no effect.

    Raises
    ------
    UserError
        If a pattern matches no figure.
    """
    idle = [pattern for pattern in given if not any(fnmatchcase(name, pattern) for name in names)]
    if idle:
        more = f" (and {len(idle) - 1} more)" if idle[1:] else ""
        raise UserError(
            f"{where}: limit '{short(idle[0])}'{more} matches no figure: correct or delete it; a figure is "
            f"called, for example, {short(next(iter(sorted(names)), 'lif/rk4/grid/operations_per_step'))}"
        )


@dataclass(frozen=True)
class LimitForm:
    """The form of a limit in a baseline file; only the file tells a missing field from ``null``."""

    soft_percent: float | None = None
    hard: float | None = None
    improved_percent: float | None = None


def given_limits(content: Given, where: str) -> Given:
    """Return the limits of a baseline file, such as ``{"*/dt_ms": {"soft_percent": 5, "hard": 0.01}}``.

    Parameters
    ----------
    content : mapping
        By pattern, in the form of `LimitForm`.
    where : str
        Name of the file, for messages.

    Raises
    ------
    UserError
        If a limit has no effect, or is below 0.
    """
    for pattern, value in content.items():
        limit = f"{where}: limit '{short(pattern)}'"
        if not value:
            raise UserError(
                f"{limit}: give soft_percent, hard, or both, and improved_percent where better figures "
                "have another limit"
            )
        for name, than in (("soft_percent", "worse"), ("improved_percent", "better")):
            if (value.get(name) or 0) < 0:
                raise UserError(f"{limit}: {name} is below 0; give how much {than} the figure may become")
    return content
