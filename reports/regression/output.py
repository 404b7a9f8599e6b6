"""A judgement as Markdown, JUnit XML and GitHub annotations."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from xml.etree import ElementTree

from ...models.ground.errors import visible
from ..writing import escape
from ..writing.encoded import markdown_rows
from .judgement import (
    COLUMNS,
    CONTRADICTED,
    IMPROVED,
    NEW,
    NOT_COMPARABLE,
    NOT_JUDGED,
    REGRESSED,
    REPORTED,
    Command,
    Judgement,
)

#: Verdicts, by the outcome of a test.
FAILED, STOPPED, SKIPPED = (CONTRADICTED, REGRESSED), (NOT_JUDGED, IMPROVED), (NOT_COMPARABLE, NEW, REPORTED)
#: GitHub shows at most ten annotations of one kind per step.
MOST_ANNOTATIONS = 10


def markdown(judgement: Judgement) -> str:
    """Return the verdict and its table as Markdown, for a step summary or a comment."""
    lines = [f"### spikecost: {escape.markdown(judgement.headline)}", ""]
    table = [finding.row for finding in judgement.listed]
    if table:
        lines.append(markdown_rows(COLUMNS, table, [name in ("baseline", "now", "change") for name in COLUMNS]))
    for note in judgement.notes:
        # a command is shown as it is typed; a line break in the name of a file would end the block of code
        said = f"    {visible(note, keep='')}" if isinstance(note, Command) else escape.markdown(note)
        lines.append(f"{said}\n")
    return "\n".join(lines)


def junit(judgement: Judgement) -> str:
    """Return JUnit XML, one test case per figure.

    Regressed figures are failures; figures that were not judged, or improved so much that a person must accept it, are
    errors; figures that are not comparable or new are skipped.
    """
    suite = ElementTree.Element(
        "testsuite",
        name="spikecost",
        tests=str(len(judgement.findings)),
        failures=str(len(judgement.of(*FAILED))),
        errors=str(len(judgement.of(*STOPPED))),
        skipped=str(len(judgement.of(*SKIPPED))),
    )
    for finding in judgement.findings:
        subject, _, last = finding.figure.rpartition("/")
        case = ElementTree.SubElement(suite, "testcase", classname=_plain(subject), name=last)
        said = _plain(finding.sentence)
        if finding.verdict in FAILED:
            ElementTree.SubElement(case, "failure", message=said, type=finding.verdict).text = said
        elif finding.verdict in STOPPED:
            ElementTree.SubElement(case, "error", message=said, type=finding.verdict).text = said
        elif finding.verdict in SKIPPED:
            ElementTree.SubElement(case, "skipped", message=said)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def github(judgement: Judgement) -> list[str]:
    """Return GitHub workflow commands: an error for what failed or was not judged, a warning for what improved."""
    found = []
    for level, verdicts in (("error", (*FAILED, NOT_JUDGED)), ("warning", (IMPROVED,))):
        findings = judgement.of(*verdicts)
        shown = findings if len(findings) <= MOST_ANNOTATIONS else findings[: MOST_ANNOTATIONS - 1]
        found += [
            _command(
                level,
                f"{each.figure} {each.verdict}",
                each.sentence,
                judgement.places.get(each.figure.partition("/")[0]),
            )
            for each in shown
        ]
        if len(shown) < len(findings):
            found.append(_command(level, "and more", f"{len(findings) - len(shown)} more; the step summary lists all"))
    return found


def no_commands(said: str) -> str:
    """Return the text in a form in which GitHub takes no line for a workflow command, whatever names it contains."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{said}\n::{token}::"


def github_problem(message: str) -> str:
    """Return the GitHub annotation that says why nothing could be judged."""
    return _command("error", "spikecost check", message)


def _command(level: str, title: str, message: str, place: tuple[str, int] | None = None) -> str:
    where = f"file={_property(_in_workspace(place[0]))},line={place[1]}," if place else ""
    return f"::{level} {where}title={_property(title)}::{_percent(message)}"


def _in_workspace(path: str) -> str:
    """Return a path as GitHub shows it: relative to the checked out repository, if it is in it."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if not workspace:
        return path
    whole, root = Path(path).resolve(), Path(workspace).resolve()
    return str(whole.relative_to(root)) if whole.is_relative_to(root) else path


def _property(value: str) -> str:
    return _percent(value).replace(":", "%3A").replace(",", "%2C")


def _percent(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _plain(value: str) -> str:
    """Leave out characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "?", value)
