"""The firing rate of a spike train: spikes per second of its horizon, but not rounded to whole spikes.

The number of spikes within a horizon is a whole number, too coarse to find a drive. So the rate is taken from the
duration of whole periods. A period is one interval if the neuron fires steadily, and a burst with the pause after it if
it bursts. The result never differs by more than one spike per horizon from the number of spikes, so that the rate of a
search agrees with the spikes of a run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A neuron has stopped firing if it is silent for longer than this many times its longest pause.
PAUSES = 2
#: Intervals are the same if they differ by less than this fraction.
SAME = 0.05
#: A rate differs from the count of the horizon by less than one spike, even after rounding.
ONE_SPIKE = 1 - 1e-9


def fires_steadily(times: Array, horizon: float) -> bool:
    """Whether the time from the last spike to the end of the horizon is not much longer than the mean interval."""
    return times.size >= 2 and horizon - float(times[-1]) <= PAUSES * float(times[-1] - times[0]) / (times.size - 1)


def keeps_firing(times: Array, horizon: float) -> bool:
    """Whether the silence at the end of the horizon may be a pause like earlier ones."""
    return times.size >= 2 and horizon - float(times[-1]) <= PAUSES * float(np.diff(times).max())


def period(times: Array) -> int:
    """Return after how many intervals they repeat, in the second half of a spike train; 1 if they never repeat."""
    intervals = np.diff(times).astype(float)
    late = intervals[intervals.size // 2 :]
    for length in range(1, late.size // 2 + 1):
        if np.allclose(late[length:], late[:-length], rtol=SAME, atol=0):
            return length
    return 1


def over_periods(times: Array) -> float:
    """Return the rate in Hz over all whole periods, counted back from the last spike; it takes two or more spikes."""
    length = period(times)
    intervals = length * ((times.size - 1) // length)
    return 1000 / (float(times[-1] - times[-1 - intervals]) / intervals)


def rate_of(times: Array, within: int, horizon: float) -> float:
    """Return a firing rate in Hz.

    Parameters
    ----------
    times : array
        Spike times in ms, two or more: those of the horizon, or of a longer run if these are too few to find a period.
    within : int
        Number of spikes within the horizon.
    horizon : float
        In ms.
    """
    # steady firing: the count is only rounded; bursts: the horizon may cut one, so the rate is kept closer to the count
    off = ONE_SPIKE if period(times) == 1 else ONE_SPIKE / 2
    fewest, most = (1000 * (within + sign * off) / horizon for sign in (-1, 1))
    return min(max(over_periods(times), fewest), most)
