"""The steps of a solution, kept until they are inspected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np

from .inspector import Steps


@dataclass(frozen=True)
class _Stretch:
    first: int
    """Index of its first step."""
    start: Any
    numbers: list[float]
    refractory: bool


class Record:
    """The steps of a flow, kept until they are inspected.

    Parameters
    ----------
    variables, order : int
        Number of state variables, and order of the series.
    capacity : int
        Largest number of steps.
    number : type
        Type of the series' numbers.
    """

    def __init__(self, variables: int, order: int, capacity: int, number: Any) -> None:
        self.count = 0
        self._series = np.empty((capacity, variables, order + 1), dtype=number)
        self._lengths = np.empty(capacity)
        self._ends = np.empty(capacity, dtype=number)
        self._parts: list[_Stretch] = []

    def begin(self, start: Any, numbers: list[float], *, refractory: bool) -> None:
        """Record when the next step begins, and the flow and its parameters from there on."""
        if self._parts and self._parts[-1].first == self.count:
            self._parts.pop()
        self._parts.append(_Stretch(self.count, start, numbers, refractory))

    def keeper(self, integrator: Any) -> Callable[[Any], bool]:
        """Return a callback that keeps each step of an integrator."""
        series, lengths, ends, coefficients = self._series, self._lengths, self._ends, integrator.tc

        def keep(_: Any) -> bool:
            i = self.count
            series[i] = coefficients
            lengths[i] = integrator.last_h
            ends[i] = integrator.time
            self.count = i + 1
            return True

        return keep

    def clear(self) -> None:
        """Delete all steps."""
        self.count = 0
        self._parts.clear()

    def start_of(self, i: int) -> Any:
        """Return the time at which a step began."""
        return next((part.start for part in self._parts if part.first == i), self._ends[i - 1])

    def numbers_of(self, i: int) -> list[float]:
        """Return the parameters of the flow during a step."""
        return next(part.numbers for part in reversed(self._parts) if part.first <= i)

    def state_in(self, i: int, length: float) -> Any:
        """Return the state `length` ms after a step began: an array of the precision's type."""
        series = self._series[i]
        found = series[:, -1]
        for k in reversed(range(series.shape[1] - 1)):
            found = found * series.dtype.type(length) + series[:, k]
        return found

    @property
    def last_state(self) -> Any:
        """The state after the last step."""
        return self.state_in(self.count - 1, self._lengths[self.count - 1])

    @property
    def last_end(self) -> Any:
        """The time at which the last step ended."""
        return self._ends[self.count - 1]

    def parts(self, held: frozenset[str]) -> Iterator[tuple[frozenset[str], Steps, int]]:
        """Return the recorded parts: the variables that were held, the steps, and the index of the first step.

        The arrays change when other steps are recorded.
        """
        parts = [part for part in self._parts if part.first < self.count]
        for refractory, several in groupby(parts, attrgetter("refractory")):
            several_ = list(several)
            first, last = several_[0].first, several_[-1].first
            after = [part.first for part in parts if part.first > last]
            end = after[0] if after else self.count
            firsts = [part.first - first for part in several_]
            counts = np.diff([*firsts, end - first])
            numbers = np.repeat(np.array([part.numbers for part in several_]).T, counts, axis=1)
            starts = np.empty_like(self._ends[first:end])
            starts[1:] = self._ends[first : end - 1]
            starts[firsts] = [part.start for part in several_]
            with np.errstate(over="ignore"):  # from extended precision; the inspection refuses infinite numbers
                series = np.asarray(self._series[first:end], dtype=float)
            yield (
                held if refractory else frozenset(),
                Steps(series, self._lengths[first:end], np.asarray(starts, dtype=float), numbers),
                first,
            )
