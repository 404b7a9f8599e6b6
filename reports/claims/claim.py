"""A claim, the numbers that decide on it, and the rule that turns them into a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ...models.ground.registry import Registry

if TYPE_CHECKING:
    from .evidence import Evidence

#: The most conditions that one sentence names; beyond, only their number is given.
MOST_NAMED = 6


class Certainty(StrEnum):
    """How sure we are of what the source says."""

    READ = "read in the source or its published code"
    ABSTRACT = "read in the abstract"
    QUOTED = "widely quoted; the source's table was not at hand"
    OURS = "stated by this project"


class ClaimSays(StrEnum):
    """What the numbers say about a claim."""

    HOLDS = "holds"
    ONLY_IF = "holds only if"
    FAILS = "fails"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class ClaimFinding:
    """One number that agrees with a claim or contradicts it."""

    conditions: dict[str, str]
    """Under which conditions it was found: what (such as ``drive``) and its value in words. All findings of a claim
    have the same keys."""
    number: str
    """The number in words, with its unit."""
    agrees: bool | None
    """Whether it agrees with the claim; None if there is no number, or it is only a bound that does not decide."""


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim and what was found."""

    claim: Claim
    says: ClaimSays
    findings: tuple[ClaimFinding, ...]

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        known = [each for each in self.findings if each.agrees is not None]
        unknown = len(self.findings) - len(known)
        if self.says == ClaimSays.NOT_KNOWN:
            return "not known: no condition that was tried gives a number"
        where = only_if(known) if self.says == ClaimSays.ONLY_IF else f"in all {len(known)} conditions that were tried"
        only = " only" if self.says == ClaimSays.ONLY_IF else ""
        verb = "fails" if self.says == ClaimSays.FAILS else "holds"
        return f"{verb}{only} {where}" + (f"; not known in {unknown} more" if unknown else "")

    def to_json(self) -> dict[str, Any]:
        """Return the claim, the verdict and every finding in values that JSON can store."""
        claim = self.claim
        return {
            "name": claim.name,
            "source": claim.source,
            "certainty": claim.certainty.value,
            "claim": claim.sentence,
            "known": claim.known,
            "assumed": claim.assumed,
            "agrees_if": claim.agrees_if,
            "flips": claim.flips,
            "verdict": self.says.value,
            "text": self.text,
            "findings": [
                {"conditions": each.conditions, "number": each.number, "agrees": each.agrees} for each in self.findings
            ],
        }


@dataclass(frozen=True)
class Claim:
    """A published claim and the experiment that tests it."""

    name: str
    year: int
    """Of the source; claims are listed by it."""
    source: str
    certainty: Certainty
    sentence: str
    """What is claimed, in our own words."""
    known: str
    """What is known of its conditions."""
    assumed: str
    """What we assume, because the source does not say it or we cannot know it."""
    agrees_if: str
    """When a number agrees with the claim, in words."""
    flips: str
    """What would change the verdict."""
    findings: Callable[[Evidence], Iterable[ClaimFinding]]
    """The experiment: returns one finding per condition."""

    def judge(self, evidence: Evidence) -> ClaimVerdict:
        """Run the experiment and apply the rule."""
        found = tuple(self.findings(evidence))
        return ClaimVerdict(self, rule(found), found)


def rule(findings: Iterable[ClaimFinding]) -> ClaimSays:
    """Return the verdict: it holds if every known finding agrees, and fails if every known finding contradicts."""
    known = {each.agrees for each in findings if each.agrees is not None}
    if not known:
        return ClaimSays.NOT_KNOWN
    if len(known) == 2:
        return ClaimSays.ONLY_IF
    return ClaimSays.HOLDS if True in known else ClaimSays.FAILS


def only_if(known: list[ClaimFinding]) -> str:
    """Say where findings agree, with as few conditions as possible.

    Parameters
    ----------
    known : list of ClaimFinding
        Some agree, some do not.
    """
    agreeing = [each for each in known if each.agrees]
    count = f"in {len(agreeing)} of {len(known)} conditions"
    names = [name for name in known[0].conditions if len({each.conditions[name] for each in known}) > 1]
    for size in range(1, len(names) + 1):
        for some in combinations(names, size):
            groups: dict[tuple[str, ...], set[bool | None]] = {}
            for each in known:
                groups.setdefault(tuple(each.conditions[name] for name in some), set()).add(each.agrees)
            if any(len(answers) > 1 for answers in groups.values()):
                continue
            where = [", ".join(key) for key, answers in groups.items() if answers == {True}]
            if len(where) <= MOST_NAMED:
                return f"{count}: {'; '.join(where)}"
    return count


CLAIMS: Registry[Claim] = Registry("claim", "spikecost.claims")
