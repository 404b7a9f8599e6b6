"""What an experiment finds on a claim, and the rule that turns findings into what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

#: The most groups of conditions that one sentence names; beyond, only the number of conditions is given.
MOST_NAMED = 6


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
