"""The changes in a history as people read them: by commit, those beyond a limit first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..writing import escape
from ..writing.encoded import markdown_rows
from ..writing.text import prose, rows
from .judge import moved
from .judgement import IMPROVED, REGRESSED, REPORTED, Judged
from .kept.changes import Change
from .kept.figures import KINDS
from .kept.history import Entry
from .kept.limits import Given

#: Most changes of one commit that are listed; those beyond a limit come first.
MOST_LISTED = 20
#: Columns of the table of a commit.
COLUMNS = ("figure", "before", "after", "change", "limit", "")
#: What the verdicts on a change are called.
_MARKS = {REGRESSED: "beyond its limit", IMPROVED: "better than its limit"}


@dataclass(frozen=True)
class JudgedChange:
    """A change of one figure, judged by its limit."""

    change: Change
    judged: Judged

    @property
    def row(self) -> tuple[str, ...]:
        """The row of the table, in the order of `COLUMNS`."""
        figure, _, before, after, change, limit, _ = self.judged.row
        return figure, before, after, change, limit, _MARKS.get(self.judged.verdict, "")

    @property
    def beyond(self) -> bool:
        """Whether it is worse than its limit allows."""
        return self.judged.verdict == REGRESSED


@dataclass(frozen=True)
class Commit:
    """The changes of one commit."""

    name: str
    """The commit; if it is not known, which run it was."""
    date: str
    steps: tuple[JudgedChange, ...]

    @property
    def listed(self) -> list[JudgedChange]:
        """The changes that are listed one by one, the worst first."""
        order = {REGRESSED: 0, IMPROVED: 1}
        return sorted(self.steps, key=lambda step: order.get(step.judged.verdict, 2))[:MOST_LISTED]

    @property
    def title(self) -> str:
        """The commit, its date, and how many figures changed."""
        beyond = sum(step.beyond for step in self.steps)
        more = f", {beyond} beyond their limits" if beyond else ""
        left = len(self.steps) - len(self.listed)
        rest = f" ({left} not listed: name them with --figure)" if left else ""
        return f"{self.name}  {self.date[:10]}  {len(self.steps)} changed{more}{rest}"


def by_commit(changes: Mapping[str, Sequence[Change]], limits: Given) -> list[Commit]:
    """Group the changes of figures by commit, in the order of the runs; each is judged by its limit.

    Parameters
    ----------
    changes : mapping
        By name of figure.
    limits : mapping
        Those of a baseline; empty for the limits of the kinds of figures.
    """
    steps: dict[str, list[JudgedChange]] = {}
    for name, of in changes.items():
        for change in of:
            # a time has no limit here, and neither has a figure of a kind that a later version left out
            known = name.rpartition("/")[2] in KINDS
            judged = (
                moved(name, change.before, change.after, limits)
                if known
                else Judged(name, REPORTED, change.before, change.after, "", "none")
            )
            steps.setdefault(_named(change), []).append(JudgedChange(change, judged))
    ordered = sorted(steps.items(), key=lambda item: min(step.change.run for step in item[1]))
    return [Commit(name, min(step.change.date for step in of), tuple(of)) for name, of in ordered]


def as_text(title: str, commits: Sequence[Commit], unchanged: Mapping[str, float]) -> str:
    """Write the changes for a terminal, and the values of the figures in `unchanged`, which never changed."""
    lines = [prose(title)]
    for commit in commits:
        table = [dict(zip(COLUMNS, step.row, strict=True)) for step in commit.listed]
        lines += ["", rows(commit.title, COLUMNS, table, ("before", "after")).rstrip("\n")]
    if unchanged:
        listed = [{"figure": name, "value": f"{value:.6g}"} for name, value in unchanged.items()][:MOST_LISTED]
        more = f" ({len(unchanged) - len(listed)} more)" if len(listed) < len(unchanged) else ""
        lines += ["", rows(f"never changed{more}", ("figure", "value"), listed, ("value",)).rstrip("\n")]
    return "\n".join(lines)


def as_markdown(title: str, commits: Sequence[Commit]) -> str:
    """Write the changes as Markdown, for a step summary; commits without a change beyond a limit are folded."""
    lines = [f"### spikecost: {escape.markdown(title)}", ""]
    for commit in commits:
        said = escape.markdown(commit.title)
        table = markdown_rows(COLUMNS, [step.row for step in commit.listed], [name == "change" for name in COLUMNS])
        if any(step.beyond for step in commit.steps):
            lines += [f"#### {said}", "", table]
        else:
            lines += [f"<details><summary>{said}</summary>", "", table, "", "</details>", ""]
    return "\n".join(lines)


def runs_listed(series: Sequence[Entry], steps: Sequence[Change], said: Mapping[int, str]) -> list[str]:
    """Write a figure in every run; runs of one value, one after the other, are one line.

    Parameters
    ----------
    series : sequence of Entry
    steps : sequence of Change
    said : mapping
        What to say of a change, by run.
    """
    starts = {step.run for step in steps}
    groups: list[list[Entry]] = []
    for entry in series:
        if groups and entry.run not in starts and f"{entry.value:.6g}" == f"{groups[-1][0].value:.6g}":
            groups[-1].append(entry)
        else:
            groups.append([entry])
    named = [
        f"run {group[0].run}" if len(group) == 1 else f"runs {group[0].run} to {group[-1].run}" for group in groups
    ]
    wide = max(map(len, named))
    return [
        f"  {name:{wide}}  {group[0].date[:10]}  {group[0].commit[:10]:10}  {group[0].value:.6g}"
        + (f"  <- {said[group[0].run]}" if group[0].run in said else "")
        for name, group in zip(named, groups, strict=True)
    ]


def _named(change: Change) -> str:
    commit, separator, more = change.commit.partition(",")
    return f"{commit[:12]}{separator}{more}" if commit else f"run {change.run}"
