"""What `spikecost claims` shows: published claims, each with its verdict and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ...models.ground.errors import UserError
from ..claims import published  # noqa: F401 - registers the claims
from ..claims.claim import CLAIMS, ClaimVerdict
from ..claims.evidence import Evidence
from ..claims.second_solver import SolvedAgain
from ..page.claims import ANSWERS
from ..writing.escape import markdown
from ..writing.files import write_file
from ..writing.records import dumps
from ..writing.text import frame, prose

#: How the page starts.
PAGE = (
    "# Published claims, put to the test",
    "",
    "Written by `spikecost claims --out FILE`. Each claim is in our own words. A source that we could not read is "
    "not said to be reproduced: the line *source* says how sure we are of what it says. A number agrees with a "
    "claim, contradicts it, or is not known. *Holds only* names conditions under which all known numbers agree, or the "
    "only ones under which they do not. `--seed` with several numbers tests each claim with the stimuli of several "
    "seeds: the numbers in the tables are those of the first, and the last column says what another seed changes.",
    "",
)


def verdicts(names: Sequence[str], evidence: Evidence, others: Sequence[Evidence] = ()) -> list[ClaimVerdict]:
    """Test claims.

    Parameters
    ----------
    names : sequence of str
        Of claims; if empty, all.
    evidence : Evidence
    others : sequence of Evidence
        With other seeds.

    Raises
    ------
    UserError
        If a name is unknown.
    """
    chosen = [CLAIMS[name] for name in names or CLAIMS]
    return [
        replace(claim.judge(evidence), others={other.seed: claim.judge(other) for other in others})
        for claim in sorted(chosen, key=lambda claim: (claim.year, claim.name))
    ]


def claims_text(found: Sequence[ClaimVerdict], details: bool, again: SolvedAgain | None = None) -> str:
    """Write claims and verdicts; with `details`, every number, and what is known and assumed."""
    parts = []
    for verdict in found:
        claim = verdict.claim
        lines = [f"{claim.name}: {claim.sentence}", f"  {verdict.text}."]
        lines += [f"  {verdict.with_other_seeds}."] if verdict.others else []
        if details:
            lines += [f"  {name}: {text}" for name, text in _about(verdict)]
        parts.append(prose("\n".join(lines)))
        if details:
            parts.append(frame("", _table(verdict)))
    parts += [prose(f"References: {again.text}.")] if again else []
    return "\n".join(parts) + "\n"


def claims_markdown(found: Sequence[ClaimVerdict], again: SolvedAgain | None = None) -> str:
    """Write claims and verdicts as a page in Markdown."""
    lines = [*PAGE, *([f"Are the references right? {markdown(again.text)}.", ""] if again else [])]
    lines += ["| claim | source | verdict | other seeds |", "|---|---|---|---|"]
    lines += [
        f"| [{each.claim.name}](#{each.claim.name}) | {markdown(each.claim.source)} | {markdown(each.text)} | "
        f"{markdown(each.with_other_seeds or 'not tried')} |"
        for each in found
    ]
    for each in found:
        said = f"**{markdown(each.claim.sentence)}**", f"*{markdown(each.text)}.*"
        lines += ["", f"## {each.claim.name}", "", said[0], "", said[1], ""]
        lines += [f"- {name}: {markdown(text)}" for name, text in _about(each)]
        table = _table(each)
        lines += ["", f"| {' | '.join(table.columns)} |", f"|{'---|' * len(table.columns)}"]
        lines += [f"| {' | '.join(map(markdown, map(str, row)))} |" for row in table.itertuples(index=False)]
    return "\n".join(lines) + "\n"


def check_pages(files: Sequence[str]) -> None:
    """Refuse files that cannot be written, before anything is run.

    Raises
    ------
    UserError
        If a file is neither Markdown nor JSON, or its folder does not exist.
    """
    for file in files:
        if Path(file).suffix not in (".md", ".json") or not Path(file).parent.is_dir() or Path(file).is_dir():
            raise UserError(f"--out {file}: give a file that ends in .md or .json, in a folder that exists")


def write(found: Sequence[ClaimVerdict], files: Sequence[str], again: SolvedAgain | None = None) -> None:
    """Write the page in Markdown, and what ``--json`` prints, to files with these endings.

    Raises
    ------
    UserError
        If a file cannot be written.
    """
    for file in files:
        as_json = Path(file).suffix == ".json"
        text = dumps([each.to_json() for each in found]) + "\n" if as_json else claims_markdown(found, again)
        write_file(file, text.encode())


def _about(verdict: ClaimVerdict) -> list[tuple[str, str]]:
    claim = verdict.claim
    return [
        ("source", f"{claim.source} ({claim.certainty.value})"),
        ("known", claim.known),
        ("assumed", claim.assumed),
        ("agrees if", claim.agrees_if),
        ("would change it", claim.flips),
        *([("other seeds", verdict.with_other_seeds)] if verdict.others else []),
    ]


def _table(verdict: ClaimVerdict) -> pd.DataFrame:
    rows = []
    for place, each in enumerate(verdict.findings):
        row = each.conditions | {"found": each.number, "": ANSWERS[each.agrees]}
        for seed, other in verdict.others.items():
            again = next((one for one in other.findings if one.conditions == each.conditions), None)
            changes = verdict.changes(place) and again is not None and again.agrees != each.agrees
            row[f"seed {seed}"] = f"{again.number}: {ANSWERS[again.agrees]}" if again and changes else "the same"
        rows.append(row)
    return pd.DataFrame(rows)
