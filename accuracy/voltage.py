"""The error of the voltage between spikes: a second axis beside the spike times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..harness.kernel import Outcome
from ..harness.stimuli import Stimulus
from ..models.neuron import NeuronModel
from .reference import Reference

#: Samples nearer than this to a spike of the reference, in ms, are left out: there the voltage changes so fast that
#: its error is that of the spike time.
MARGIN = 2.0


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


def voltage_error(outcome: Outcome, reference: Reference, model: NeuronModel, stimulus: Stimulus,
                  margin: float = MARGIN) -> VoltageError:
    """Compare the voltage at the ends of a stimulus's pieces with the reference's.

    The voltage is the variable that the threshold tests. Samples within `margin` (ms) of a spike of the reference, or
    of the refractoriness after one, are left out; those near a spike that only the run has are not, so that a missing
    or extra spike shows as a large error. `Stimulus.divided` cuts a stimulus into pieces, at whose ends samples are.

    Parameters
    ----------
    outcome : Outcome
        Of a run under `stimulus`.
    reference : Reference
        Of `model` under `stimulus`.
    model : NeuronModel
    stimulus : Stimulus
    margin : float
        In ms.
    """
    at = np.cumsum([float(duration) for duration in stimulus.durations])
    spikes = reference.train.times
    near = (at[:, None] >= spikes - margin) & (at[:, None] <= spikes + model.refractory_ms + margin)
    between = ~near.any(axis=1)
    voltage = model.system.state.index(model.system.threshold.variable)
    differences = np.abs(outcome.samples - reference.samples)[between, voltage]
    if not differences.size:
        return VoltageError(np.nan, np.nan, 0, np.nan)
    return VoltageError(
        rms=float(np.sqrt((differences**2).mean())),
        maximum=float(differences.max()),
        compared=differences.size,
        error=float(reference.samples_error[between, voltage].max()),
    )
