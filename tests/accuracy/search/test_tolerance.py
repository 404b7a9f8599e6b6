from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import given, settings
from hypothesis import strategies as st

from spikecost.accuracy.measures.spike_trains import SpikeTimeError, SpikeTrain
from spikecost.accuracy.references.reference import Reference, reference
from spikecost.accuracy.search.criterion import Criterion, Run
from spikecost.accuracy.search.sweep import PROBES, RUNG, TimeSteps, Tolerances
from spikecost.accuracy.search.tolerance import (
    CALM,
    LEAST,
    ErrorCurve,
    Trial,
    _highest,
    coarsest_setting,
    descend,
    describe,
    own_settings,
)
from spikecost.harness.kernels.kernel import Outcome, compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

from ...messages import mentions

LIF = get_model("lif")
STIMULUS = constant(2 * mV / ms, 1000 * ms)


class Made:
    """A kernel with a given error at dt, one function per stimulus; ``nan`` diverges, ``inf`` loses a spike."""

    together, step = None, make_step(LIF, "euler")

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


SWEEP = TimeSteps(Fraction(1000), 1.0, 1e-3, 10)


def find_all(errors, tolerance, sweep=SWEEP, measure="maximum"):
    curve, criterion = curve_of(Made(*errors)), Criterion(measure, tolerance)
    return coarsest_setting(curve, sweep, descend(curve, sweep, [criterion]), criterion)


def find(error, tolerance, sweep=SWEEP):
    return find_all([error], tolerance, sweep)


def just_below(found, largest, rungs=2):
    return largest / RUNG ** (rungs + 0.1) <= float(found.setting) <= largest


@pytest.mark.parametrize("order", [1, 2, 4])
def test_an_error_that_grows_steadily_is_found_to_two_rungs(order):
    answer = find(lambda dt: 0.1 * (dt / 0.05) ** order, 0.1)
    assert answer.status == "reached"
    assert just_below(answer, 0.05)
    assert 0.05 < float(answer.fails_at) <= 0.05 * RUNG**1.1
    assert answer.checked >= PROBES


@pytest.mark.parametrize("order", [1, 2, 4])
def test_one_rung_is_spared_below_the_largest_that_holds(order):
    answer = find(lambda dt: 0.1 * (dt / 0.05) ** order, 0.1)
    assert float(answer.fails_at / answer.setting) == pytest.approx(RUNG**2, rel=0.05)


def test_the_largest_likely_error_is_beyond_the_largest_by_its_distance_from_the_third():
    # Robson and Whitlock 1964, with the third largest of ten: 2 * 1.0 - 0.8; and with one error, that error
    errors = np.log(np.arange(1, 11) / 10)
    assert _highest(SWEEP, [Fraction(1)], [errors]) == pytest.approx(1.2)
    assert _highest(SWEEP, [Fraction(1)], [errors[-1:]]) == pytest.approx(1.0)


def test_every_smaller_step_must_hold_too():
    # good again between 0.3 and 0.5, by accident
    answer = find(lambda dt: 0.0 if 0.3 < dt < 0.5 else 2 * dt, 0.1)
    assert float(answer.setting) <= 0.05
    assert 0.3 < float(answer.holds_again_at) < 0.5


def test_a_gap_between_the_points_of_the_sweep_is_found():
    # all points of the sweep from 0.3 ms on hold; between two of them, a stretch of 9 % does not
    low, high = sorted(float(dt) for dt in SWEEP.settings if float(dt) < 0.3)[-2:]
    gap = low * (high / low) ** 0.3, low * (high / low) ** 0.7
    answer = find(lambda dt: 1.0 if dt > 0.3 or gap[0] < dt < gap[1] else 0.01 * dt, 0.1)
    assert answer.status == "reached"
    assert just_below(answer, gap[0])
    assert answer.fails_at <= gap[1]


def test_a_monotone_error_does_not_hold_again():
    assert find(lambda dt: 2 * dt, 0.1).holds_again_at is None


def test_one_step_for_all_stimuli_and_all_run_at_every_step():
    kernel = Made(lambda dt: dt, lambda dt: dt, lambda dt: dt / 4)
    curve, criterion = curve_of(kernel), Criterion("maximum", 0.1)
    answer = coarsest_setting(curve, SWEEP, descend(curve, SWEEP, [criterion]), criterion)
    assert just_below(answer, 0.1)
    assert [run.error.maximum for run in answer.runs] == pytest.approx(
        [float(answer.setting), float(answer.setting), float(answer.setting) / 4]
    )
    assert {several for _, several in kernel.runs} == {3}
    assert len(kernel.runs) == len({dt for dt, _ in kernel.runs})  # none is run twice
    own = [float(each.setting) for each in own_settings(curve, criterion)]
    assert own[0] == own[1] == pytest.approx(0.1, rel=0.04)
    assert own[2] == pytest.approx(0.4, rel=0.26)  # no finer than the sweep: ten steps per decade


