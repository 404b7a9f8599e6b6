"""A frozen Ornstein-Uhlenbeck current."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from brian2 import ms

from ....models.definition.language import units
from ....models.ground.errors import UserError, quoted
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values, random_numbers, whole_pieces
from ..parts.shape import Shape


def ornstein_uhlenbeck(mean: Any, sd: Any, tau: Any, grid: Any, duration: Any, *, seed: int) -> Stimulus:
    """Return a frozen Ornstein-Uhlenbeck current: one realization, exact on a grid, linear between the grid points.

    The grid is part of the definition, not a time step: every simulation and every reference uses the same lines. The
    points have the mean, standard deviation and correlation of the process (``exp(-grid/tau)`` from one to the next),
    with a stationary start; pieces end at grid points.

    Parameters
    ----------
    mean, sd : Quantity or float
        Mean and standard deviation of the stationary process, in the unit of the model's input.
    tau : Quantity
        Correlation time.
    grid, duration : Quantity
        Times; `duration` is a whole number of grid intervals.
    seed : int
        Seed of numpy's default generator; it is stored in the stimulus.

    Raises
    ------
    UserError
        If the duration is not a whole number of grid intervals, `sd` is negative, a unit does not fit, or the seed is
        not valid.
    """
    count = whole_pieces(grid, duration)
    interval = units.in_ms(grid, "grid")
    dimension, (center, spread) = internal_values(mean, sd)
    if spread < 0:
        raise UserError(f"sd = {quoted(sd)} is negative; give a standard deviation of at least 0")
    memory = math.exp(-float(interval / units.in_ms(tau, "tau")))
    noise = random_numbers(seed).standard_normal(count + 1)
    points = [center + spread * float(noise[0])]
    for step in noise[1:]:
        points.append(center + memory * (points[-1] - center) + spread * math.sqrt(1 - memory**2) * float(step))
    shapes = [Shape(a, slope=(b - a) / float(interval)) for a, b in pairwise(points)]
    return Stimulus([interval] * count, shapes, dimension, seed)


class OrnsteinUhlenbeck(Kind):
    """Mean: the drive; standard deviation: a fifth of the drive; correlation time 5 ms; grid of 1 ms."""

    name = "ornstein_uhlenbeck"
    called = "fluctuating current (Ornstein-Uhlenbeck)"
    seeded = True

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:
        """Return the current."""
        return ornstein_uhlenbeck(drive, 0.2 * abs(drive), 5 * ms, 1 * ms, duration, seed=seed)


STIMULI.register(OrnsteinUhlenbeck())
