"""The best counter that really counts here."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ...models.errors import UserError
from .base import COUNTERS, Counter, Counts
from .selftest import selftest

_IN_ANOTHER_PROCESS = frozenset({"callgrind"})


class Auto:
    """Takes the best counter that passes its self-test here.

    Best is: exact before noisy; kinds told apart before a sum; images told apart; any code before calls only; this
    process before another, which takes longer to start; and, all being equal, the one that was registered first. On a
    machine whose processor exposes its counting unit, the hardware counters are thus the second witness and not the
    first: `best` finds them by ``exact=False``.
    """

    name = "auto"
    # as those of the counter taken; which one, is found out when it is first asked for
    exact: bool
    tells_kinds: bool
    tells_images: bool
    counts_any_code: bool

    def available(self) -> str:
        """Return why no counter counts here, each with its reason; empty if one does."""
        if best() is not None:
            return ""
        return "; ".join(f"{name}: {reason}" for name, reason in reasons().items())

    def __getattr__(self, attribute: str) -> bool:
        if attribute not in type(self).__annotations__:
            raise AttributeError(attribute)
        return bool(getattr(_taken(), attribute))

    def measure(self) -> AbstractContextManager[Counts]:
        """Count what happens in a ``with`` block, with the counter taken."""
        return _taken().measure()

    def teardown(self) -> dict[str, str]:
        """Return the provenance of the counter taken."""
        return _taken().teardown()


def best(exact: bool | None = None) -> Counter | None:
    """Return the best counter that passes its self-test here; None if there is none.

    Parameters
    ----------
    exact : bool, optional
        Only exact counters, or only those that are not: the hardware's.
    """
    candidates = [counter for counter in _others() if exact is None or counter.exact == exact]
    # sorted is stable: registration order decides between equals
    for counter in sorted(candidates, key=_merits, reverse=True):
        if not selftest(counter):
            return counter
    return None


def reasons() -> dict[str, str]:
    """Return, for every counter that cannot be trusted here, why not, in one line."""
    found = {counter.name: selftest(counter) for counter in _others()}
    return {name: reason for name, reason in found.items() if reason}


def _others() -> list[Counter]:
    return [counter for counter in COUNTERS.values() if not isinstance(counter, Auto)]


def _merits(counter: Counter) -> tuple[bool, bool, bool, bool, bool]:
    return (counter.exact, counter.tells_kinds, counter.tells_images, counter.counts_any_code,
            counter.name not in _IN_ANOTHER_PROCESS)


def _taken() -> Counter:
    counter = best()
    if counter is None:
        raise UserError(f"no counter counts here: {AUTO.available()}")
    return counter


AUTO = COUNTERS.register(Auto())
