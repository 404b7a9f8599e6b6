"""Wall time of kernels: interleaved runs, medians, and ratios to a fixed piece of work."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..kernels.c_source import LANES
from ..kernels.kernel import Kernel
from ..stimuli import Stimulus, shorten
from .calibration import calibrate

#: Steps of one timed run: enough to make the clock's resolution negligible, few enough to time hundreds of cases.
ONE_NEURON_STEPS, MANY_NEURONS_STEPS = 20_000, 400
#: Number of neurons in the run that fills the SIMD lanes, and number of different drives: one per neuron of a block.
NEURONS, DRIVES = 1024, LANES


@dataclass(frozen=True)
class Job:
    """A kernel to be timed."""

    kernel: Kernel
    stimuli: tuple[Stimulus, ...]
    """One per neuron."""
    setting: Fraction
    """dt in ms, or the tolerance of an error control."""


@dataclass(frozen=True)
class Timing:
    """Wall time per ms of model time of one neuron, in ns."""

    samples: tuple[float, ...]
    """In the order of measurement."""
    relative: tuple[float, ...] = ()
    """The same samples divided by the time of the calibration work that ran next to each."""

    @property
    def median(self) -> float:
        """Their median."""
        return statistics.median(self.samples)


def one_neuron(kernel: Kernel, stimulus: Stimulus, setting: Fraction, by_dt: bool = True) -> Job:
    """Return a job with a single neuron; `by_dt` says whether the setting is dt."""
    return Job(kernel, (shorten(stimulus, setting, ONE_NEURON_STEPS) if by_dt else stimulus,), setting)


def many_neurons(kernel: Kernel, stimulus: Stimulus, dt: Fraction) -> Job:
    """Return a job with `NEURONS` neurons; drives differ by up to 2 % in a block, so that not all spike at once."""
    part = shorten(stimulus, dt, MANY_NEURONS_STEPS)
    return Job(kernel, tuple(part.scaled(1 + 0.02 * i / DRIVES) for i in range(DRIVES)) * (NEURONS // DRIVES), dt)


def measure(jobs: Sequence[Job], repeats: int, progress: Callable[[], None] = lambda: None) -> list[Timing]:
    """Time all jobs `repeats` times in turn, so that a slow period of the machine does not affect only one of them.

    Each job runs once before, without timing. The calibration work runs between all runs.
    """
    samples: list[list[tuple[float, float]]] = [[] for _ in jobs]
    before = calibrate()
    for repeat in range(repeats + 1):
        for job, times in zip(jobs, samples, strict=True):
            seconds = job.kernel.seconds(job.stimuli, job.setting)
            after = calibrate()
            if repeat:
                each = seconds / float(job.stimuli[0].horizon) / len(job.stimuli)
                times.append((each, each / min(before, after)))  # one of the two may have waited for another process
            before = after
            progress()
    return [Timing(tuple(1e9 * each for each, _ in times), tuple(ratio for _, ratio in times)) for times in samples]
