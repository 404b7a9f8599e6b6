"""Reference solutions of models with random inputs: on grids that are much finer than any time step, of the same path.

No method knows what a Brownian path does between the points of a grid, so that there is no solution to machine
precision. The model is solved on several grids, each twice as fine as the one before. How their differences shrink
gives the strong order, and the order and the differences give the error of the finest grid. A spike time is where the
solution along the straight line between two points of the path crosses the threshold; what the path does in between may
cross it earlier, and is part of that error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...flops.toolchain import SCALAR
from ...harness.kernels.kernel import Kernel, Outcome, compile_kernels
from ...harness.stimuli import Stimulus, common_divisor
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ...models.step import Step, make_step, why_not

Array = NDArray[np.float64]

#: Largest time step of the finest grid in ms: for noise, and for numbers that are only drawn once per sampling step.
FINEST_NOISE, FINEST_HELD = Fraction(1, 4096), Fraction(1, 128)
#: Number of grids. Differences of coarser grids are part of the estimate of the error: a spike that moves far is rare.
GRIDS = 4
#: The stated error is this many times the estimate.
SAFETY = 2.0
#: Methods in the order of preference: the highest order without noise, and the order of their errors with noise, at
#: least and at most.
METHODS = ("rk4", "milstein", "euler")
NOISE_ORDERS, HELD_ORDERS = (0.5, 1.0), (1.0, 4.0)
DETECTIONS = ("hermite", "linear", "grid")


class AmbiguousPath(UserError):
    """The solutions on the finest grids have different numbers of spikes."""


@dataclass(frozen=True)
class Grids:
    """A solution on the finest grid, and what is known of its error."""

    times: Array
    """Spike times in ms."""
    samples: Array
    """State at the end of every piece of the stimulus: an array (pieces, state variables)."""
    order: float
    """Strong order of the spike times with which the error was estimated, measured from the grids and within bounds."""
    error: float
    """Stated error of any spike time in ms."""
    samples_error: Array
    """Stated error of each sample."""


def solve(model: NeuronModel, stimulus: Stimulus) -> Grids:
    """Solve a model with random inputs on several grids.

    Raises
    ------
    UserError
        If a run fails, or the two finest grids have different numbers of spikes.
    """
    model = model.exact
    finest = finest_step(model, stimulus)
    kernel = _kernel(model, stimulus.varies)
    runs = [_run(kernel, stimulus, finest * 2**i) for i in reversed(range(GRIDS))]
    trains = [run.spike_times for run in runs]
    if len(trains[-1]) != len(trains[-2]):
        raise AmbiguousPath(
            f"the two finest grids of its reference, of the same path, have {len(trains[-2])} and "
            f"{len(trains[-1])} spikes: the path touches the threshold; shorten the stimulus, or take another seed",
            about=model.label,
        )
    lowest, highest = NOISE_ORDERS if model.system.noise else HELD_ORDERS
    alike = [train for train in trains if len(train) == len(trains[-1])]
    if len(alike) < GRIDS:  # a grid that misses a spike says nothing about times: nothing better than the lowest order
        highest = lowest
    order, error = _extrapolated(alike, lowest, highest)
    _, samples_error = _extrapolated([run.samples for run in runs], lowest, highest)
    return Grids(
        trains[-1], runs[-1].samples, order, float(error.max(initial=0.0)), np.asarray(samples_error, dtype=float)
    )


def finest_step(model: NeuronModel, stimulus: Stimulus) -> Fraction:
    """Return the time step in ms of the finest grid: it divides the pieces, and the sampling step of random numbers."""
    held = [model.sampling_ms] if model.system.sampled else []
    unit = common_divisor([Fraction(1), stimulus.unit, *held])
    wanted = FINEST_NOISE if model.system.noise else FINEST_HELD
    halvings = max(math.ceil(math.log2(unit / wanted)), 0)
    return unit / (1 << halvings)


@lru_cache(64)
def _kernel(model: NeuronModel, varying: bool) -> Kernel:
    return compile_kernels([fine_step(model, varying)], SCALAR)[0]


def fine_step(model: NeuronModel, varying: bool) -> Step:
    """Return the Step that solves a model with random inputs: that of the most accurate method that can.

    Raises
    ------
    UserError
        If no method can.
    """
    for method in METHODS:
        for detection in DETECTIONS:
            if not why_not(model, method, detection, varying):
                return make_step(model, method, detection, varying)
    reason = why_not(model, METHODS[0], DETECTIONS[0], varying)
    raise UserError(f"no method solves its noise: {reason}", about=model.label)


def _run(kernel: Kernel, stimulus: Stimulus, dt: Fraction) -> Outcome:
    found = kernel.run([stimulus], dt)[0]
    if found.failure:
        raise UserError(f"its reference at dt = {float(dt):.3g} ms: {found.failure}", about=kernel.step.model.label)
    return found


def _extrapolated(grids: Sequence[Array], lowest: float, highest: float) -> tuple[float, Array]:
    """Return the measured order, within bounds, and the stated error of each value on the last grid.

    Each grid is half as fine as the next one. With order p, the error is the difference of two grids divided by
    ``2**p - 1`` (Richardson 1911, Phil. Trans. R. Soc. A 210:307). For noise this holds on average, not for each value:
    the estimate is the largest one that any pair of grids gives for any value of the same variable.
    """
    differences = [np.abs(fine - coarse) for coarse, fine in pairwise(grids)]
    if not differences or not differences[0].size:
        return lowest, np.zeros_like(grids[-1])
    sizes = np.array([each.mean() for each in differences])
    if (sizes > 0).all() and len(sizes) > 1:
        order = min(max(-float(np.polyfit(np.arange(len(sizes)), np.log2(sizes), 1)[0]), lowest), highest)
    else:
        order = lowest
    later = np.arange(len(differences))[::-1]
    largest = [each.max(axis=0) * 0.5 ** (order * ago) for each, ago in zip(differences, later, strict=True)]
    error = SAFETY * np.max(largest, axis=0) / (2**order - 1)
    return order, np.broadcast_to(error, grids[-1].shape)
