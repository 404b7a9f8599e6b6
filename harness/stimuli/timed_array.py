"""Inputs from Brian2."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import brian2
import numpy as np
from brian2.units.fundamentalunits import Quantity

from ...models.ground.errors import UserError
from ...models.language import units
from .base import Stimulus


def stimulus_from_brian2(array: brian2.TimedArray, duration: Any, index: int = 0) -> Stimulus:
    """Return the input that a TimedArray gives a neuron.

    Parameters
    ----------
    array : brian2.TimedArray
        With one or two dimensions. After its end the last value stays, as in Brian2.
    duration : Quantity
        A time.
    index : int
        The neuron, if the array has one column per neuron.

    Raises
    ------
    UserError
        If it is not a TimedArray, has no such column, or `duration` is not a positive time.
    """
    if not isinstance(array, brian2.TimedArray):
        raise UserError(f"expected a Brian2 TimedArray, got {array!r}")
    columns = np.asarray(array.values).reshape(len(array.values), -1)
    if not 0 <= index < columns.shape[1]:
        raise UserError(
            f"the TimedArray {array.name} has {columns.shape[1]} columns; give an index below that, not {index}"
        )
    piece, horizon = units.in_ms(array.dt * brian2.second, "dt"), units.in_ms(duration, "duration")
    ends = [min((i + 1) * piece, horizon) for i in range(len(columns))]
    ends[-1] = horizon
    durations, values, now = [], [], Fraction(0)
    for end, value in zip(ends, columns[:, index], strict=True):
        if end > now:
            durations.append(end - now)
            values.append(float(units.internal(Quantity.with_dimensions(float(value), array.dim))))
            now = end
    return Stimulus(durations, values, array.dim)
