"""How far a run is."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

#: The fraction of a circle between two neighbours of a sequence that fills it most evenly.
_GOLDEN = (math.sqrt(5) - 1) / 2
#: See `spread`.
APART = 12


@dataclass(frozen=True)
class Progress:
    """Callbacks: a phase begins with a number of pieces of work; one piece is done; there is a message to show."""

    begin: Callable[[str, int], None] = lambda _phase, _pieces: None
    done: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda _line: None


def spread(guesses: Sequence[float], together: Sequence[Hashable] | None = None) -> list[int]:
    """Return the places of pieces of work in an order in which every first part has cheap and expensive ones alike.

    In this order, the time that the first pieces took tells how long all of them take.

    Parameters
    ----------
    guesses : sequence of float
        How expensive each piece may be, in any unit: only their order matters.
    together : sequence, optional
        A key of each piece. Pieces with the same key share work, which the first of them does. So the others follow it
        soon, but `APART` pieces later, so that they do not wait for it.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, key in enumerate(range(len(guesses)) if together is None else together):
        groups.setdefault(key, []).append(place)
    leaders = {places[0]: places[1:] for places in groups.values()}
    by_cost = sorted(leaders, key=guesses.__getitem__)
    order: list[int] = []
    following: list[tuple[int, int]] = []
    """Where in the order other pieces are due, and their places."""
    for _, leader in sorted(((i + 0.5) * _GOLDEN % 1, place) for i, place in enumerate(by_cost)):
        order.append(leader)
        for n, place in enumerate(leaders[leader], 1):
            heappush(following, (len(order) + APART * n, place))
        while following and following[0][0] <= len(order):
            order.append(heappop(following)[1])
    return order + [place for _, place in sorted(following)]
