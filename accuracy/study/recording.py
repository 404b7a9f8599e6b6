"""Spikes and voltages of one stimulus, recorded so that they can be compared with the reference by eye."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ...harness.kernels.kernel import Kernel
from ...harness.stimuli import Stimulus
from ..measures.spike_trains import Array
from ..references import closed_form, noisy, taylor
from ..references.cache import recall
from ..search.judging import Trial

#: The voltage is kept from `BEFORE` ms before the last compared spike until `AFTER` ms after it: the error is largest
#: there.
BEFORE, AFTER = Fraction(15), Fraction(10)
#: Number of samples of one voltage; largest number of samples, and of spikes, of all recordings together.
SAMPLES, MOST_SAMPLES, MOST_SPIKES = 250, 150_000, 200_000


@dataclass(frozen=True)
class Trace:
    """Spikes and voltage of one neuron under the first stimulus of a regime."""

    spike_times: Array
    """In ms; only the first ones if there are too many to keep."""
    at: Array
    """Times of the samples in ms."""
    voltage: Array
    """The variable that the threshold tests, in the model's internal unit."""


@dataclass(frozen=True)
class Share:
    """How many samples and spikes each recording may keep."""

    samples: int
    spikes: int

    @classmethod
    def of(cls, recordings: int) -> Share:
        """Divide the samples and spikes that may be kept equally among recordings."""
        each = max(recordings, 1)
        return cls(max(min(SAMPLES, MOST_SAMPLES // each), 2), max(MOST_SPIKES // each, 1))


def record(kernel: Kernel, trial: Trial, setting: Fraction, by_dt: bool, share: Share) -> Trace:
    """Run a stimulus at a setting again, with the voltage sampled.

    The samples are at time steps. The steps of an error control are shortened so that they end at the samples.

    Parameters
    ----------
    kernel : Kernel
    trial : Trial
    setting : Fraction
        dt in ms, or the tolerance of an error control.
    by_dt : bool
        Whether `setting` is dt.
    share : Share
    """
    start, stop = window(trial)
    step = (stop - start) / share.samples
    if by_dt:
        step = max(math.ceil(step / setting), 1) * setting
        start = math.floor(start / setting) * setting
    times = _times(start, stop, step)
    stimulus = trial.stimulus.cut(times)
    outcome = kernel.run([stimulus], setting)[0]
    return Trace(outcome.spike_times[: share.spikes], *_sampled(trial, stimulus, outcome.samples, times))


def record_reference(trial: Trial, share: Share) -> Trace:
    """Solve a stimulus again, with the voltage sampled."""
    start, stop = window(trial)
    times = _times(start, stop, (stop - start) / SAMPLES)
    stimulus = trial.stimulus.cut(times)

    def compute() -> list[list[float]]:
        if trial.model.system.random:
            kept: list[list[float]] = noisy.solve(trial.model, stimulus).samples.tolist()
            return kept
        solve = closed_form.solve if closed_form.applies(trial.model, stimulus) else taylor.solve
        found: list[list[float]] = solve(trial.model, stimulus, taylor.FIRST).samples.astype(float).tolist()
        return found

    samples = np.array(recall("trace", trial.model, stimulus, compute, shared=True))
    return Trace(trial.reference.train.times[: share.spikes], *_sampled(trial, stimulus, samples, times))


def window(trial: Trial) -> tuple[Fraction, Fraction]:
    """Return the start and end of the time in which the voltage is kept, in ms: around the last compared spike."""
    horizon, spikes = trial.stimulus.horizon, trial.compared.times
    last = Fraction(round(float(spikes[-1]))) if spikes.size else horizon - AFTER
    return max(last - BEFORE, Fraction(0)), min(last + AFTER, horizon)


def _times(start: Fraction, stop: Fraction, step: Fraction) -> list[Fraction]:
    return [start + i * step for i in range(1, int((stop - start) / step) + 1)]


def _sampled(trial: Trial, stimulus: Stimulus, samples: Array, times: Iterable[Fraction]) -> tuple[Array, Array]:
    wanted = set(times)
    kept = [i for i, (end, _) in enumerate(stimulus.pieces) if end in wanted]
    ends = np.array([float(end) for end, _ in stimulus.pieces])
    system = trial.model.system
    return ends[kept], samples[kept, system.state.index(system.threshold.variable)]
