"""The rate of a spike train: spikes per second of its horizon, and finer than that.

A count over a horizon is a whole number; drives are found more finely than that by the time that whole periods take. A
period is that of the pattern of intervals: one interval of a neuron that fires steadily, a burst and the pause after it
of one that fires in bursts. The two never differ by more than one spike over the horizon, so that the rate of a search
and the number of spikes of a run agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A neuron is silent if it stays so for longer than this many times its longest pause.
PAUSES = 2
#: Intervals are the same if they differ by less than this fraction.
SAME = 0.05
#: A rate is less than one spike off the count of the horizon, rounding included.
ONE_SPIKE = 1 - 1e-9


def fires_steadily(times: Array, horizon: float) -> bool:
    """Whether the end of the horizon is not much further from the last spike than spikes are from each other."""
    return times.size >= 2 and horizon - float(times[-1]) <= PAUSES * float(times[-1] - times[0]) / (times.size - 1)


def keeps_firing(times: Array, horizon: float) -> bool:
    """Whether the end of the horizon may be in a pause, such as there were before."""
    return times.size >= 2 and horizon - float(times[-1]) <= PAUSES * float(np.diff(times).max())


def period(times: Array) -> int:
    """Return after how many intervals they come again, over the second half of a spike train; 1 if they never do."""
    intervals = np.diff(times).astype(float)
    late = intervals[intervals.size // 2 :]
    for length in range(1, late.size // 2 + 1):
        if np.allclose(late[length:], late[:-length], rtol=SAME, atol=0):
            return length
    return 1


def over_periods(times: Array) -> float:
    """Return the rate in Hz of two spikes or more over as many whole periods as there are, counted from the last."""
    length = period(times)
    intervals = length * ((times.size - 1) // length)
    return 1000 / (float(times[-1] - times[-1 - intervals]) / intervals)


def rate_of(times: Array, within: int, horizon: float) -> float:
    """Return a firing rate in Hz.

    Parameters
    ----------
    times : array
        Spike times in ms, two or more: those of the horizon, or of a longer run if these are too few to see a period.
    within : int
        How many of them are within the horizon.
    horizon : float
        In ms.
    """
    # where one interval is as good as the next, the count is what is rounded; of bursts some are cut by the horizon
    off = ONE_SPIKE if period(times) == 1 else ONE_SPIKE / 2
    fewest, most = (1000 * (within + sign * off) / horizon for sign in (-1, 1))
    return min(max(over_periods(times), fewest), most)
