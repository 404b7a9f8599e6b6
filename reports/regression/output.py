"""A judgement as text, Markdown, JUnit XML and GitHub annotations."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from html import escape as escape_html
from xml.etree import ElementTree

from ...models.html import table_html
from .. import escape
from .judge import HOLDS, IMPROVED, NEW, NOT_COMPARABLE, NOT_JUDGED, REGRESSED, REPORTED, Finding, Judgement

#: Of what was not judged, so many figures are listed: a run of another suite lacks all.
MOST_NOT_JUDGED = 10
COLUMNS = ("figure", "verdict", "baseline", "now", "change", "limit", "")
#: GitHub shows no more than ten annotations of a kind a step.
MOST_ANNOTATIONS = 10


def headline(judgement: Judgement) -> str:
    """Return the verdict in one line."""
    n = {verdict: len(judgement.of(verdict)) for verdict in
         (REGRESSED, NOT_JUDGED, IMPROVED, NOT_COMPARABLE, NEW, REPORTED, HOLDS)}
    if judgement.status == 1:
        first = f"{n[REGRESSED]} of {n[REGRESSED] + n[HOLDS] + n[IMPROVED]} figures regressed"
    elif judgement.status:
        first = "could not be judged"
    else:
        first = f"{n[HOLDS] + n[IMPROVED]} figures hold"
    more = ", ".join(f"{n[verdict]} {verdict}" for verdict in (IMPROVED, NOT_JUDGED, NOT_COMPARABLE, NEW, REPORTED)
                     if n[verdict])
    return f"{first} against {judgement.baseline}" + (f" ({more})" if more else "")


def rows(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """Return the table's rows, in the order of `COLUMNS`."""
    return [_row(finding) for finding in findings]


def text(judgement: Judgement, every: bool = False) -> str:
    """Return the verdict and its table for a terminal or a log."""
    lines = [headline(judgement)]
    table = rows(judgement.findings if every else _listed(judgement))
    if table:
        widths = [max(len(row[i]) for row in [COLUMNS, *table]) for i in range(len(COLUMNS))]
        lines += ["", *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                        for row in [COLUMNS, *table])]
    lines += ["", *_notes(judgement)] if any(True for _ in _notes(judgement)) else []
    return "\n".join(lines)


def markdown(judgement: Judgement) -> str:
    """Return the verdict and its table as Markdown, for a step summary or a comment."""
    lines = [f"### spikecost: {escape.markdown(headline(judgement))}", ""]
    table = rows(_listed(judgement))
    if table:
        lines += [f"| {' | '.join(COLUMNS)} |", "|---|---|---:|---:|---:|---|---|"]
        lines += [f"| {' | '.join(escape.markdown(cell) for cell in row)} |" for row in table]
        lines.append("")
    lines += [f"{escape.markdown(note)}\n" for note in _notes(judgement)]
    return "\n".join(lines)


def html(judgement: Judgement) -> str:
    """Return the verdict and its table for a notebook."""
    notes = "".join(f"<p>{escape_html(note)}</p>" for note in _notes(judgement))
    return table_html(headline(judgement), COLUMNS, rows(_listed(judgement))) + notes


def junit(judgement: Judgement) -> str:
    """Return JUnit XML: a test case a figure; what regressed has failed, what was not judged is skipped."""
    suite = ElementTree.Element("testsuite", name="spikecost", tests=str(len(judgement.findings)),
                                failures=str(len(judgement.of(REGRESSED))), errors=str(len(judgement.of(NOT_JUDGED))),
                                skipped=str(len(judgement.of(NOT_COMPARABLE, NEW, REPORTED))))
    for finding in judgement.findings:
        subject, _, last = finding.figure.rpartition("/")
        case = ElementTree.SubElement(suite, "testcase", classname=_plain(subject), name=last)
        said = _plain(sentence(finding))
        if finding.verdict == REGRESSED:
            ElementTree.SubElement(case, "failure", message=said, type=REGRESSED).text = said
        elif finding.verdict == NOT_JUDGED:
            ElementTree.SubElement(case, "error", message=said, type=NOT_JUDGED).text = said
        elif finding.verdict in (NOT_COMPARABLE, NEW, REPORTED):
            ElementTree.SubElement(case, "skipped", message=said)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def github(judgement: Judgement) -> list[str]:
    """Return GitHub workflow commands: an error for what regressed or was not judged, a notice for what improved."""
    found = []
    for level, verdicts in (("error", (REGRESSED, NOT_JUDGED)), ("notice", (IMPROVED,))):
        findings = judgement.of(*verdicts)
        shown = findings if len(findings) <= MOST_ANNOTATIONS else findings[:MOST_ANNOTATIONS - 1]
        found += [_command(level, f"{each.figure} {each.verdict}", sentence(each)) for each in shown]
        if len(shown) < len(findings):
            found.append(_command(level, "and more", f"{len(findings) - len(shown)} more; the step summary has all"))
    return found


def no_commands(said: str) -> str:
    """Return text of which no line is a workflow command to GitHub, whatever the names in it."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{said}\n::{token}::"


def github_problem(message: str) -> str:
    """Return the GitHub annotation of why nothing could be judged."""
    return _command("error", "spikecost check", message)


def sentence(finding: Finding) -> str:
    """Say what became of a figure."""
    figure, verdict, before, after, change, limit, reason = _row(finding)
    moved = f"{before} -> {after} {finding.unit}" if before or after else ""
    parts = (moved, change, f"limit {limit}" if limit and limit != "none" else "", reason)
    return f"{figure}: {verdict}; " + "; ".join(part for part in parts if part)


def _row(finding: Finding) -> tuple[str, ...]:
    change = ""
    if finding.before is not None and finding.after is not None:
        change = f"{finding.after - finding.before:+.4g}"
        if finding.percent is not None:
            change += f" ({finding.percent:+.3g} %)"
    return (finding.figure, finding.verdict, _number(finding.before), _number(finding.after), change, finding.limit,
            finding.reason)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _listed(judgement: Judgement) -> list[Finding]:
    """Return what is listed figure by figure; the rest is counted."""
    return [*judgement.of(REGRESSED), *judgement.of(NOT_JUDGED)[:MOST_NOT_JUDGED], *judgement.of(IMPROVED)]


def _notes(judgement: Judgement) -> Iterator[str]:
    if judgement.of(IMPROVED):
        yield "improved figures stay guarded at their old value until: spikecost baseline update"
    unlike = judgement.of(NOT_COMPARABLE)
    for reason in dict.fromkeys(finding.reason for finding in unlike):
        figures = [finding.figure for finding in unlike if finding.reason == reason]
        yield f"not comparable: {', '.join(figures[:3])}{', ...' if len(figures) > 3 else ''}: {reason}"
    lacking = len(judgement.of(NOT_JUDGED))
    if lacking:
        more = f" ({lacking - MOST_NOT_JUDGED} more)" if lacking > MOST_NOT_JUDGED else ""
        yield (f"to have all of them judged{more}, give the run that the baseline was made of, name fewer with --only, "
               "or make the baseline anew")


def _command(level: str, title: str, message: str) -> str:
    properties = _percent(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={properties}::{_percent(message)}"


def _percent(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _plain(value: str) -> str:
    """Leave out characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "?", value)