@given(
    period=st.floats(5.0, 20.0),
    spread=st.floats(1e-3, 0.02),
    spikes=st.integers(10, 100),
    trials=st.integers(3, 8),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=12)
def test_the_sawtooth_of_the_grid_holds_at_every_smaller_step(period, spread, spikes, trials, seed):
    """Spikes at the end of a step: each interval is rounded up to whole steps, and the delays add up."""
    periods = [period * (1 + spread * i / trials) for i in range(trials)]

    def late(of):
        return lambda dt: spikes * dt * (np.ceil(of / dt) - of / dt)

    tolerance, sweep = 1.0, TimeSteps(Fraction(1000), 1.0, 1e-3, 8)
    answer = find_all([late(of) for of in periods], tolerance, sweep)
    dt = float(answer.setting)
    # for any phase, the delay is at most the sum of all steps
    assert dt >= LEAST * tolerance / spikes / RUNG
    fresh = dt * 2 ** -np.random.default_rng(seed).uniform(0, 2, 200)
    assert not [each for each in fresh if max(late(of)(each) for of in periods) > tolerance]


def test_a_round_step_is_verified_or_the_next_lower_is_taken():
    assert find(lambda dt: 2 * dt, 0.1).rounded == Fraction("0.04")
    # by accident it fails at 0.04, which divides the stimulus but is not a setting of the ladder
    assert Fraction("0.04") not in SWEEP.ladder
    answer = find(lambda dt: 5.0 if dt == 0.04 else 2 * dt, 0.1)
    assert answer.rounded == Fraction("0.025")
    assert answer.rounded_runs[0].error.maximum == pytest.approx(0.05)


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
    answer = coarsest_setting(
        curve, sweep, descend(curve, sweep, [Criterion("maximum", 0.09)]), Criterion("maximum", 0.09)
    )
    assert answer.status == "reached"
    assert just_below(answer, 0.9e-4)
    assert answer.fails_at > 0.9e-4
    assert answer.rounded is None
    assert coarsest_setting(
        curve_of(Made(lambda _: 5.0)), sweep, sweep.settings, Criterion("maximum", 0.09)
    ).reason.endswith("maximum 5 ms at tolerance 1e-11")


def test_a_spike_that_a_strict_error_control_loses_is_found():
    """Under a fluctuating current, LIF is above its threshold for 0.66 ms; some longer steps see nothing of it."""
    curve = curve_of(Made(lambda tolerance: np.inf if 2.6e-7 < tolerance < 3.1e-6 else 1e-4 * tolerance))
    sweep, criterion = Tolerances(), Criterion("maximum", 0.1)
    run = descend(curve, sweep, [criterion])
    assert len(run) < len(sweep.settings) / 2 + CALM
    answer = coarsest_setting(curve, sweep, run, criterion)
    assert 1.2e-7 < float(answer.setting) < 2.6e-7
    assert float(answer.holds_again_at) > 3.1e-6


def test_any_measure_can_be_the_criterion():
    curve = curve_of(Made(lambda dt: 40 * dt), ["gamma_2ms"])
    # the third of three spikes leaves the window of 2 ms at dt = 0.05
    answer = coarsest_setting(curve, SWEEP, SWEEP.settings, Criterion("gamma_2ms", 0.1))
    assert just_below(answer, 0.05)
    assert just_below(find_all([lambda dt: -3 * dt], 0.1, measure="mean"), 0.1)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_failed_run_does_not_hold(bad):
    answer = find(lambda dt: bad if dt > 0.2 else 0.0, 0.1)
    assert just_below(answer, 0.2)


def test_not_reached_says_what_happened_at_the_finest_step():
    assert find(lambda dt: 5 + dt, 0.1).status == "not reached"
    assert find(lambda dt: 5 + dt, 0.1).reason.endswith("maximum 5 ms at dt = 0.001 ms")
    assert find(lambda dt: float("nan"), 0.1).reason.endswith("diverged at dt = 0.001 ms")
    lost = find(lambda dt: float("inf"), 0.1).reason
    assert mentions(lost, "1 of 1", "1 spikes missing", "0 too many", "0.001 ms")


def test_near_the_finest_step_it_is_still_verified_down_to_half():
    answer = find(lambda dt: 0.1 * dt / 0.00101, 0.1)
    assert answer.status == "reached"
    assert just_below(answer, 0.00101)
    assert answer.checked >= PROBES


def test_what_fails_below_the_finest_step_is_not_reached():
    # it holds at the finest step of the sweep by accident
    answer = find(lambda dt: 0.0 if dt == 0.001 else 0.2, 0.1)
    assert answer.status == "not reached"
    assert answer.reason.startswith("by 1 of 1 stimuli: maximum 0.2 ms at dt = 0.000")


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
