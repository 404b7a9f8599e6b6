"""The result for the figures of a baseline: findings, and the verdict on all of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from typing import Any

from ...models.ground.html import table_html
from ..writing.notebook import Shown
from ..writing.text import how_many, prose, rows


class FigureVerdict(StrEnum):
    """Verdicts on a figure, the worst first."""

    CONTRADICTED = "contradicted"
    """A count differs from what the processor executed."""
    REGRESSED = "regressed"
    """Worse than its limit allows, or it no longer has a number."""
    NOT_JUDGED = "not judged"
    """It should be there and is not, or nothing is known about it."""
    IMPROVED = "improved"
    """Better by more than its limit: a person has to accept it."""
    NOT_COMPARABLE = "not comparable"
    """Measured on another machine or with another toolchain."""
    NEW = "new"
    """The baseline does not have it."""
    REPORTED = "reported"
    """It has no limit."""
    HOLDS = "holds"


CONTRADICTED, REGRESSED, NOT_JUDGED, IMPROVED, NOT_COMPARABLE, NEW, REPORTED, HOLDS = FigureVerdict
#: How many of the figures that were not judged are listed: a run of another suite lacks all of them.
MOST_NOT_JUDGED = 10
#: How many of the figures that the baseline does not have are listed.
MOST_NEW = 10
#: Columns of the table of findings.
COLUMNS = ("figure", "verdict", "baseline", "now", "change", "limit", "")


class Command(str):
    """A note that is a command to copy: it is never broken into lines."""

    __slots__ = ()


@dataclass(frozen=True)
class Judged:
    """The result for one figure."""

    figure: str
    verdict: FigureVerdict
    before: float | None
    """The number in the baseline."""
    after: float | None
    """The number in the run; None if there is none."""
    unit: str
    limit: str = ""
    """The limit that was exceeded, or that holds."""
    reason: str = ""
    """Why it is not judged or not comparable, or why it no longer has a number."""

    @property
    def percent(self) -> float | None:
        """Change in percent; None if the baseline's number is 0 or missing."""
        if self.before is None or self.after is None or not self.before:
            return None
        return 100 * (self.after / self.before - 1)

    def to_json(self) -> dict[str, Any]:
        """Return plain strings and numbers."""
        return {
            "figure": self.figure,
            "verdict": self.verdict,
            "before": self.before,
            "after": self.after,
            "percent": self.percent,
            "unit": self.unit,
            "limit": self.limit,
            "reason": self.reason,
        }

    @property
    def row(self) -> tuple[str, ...]:
        """The row of the table, in the order of `COLUMNS`."""
        change = ""
        if self.before is not None and self.after is not None:
            change = f"{self.after - self.before:+.4g}"
            if self.percent is not None:
                change += f" ({self.percent:+.3g} %)"
        return (self.figure, self.verdict, _number(self.before), _number(self.after), change, self.limit, self.reason)

    @property
    def sentence(self) -> str:
        """What happened to the figure, as a sentence."""
        figure, verdict, before, after, change, limit, reason = self.row
        moved = f"{before} -> {after} {self.unit}" if before or after else ""
        parts = (moved, change, f"limit {limit}" if limit and limit != "none" else "", reason)
        return f"{figure}: {verdict}; " + "; ".join(part for part in parts if part)


