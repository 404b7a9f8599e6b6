"""The response of one neuron to one stimulus, as used by detectors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ....harness.stimuli import Stimulus

Array = NDArray[np.float64]

_EMPTY = np.empty(0)


@dataclass(frozen=True)
class Recording:
    """The response of one neuron to one stimulus; times in ms."""

    stimulus: Stimulus
    spikes: Array
    times: Array = field(default_factory=lambda: _EMPTY)
    """Times at which the voltage was sampled."""
    voltage: Array = field(default_factory=lambda: _EMPTY)
    """In the model's internal unit, at `times`; empty if it was not requested."""
    threshold: Array | float = np.inf
    """The threshold voltage; an array at `times` if it moves."""
    failure: str = ""
    """Why the recording stops early, such as a runaway; empty if it is complete."""

    @property
    def stop(self) -> float:
        """Its end in ms."""
        return float(self.stimulus.horizon)

    def after_spike(self) -> tuple[Array, Array]:
        """Return times and voltages after the last spike, from where the voltage is below the threshold again."""
        after = self.times > self.spikes[-1]
        times, voltage = self.times[after], self.voltage[after]
        below = voltage < np.broadcast_to(self.threshold, self.times.shape)[after]
        first = int(np.argmax(below)) if below.size else 0
        return times[first:], voltage[first:]

    def between(self, start: float, stop: float) -> Array:
        """Return the spikes from `start` on and before `stop`."""
        return self.spikes[(start <= self.spikes) & (self.spikes < stop)]
