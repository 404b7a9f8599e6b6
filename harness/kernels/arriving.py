"""The arrays from which a kernel reads the spikes that arrive: for each step or piece how many, then all of them.

Arrays of one byte or four bytes are parts of arrays of eight bytes, which is what a counter in another process copies.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...models.ground.errors import UserError
from ...models.step import Step
from ..stimuli import Stimulus
from .c_blocks import LATER
from .c_source import in_parts, refills

Array = NDArray[np.float64]

#: A spike that arrives within this fraction of a step before the next step arrives in the next step (as in Brian2,
#: which so allows for the rounding of times). Only on the grid.
ROUNDED_UP = 1e-3
#: Number of arrivals that are put in order at once: more would take more memory.
AT_ONCE = 500_000
#: numpy adds it at many places without converting anything.
_ONE = np.int32(1)


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
        where: _Where = (
            _Pieces(np.array([0, *stimuli[0].ends[:-1]], dtype=float))
            if dt is None
            else _Steps(int(pieces.sum()), dt, within=step.cuts)
        )
        rows: dict[int, int] = {}
        self._rows = [rows.setdefault(id(stimulus), len(rows)) for stimulus in stimuli]
        distinct = {id(stimulus): stimulus for stimulus in stimuli}.values()
        self._size, self._sorted = where.size, [_Sorted(stimulus, inputs, where) for stimulus in distinct]
        self._counts = _bytes(len(distinct) * where.size, np.int32)

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


class _Where(Protocol):
    """Assigns arrivals to the steps, or the pieces of the stimulus, of a run."""

    size: int
    """Their number."""

    def index(self, times: Any) -> Any:
        """Return the number of the step or piece for times in ms."""
        ...

    def before(self, step: int, times: Array) -> int:
        """Return how many of some sorted times have an `index` below a step or piece."""
        ...

    def place(self, times: Array, index: NDArray[np.int64]) -> Array:
        """Return the places in it."""
        ...


class _Steps:
    def __init__(self, size: int, dt: float, *, within: bool) -> None:
        self.size, self._dt, self._within = size, dt, within

    def index(self, times: Any) -> Any:
        if self._within:
            return np.minimum(np.floor(times / self._dt), self.size - 1).astype(np.int64)
        return np.floor((times + ROUNDED_UP * self._dt) / self._dt).astype(np.int64)

    def before(self, step: int, times: Array) -> int:
        # at most rounding separates the two: the index decides
        found = int(np.searchsorted(times, self._dt * (step if self._within else step - ROUNDED_UP)))
        while found and self.index(times[found - 1]) >= step:
            found -= 1
        while found < len(times) and self.index(times[found]) < step:
            found += 1
        return found

    def place(self, times: Array, index: NDArray[np.int64]) -> Array:
        found: Array = np.minimum(times / self._dt - index, np.nextafter(1.0, 0.0))
        return found


class _Pieces:
    def __init__(self, starts: Array) -> None:
        self.size, self._starts = len(starts), starts

    def index(self, times: Any) -> Any:
        return np.searchsorted(self._starts, times, side="right") - 1

    def before(self, step: int, times: Array) -> int:
        return int(np.searchsorted(times, self._starts[step])) if step < self.size else len(times)

    def place(self, times: Array, index: NDArray[np.int64]) -> Array:
        found: Array = times - self._starts[index]
        return found


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


@dataclass(frozen=True)
class _Part:
    """Some arrivals, in order."""

    index: NDArray[np.int64]
    """The step or piece of each."""
    kinds: NDArray[np.uint8]
    places: Array
    """Empty if they arrive at the grid."""
    values: Array
    """0 where an arrival has none."""


class _Sorted:
    """The arrivals of one stimulus, in the order in which they are applied."""

    def __init__(self, stimulus: Stimulus, inputs: dict[str, int], where: _Where) -> None:
        self._trains = sorted(((inputs[name], train) for name, train in stimulus.arrivals), key=lambda each: each[0])
        self._where = where
        # on the grid, a spike just before the end of the stimulus may arrive in a step beyond it
        self.total = sum(self._before(where.size))

    def _before(self, step: int) -> list[int]:
        """Return how many spikes of each train arrive before a step."""
        return [self._where.before(step, train.times) for _, train in self._trains]

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
        """Write the arrivals from step `first` on and before step `end`, some steps at a time."""
        counts[first:end] = 0
        size, chunks = end - first, -(-len(kinds) // AT_ONCE)
        edges = sorted({first + round(size * i / chunks) for i in range(1, chunks + 1)}) if chunks else []
        done, begin = 0, self._before(first)
        for edge in edges:
            after = self._before(edge)
            if after == begin:
                continue
            part = self._merged(begin, after, by_time=places is not None)
            begin = after
            now = slice(done, done + len(part.kinds))
            done = now.stop
            np.add.at(counts, part.index, _ONE)
            if places is not None:
                places[now] = part.places
            if values is not None:
                values[now] = part.values
            kinds[now] = part.kinds

    def count(self, counts: NDArray[np.int32]) -> None:
        """Write the number of arrivals in each step."""
        counts[:] = 0
        for (_, train), total in zip(self._trains, self._before(self._where.size), strict=True):
            for first in range(0, total, AT_ONCE):
                np.add.at(counts, self._where.index(train.times[first : min(first + AT_ONCE, total)]), _ONE)

    def in_turn(self) -> Iterator[_Part]:
        """Yield all arrivals in the order of their times, at most `AT_ONCE` at a time."""
        totals, share = self._before(self._where.size), max(AT_ONCE // max(len(self._trains), 1), 1)
        times = [train.times[:total] for (_, train), total in zip(self._trains, totals, strict=True)]
        begin, last = [0] * len(totals), (-1, 0.0)
        while begin != totals:
            ahead = [own[first + share] for own, first in zip(times, begin, strict=True) if first + share < len(own)]
            after = [int(np.searchsorted(own, min(ahead))) for own in times] if ahead else totals
            if after == begin:  # those of one time are put in order together
                after = [int(np.searchsorted(own, min(ahead), side="right")) for own in times]
            part = self._merged(begin, after, by_time=True, last=last)
            begin, last = after, (int(part.index[-1]), float(part.places[-1]))
            for first in range(0, len(part.kinds), AT_ONCE):
                own = slice(first, first + AT_ONCE)
                yield _Part(part.index[own], part.kinds[own], part.places[own], part.values[own])

    def _merged(
        self, begin: Sequence[int], after: Sequence[int], *, by_time: bool, last: tuple[int, float] = (-1, 0.0)
    ) -> _Part:
        """Return some arrivals of each train in order; `last` are the step and place of the arrival before them."""
        parts = [
            (kind, train, slice(start, stop))
            for (kind, train), start, stop in zip(self._trains, begin, after, strict=True)
            if stop > start
        ]
        times = np.concatenate([train.times[part] for _, train, part in parts])
        kind = np.concatenate([np.full(part.stop - part.start, each, np.uint8) for each, _, part in parts])
        index = self._where.index(times)
        order = np.argsort(times if by_time else index, kind="stable")
        index, kind, place = index[order], kind[order], np.empty(0)
        if by_time:
            place = self._where.place(times[order], index)
            before = np.concatenate([[last[1]], place[:-1]])
            later = place > np.where(index == np.concatenate([[last[0]], index[:-1]]), before, 0.0)
            kind |= (LATER * later).astype(np.uint8)
        own = [
            np.zeros(part.stop - part.start) if train.values is None else train.values[part] for _, train, part in parts
        ]
        return _Part(index, kind, place, np.concatenate(own)[order])
