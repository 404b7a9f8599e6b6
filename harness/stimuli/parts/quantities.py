"""What users give for stimuli: quantities with units, seeds, and times that must fit together."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Hz
from brian2.units.fundamentalunits import Dimension

from ....models.definition.language import units
from ....models.ground.errors import UserError, quoted


def random_numbers(seed: Any) -> np.random.Generator:
    """Return numpy's default generator.

    Raises
    ------
    UserError
        If the seed is not a whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UserError(f"seed = {quoted(seed)} is not a whole number of at least 0; give one such as 0")
    return np.random.default_rng(int(seed))


def internal_values(*values: Any) -> tuple[Dimension, list[float]]:
    """Return the common dimension of some quantities, and each in its internal unit.

    Raises
    ------
    UserError
        If their units differ, or one is not a number.
    """
    dimensions = {units.dimension_of(value) for value in values}
    if len(dimensions) > 1:
        raise UserError(f"the values of a stimulus have different units: {', '.join(map(quoted, values))}")
    return dimensions.pop(), [float(units.internal(value)) for value in values]


def per_ms(frequency: Any, what: str) -> float:
    """Return a frequency per ms.

    Raises
    ------
    UserError
        If it is not a frequency, or not positive; `what` is its name in the message.
    """
    try:
        dimension, value = units.dimension_of(frequency), float(units.internal(frequency))
    except UserError as error:
        raise UserError(f"{what}: {error}") from None
    if dimension is not Hz.dim:
        raise UserError(f"{what} = {quoted(frequency)} is not a frequency; give a Brian2 quantity such as 8*Hz")
    if value <= 0:
        raise UserError(f"{what} = {quoted(frequency)} is not positive; give a frequency such as 8*Hz")
    return value


def whole_pieces(piece: Any, duration: Any) -> int:
    """Return the number of pieces that fill a duration.

    Raises
    ------
    UserError
        If it is not a whole number, or `piece` or `duration` is not a positive time.
    """
    count = units.in_ms(duration, "duration") / units.in_ms(piece, "piece")
    if count.denominator != 1:
        raise UserError(
            f"pieces of {quoted(piece)} do not fill a duration of {quoted(duration)}; give a whole number of them"
        )
    return int(count)
