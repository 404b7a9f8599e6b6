"""Runs of another simulator, some of which may fail; the kernel of ours that computes the same; and their time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ....harness.engines import Engine, EngineRun
from ....harness.kernels.kernel import Kernel, compile_kernels
from ....harness.stimuli import Stimulus, shorten
from ....models.definition.neuron import NeuronModel
from ....models.ground.errors import NoValue, UserError, attempt
from ....models.step import make_step, why_not

#: Spikes of a kernel and of a simulator are the same if they differ by less than this fraction of dt.
SAME = 1e-3
#: A simulation is timed as the difference of two, with so many steps: what it costs to start is left out.
STEPS = (200, 2200)
#: The number of times that it is timed.
REPEATS = 3
#: If a simulator fails, or has no spikes, with its default time step, it is tried with shorter ones by these factors.
SHORTER = (4, 16)


@dataclass(frozen=True, eq=False)
class FirstRuns:
    """The first runs of a simulator."""

    at_default: EngineRun | NoValue
    """That with the default time step, or why it failed."""
    dt: Fraction
    """The time step, in ms, of a run that did not fail and, if there is one, has spikes."""
    run: EngineRun


@dataclass(frozen=True, eq=False)
class Simulation:
    """A model in another simulator, with one of its schemes, under a stimulus; time steps are in ms."""

    engine: Engine
    model: NeuronModel
    method: str
    stimulus: Stimulus

    def attempts(self, dts: Sequence[Fraction]) -> list[EngineRun | NoValue]:
        """Run with several time steps; the simulator may crash with a long one, and run with others."""
        together = attempt(partial(self.engine.runs, self.model, self.method, dts, self.stimulus))
        if not isinstance(together, NoValue):
            return [*together]
        if len(dts) == 1 or "did not end within" in together.reason:
            return [together] * len(dts)
        half = len(dts) // 2
        return [*self.attempts(dts[:half]), *self.attempts(dts[half:])]

    def first_runs(self, dt: Fraction, dts: Sequence[Fraction]) -> FirstRuns:
        """Run with the default time step, and if this fails or has no spikes, with shorter ones of `dts`.

        Raises
        ------
        UserError
            If all fail; with the reason of the first.
        """
        shorter = [max((each for each in dts if each * factor <= dt), default=dt) for factor in SHORTER]
        tried: dict[Fraction, EngineRun | NoValue] = {}
        for each in dict.fromkeys([dt, *shorter]):
            (found,) = self.attempts([each])
            tried[each] = found
            if not isinstance(found, NoValue) and len(found.times):
                break
        first = tried[dt]
        ran = {each: found for each, found in tried.items() if not isinstance(found, NoValue)}
        if isinstance(first, NoValue) and not ran:
            raise UserError(first.reason)
        best = max(ran, key=lambda each: (len(ran[each].times) > 0, each))
        return FirstRuns(first, best, ran[best])

    def same_kernel(self, dt: Fraction, times: NDArray[np.float64]) -> Kernel | None:
        """Return our kernel of the same scheme, if it finds the same spikes as the simulator; None if not.

        Parameters
        ----------
        dt : Fraction
        times : array
            The spikes that the simulator found with this time step, in ms.
        """
        given = self.engine.schemes[self.method].ours, self.engine.labels.detection, self.stimulus.varies
        if not all(given[:2]) or why_not(self.model, *given):
            return None
        kernel = compile_kernels([make_step(self.model, *given)])[0]
        found = kernel.run([self.stimulus], dt)[0].spike_times
        same = len(found) == len(times) > 0 and np.allclose(found, times, rtol=0, atol=SAME * float(dt))
        return kernel if same else None

    def nanoseconds(self, dt: Fraction, neurons: int, repeats: int = REPEATS) -> list[float]:
        """Return the wall time in ns per neuron and ms of model time, once per repeat.

        It is the difference of two simulations, so that what it costs to start is left out. A stimulus is repeated if
        it is too short; of an input that is constant in pieces, the first value is taken.

        Parameters
        ----------
        dt : Fraction
        neurons : int
            Number of identical neurons.
        repeats : int

        Raises
        ------
        UserError
            If the engine fails, or the clock does not resolve the difference.
        """
        stimulus, seconds = self.stimulus, []
        for steps in STEPS:
            part = replace(stimulus, durations=(dt * steps,), shapes=stimulus.shapes[:1])
            if stimulus.varies:
                times = math.ceil(dt * steps / stimulus.horizon)
                long = replace(stimulus, durations=stimulus.durations * times, shapes=stimulus.shapes * times)
                part = shorten(long, dt, steps)
            runs = self.engine.runs(self.model, self.method, [dt] * repeats, part, neurons)
            seconds.append([run.seconds for run in runs])
        short = statistics.median(seconds[0])
        if statistics.median(seconds[1]) <= short:
            raise UserError("the clock does not resolve it")
        per = float(dt * (STEPS[1] - STEPS[0])) * neurons
        return [1e9 * max(each - short, 0.0) / per for each in seconds[1]]
