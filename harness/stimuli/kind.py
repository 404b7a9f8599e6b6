"""Kinds of stimulus that a study can ask for by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from brian2 import ms

from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.registry import Registry
from .base import Stimulus


class Kind(ABC):
    """A kind of stimulus that a study can ask for by name."""

    name: str
    called: str = ""
    """What sentences call it; by default its name."""
    seeded: bool = False
    """Whether the seed matters."""

    @abstractmethod
    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:
        """Return the standard form around a constant drive; both are quantities."""

    def around(self, drive: float, model: NeuronModel, horizon: float, seed: int = 0) -> Stimulus:
        """Return the standard form around a constant drive.

        Parameters
        ----------
        drive : float
            Constant input of `model`, in internal units.
        model : NeuronModel
        horizon : float
            In ms.
        seed : int
            Stored in the stimulus, if it matters.

        Raises
        ------
        UserError
            If the form does not fit the horizon or the model.
        """
        return self.form(units.quantity(drive, model.input_dimension), horizon * ms, seed)

    def driven(self, model: NeuronModel) -> NeuronModel:
        """Return the model that the stimulus drives: `model` itself, or a model made from it."""
        return model


STIMULI: Registry[Kind] = Registry("stimulus", "spikecost.stimuli")
