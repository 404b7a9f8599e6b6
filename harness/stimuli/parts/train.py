"""Spike trains that arrive at a neuron."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import ms
from brian2.units.fundamentalunits import Dimension
from numpy.typing import NDArray

from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.definition.parts.arrivals import parameters_of
from ....models.ground.errors import UserError, quoted, short

Array = NDArray[np.float64]

#: A number that is a decimal of up to this many digits stays that when its unit changes.
DIGITS = 12
#: Longer trains are refused: a run would need more than 2 GB of memory.
MOST_ARRIVALS = 100_000_000


@dataclass(frozen=True, eq=False)
class Train:
    """Times at which spikes arrive, independent of any time step.

    Two trains are equal if all their numbers are equal.
    """

    times: Array
    """In ms, sorted; the array cannot be changed."""
    parameter: str = ""
    """The parameter of the model of which each arrival has its own value; empty if there is none."""
    values: Array | None = None
    """The value for each arrival, in the internal unit of `dimension`."""
    dimension: Dimension | None = None

    def __post_init__(self) -> None:
        for array in (self.times, self.values):
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.times)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Train) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        values = f", {self.parameter} {self.dimension}" if self.parameter else ""
        return f"Train({len(self)} arrivals, {self._digest}{values})"

    @property
    def _key(self) -> tuple[Any, ...]:
        return len(self), self._digest, self.parameter, self.dimension

    @cached_property
    def _digest(self) -> str:
        found = hashlib.sha256(np.ascontiguousarray(self.times).data)
        if self.values is not None:
            found.update(np.ascontiguousarray(self.values).data)
        return found.hexdigest()

    def until(self, end: float) -> Train:
        """Return the arrivals before a time in ms."""
        count = int(np.searchsorted(self.times, end))
        if count == len(self):
            return self
        return Train(
            self.times[:count], self.parameter, None if self.values is None else self.values[:count], self.dimension
        )

    def shifted(self, by: Any) -> Train:
        """Return the same train, later by a time; arrivals that would be before 0 are left out."""
        times = self.times + units.number_in(by, ms, "by")
        first = int(np.searchsorted(times, 0.0))
        values = None if self.values is None else self.values[first:]
        return Train(times[first:].copy(), self.parameter, values, self.dimension)

    def with_values(self, parameter: str, values: Any) -> Train:
        """Return the train with its own value of a parameter of the model for each arrival.

        Parameters
        ----------
        parameter : str
            A parameter that the statements of this input use, such as a weight.
        values : Quantity or array
            One value, or one for each arrival.

        Raises
        ------
        UserError
            If the number of values is another one, or they are not finite.
        """
        plain, dimension = numbers_of(values, f"values of '{short(str(parameter))}'")
        if plain.size not in (1, len(self)):
            raise UserError(
                f"{plain.size} values of '{short(str(parameter))}' for {len(self)} arrivals; give one for each"
            )
        return Train(self.times, str(parameter), np.broadcast_to(plain, self.times.shape), dimension)


def merged(trains: Sequence[Train]) -> Train:
    """Return one train with all arrivals; at equal times, those of the first train come first.

    Raises
    ------
    UserError
        If some of the trains have values of a parameter, and others have not or of another one.
    """
    if len(trains) == 1:
        return trains[0]
    kinds = {(train.parameter, train.dimension) for train in trains if len(train)}
    if len(kinds) > 1:
        raise UserError(
            "trains that are merged must have values of the same parameter, or none: give them to separate inputs"
        )
    times = np.concatenate([train.times for train in trains] or [np.empty(0)])
    order = np.argsort(times, kind="stable")
    parameter, dimension = kinds.pop() if kinds else ("", None)
    values = None
    if parameter:
        values = np.concatenate([train.values for train in trains if train.values is not None])[order]
    return Train(times[order], parameter, values, dimension)


def recorded_train(times: Any) -> Train:
    """Return the arrivals of a recorded spike train.

    Parameters
    ----------
    times : Quantity, SpikeTrain, neo.SpikeTrain or another array of times
        Of at least 0, in any order; numbers without a unit are in ms.

    Raises
    ------
    UserError
        If it is not times, or a time is negative or not finite.
    """
    found, dimension = numbers_of(getattr(times, "times", times), "times")
    if dimension not in (units.MS, units.DIMENSIONLESS):
        raise UserError(f"times = {quoted(times)} are not times; give an array such as [1, 2.5]*ms")
    if found.size > MOST_ARRIVALS:
        raise UserError(f"{found.size} arrivals are too many; give at most {MOST_ARRIVALS}")
    found = np.sort(found)
    if found.size and found[0] < 0:
        raise UserError(f"an arrival at {found[0]:g} ms is before the start; give times of at least 0")
    return Train(found)


def train_of(given: Any) -> Train:
    """Return a train from what a user gives: a train, several trains to be merged, or recorded times."""
    if isinstance(given, Train):
        return given
    if isinstance(given, list | tuple) and given and all(isinstance(each, Train) for each in given):
        return merged(list(given))
    return recorded_train(given)


def check_arrivals(model: NeuronModel, trains: Mapping[str, Train]) -> None:
    """Refuse trains that a model has no input for, or whose values fit no parameter.

    Raises
    ------
    UserError
    """
    for name, train in trains.items():
        if name not in model.arrivals:
            known = ", ".join(model.arrivals) or "none; write NeuronModel(arrivals=...)"
            raise UserError(f"{model.label} has no input of spikes '{short(name)}'; known are {known}")
        if not train.parameter:
            continue
        usable = parameters_of(model.system, name)
        if train.parameter not in usable:
            raise UserError(
                f"'{short(train.parameter)}' is not a parameter that the statements of '{name}' use: "
                f"{model.arrivals[name]}; give values of {' or '.join(usable) or 'none'}",
                about=model.label,
            )
        expected = model.system.dimensions[train.parameter]
        if train.dimension is not expected:
            raise UserError(
                f"the values of '{train.parameter}' have the wrong unit, expected {units.unit_name(expected)}",
                about=model.label,
            )


def numbers_of(given: Any, what: str) -> tuple[Array, Dimension]:
    """Return an array in the internal unit, and the dimension.

    Many numbers are converted at once: a decimal that was written in another unit stays the same decimal.
    """
    try:
        read = units.given(given)
    except UserError as error:
        raise UserError(f"{what}: {error}") from None
    dimension = units.dimension_of(read)
    plain = np.atleast_1d(units.plain(read, what)).ravel()
    if not np.isfinite(plain).all():
        raise UserError(f"{what}: a number is not finite")
    shift = units.exponent(dimension)
    if not shift:
        return plain.copy(), dimension
    moved = plain / 10.0**shift if shift > 0 else plain * 10.0**-shift
    size = np.where(
        moved == 0, 1.0, 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(np.where(moved == 0, 1.0, moved)))))
    )
    decimal = np.round(moved * size) / size
    return np.where(np.abs(decimal - moved) <= 4 * np.spacing(np.abs(moved)), decimal, moved), dimension
