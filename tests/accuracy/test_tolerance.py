from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.reference import Reference, reference
from spikecost.accuracy.spike_trains import SpikeTimeError, SpikeTrain
from spikecost.accuracy.tolerance import ErrorCurve, Point, describe, largest_step
from spikecost.harness.kernel import Outcome, compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.harness.sweep import time_steps
from spikecost.models.catalogue import get_model
from spikecost.models.step import make_step

STIMULUS = constant(2 * mV / ms, 1000 * ms)


class Made:
    """A kernel whose error at dt is given; ``nan`` diverges, ``inf`` loses a spike."""

    def __init__(self, error):
        self.error = error

    def run(self, _stimuli, dt):
        error = self.error(float(dt))
        if np.isnan(error):
            return [Outcome(np.array([]), np.array([np.nan]), "diverged")]
        times = np.array([100.0, 200.0]) if np.isinf(error) else np.array([100.0, 200.0, 300.0 + error])
        return [Outcome(times, np.array([0.0]), "")]


def find(error, tolerance, finest=1e-3):
    curve = ErrorCurve(Made(error), STIMULUS, Reference(SpikeTrain(np.array([100.0, 200, 300, 900]), 1000), 0, ""))
    return largest_step(curve, time_steps(Fraction(1000), 1.0, finest, 10), tolerance)


def test_a_linear_error_is_found_to_two_percent():
    answer = find(lambda dt: 2 * dt, 0.1)
    assert answer.status == "reached"
    assert 0.05 / 1.02 <= float(answer.point.dt) <= 0.05
    assert 0.05 < float(answer.fails_at) <= 0.05 * 1.03


def test_every_smaller_step_must_hold_too():
    # good again between 0.3 and 0.5, by accident
    answer = find(lambda dt: 0.0 if 0.3 < dt < 0.5 else 2 * dt, 0.1)
    assert float(answer.point.dt) <= 0.05


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_failed_run_does_not_hold(bad):
    answer = find(lambda dt: bad if dt > 0.2 else 0.0, 0.1)
    assert 0.2 / 1.02 <= float(answer.point.dt) <= 0.2


def test_not_reached_says_what_happened_at_the_finest_step():
    assert find(lambda dt: 5 + dt, 0.1).status == "not reached"
    assert find(lambda dt: 5 + dt, 0.1).reason == "error 5 ms at dt = 0.001 ms"
    assert find(lambda dt: float("nan"), 0.1).reason == "diverged at dt = 0.001 ms"
    assert find(lambda dt: float("inf"), 0.1).reason == "1 spikes missing, 0 too many at dt = 0.001 ms"


def test_the_coarsest_step_is_a_lower_bound():
    answer = find(lambda dt: 0.0, 0.1)
    assert answer.status == "at least"
    assert answer.point.dt == 1


def test_the_comparison_ends_between_the_last_two_spikes():
    model = get_model("lif")
    kernel = compile_kernels([make_step(model, "rk4", "hermite")])[0]
    solution = reference(model, STIMULUS)
    point = ErrorCurve(kernel, STIMULUS, solution)(Fraction(1))
    assert point.error.matched == len(solution.train) - 1


def test_describe_names_each_kind_of_point():
    error = SpikeTimeError(0.25, 0, 0, 0, 3, 0, 0)
    assert describe(Point(Fraction(1, 2), error, "")) == "error 0.25 ms at dt = 0.5 ms"
