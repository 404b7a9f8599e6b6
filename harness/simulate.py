"""Run one neuron."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..models.definition.language import units
from ..models.definition.neuron import NeuronModel
from ..models.ground.errors import UserError, check_kind, check_text
from ..models.methods import DOUBLE, METHODS
from ..models.reading.by_name import get_model
from ..models.step import make_step, why_not
from .kernels.kernel import Array, Failure, compile_kernels
from .stimuli import Stimulus, meant_dt

#: Advice for failures that do not depend on the step.
_ADVICE = {
    Failure.ENDLESS: "let the reset lead below the threshold",
    Failure.TOO_FAST: "use a smaller drive, or make it refractory",
}
#: Spike detections, the most accurate first.
BEST = ("dense", "hermite")
#: A smaller step is only advised if steps that are smaller by this factor do not fail.
FINER = 64


def simulate(
    model: str | NeuronModel,
    stimulus: Stimulus,
    dt: Any = None,
    method: str = "rk4",
    detection: str = "",
    *,
    tolerance: float | None = None,
    precision: str = DOUBLE,
) -> Array:
    """Return the spike times of one neuron in ms.

    A finite step may pass a voltage at which the equations divide by zero; `reference` refuses such a solution.

    Parameters
    ----------
    model : str or NeuronModel
    stimulus : Stimulus
    dt : Quantity
        The time step; it must divide every piece of the stimulus. Not given for a method that chooses its steps.
    method : str
    detection : str
        By default ``dense`` if the method can be used with it, otherwise ``hermite``.
    tolerance : float, optional
        The setting of a method that chooses its steps, instead of dt.
    precision : str
        The number format of the state and of what is computed from it: ``double`` or ``single``. Spike times are in
        double precision in any case, because steps are counted.

    Raises
    ------
    UserError
        If a name is unknown, dt does not divide the stimulus, the stimulus does not have the unit of the model's input,
        the method cannot be used in this precision,
        the setting of the method is not given, or the simulation diverges.
    """
    model = get_model(model)
    check_kind(stimulus, Stimulus, "stimulus", "a stimulus, such as sc.constant(10*mV/ms, 1*second)")
    check_text(detection, "detection", "grid")
    knob = METHODS[method].knob
    wanted, other = (dt, tolerance) if knob == "dt" else (tolerance, dt)
    if wanted is None or other is not None:
        raise UserError(
            f"{method} is set by its {knob}: give "
            + ("only dt, such as dt=0.1*ms" if knob == "dt" else "tolerance, such as tolerance=1e-6, and no dt")
        )
    step = Fraction(0) if dt is None else meant_dt(stimulus, units.in_ms(dt, "dt"))
    setting: Any = step if tolerance is None else units.number_in(tolerance, None, "tolerance")
    if not detection:
        detection = next((each for each in BEST if not why_not(model, method, each, stimulus.varies)), BEST[-1])
    kernel = compile_kernels([make_step(model, method, detection, stimulus.varies, precision)])[0]
    outcome = kernel.run([stimulus], setting)[0]
    if outcome.failure:
        advice = _ADVICE.get(outcome.failure)
        if advice is None:
            finer = kernel.run([stimulus], setting / FINER)[0]
            advice = (
                f"use a smaller {knob}"
                if not finer.failure
                else (
                    f"a smaller {knob} does not help: the solution is too steep or leaves the finite numbers before "
                    "its threshold; lower the threshold, use a smaller drive, or change the equations"
                )
            )
        raise UserError(f"{model.label} with {method} at {knob} = {wanted}: {outcome.failure}; {advice}")
    return outcome.spike_times
