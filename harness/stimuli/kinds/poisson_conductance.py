"""A conductance opened by a frozen Poisson train of synaptic events."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from brian2 import Hz, ms

from ....models.definition.conductance import with_conductance
from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import UserError
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..parts.quantities import internal_values, per_ms, random_numbers, whole_pieces
from ..parts.shape import Shape


def poisson_conductance(rate: Any, weight: Any, tau: Any, grid: Any, duration: Any, *, seed: int) -> Stimulus:
    """Return the conductance of exponential synapses driven by a frozen Poisson train.

    Each event adds `weight`, which decays with `tau`; the conductance is 0 at the start. Event times are rounded to a
    grid, which is part of the definition: pieces end at the events, and time steps that divide the grid reach them.

    Parameters
    ----------
    rate : Quantity
        Mean rate of the events, such as ``400*Hz``.
    weight : Quantity or float
        In the unit of the model's input, such as ``0.1*msiemens/cm**2``.
    tau, grid, duration : Quantity
        Times; `duration` is a whole number of grid intervals.
    seed : int
        Seed of numpy's default generator; it is stored in the stimulus.

    Raises
    ------
    UserError
        If the duration is not a whole number of grid intervals, a unit does not fit, or the seed is not valid.
    """
    count = whole_pieces(grid, duration)
    interval, decay_time = units.in_ms(grid, "grid"), units.in_ms(tau, "tau")
    dimension, (jump,) = internal_values(weight)
    generator = random_numbers(seed)
    events = generator.random(generator.poisson(per_ms(rate, "rate") * float(count * interval)))
    points, jumps = np.unique(np.round(events * count).astype(int), return_counts=True)
    at = {0: 0, **{int(point): int(n) for point, n in zip(points, jumps, strict=True) if point < count}}
    knots = [*sorted(at), count]
    durations = [(end - start) * interval for start, end in pairwise(knots)]
    shapes, conductance = [], 0.0
    for knot, length in zip(knots, durations, strict=False):
        conductance += at[knot] * jump
        shapes.append(Shape(0.0, decay=conductance, tau=float(decay_time)))
        conductance *= math.exp(-float(length / decay_time))
    return Stimulus(durations, shapes, dimension, seed)


class PoissonConductance(Kind):
    """Events at 400 Hz that decay with 5 ms, on a grid of 1 ms; reversal potential 0.

    The mean conductance times the distance from the initial voltage to the reversal potential is the drive.
    """

    name = "poisson_conductance"
    seeded = True

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:
        """Return the conductance with mean `drive`."""
        rate, tau = 400 * Hz, 5 * ms
        return poisson_conductance(rate, drive / float(rate * tau), tau, 1 * ms, duration, seed=seed)

    def around(self, drive: float, model: NeuronModel, horizon: float, seed: int = 0) -> Stimulus:
        """Return a conductance for `driven(model)` that is equivalent to the drive of `model`; see `Kind.around`.

        Raises
        ------
        UserError
            If the initial voltage is not below the reversal potential of 0, or the grid does not fill the horizon.
        """
        synaptic = self.driven(model)
        return super().around(drive / -_initial_voltage(model), synaptic, horizon, seed)

    def driven(self, model: NeuronModel) -> NeuronModel:
        """Return the model with a synaptic conductance in place of its input."""
        _initial_voltage(model)
        return with_conductance(model, units.quantity(0.0, model.system.dimensions[model.system.threshold.variable]))


def _initial_voltage(model: NeuronModel) -> float:
    voltage = model.initial_values[model.system.threshold.variable]
    if voltage >= 0:
        raise UserError(
            f"it starts at {voltage:g}, not below 0, the reversal potential of the standard "
            "form of poisson_conductance; use with_conductance and sc.poisson_conductance",
            about=model.label,
        )
    return voltage


STIMULI.register(PoissonConductance())
