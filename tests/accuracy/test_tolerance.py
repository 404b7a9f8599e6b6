from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.criterion import Criterion, Run
from spikecost.accuracy.reference import Reference, reference
from spikecost.accuracy.spike_trains import SpikeTimeError, SpikeTrain
from spikecost.accuracy.tolerance import CALM, ErrorCurve, Trial, coarsest_settings, descend, describe
from spikecost.harness.kernel import Outcome, compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.harness.sweep import TimeSteps, Tolerances
from spikecost.models.catalogue import get_model
from spikecost.models.step import make_step

LIF = get_model("lif")
STIMULUS = constant(2 * mV / ms, 1000 * ms)


class Made:
    """A kernel whose error at dt is given, a function a stimulus; ``nan`` diverges, ``inf`` loses a spike."""

    def __init__(self, *errors):
        self.errors = errors
        self.runs = []

    def run(self, stimuli, dt):
        self.runs.append((dt, len(stimuli)))
        # the drive says which stimulus it is
        return [self.outcome(self.errors[int(stimulus.values[0]) - 1](float(dt))) for stimulus in stimuli]

    def outcome(self, error):
        if np.isnan(error):
            return Outcome(np.array([]), np.array([np.nan]), "diverged", np.zeros((1, 1)))
        times = np.array([100.0, 200.0]) if np.isinf(error) else np.array([100.0, 200.0, 300.0 + error])
        return Outcome(times, np.array([0.0]), "", np.zeros((1, 1)))


def curve_of(kernel, measures=()):
    right = Reference(SpikeTrain(np.array([100.0, 200, 300, 900]), 1000), 0, "", np.zeros((1, 1)), np.zeros((1, 1)))
    trials = [Trial(LIF, constant((i + 1) * mV / ms, 1000 * ms), right) for i in range(len(kernel.errors))]
    return ErrorCurve(kernel, trials, measures)


def find_all(errors, tolerance, finest=1e-3):
    return largest_steps(curve_of(Made(*errors)), TimeSteps(Fraction(1000), 1.0, finest, 10),
                         Criterion("maximum", tolerance))


def largest_steps(curve, sweep, criterion):
    return coarsest_settings(curve, sweep, sweep.settings, criterion)


def find(error, tolerance, finest=1e-3):
    return find_all([error], tolerance, finest)[0]


def test_a_linear_error_is_found_to_two_percent():
    answer = find(lambda dt: 2 * dt, 0.1)
    assert answer.status == "reached"
    assert 0.05 / 1.02 <= float(answer.setting) <= 0.05
    assert 0.05 < float(answer.fails_at) <= 0.05 * 1.03


def test_every_smaller_step_must_hold_too():
    # good again between 0.3 and 0.5, by accident
    answer = find(lambda dt: 0.0 if 0.3 < dt < 0.5 else 2 * dt, 0.1)
    assert float(answer.setting) <= 0.05
    assert 0.3 < float(answer.holds_again_at) < 0.5


def test_a_monotone_error_does_not_hold_again():
    assert find(lambda dt: 2 * dt, 0.1).holds_again_at is None


def test_each_stimulus_has_its_own_largest_step_and_they_run_together():
    kernel = Made(lambda dt: dt, lambda dt: dt, lambda dt: dt / 4)
    sweep = TimeSteps(Fraction(1000), 1.0, 1e-3, 10)
    curve = curve_of(kernel)
    answers = largest_steps(curve, sweep, Criterion("maximum", 0.1))
    assert [float(answer.setting) for answer in answers] == pytest.approx([0.1, 0.1, 0.4], rel=0.02)
    assert answers[0].setting == answers[1].setting
    bisected = [several for dt, several in kernel.runs if dt not in sweep.settings]
    assert set(bisected) == {1, 2}  # those with the same bracket in one call
    assert len(kernel.runs) == len({dt for dt, _ in kernel.runs})  # none is run twice


def test_a_sweep_ends_once_it_is_calm():
    sweep = TimeSteps(Fraction(1000), 1.0, 1e-3, 10)
    run = descend(curve_of(Made(lambda dt: dt**4)), sweep, [Criterion("maximum", 1.0), Criterion("maximum", 1e-2)])
    # dt**4 <= 1e-3 from dt = 0.178 on, and CALM steps of that kind are run
    calm = [float(dt) for dt in run if dt**4 <= 1e-3]
    assert len(calm) == CALM
    assert run == sweep.settings[: len(run)]
    assert descend(curve_of(Made(lambda dt: 1.0)), sweep, [Criterion("maximum", 0.1)]) == sweep.settings


def test_the_tolerance_of_an_error_control_is_found_too():
    sweep = Tolerances()
    curve = curve_of(Made(lambda tolerance: 1000 * tolerance))
    answer = coarsest_settings(curve, sweep, descend(curve, sweep, [Criterion("maximum", 0.09)]),
                               Criterion("maximum", 0.09))[0]
    assert answer.status == "reached"
    assert 0.9e-4 / sweep.bracket <= answer.setting <= 0.9e-4 < answer.fails_at
    assert coarsest_settings(curve_of(Made(lambda _: 5.0)), sweep, sweep.settings,
                             Criterion("maximum", 0.09))[0].reason == "maximum 5 ms at tolerance 1e-11"


def test_any_measure_can_be_the_criterion():
    sweep = TimeSteps(Fraction(1000), 1.0, 1e-3, 10)
    curve = curve_of(Made(lambda dt: 40 * dt), ["gamma_2ms"])
    # the third of three spikes leaves the window of 2 ms at dt = 0.05
    answer = largest_steps(curve, sweep, Criterion("gamma_2ms", 0.1))[0]
    assert float(answer.setting) == pytest.approx(0.05, rel=0.02)
    mean = largest_steps(curve_of(Made(lambda dt: -3 * dt)), sweep, Criterion("mean", 0.1))[0]
    assert float(mean.setting) == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_failed_run_does_not_hold(bad):
    answer = find(lambda dt: bad if dt > 0.2 else 0.0, 0.1)
    assert 0.2 / 1.02 <= float(answer.setting) <= 0.2


def test_not_reached_says_what_happened_at_the_finest_step():
    assert find(lambda dt: 5 + dt, 0.1).status == "not reached"
    assert find(lambda dt: 5 + dt, 0.1).reason == "maximum 5 ms at dt = 0.001 ms"
    assert find(lambda dt: float("nan"), 0.1).reason == "diverged at dt = 0.001 ms"
    assert find(lambda dt: float("inf"), 0.1).reason == "1 spikes missing, 0 too many at dt = 0.001 ms"


def test_the_coarsest_step_is_a_lower_bound():
    answer = find(lambda dt: 0.0, 0.1)
    assert answer.status == "at least"
    assert answer.setting == 1


def test_the_comparison_ends_between_the_last_two_spikes():
    model = get_model("lif")
    kernel = compile_kernels([make_step(model, "rk4", "hermite")])[0]
    solution = reference(model, STIMULUS)
    run = ErrorCurve(kernel, [Trial(model, STIMULUS, solution)])(Fraction(1))[0]
    assert run.error.matched == len(solution.train) - 1
    assert run.spikes == len(solution.train)


def test_describe_names_each_kind_of_run():
    error = SpikeTimeError(0.25, 0, 0, 0, 3, 0, 0)
    criterion = Criterion("maximum", 0.1)
    assert describe(Run(error, "", {}, 3), criterion) == "maximum 0.25 ms"
    assert describe(Run(None, "diverged", {}, 0), criterion) == "diverged"
