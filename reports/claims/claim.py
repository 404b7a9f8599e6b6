"""A claim, the experiment that decides on it, and its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ...models.ground.registry import Registry
from .finding import ClaimFinding, ClaimSays, only_if, rule

if TYPE_CHECKING:
    from .evidence import Evidence


class Certainty(StrEnum):
    """How sure we are of what the source says."""

    READ = "read in the source or its published code"
    ABSTRACT = "read in the abstract"
    QUOTED = "widely quoted; the source's table was not at hand"
    OURS = "stated by this project"


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


CLAIMS: Registry[Claim] = Registry("claim", "spikecost.claims")