@dataclass(frozen=True)
class Judgement(Shown):
    """The whole verdict."""

    findings: tuple[Judged, ...]
    baseline: str
    """File of the baseline."""
    environment: tuple[str, ...] = ()
    """How the run's machine and toolchain differ from those of the baseline, as text."""
    strict: bool = False
    """Whether another machine or toolchain, or a figure that is not comparable, prevents success."""
    changed: tuple[str, ...] = ()
    """Models whose definition differs from that in the baseline."""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """File and line of the models that were given as files, by model."""
    update: str = ""
    """The command that accepts the figures of this run; empty if none is known."""
    by_figure: bool = False
    """Whether that command can accept some figures alone, with ``--figures``."""
    whose: str = ""
    """Whose figures these are, if nobody named a model, a suite or a run."""

    def of(self, *verdicts: FigureVerdict) -> list[Judged]:
        """Return the findings with a verdict."""
        return [finding for finding in self.findings if finding.verdict in verdicts]

    @property
    def status(self) -> int:
        """Exit status: 1 if a figure regressed or a count is wrong, 0 if all hold, otherwise 2.

        2: a figure that should be there could not be judged, or improved by more than its limit and this is not yet
        accepted.
        """
        if self.of(CONTRADICTED, REGRESSED):
            return 1
        if self.of(NOT_JUDGED, IMPROVED) or (self.strict and (self.environment or self.of(NOT_COMPARABLE))):
            return 2
        return 0 if self.of(HOLDS) else 2

    @property
    def verdict(self) -> FigureVerdict:
        """The verdict in a word or two."""
        if self.status == 1:
            return REGRESSED if self.of(REGRESSED) else CONTRADICTED
        if not self.status:
            return HOLDS
        if self.of(NOT_JUDGED) or not self.of(HOLDS, IMPROVED):
            return NOT_JUDGED
        return IMPROVED if self.of(IMPROVED) else NOT_COMPARABLE

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        n = {verdict: len(self.of(verdict)) for verdict in FigureVerdict}
        judged = n[REGRESSED] + n[HOLDS] + n[IMPROVED]
        first = {
            REGRESSED: f"{n[REGRESSED]} of {judged} figures regressed",
            CONTRADICTED: how_many(n[CONTRADICTED], "count differs", "counts differ")
            + " from what the processor executed",
            IMPROVED: f"{n[IMPROVED]} of {judged} figures improved by more than their limit",
            NOT_COMPARABLE: "not all can be compared",
            HOLDS: how_many(n[HOLDS], "figure holds", "figures hold"),
        }.get(self.verdict, "could not be judged")
        told = {REGRESSED, HOLDS, self.verdict} - {NOT_JUDGED, NOT_COMPARABLE}
        others = [verdict for verdict in FigureVerdict if n[verdict] and verdict not in told]
        more = ", ".join(f"{n[verdict]} {verdict}" for verdict in others)
        return f"{first} against {self.baseline}" + (f" ({more})" if more else "")

    @property
    def listed(self) -> list[Judged]:
        """The findings that are listed one by one; the others are only counted."""
        return [
            *self.of(CONTRADICTED),
            *self.of(REGRESSED),
            *self.of(NOT_JUDGED)[:MOST_NOT_JUDGED],
            *self.of(IMPROVED),
            *self.of(NEW)[:MOST_NEW],
        ]

    @property
    def notes(self) -> list[str]:
        """The notes below the table."""
        return list(self._notes())

    @property
    def text(self) -> str:
        """What a terminal or a log shows."""
        return self.written(self.listed)

    def written(self, findings: Sequence[Judged]) -> str:
        """Return the verdict as text, with a table of some findings."""
        lines = [prose(self.headline)]
        if findings:
            table = [dict(zip(COLUMNS, finding.row, strict=True)) for finding in findings]
            lines += ["", rows("", COLUMNS, table).rstrip("\n")]
        if self.notes:
            # a command that was broken could not be copied
            lines += ["", *(f"    {note}" if isinstance(note, Command) else prose(note) for note in self.notes)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return table_html(self.headline, COLUMNS, (finding.row for finding in self.listed)) + notes

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and numbers."""
        return {
            "status": self.status,
            "verdict": self.verdict,
            "baseline": self.baseline,
            "environment": list(self.environment),
            "changed": list(self.changed),
            "whose": self.whose,
            "figures": [finding.to_json() for finding in self.findings],
        }

    def _notes(self) -> Iterator[str]:
        if self.whose:
            yield (
                f"these are figures of {self.whose}, not of a model of yours: name yours with --models "
                "my_model.py:model, or in a suite with --suite FILE"
            )
        if self.changed:
            yield (
                f"{', '.join(self.changed)}: the definition differs from that in the baseline; the figures were "
                "judged for this change"
            )
        if self.of(IMPROVED):
            yield "an improvement by more than its limit is a change like any other: look at it and accept it"
        to_accept = self.update and (self.of(REGRESSED, IMPROVED) or self.changed)
        if to_accept:
            yield f"to accept all of it, if it is intended{', or some of it, for example' if self.by_figure else ''}:"
            yield Command(self.update)
        if to_accept and self.by_figure:
            some = next((each for each in self.of(REGRESSED, IMPROVED, NEW)), None)
            pattern = f"{some.figure.rpartition('/')[0]}/*" if some else "PATTERN"
            yield Command(f"{self.update} --figures {shlex.quote(pattern)}")
        unlike = self.of(NOT_COMPARABLE)
        for reason in dict.fromkeys(finding.reason for finding in unlike):
            figures = [finding.figure for finding in unlike if finding.reason == reason]
            yield f"not comparable: {', '.join(figures[:3])}{', ...' if len(figures) > 3 else ''}: {reason}"
        if self.strict and self.environment:
            yield (
                "times and retired operations are only comparable on one machine and toolchain: check where the "
                f"baseline was made, or make it again here ({'; '.join(self.environment)})"
            )
        lacking = len(self.of(NOT_JUDGED))
        if lacking:
            more = f" ({lacking - MOST_NOT_JUDGED} more)" if lacking > MOST_NOT_JUDGED else ""
            fewer = "give the run that the baseline was made from, name fewer with --only, or "
            yield f"to judge all of them{more}, {fewer if self.by_figure else ''}make the baseline again"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
