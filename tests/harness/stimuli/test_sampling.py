"""Stimuli as simulators get them: one value per step, or points with straight lines between them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from brian2 import Hz, ms

from spikecost.harness.kernels.sampled import SampledInputs
from spikecost.harness.stimuli import as_lines, at_steps, edges_of, ornstein_uhlenbeck, piecewise_constant, sine

DT = Fraction(1, 8)
STIMULI = [
    ornstein_uhlenbeck(10, 3, 5 * ms, 1 * ms, 20 * ms, seed=2),
    ornstein_uhlenbeck(-2, 3, 5 * ms, 0.5 * ms, 20 * ms, seed=3),
    sine(3, 2, 40 * Hz, 20 * ms),
    piecewise_constant([(3 * ms, 1), (7 * ms, -2), (2 * ms, -2)]),
]


@pytest.mark.parametrize("stimulus", STIMULI)
def test_values_of_steps_are_those_of_the_kernels(stimulus):
    edges = edges_of(stimulus, DT)
    ours = SampledInputs([stimulus], [edges], float(DT)).values(0, int(edges[-1]))
    np.testing.assert_allclose(at_steps(stimulus, DT), ours[:, [0, 2], 0].T, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("stimulus", STIMULI)
def test_lines_are_the_stimulus_at_the_ends_of_steps_and_within_them_if_it_has_only_lines(stimulus):
    times, values = as_lines(stimulus, DT)
    assert (np.diff(times) >= 0).all()
    grid = (np.arange(int(stimulus.horizon / DT)) + 0.5) * float(DT)
    curved = not stimulus.terms <= {"slope"}
    exact = stimulus.at(grid)
    if curved:
        exact = at_steps(stimulus, DT).mean(axis=0)
    np.testing.assert_allclose(np.interp(grid, times, values), exact, rtol=1e-12, atol=1e-12)


def test_a_jump_is_two_points():
    times, values = as_lines(piecewise_constant([(3 * ms, 1), (7 * ms, -2)]), DT)
    assert times.tolist() == [0, 3, 3, 10]
    assert values.tolist() == [1, 1, -2, -2]
    assert len(as_lines(STIMULI[0], DT)[0]) == 21
