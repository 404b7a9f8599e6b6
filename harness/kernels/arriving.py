"""The arrays from which a kernel reads the spikes that arrive: for each step or piece how many, then all of them.

Arrays of one byte or four bytes are parts of arrays of eight bytes, which is what a counter in another process copies.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...models.ground.errors import UserError
from ...models.step import Step
from ..stimuli import Stimulus
from .c_blocks import LATER

Array = NDArray[np.float64]

#: A spike that arrives within this fraction of a step before the next step arrives in the next step (as in Brian2,
#: which so allows for the rounding of times). Only on the grid.
ROUNDED_UP = 1e-3
#: Number of arrivals that are put in order at once: more would take more memory.
AT_ONCE = 500_000


@dataclass(frozen=True)
class ArrivalArrays:
    """The arrays, in the order of the C function; see ``shared.c.j2``."""

    arriving: NDArray[np.int64]
    counts: NDArray[np.int64]
    kinds: NDArray[np.int64]
    places: NDArray[np.float64]
    values: NDArray[np.float64]
    given: NDArray[np.int64]

    def arrays(self, stored: Callable[[Array], NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        """Return all of them; `stored` returns numbers in the number format of the kernel."""
        return self.arriving, self.counts, self.kinds, stored(self.places), stored(self.values), self.given


def bytes_of_arrivals(step: Step, stimulus: Stimulus, steps: float) -> float:
    """Return how much memory the arrivals of one neuron take."""
    if not step.model.arrivals:
        return 0.0
    trains = [train for _, train in stimulus.arrivals]
    of_each = 1 + 8 * step.cuts + 8 * any(train.parameter for train in trains)
    return 4 * steps + of_each * sum(map(len, trains))


def arriving(step: Step, stimuli: Sequence[Stimulus], *, pieces: NDArray[Any], dt: float | None) -> ArrivalArrays:
    """Return the arrays for some neurons.

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
    inputs = {name: i for i, name in enumerate(step.model.arrivals)}
    given = _parameters(step, stimuli, inputs)
    valued = bool((given >= 0).any())
    where: _Where = (
        _Pieces(np.array([0, *stimuli[0].ends[:-1]], dtype=float))
        if dt is None
        else _Steps(int(pieces.sum()), dt, within=step.cuts)
    )
    rows: dict[int, tuple[int, int]] = {}
    made: list[_Sorted] = []
    total = 0
    for stimulus in stimuli:
        if id(stimulus) not in rows:
            rows[id(stimulus)] = len(made) * where.size, total
            made.append(_Sorted(stimulus, inputs, where))
            total += made[-1].total
    counts, kinds = _bytes(len(made) * where.size, np.int32), _bytes(total, np.uint8)
    places, values = np.zeros(total if step.cuts else 1), np.zeros(total if valued else 1)
    first = 0
    for i, each in enumerate(made):
        own = slice(first, first + each.total)
        each.fill(
            counts.view(np.int32)[i * where.size : (i + 1) * where.size],
            kinds.view(np.uint8)[own],
            places[own] if step.cuts else None,
            values[own] if valued else None,
        )
        first += each.total
    begins = np.array([rows[id(stimulus)] for stimulus in stimuli], dtype=np.int64)
    return ArrivalArrays(begins, counts, kinds, places, values, given)


class _Where(Protocol):
    """Assigns arrivals to the steps, or the pieces of the stimulus, of a run."""

    size: int
    """Their number."""

    def index(self, times: Any) -> Any:
        """Return the number of the step or piece for times in ms."""
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

    def place(self, times: Array, index: NDArray[np.int64]) -> Array:
        found: Array = np.minimum(times / self._dt - index, np.nextafter(1.0, 0.0))
        return found


class _Pieces:
    def __init__(self, starts: Array) -> None:
        self.size, self._starts = len(starts), starts

    def index(self, times: Any) -> Any:
        return np.searchsorted(self._starts, times, side="right") - 1

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


class _Sorted:
    """The arrivals of one stimulus, in the order in which they are applied."""

    def __init__(self, stimulus: Stimulus, inputs: dict[str, int], where: _Where) -> None:
        self._trains = sorted(((inputs[name], train) for name, train in stimulus.arrivals), key=lambda each: each[0])
        self._where = where
        # on the grid, a spike just before the end of the stimulus may arrive in a step beyond it
        self._ends = self._before(where.size)
        self.total = sum(self._ends)

    def _before(self, step: int) -> list[int]:
        """Return how many spikes of each train arrive before a step."""
        return [bisect_left(train.times, step, key=self._where.index) for _, train in self._trains]

    def fill(
        self, counts: NDArray[np.int32], kinds: NDArray[np.uint8], places: Array | None, values: Array | None
    ) -> None:
        """Write the arrivals, some steps at a time."""
        size, chunks = self._where.size, -(-self.total // AT_ONCE)
        edges = sorted({round(size * i / chunks) for i in range(1, chunks + 1)}) if chunks else []
        done, begin = 0, [0] * len(self._trains)
        for edge in edges:
            end = list(map(min, self._before(edge), self._ends))
            parts = [
                (kind, train, slice(first, last))
                for (kind, train), first, last in zip(self._trains, begin, end, strict=True)
                if last > first
            ]
            begin = end
            if not parts:
                continue
            times = np.concatenate([train.times[part] for _, train, part in parts])
            kind = np.concatenate([np.full(part.stop - part.start, each, np.uint8) for each, _, part in parts])
            index = self._where.index(times)
            order = np.argsort(index if places is None else times, kind="stable")
            index, kind = index[order], kind[order]
            now = slice(done, done + len(order))
            done = now.stop
            counts[index[0] : index[-1] + 1] += np.bincount(index - index[0]).astype(np.int32)
            if places is not None:
                places[now] = place = self._where.place(times[order], index)
                later = place > 0
                later[1:] = np.where(index[1:] == index[:-1], place[1:] > place[:-1], later[1:])
                kind |= (LATER * later).astype(np.uint8)
            if values is not None:
                own = [np.zeros(len(train)) if train.values is None else train.values for _, train, _ in parts]
                values[now] = np.concatenate([each[part] for each, (_, _, part) in zip(own, parts, strict=True)])[order]
            kinds[now] = kind
