"""The best counter that really counts on this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ...models.ground.errors import UserError
from .base import COUNTERS, Counter, Counts
from .selftest import why_not_trusted

_IN_ANOTHER_PROCESS = frozenset({"callgrind"})


class Auto:
    """Uses the best counter that passes its self-test on this machine.

    A counter is better if it is exact, not noisy; if it separates the kinds of operations instead of giving their sum;
    if it separates images; if it counts any code, not only calls; if it counts in this process, which starts faster.
    Among equal counters the first registered one is used. If the processor exposes its counting unit, the hardware
    counters are therefore the second check, not the first: `best` finds them with ``exact=False``.
    """

    name = "auto"
    # the values of the counter that is used, which is chosen at the first access
    exact: bool
    tells_kinds: bool
    tells_images: bool
    counts_any_code: bool

    def why_not(self) -> str:
        """Return why no counter counts here, with each counter's reason; empty if one does."""
        if best() is not None:
            return ""
        return "; ".join(f"{name}: {reason}" for name, reason in reasons().items())

    def __getattr__(self, attribute: str) -> bool:
        if attribute not in type(self).__annotations__:
            raise AttributeError(attribute)
        return bool(getattr(_taken(), attribute))

    def measure(self) -> AbstractContextManager[Counts]:
        """Count what happens in a ``with`` block, with the counter that is used."""
        return _taken().measure()

    def provenance(self) -> dict[str, str]:
        """Return the provenance of the counter that is used."""
        return _taken().provenance()


def best(exact: bool | None = None) -> Counter | None:
    """Return the best counter that passes its self-test here; None if there is none.

    Parameters
    ----------
    exact : bool, optional
        True: only exact counters. False: only counters that are not exact, those of the hardware.
    """
    candidates = [counter for counter in _others() if exact is None or counter.exact == exact]
    # sorted is stable: registration order decides between equal counters
    for counter in sorted(candidates, key=_merits, reverse=True):
        if not why_not_trusted(counter):
            return counter
    return None


def reasons() -> dict[str, str]:
    """Return the reason, in one line, for every counter that cannot be trusted here."""
    found = {counter.name: why_not_trusted(counter) for counter in _others()}
    return {name: reason for name, reason in found.items() if reason}


def _others() -> list[Counter]:
    return [counter for counter in COUNTERS.values() if not isinstance(counter, Auto)]


def _merits(counter: Counter) -> tuple[bool, bool, bool, bool, bool]:
    return (
        counter.exact,
        counter.tells_kinds,
        counter.tells_images,
        counter.counts_any_code,
        counter.name not in _IN_ANOTHER_PROCESS,
    )


def _taken() -> Counter:
    counter = best()
    if counter is None:
        raise UserError(f"no counter counts here: {AUTO.why_not()}")
    return counter


AUTO = COUNTERS.register(Auto())
