"""The random inputs of a run, one value per step and neuron."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from .base import Stimulus
from .parts.frozen_noise import BrownianPath, Held

#: Size of the values that are drawn at once, in bytes, and the least number of steps.
BLOCK_BYTES, LEAST_BLOCK = 16e6, 1000


class RandomInputs:
    """The values of the random inputs of a model, for several neurons.

    Parameters
    ----------
    model : NeuronModel
    stimuli : sequence of Stimulus
        One per neuron: neurons whose stimuli have the same `noise` have the same values.
    dt : Fraction
        In ms.

    Raises
    ------
    UserError
        If dt does not divide the sampling step of ``randn()`` and ``rand()``.
    """

    def __init__(self, model: NeuronModel, stimuli: Sequence[Stimulus], dt: Fraction) -> None:
        check_sampling(model, dt)
        self._dt = dt
        self._lanes: dict[int, list[int]] = {}
        for lane, stimulus in enumerate(stimuli):
            self._lanes.setdefault(stimulus.noise, []).append(lane)
        random = model.system.random
        self._drawn = {
            seed: [
                BrownianPath(seed, name) if name in model.system.noise else Held(seed, name, kind, model.sampling_ms)
                for name, kind in random.items()
            ]
            for seed in self._lanes
        }
        self._shape = len(random), len(stimuli)

    @property
    def block(self) -> int:
        """The number of steps whose values are drawn at once."""
        sources, lanes = self._shape
        return max(int(BLOCK_BYTES / (8 * sources * lanes)), LEAST_BLOCK)

    def values(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the values of `count` steps from step `first` on: an array (steps, random inputs, neurons)."""
        found = np.empty((count, *self._shape))
        for seed, lanes in self._lanes.items():
            for place, source in enumerate(self._drawn[seed]):
                found[:, place, lanes] = source.over_steps(first, count, self._dt)[:, None]
        return found


def check_sampling(model: NeuronModel, dt: Fraction) -> None:
    """Refuse a time step that does not divide the sampling step of ``randn()`` and ``rand()``.

    Raises
    ------
    UserError
    """
    if model.system.sampled and (model.sampling_ms / dt).denominator != 1:
        held = float(model.sampling_ms)
        raise UserError(
            f"dt = {float(dt):g} ms does not divide the sampling step of randn() and rand() of {model.label}, {held:g} "
            f"ms; use {held / -(-model.sampling_ms // dt):.10g} ms, or give the model another sampling"
        )
