"""Spike trains for the tests of the measures."""

import numpy as np
from hypothesis import strategies as st

from spikecost.accuracy.measures.spike_trains import SpikeTrain

START, STOP = 100.0, 1100.0


def train(*times, stop=100.0, start=0.0):
    return SpikeTrain(np.array(times, dtype=float), stop, start)


# on a grid of 5 ms, trains share spike times and edges; otherwise times are arbitrary
_times = st.one_of(st.integers(0, 200).map(lambda k: START + 5.0 * k), st.floats(START, STOP))


def trains(least=0, most=8):
    times = st.lists(_times, min_size=least, max_size=most)
    return times.map(lambda times: train(*sorted(times), stop=STOP, start=START))
