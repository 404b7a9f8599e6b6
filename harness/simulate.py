"""Run one neuron."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..models.catalogue import get_model
from ..models.definition.neuron import NeuronModel
from ..models.ground.errors import UserError
from ..models.language import units
from ..models.methods import METHODS
from ..models.step import make_step, why_not
from .kernels.kernel import ENDLESS, TOO_FAST, Array, compile_kernels
from .stimuli import Stimulus, meant_dt

#: What helps against a failure, whatever the step is.
_ADVICE = {ENDLESS: "let the reset lead below the threshold", TOO_FAST: "drive it less, or make it refractory"}
#: Spike detections, the most accurate first.
BEST = ("dense", "hermite")
#: A smaller step is only advised if this many times smaller ones do not fail.
FINER = 64


def simulate(model: str | NeuronModel, stimulus: Stimulus, dt: Any = None, method: str = "rk4", detection: str = "",
             *, tolerance: float | None = None) -> Array:
    """Return the spike times of one neuron in ms.

    Parameters
    ----------
    model : str or NeuronModel
    stimulus : Stimulus
    dt : Quantity
        A time that divides every piece of the stimulus; not of a method that chooses its steps.
    method : str
    detection : str
        If it is not given, ``dense`` of methods that can be used with it, and ``hermite`` of all others.
    tolerance : float, optional
        Of a method that chooses its steps, in place of dt.

    Raises
    ------
    UserError
        If a name is unknown, dt does not divide the stimulus, its unit is not that of the model's input, what sets the
        method is not given, or the simulation diverges.
    """
    model = get_model(model)
    knob = METHODS[method].knob
    wanted, other = (dt, tolerance) if knob == "dt" else (tolerance, dt)
    if wanted is None or other is not None:
        raise UserError(f"{method} is set by its {knob}: give " + (
            "dt, such as dt=0.1*ms, alone" if knob == "dt" else "tolerance, such as tolerance=1e-6, and no dt"))
    step = Fraction(0) if dt is None else meant_dt(stimulus, units.in_ms(dt, "dt"))
    setting: Any = step if tolerance is None else units.number_in(tolerance, None, "tolerance")
    if not detection:
        detection = next((each for each in BEST if not why_not(model, method, each, stimulus.varies)), BEST[-1])
    kernel = compile_kernels([make_step(model, method, detection, stimulus.varies)])[0]
    outcome = kernel.run([stimulus], setting)[0]
    if outcome.failure:
        advice = _ADVICE.get(outcome.failure)
        if advice is None:
            finer = kernel.run([stimulus], setting / FINER)[0]
            advice = f"take a smaller {knob}" if not finer.failure else (
                f"a smaller {knob} does not help: the solution is too steep or leaves the finite numbers before its "
                "threshold; lower the threshold, drive it less, or change the equations")
        raise UserError(f"{model.label} with {method} at {knob} = {wanted}: {outcome.failure}; {advice}")
    return outcome.spike_times
