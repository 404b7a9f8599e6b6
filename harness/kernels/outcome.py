"""The result of a neuron's run, and why a run may fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ...models.algebra.expression import FLOATS, evaluate
from ...models.definition.neuron import NeuronModel
from .c_source import MAX_SPIKES_PER_STEP

Array = NDArray[np.float64]

#: A neuron with more spikes per ms than this is reported as failed, here and in reference solutions.
MAX_SPIKES_PER_MS = 2


class Failure(StrEnum):
    """Why a run of a neuron failed."""

    NONE = ""
    DIVERGED = "diverged"
    """The state is no longer finite."""
    ENDLESS = "spikes without end"
    """The reset does not lead below the threshold."""
    TOO_FAST = f"more than {MAX_SPIKES_PER_MS} spikes per ms"
    """There are more spikes than are stored in all."""
    TOO_MANY = f"more than {MAX_SPIKES_PER_STEP} spikes in one step"
    STEP_TOO_SMALL = "step too small"
    """A method that chooses its steps cannot keep to its tolerance."""
    ENDLESS_STEPS = "steps without end"


@dataclass(frozen=True)
class Outcome:
    """The result of one neuron's run."""

    spike_times: Array
    """Spike times in ms; with grid detection the end of the step."""
    state: Array
    """Final state, in the order of the model's state variables."""
    failure: Failure
    samples: Array = field(default_factory=lambda: np.empty((0, 0)))
    """State at the end of every piece of the stimulus: an array (pieces, state variables)."""
    tallies: Mapping[str, float] = field(default_factory=dict)
    """How often each part of the step ran, and the other tallies of the method: the number of steps ``accepted``, and
    the number of steps made smaller (``rejected`` by the error, or ``divided`` because a series did not end)."""


def reset_is_above(model: NeuronModel, state: Array) -> bool:
    """Whether a reset at the threshold does not lead below it, so that spikes follow each other immediately.

    The values of the other variables are taken from `state`.
    """
    test = model.system.threshold
    values = {**model.parameter_values, **dict(zip(model.system.state, state.tolist(), strict=True))}
    try:
        if test.condition is None:
            values[test.variable] = evaluate(test.level, values, FLOATS)
        for name, value in model.system.reset:
            values[name] = evaluate(value, values, FLOATS)
        if test.condition is not None:
            return bool(evaluate(test.condition, values, FLOATS))
        return not values[test.variable] < evaluate(test.level, values, FLOATS)
    except (ArithmeticError, ValueError):
        return False
