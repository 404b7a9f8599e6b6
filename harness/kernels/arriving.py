"""The arrays from which a kernel reads the spikes that arrive: for each step or piece how many, then all of them.

Arrays of one byte or four bytes are parts of arrays of eight bytes, which is what a counter in another process copies.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...models.ground.errors import UserError
from ...models.step import Step
from ..stimuli import Stimulus
from .c_source import in_parts, refills
from .places import Last, Places, Trains

Array = NDArray[np.float64]

#: Number of arrivals that are put in order at once: more would take more memory.
AT_ONCE = 500_000


def bytes_of_arrivals(step: Step, stimulus: Stimulus, steps: float) -> float:
    """Return how much memory the arrivals of one neuron take."""
    if not step.model.arrivals:
        return 0.0
    trains = [train for _, train in stimulus.arrivals]
    of_each = 1 + 8 * step.cuts + 8 * any(train.parameter for train in trains)
    total = sum(map(len, trains))
    return 4 * steps + of_each * (min(total, AT_ONCE) if in_parts(step) or refills(step) else total)


class Arrivals:
    """The arrays from which a kernel reads the arrivals of some neurons, for a run or for a part of it.

    Parameters
    ----------
    step : Step
    stimuli : sequence of Stimulus
        One for each neuron.
    pieces : array
        The number of steps of each piece of the stimulus, or its length in ms if dt is None.
    dt : float or None
        In ms. The places of arrivals are fractions of a step, or, without dt, ms since the start of the piece.

    Raises
    ------
    UserError
        If arrivals of one input have values of one parameter for some neurons, and not for others.
    """

    def __init__(self, step: Step, stimuli: Sequence[Stimulus], *, pieces: NDArray[Any], dt: float | None) -> None:
        inputs = {name: i for i, name in enumerate(step.model.arrivals)}
        self._cuts = step.cuts
        self._given = _parameters(step, stimuli, inputs)
        self._valued = bool((self._given >= 0).any())
        places = (
            Places.of_pieces(np.array([0, *stimuli[0].ends[:-1]], dtype=float))
            if dt is None
            else Places(int(pieces.sum()), dt, within=step.cuts)
        )
        rows: dict[int, int] = {}
        self._rows = [rows.setdefault(id(stimulus), len(rows)) for stimulus in stimuli]
        distinct = {id(stimulus): stimulus for stimulus in stimuli}.values()
        self._size, self._sorted = places.size, [_Sorted(stimulus, inputs, places) for stimulus in distinct]
        self._counts = _bytes(len(distinct) * places.size, np.int32)

    @property
    def block(self) -> int:
        """The number of steps whose arrivals are put in order at once, if a run is made in parts."""
        total = sum(each.total for each in self._sorted)
        return max(self._size * AT_ONCE // total, 1) if total > AT_ONCE else self._size

    def arrays(
        self, stored: Callable[[Array], NDArray[Any]], first: int = 0, end: int | None = None
    ) -> tuple[NDArray[Any], ...]:
        """Return the arrays in the order of the C function; see ``shared.c.j2``.

        Parameters
        ----------
        stored : callable
            Returns numbers in the number format of the kernel.
        first, end : int, optional
            The steps of the part; by default all.
        """
        end = self._size if end is None else end
        counts = self._counts_of_all
        totals = [each.between(first, end) for each in self._sorted]
        total, starts = sum(totals), [0, *accumulate(totals)]
        kinds = _bytes(total, np.uint8)
        places, values = np.zeros(total if self._cuts else 1), np.zeros(total if self._valued else 1)
        for row, each in enumerate(self._sorted):
            own = slice(starts[row], starts[row + 1])
            each.fill(
                counts[row],
                kinds.view(np.uint8)[own],
                places[own] if self._cuts else None,
                values[own] if self._valued else None,
                first=first,
                end=end,
            )
        begins = np.array([(row * self._size, starts[row]) for row in self._rows], dtype=np.int64)
        return begins, self._counts, kinds, stored(places), stored(values), self._given

    @property
    def are_many(self) -> bool:
        """Whether they are too many to be in arrays at once, if a kernel can ask for the next ones."""
        return sum(each.total for each in self._sorted) > AT_ONCE

    def in_turn(self, failed: Callable[[BaseException], None]) -> tuple[Any, ...]:
        """Return `arrays` for the first arrivals, and the function by which a kernel asks for the next ones.

        Parameters
        ----------
        failed : callable
            Is told if the function raises anything; it must end the call of the kernel.
        """
        for counts, each in zip(self._counts_of_all, self._sorted, strict=True):
            each.count(counts)
        kinds, places = _bytes(AT_ONCE + 1, np.uint8), np.zeros(AT_ONCE + 1)
        values = np.zeros(AT_ONCE + 1 if self._valued else 1)
        parts: Iterator[_Part] = iter(())
        following: _Part | None = None

        def refill(lane: int, starts: int) -> int:
            nonlocal parts, following
            try:
                if starts:
                    parts = self._sorted[self._rows[lane]].in_turn()
                    following = next(parts, None)
                if following is None:
                    return 0
                now, following = following, next(parts, None)
                own = slice(0, len(now.kinds))
                kinds.view(np.uint8)[own], places[own] = now.kinds, now.places
                if self._valued:
                    values[own] = now.values
                if following is not None:  # kernels look at one more
                    kinds.view(np.uint8)[own.stop] = following.kinds[0]
                return own.stop
            except BaseException as error:  # C cannot pass it on
                failed(error)
                return 0

        begins = np.array([(row * self._size, 0) for row in self._rows], dtype=np.int64)
        return begins, self._counts, kinds, places, values, self._given, _REFILL(refill)

    @property
    def _counts_of_all(self) -> NDArray[np.int32]:
        """The number of arrivals in each step or piece: an array (distinct stimuli, steps)."""
        return self._counts.view(np.int32)[: len(self._sorted) * self._size].reshape(-1, self._size)


#: The type of the function by which a kernel asks for further arrivals.
_REFILL = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long)


def _bytes(count: int, kind: type[np.generic]) -> NDArray[np.int64]:
    """Return an array of eight bytes that has room for so many numbers of a kind."""
    return np.zeros(max(-(-count * np.dtype(kind).itemsize // 8), 1), dtype=np.int64)


def _parameters(step: Step, stimuli: Sequence[Stimulus], inputs: dict[str, int]) -> NDArray[np.int64]:
    """Return for each input the place of the parameter that its arrivals have values of, or -1."""
    found = np.full(max(len(inputs), 1), -1, dtype=np.int64)
    named: dict[str, str] = {}
    for stimulus in stimuli:
        for name, train in stimulus.arrivals:
            if named.setdefault(name, train.parameter) != train.parameter:
                raise UserError(
                    f"neurons that run together must have values of the same parameter for the arrivals of '{name}'"
                )
            if train.parameter:
                found[inputs[name]] = step.model.system.parameters.index(train.parameter)
    return found


@dataclass(frozen=True, eq=False)
class _Part:
    """Some arrivals in the order in which they are applied."""

    kinds: NDArray[np.uint8]
    places: Array
    values: Array
    """0 where an arrival has none."""
    last: Last
    """Where the last one is."""


class _Sorted:
    """The arrivals of one stimulus, in the order in which they are applied."""

    def __init__(self, stimulus: Stimulus, inputs: dict[str, int], places: Places) -> None:
        trains = sorted(((inputs[name], train) for name, train in stimulus.arrivals), key=lambda each: each[0])
        self._trains, self._places = Trains((kind, train.times, train.values) for kind, train in trains), places
        # on the grid, a spike just before the end of the stimulus may arrive in a step beyond it
        self.total = sum(self._before(places.size))

    def _before(self, step: int) -> list[int]:
        """Return how many spikes of each train arrive before a step."""
        return self._places.before(step, self._trains)

    def between(self, first: int, end: int) -> int:
        """Return how many spikes arrive from one step on and before another one."""
        return sum(self._before(end)) - sum(self._before(first))

    def fill(
        self,
        counts: NDArray[np.int32],
        kinds: NDArray[np.uint8],
        places: Array | None,
        values: Array | None,
        *,
        first: int,
        end: int,
    ) -> None:
        """Write the arrivals from step `first` on and before step `end`."""
        counts[first:end] = 0
        part = self._before(first), self._before(end)
        self._places.put(self._trains, *part, counts=counts, kinds=kinds, places=places, values=values)

    def count(self, counts: NDArray[np.int32]) -> None:
        """Write the number of arrivals in each step."""
        counts[:] = 0
        self._places.put(self._trains, [0] * len(self._trains), self._before(self._places.size), counts=counts)

    def in_turn(self) -> Iterator[_Part]:
        """Yield all arrivals in the order of their times, at most `AT_ONCE` at a time."""
        totals, share = self._before(self._places.size), max(AT_ONCE // max(len(self._trains), 1), 1)
        times = [own[:total] for own, total in zip(self._trains.times, totals, strict=True)]
        begin, last = [0] * len(totals), Last()
        while begin != totals:
            ahead = [own[first + share] for own, first in zip(times, begin, strict=True) if first + share < len(own)]
            after = [int(np.searchsorted(own, min(ahead))) for own in times] if ahead else totals
            if after == begin:  # those of one time are put in order together
                after = [int(np.searchsorted(own, min(ahead), side="right")) for own in times]
            part = self._merged(begin, after, last)
            begin, last = after, part.last
            for first in range(0, len(part.kinds), AT_ONCE):
                own = slice(first, first + AT_ONCE)
                yield replace(part, kinds=part.kinds[own], places=part.places[own], values=part.values[own])

    def _merged(self, begin: Sequence[int], after: Sequence[int], last: Last) -> _Part:
        """Return some arrivals of each train in the order of their times; `last`: where the one before them is."""
        total = sum(after) - sum(begin)
        kinds, places, values = np.empty(total, np.uint8), np.empty(total), np.empty(total)
        found = self._places.put(self._trains, begin, after, kinds=kinds, places=places, values=values, last=last)
        return _Part(kinds, places, values, found)
