"""The error of the voltage between spikes: a second axis beside the spike times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...harness.kernels.kernel import Outcome
from ...harness.stimuli import Stimulus
from ...models.definition.neuron import NeuronModel
from ..references.reference import Reference

#: Samples nearer than this to a spike of the reference, in ms, are left out: there the voltage changes so fast that
#: its error is that of the spike time.
MARGIN = 2.0


class VoltageRms:
    """The root mean square error of the voltage between spikes, as a criterion beside the measures of spike trains."""

    name = "voltage_rms"
    unit = "mV"
    """The model's own unit, where its voltage has none."""
    perfect = 0.0
    matched = False


@dataclass(frozen=True)
class VoltageError:
    """Differences of the voltage at samples between spikes, in the model's internal unit (mV, where it has one)."""

    rms: float
    """Root mean square difference; nan if nothing was compared."""
    maximum: float
    """Largest absolute difference; nan if nothing was compared."""
    compared: int
    """Samples that were compared."""
    error: float
    """Stated error of the reference at these samples; nan if nothing was compared."""


def between_spikes(reference: Reference, model: NeuronModel, stimulus: Stimulus, margin: float = MARGIN
                   ) -> NDArray[np.bool_]:
    """Return which ends of a stimulus's pieces are further than `margin` (ms) from every spike of the reference.

    The refractoriness after a spike belongs to it.
    """
    at = np.cumsum([float(duration) for duration in stimulus.durations])
    spikes = reference.train.times
    near = (at[:, None] >= spikes - margin) & (at[:, None] <= spikes + model.refractory_ms + margin)
    between: NDArray[np.bool_] = ~np.any(near, axis=1)
    return between


def stated_error(reference: Reference, model: NeuronModel, between: NDArray[np.bool_]) -> float:
    """Return the stated error of a reference's voltage at some samples; nan if there are none."""
    found = reference.samples_error[between, _voltage(model)]
    return float(found.max()) if found.size else np.nan


def _voltage(model: NeuronModel) -> int:
    return model.system.state.index(model.system.threshold.variable)


def voltage_rms(outcome: Outcome, reference: Reference, model: NeuronModel, between: NDArray[np.bool_]) -> float:
    """Return the root mean square error alone; parameters as of `voltage_error`, nan if nothing is compared."""
    differences = _differences(outcome, reference, model, between)
    with np.errstate(over="ignore"):  # a run that is about to diverge
        return float(np.sqrt((differences**2).mean())) if differences.size else np.nan


def _differences(outcome: Outcome, reference: Reference, model: NeuronModel, between: NDArray[np.bool_]
                 ) -> NDArray[np.float64]:
    place = _voltage(model)
    found: NDArray[np.float64] = np.abs(outcome.samples[between, place] - reference.samples[between, place])
    return found


def voltage_error(outcome: Outcome, reference: Reference, model: NeuronModel, between: NDArray[np.bool_]
                  ) -> VoltageError:
    """Compare the voltage at the ends of a stimulus's pieces with the reference's.

    The voltage is the variable that the threshold tests. Samples near a spike that only the run has count, so that a
    missing or extra spike shows as a large error. `Stimulus.divided` cuts a stimulus into pieces, at whose ends samples
    are.

    Parameters
    ----------
    outcome : Outcome
    reference : Reference
        Of `model` under the same stimulus.
    model : NeuronModel
    between : array of bool
        The samples to compare, as `between_spikes` returns.
    """
    differences = _differences(outcome, reference, model, between)
    if not differences.size:
        return VoltageError(np.nan, np.nan, 0, np.nan)
    return VoltageError(
        rms=voltage_rms(outcome, reference, model, between),
        maximum=float(differences.max()),
        compared=differences.size,
        error=stated_error(reference, model, between),
    )
