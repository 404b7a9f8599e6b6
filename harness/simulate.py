"""Run one neuron."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from ..models import units
from ..models.adaptive import make_adaptive_step
from ..models.catalogue import get_model
from ..models.errors import UserError
from ..models.methods import ADAPTIVE, get_method, knob
from ..models.neuron import NeuronModel
from ..models.step import make_step
from .adaptive import compile_adaptive
from .kernel import ENDLESS, TOO_FAST, Array, Outcome, compile_kernels
from .stimuli import Stimulus, meant_dt

#: What helps against a failure, whatever the step is.
_ADVICE = {ENDLESS: "let the reset lead below the threshold", TOO_FAST: "drive it less, or make it refractory"}
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
        ``hermite`` if it is not given, and ``dense`` of adaptive methods.
    tolerance : float, optional
        Of a method that chooses its steps, in place of dt.

    Raises
    ------
    UserError
        If a name is unknown, dt does not divide the stimulus, its unit is not that of the model's input, what sets the
        method is not given, or the simulation diverges.
    """
    model = get_model(model)
    get_method(method)
    wanted, other = (dt, tolerance) if knob(method) == "dt" else (tolerance, dt)
    if wanted is None or other is not None:
        raise UserError(f"{method} is set by its {knob(method)}: give " + (
            "dt, such as dt=0.1*ms, alone" if knob(method) == "dt" else "tolerance, such as tolerance=1e-6, and no dt"))
    step = Fraction(0) if dt is None else meant_dt(stimulus, units.in_ms(dt, "dt"))
    setting: Any = step if tolerance is None else units.number_in(tolerance, None, "tolerance")
    run: Callable[..., Sequence[Outcome]]
    if method in ADAPTIVE:
        run = compile_adaptive([make_adaptive_step(model, method, detection or "dense", stimulus.varies)])[0].run
    else:
        run = compile_kernels([make_step(model, method, detection or "hermite", stimulus.varies)])[0].run
    outcome = run([stimulus], setting)[0]
    if outcome.failure:
        advice = _ADVICE.get(outcome.failure)
        if advice is None:
            name = knob(method)
            advice = f"take a smaller {name}" if not run([stimulus], setting / FINER)[0].failure else (
                f"a smaller {name} does not help: the solution is too steep or leaves the finite numbers before its "
                "threshold; lower the threshold, drive it less, or change the equations")
        raise UserError(f"{model.label} with {method} at {knob(method)} = {wanted}: {outcome.failure}; {advice}")
    return outcome.spike_times
