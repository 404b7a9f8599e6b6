"""Frozen Poisson trains and regular trains of arriving spikes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.definition.language import units
from ...models.ground.errors import UserError, quoted
from .parts.quantities import per_ms, random_numbers
from .parts.train import MOST_ARRIVALS, Train


def poisson_train(rate: Any, duration: Any, *, inputs: int = 1, seed: int = 0) -> Train:
    """Return the arrivals from independent Poisson inputs, frozen by a seed.

    The arrivals from many inputs together are one Poisson train with the sum of their rates.

    Parameters
    ----------
    rate : Quantity
        Mean rate of each input, such as ``10*Hz``.
    duration : Quantity
    inputs : int
        Number of inputs.
    seed : int
        Seed of numpy's default generator.

    Raises
    ------
    UserError
        If a number is negative or not finite, or there would be more than a hundred million arrivals.
    """
    if isinstance(inputs, bool) or not isinstance(inputs, int | np.integer) or inputs < 0:
        raise UserError(f"inputs = {quoted(inputs)} is not a whole number of at least 0")
    length, each = float(units.in_ms(duration, "duration")), per_ms(rate, "rate")
    mean = each * float(units.plain(inputs, "inputs")) * length
    if not mean <= MOST_ARRIVALS / 1.1:
        raise UserError(f"{mean:.3g} arrivals are too many; give a lower rate, fewer inputs or a shorter duration")
    generator = random_numbers(seed)
    times = generator.random(generator.poisson(mean))
    times *= length
    times.sort()
    return Train(times).until(length)  # a product may be rounded up to the end


def regular_train(interval: Any, duration: Any, *, start: Any = None) -> Train:
    """Return arrivals at equal intervals.

    Parameters
    ----------
    interval, duration : Quantity
        Times.
    start : Quantity, optional
        Time of the first arrival; by default after one interval.

    Raises
    ------
    UserError
        If a time is not positive (`start` may be 0), or there would be more than a hundred million arrivals.
    """
    step, length = units.in_ms(interval, "interval"), units.in_ms(duration, "duration")
    first = step if start is None else units.internal(start)
    if start is not None and (units.dimension_of(start) is not units.MS or first < 0):
        raise UserError(f"start = {quoted(start)} is not a time of at least 0")
    count = max(-((first - length) // step), 0)
    if count > MOST_ARRIVALS:
        raise UserError(f"{float(count):.3g} arrivals are too many; give a longer interval or a shorter duration")
    # each time is rounded once
    return Train(np.array([float(first + k * step) for k in range(count)]))
