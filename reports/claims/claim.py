"""A claim, the numbers that decide on it, and the rule that turns them into a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ...models.ground.registry import Registry

if TYPE_CHECKING:
    from .evidence import Evidence

#: The most groups of conditions that one sentence names; beyond, only the number of conditions is given.
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
    others: Mapping[int, ClaimVerdict] = field(default_factory=dict)
    """The same with the stimuli of other seeds, by seed."""

    @property
    def with_other_seeds(self) -> str:
        """Say whether other seeds change the verdict; empty if none was tried."""
        if not self.others:
            return ""
        seeds = f"the stimuli of {'another seed' if len(self.others) == 1 else f'{len(self.others)} other seeds'}"
        verdicts = {other.says for other in self.others.values()} - {self.says}
        said = f"with {seeds}, " + (f"it {' or '.join(sorted(verdicts))}" if verdicts else "the verdict is the same")
        unlike = sum(self.changes(each) for each in range(len(self.findings)))
        return f"{said}; {unlike} of {len(self.findings)} conditions change" if unlike else said

    def changes(self, place: int) -> bool:
        """Whether a finding agrees with one seed and does not with another, or is only known with one of them."""
        conditions = self.findings[place].conditions
        answers = [
            each.agrees for other in self.others.values() for each in other.findings if each.conditions == conditions
        ]
        return len(answers) != len(self.others) or any(answer != self.findings[place].agrees for answer in answers)

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
            "other_seeds": self.with_other_seeds,
            "findings": [
                {
                    "conditions": each.conditions,
                    "number": each.number,
                    "agrees": each.agrees,
                    "changes_with_seed": self.changes(place),
                }
                for place, each in enumerate(self.findings)
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
    """Say where findings agree, or where they do not if there are fewer of these and they need fewer words.

    Parameters
    ----------
    known : list of ClaimFinding
        Some agree, some do not.
    """
    agreeing = [each.conditions for each in known if each.agrees]
    others = [each.conditions for each in known if not each.agrees]
    where, exceptions = shared(agreeing, others), shared(others, agreeing)
    rare = len(others) < len(agreeing) and sum(map(len, exceptions)) < sum(map(len, where))
    lead, groups = ("all except ", exceptions) if rare else ("", where)
    count = f"in {len(agreeing)} of {len(known)} conditions"
    return f"{count}: {lead}{'; '.join(map(', '.join, groups))}" if 0 < len(groups) <= MOST_NAMED else count


def shared(wanted: list[dict[str, str]], others: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """Describe conditions by values that none of the others share; nothing if others have the same conditions.

    Parameters
    ----------
    wanted, others : list of dict
        Conditions; all have the same keys.

    Returns
    -------
    list of tuple of str
        Values of one key if possible, else of two, and so on. Together they describe all of `wanted`.
    """
    found: list[tuple[tuple[str, str], ...]] = []
    left = wanted
    for size in range(1, len(wanted[0]) + 1):
        groups = dict.fromkeys(group for each in left for group in combinations(each.items(), size))
        found += [group for group in groups if not _any_has(others, group)]
        left = [each for each in left if not any(_any_has([each], group) for group in found)]
    for group in reversed(found):  # some describe nothing that others do not
        rest = [each for each in found if each != group]
        if all(any(_any_has([each], other) for other in rest) for each in wanted):
            found = rest
    return [] if left else [tuple(value for _, value in group) for group in found]


def _any_has(several: list[dict[str, str]], group: tuple[tuple[str, str], ...]) -> bool:
    return any(set(group) <= each.items() for each in several)


CLAIMS: Registry[Claim] = Registry("claim", "spikecost.claims")
