"""How far a run is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: The fraction of a circle between two neighbours of a sequence that fills it most evenly.
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Progress:
    """Callbacks: a phase begins with a number of pieces of work; one piece is done; there is a message to show."""

    begin: Callable[[str, int], None] = lambda _phase, _pieces: None
    done: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda _line: None


def spread(guesses: Sequence[float]) -> list[int]:
    """Return the places of pieces of work in an order in which every first part has cheap and expensive ones alike.

    In this order, the time that the first pieces took tells how long all of them take.

    Parameters
    ----------
    guesses : sequence of float
        How expensive each piece may be, in any unit: only their order matters.
    """
    by_cost = sorted(range(len(guesses)), key=guesses.__getitem__)
    return [place for _, place in sorted(((i + 0.5) * _GOLDEN % 1, place) for i, place in enumerate(by_cost))]
