"""To which step a spike that arrives belongs, and in which order those of a step are applied."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spikecost.harness.kernels.c_blocks import LATER
from spikecost.harness.kernels.places import ROUNDED_UP, Last, Places, Trains

SIZE = 40
#: Times at a step, beside it by a unit in the last place, at the edge of what is rounded up, and anywhere.
TIMES = st.one_of(
    st.integers(0, SIZE).map(float),
    st.integers(1, SIZE).map(lambda step: float(np.nextafter(step, 0))),
    st.integers(0, SIZE).map(lambda step: float(np.nextafter(step, SIZE + 1))),
    st.integers(1, SIZE).map(lambda step: step - ROUNDED_UP),
    st.floats(0, SIZE),
)
DTS = st.sampled_from([0.1, 1 / 3, 0.0123, 2.0**-7])


def step_of(time: float, dt: float, within: bool) -> int:
    return min(floor(time / dt), SIZE - 1) if within else floor((time + ROUNDED_UP * dt) / dt)


def train_of(steps: list[float], dt: float) -> np.ndarray:
    return np.sort(np.array(steps, dtype=float) * dt)


@given(st.lists(TIMES, max_size=30), DTS, st.booleans())
def test_times_before_a_step_are_those_whose_step_is_earlier(steps, dt, within):
    times = train_of(steps, dt)
    places = Places(SIZE, dt, within=within)
    index = [step_of(time, dt, within) for time in times.tolist()]
    assert index == sorted(index)
    given_to = Trains([(0, times, None)])
    assert [places.before(s, given_to) for s in range(SIZE + 1)] == [[bisect_left(index, s)] for s in range(SIZE + 1)]


@given(st.lists(st.floats(0, 10), max_size=30), st.lists(st.floats(0.1, 9.9), max_size=5, unique=True))
def test_times_before_a_piece_are_those_whose_piece_is_earlier(given_times, edges):
    starts = [0.0, *sorted(edges)]
    pieces = Places.of_pieces(np.array(starts))
    times = np.sort(np.array([*given_times, *edges]))
    index = [bisect_right(starts, time) - 1 for time in times.tolist()]
    found = [pieces.before(piece, Trains([(0, times, None)])) for piece in range(pieces.size + 1)]
    assert found == [[bisect_left(index, piece)] for piece in range(pieces.size + 1)]


@given(st.lists(st.lists(TIMES, max_size=12), min_size=1, max_size=4), DTS, st.booleans(), st.data())
def test_arrivals_are_in_the_order_of_their_times_or_of_their_steps(given_trains, dt, within, data):
    trains = [train_of(steps, dt) for steps in given_trains]
    values = [100.0 * kind + np.arange(len(times)) for kind, times in enumerate(trains)]
    places = Places(SIZE, dt, within=within)
    given_to = Trains([(kind, *each) for kind, each in enumerate(zip(trains, values, strict=True))])
    end = places.before(SIZE, given_to)
    # (step or time, kind, time, value), in the order that a sort gives
    expected = sorted(
        (time if within else step_of(time, dt, within), kind, time, float(100 * kind + i))
        for kind, times in enumerate(trains)
        for i, time in enumerate(times[: end[kind]].tolist())
    )
    total = len(expected)
    kinds, at, numbers = np.full(total, 9, np.uint8), np.full(total, np.nan), np.full(total, np.nan)
    counts = np.zeros(SIZE, np.int32)
    # in one part, or in two
    cut = places.before(data.draw(st.integers(0, SIZE)), given_to) if data.draw(st.booleans()) else end
    last = Last()
    for first, until in pairwise([[0] * len(trains), cut, end]):
        own = slice(sum(first), sum(until))
        written = {"kinds": kinds[own], "values": numbers[own], "places": at[own] if within else None}
        last = places.put(given_to, first, until, counts=counts, **written, last=last)
    steps = [step_of(time, dt, within) for _, _, time, _ in expected]
    assert (kinds % LATER).tolist() == [kind for _, kind, _, _ in expected]
    assert numbers.tolist() == [value for *_, value in expected]
    assert counts.tolist() == np.bincount(steps, minlength=SIZE).tolist()
    if not within:
        assert (kinds < LATER).all()
        return
    most = np.nextafter(1, 0)
    where = [(step, min(time / dt - step, most)) for step, (_, _, time, _) in zip(steps, expected, strict=True)]
    assert at.tolist() == [place for _, place in where]
    before = [(-1, 0.0), *where]
    later = [place > (was if same == step else 0.0) for (step, place), (same, was) in zip(where, before, strict=False)]
    assert (kinds >= LATER).tolist() == later
