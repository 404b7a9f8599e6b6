"""The error of the voltage between spikes: a second kind of error in addition to the spike times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...harness.kernels.kernel import Outcome
from ...harness.stimuli import Stimulus
from ...models.definition.neuron import NeuronModel
from ..references.reference import Reference

#: Samples nearer than this to a spike of the reference, in ms, are left out: the voltage changes so fast there that
#: its error comes from the error of the spike time.
MARGIN = 2.0


class VoltageRms:
    """The root mean square error of the voltage between spikes: a criterion like the measures of spike trains."""

    name = "voltage_rms"
    unit = "mV"
    """If the model's voltage has no dimension, the value is in the model's own unit."""
    perfect = 0.0
    matched = False


def between_spikes(
    reference: Reference, model: NeuronModel, stimulus: Stimulus, margin: float = MARGIN
) -> NDArray[np.bool_]:
    """Return which ends of a stimulus's pieces are further than `margin` (ms) from every spike of the reference.

    The refractory time after a spike counts as part of the spike.
    """
    at = np.cumsum([float(duration) for duration in stimulus.durations])
    spikes = reference.train.times
    near = (at[:, None] >= spikes - margin) & (at[:, None] <= spikes + model.refractory_ms + margin)
    between: NDArray[np.bool_] = ~np.any(near, axis=1)
    return between


def stated_error(reference: Reference, model: NeuronModel, between: NDArray[np.bool_]) -> float:
    """Return the stated error of a reference's voltage at some samples; nan if there are none."""
    errors = reference.samples_error[between, _voltage(model)]
    return float(errors.max()) if errors.size else np.nan


def _voltage(model: NeuronModel) -> int:
    return model.system.state.index(model.system.threshold.variable)


def voltage_differences(
    outcome: Outcome, reference: Reference, model: NeuronModel, between: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the absolute differences of the voltage from the reference's.

    The voltage is the variable that the threshold tests; the difference is in its internal unit (mV if it has a
    dimension). Samples near a spike that only the run has are compared, so that an extra spike gives a large error, as
    does a missing one. The samples are at the ends of the stimulus's pieces; `Stimulus.divided` cuts it into pieces.

    Parameters
    ----------
    outcome : Outcome
    reference : Reference
        Of `model` under the same stimulus.
    model : NeuronModel
    between : array of bool
        The samples to compare, as `between_spikes` returns.
    """
    place = _voltage(model)
    found, expected = (samples[:, place][between] for samples in (outcome.samples, reference.samples))
    differences: NDArray[np.float64] = np.abs(found - expected)
    return differences


def voltage_rms(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square of each row of `voltage_differences`; nan if nothing is compared."""
    if not differences.shape[1]:
        return np.full(len(differences), np.nan)
    with np.errstate(over="ignore"):  # a run that is about to diverge
        rms: NDArray[np.float64] = np.sqrt((differences**2).mean(axis=1))
    return rms
