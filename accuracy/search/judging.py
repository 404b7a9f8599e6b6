"""Runs compared with the references of their stimuli."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...harness.kernels.kernel import Outcome
from ...harness.stimuli import Stimulus
from ...models.definition.neuron import NeuronModel
from ..measures import MEASURES
from ..measures.spike_trains import Array, SpikeTimeError, SpikeTrain, matched_errors, spike_time_error
from ..references.cache import content
from ..references.reference import Reference
from .criterion import NO_VALUES, Run, shared
from .voltage import between_spikes, voltage_differences, voltage_rms


@dataclass(frozen=True)
class Trial:
    """One stimulus and its reference solution."""

    model: NeuronModel
    stimulus: Stimulus
    reference: Reference

    @cached_property
    def digest(self) -> str:
        """A digest of the model's numbers, the stimulus and the reference."""
        reference = self.reference
        parts = (
            self.model.definition,
            content(self.stimulus),
            *map(content, (reference.train.times, reference.train.stop, reference.samples, reference.samples_error)),
        )
        return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()

    @property
    def spikes(self) -> int:
        """Number of spikes of the reference."""
        return len(self.reference.train)

    @cached_property
    def compared(self) -> SpikeTrain:
        """The part of the reference that runs are compared with.

        It ends midway between the last two spikes, so that no spike is at its edge. It is the whole train if there are
        fewer than two spikes.
        """
        train = self.reference.train
        return train.until(float(train.times[-2:].mean())) if len(train) > 1 else train

    @cached_property
    def between(self) -> NDArray[np.bool_]:
        """The samples of the voltage that are compared."""
        return between_spikes(self.reference, self.model, self.stimulus)


def judged(trials: Sequence[Trial], outcomes: Sequence[Outcome], measures: Sequence[str]) -> tuple[Run, ...]:
    """Compare the outcome of each trial with its reference.

    Thousands of settings are judged, so trials that have the same number of spikes, all of them, are judged together.

    Parameters
    ----------
    trials : sequence of Trial
    outcomes : sequence of Outcome
        One per trial.
    measures : sequence of str
        Measures to take in addition to the spike-time errors.
    """
    ended = [i for i, outcome in enumerate(outcomes) if not outcome.failure]
    trains: dict[int, Array] = {}
    for i in ended:
        times = outcomes[i].spike_times
        trains[i] = times[times <= trials[i].compared.stop]
    whole = [i for i in ended if trains[i].size == len(trials[i].compared)]
    errors: dict[int, SpikeTimeError] = {}
    for together in _of_one_size(whole, trains):
        times = np.array([trains[i] for i in together])
        if _is_in_order(times):  # else the error of the train is raised below
            expected = np.array([trials[i].compared.times for i in together])
            errors |= zip(together, matched_errors(times, expected), strict=True)
    values: dict[int, dict[str, float]] = {}
    for i in ended:
        if i in errors and not measures:
            continue
        reference = trials[i].compared
        train = SpikeTrain(trains[i], reference.stop)
        values[i] = {name: MEASURES[name](train, reference) for name in measures}
        if i not in errors:
            errors[i] = spike_time_error(train, reference)
    differences = {
        i: voltage_differences(outcomes[i], trials[i].reference, trials[i].model, trials[i].between) for i in ended
    }
    voltages: dict[int, float] = {}
    for together in _of_one_size(ended, differences):
        rms = voltage_rms(np.array([differences[i] for i in together]))
        voltages |= zip(together, rms.tolist(), strict=True)
    known: dict[str, Mapping[str, float]] = {}
    tallies = [shared(outcome.tallies, known) for outcome in outcomes]
    return tuple(
        Run(errors[i], "", values.get(i, NO_VALUES), len(outcome.spike_times), tallies[i], voltages[i])
        if i in errors
        else Run(None, outcome.failure, NO_VALUES, len(outcome.spike_times), tallies[i])
        for i, outcome in enumerate(outcomes)
    )


def _of_one_size(places: Sequence[int], arrays: dict[int, Array]) -> list[list[int]]:
    """Return the places whose arrays have the same size together."""
    found: dict[int, list[int]] = {}
    for i in places:
        found.setdefault(arrays[i].size, []).append(i)
    return list(found.values())


def _is_in_order(times: Array) -> bool:
    """Whether every row contains only finite times in order, from 0 on."""
    return bool(np.isfinite(times).all() and (times[:, :1] >= 0).all() and (np.diff(times, axis=1) >= 0).all())
