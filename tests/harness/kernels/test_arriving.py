"""To which step a spike that arrives belongs."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spikecost.harness.kernels.arriving import ROUNDED_UP, _Pieces, _Steps

SIZE = 40
#: Times at a step, beside it by a unit in the last place, at the edge of what is rounded up, and anywhere.
PLACES = st.one_of(
    st.integers(0, SIZE).map(float),
    st.integers(1, SIZE).map(lambda step: float(np.nextafter(step, 0))),
    st.integers(0, SIZE).map(lambda step: float(np.nextafter(step, SIZE + 1))),
    st.integers(1, SIZE).map(lambda step: step - ROUNDED_UP),
    st.floats(0, SIZE),
)


@given(st.lists(PLACES, max_size=30), st.sampled_from([0.1, 1 / 3, 0.0123, 2.0**-7]), st.booleans())
def test_times_before_a_step_are_those_whose_step_is_earlier(places, dt, within):
    times = np.sort(np.array(places, dtype=float) * dt)
    steps = _Steps(SIZE, dt, within=within)
    index = [int(steps.index(time)) for time in times]
    assert index == sorted(index)
    assert [steps.before(step, times) for step in range(SIZE + 1)] == [bisect_left(index, s) for s in range(SIZE + 1)]


@given(st.lists(st.floats(0, 10), max_size=30), st.lists(st.floats(0.1, 9.9), max_size=5, unique=True))
def test_times_before_a_piece_are_those_whose_piece_is_earlier(given_times, edges):
    pieces = _Pieces(np.array([0.0, *sorted(edges)]))
    times = np.array([*sorted(given_times), *sorted(edges)])
    times.sort()
    index = pieces.index(times).tolist()
    found = [pieces.before(piece, times) for piece in range(pieces.size + 1)]
    assert found == [bisect_left(index, piece) for piece in range(pieces.size + 1)]
