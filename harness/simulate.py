"""Run one neuron."""

from __future__ import annotations

from typing import Any

from ..models import units
from ..models.catalogue import get_model
from ..models.errors import UserError
from ..models.neuron import NeuronModel
from ..models.step import make_step
from .kernel import Array, compile_kernels
from .stimuli import Stimulus


def simulate(model: str | NeuronModel, stimulus: Stimulus, dt: Any, method: str = "rk4",
             detection: str = "hermite") -> Array:
    """Return the spike times of one neuron in ms.

    Parameters
    ----------
    model : str or NeuronModel
    stimulus : Stimulus
    dt : Quantity
        A time that divides every piece of the stimulus.
    method, detection : str

    Raises
    ------
    UserError
        If a name is unknown, dt does not divide the stimulus, its unit is not that of the model's input, or the
        simulation diverges.
    """
    model = get_model(model)
    kernel = compile_kernels([make_step(model, method, detection, varying=stimulus.varies)])[0]
    outcome = kernel.run([stimulus], units.in_ms(dt, "dt"))[0]
    if outcome.failure:
        endless = outcome.failure.startswith("spikes")
        advice = "let the reset lead below the threshold, or drive it less" if endless else "take a smaller dt"
        raise UserError(f"{model.label} with {method} at dt = {dt}: {outcome.failure}; {advice}")
    return outcome.spike_times
