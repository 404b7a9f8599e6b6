"""References of models with noise, and the strong orders of methods on the same paths."""

import math
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from brian2 import NeuronGroup, ms, mV
from scipy.integrate import quad
from scipy.special import erf

import spikecost as sc
from spikecost.accuracy.references import noisy
from spikecost.accuracy.references.reference import Solver, reference
from spikecost.accuracy.regimes.regime import NOISE_MARGIN, at_rate, at_rheobase
from spikecost.accuracy.search.status import Status
from spikecost.accuracy.study.suite import Suite
from spikecost.flops.toolchain import SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import as_it_stands, constant
from spikecost.harness.stimuli.parts.frozen_noise import BrownianPath
from spikecost.models.ground.errors import attempt
from spikecost.models.step import make_step

from ...noisy_models import COLORED, GEOMETRIC, NOISY_LIF, THREAD

PAGE = Path(__file__).parents[3] / "docs" / "noise.md"
PATHS = 100
STEPS = (Fraction(1, 4), Fraction(1, 8), Fraction(1, 16), Fraction(1, 32))


def states(model, method, duration, dt):
    kernel = compile_kernels([make_step(model, method)], SIMD)[0]
    stimuli = [as_it_stands(duration * ms).with_noise(seed) for seed in range(PATHS)]
    return np.array([outcome.state[0] for outcome in kernel.run(stimuli, dt)])


def order(model, method, duration, right):
    errors = [np.abs(states(model, method, duration, dt) - right).mean() for dt in STEPS]
    return np.polyfit(np.log([float(dt) for dt in STEPS]), np.log(errors), 1)[0]


@pytest.mark.parametrize(
    ("method", "interpretation", "expected"),
    [
        ("euler", "ito", 0.5),
        ("milstein", "ito", 1),
        ("milstein", "stratonovich", 1),
        ("milstein_of_brian2", "stratonovich", 0.5),
        ("heun", "stratonovich", 1),
        ("heun_of_noise", "stratonovich", 1),
    ],
)
def test_strong_orders_if_the_factor_of_the_noise_depends_on_the_state(method, interpretation, expected):
    # dx = mu x dt + sigma x dW has the solution exp(mu t + sigma W(t)), in Ito's interpretation with mu - sigma**2/2
    drift = 0.05 - (0.02 if interpretation == "ito" else 0)
    ends = np.array([BrownianPath(seed, "xi").at(0, 2, Fraction(8))[1] for seed in range(PATHS)])
    right = np.exp(8 * drift + 0.2 * ends)
    found = order(GEOMETRIC.replace(interpretation=interpretation), method, 8, right)
    assert found == pytest.approx(expected, abs=0.15)
    assert f"| `{method}` | {interpretation.capitalize()}'s | {found:.1f} |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("method", ["euler", "exact", "exponential_euler", "milstein", "heun"])
def test_an_ornstein_uhlenbeck_state_is_its_exact_update_with_strong_order_1(method):
    # v(T) = v0 + (v(0) - v0) exp(-T/tau) + sigma sqrt(2/tau) times the integral of exp(-(T - s)/tau) dW(s)
    model = NOISY_LIF.replace(
        equations="dv/dt = (v0 - v)/tau + sigma*sqrt(2/tau)*xi : volt\nsigma : volt", threshold="v > 1*volt", input=""
    )
    duration, fine = 16, Fraction(1, 4096)
    middles = (np.arange(duration * 4096) + 0.5) / 4096
    weights = np.exp(-(duration - middles) / 10) / 4096
    noise = np.array([BrownianPath(seed, "xi").over_steps(0, len(weights), fine) @ weights for seed in range(PATHS)])
    right = -55 - 5 * math.exp(-duration / 10) + 3 * math.sqrt(2 / 10) * noise
    assert right.std() == pytest.approx(3 * math.sqrt(1 - math.exp(-2 * duration / 10)), rel=0.25)
    assert order(model, method, duration, right) == pytest.approx(1, abs=0.15)


def test_first_passages_of_a_noisy_lif_are_siegerts():
    # Siegert 1951, Phys. Rev. 81:617. On a grid, the threshold is higher by 0.5826 sigma sqrt(2 dt/tau): Broadie,
    # Glasserman and Kou 1997, Math. Finance 7:325
    dt, sigma = Fraction(1, 10), 3.0
    kernel = compile_kernels([make_step(NOISY_LIF, "euler", "grid")], SIMD)[0]
    stimuli = [constant(0.3 * mV / ms, 3000 * ms).with_noise(seed) for seed in range(24)]
    trains = [outcome.spike_times for outcome in kernel.run(stimuli, dt)]
    intervals = np.concatenate([np.diff(train) for train in trains])
    level = -50 + 0.5826 * sigma * math.sqrt(2 * float(dt) / 10)
    low, high = ((v + 52) / (math.sqrt(2) * sigma) for v in (-60, level))
    expected = 2 + 10 * math.sqrt(math.pi) * quad(lambda x: math.exp(x * x) * (1 + erf(x)), low, high)[0]
    sampling_error = intervals.std() / len(intervals) ** 0.5
    assert len(intervals) > 1000
    assert abs(intervals.mean() - expected) < 3 * sampling_error


@pytest.mark.parametrize("seed", range(4))
def test_a_reference_on_finer_grids_is_within_the_stated_error(seed, monkeypatch):
    stimulus = constant(0.8 * mV / ms, 100 * ms).with_noise(seed)
    finer = noisy.solve(COLORED, stimulus)
    for coarse in (Fraction(1, 128), Fraction(1, 512)):
        monkeypatch.setattr(noisy, "FINEST_NOISE", coarse)
        found = noisy.solve(COLORED, stimulus)
        assert len(found.times) == len(finer.times) > 1
        assert np.abs(found.times - finer.times).max() < found.error
        assert (np.abs(found.samples - finer.samples) < found.samples_error).all()
        assert finer.error < found.error
        assert 0.5 <= found.order <= 1


def test_random_numbers_that_are_held_have_a_reference_to_many_digits():
    found = reference(THREAD, constant(20 * mV, 200 * ms).with_noise(1))
    assert len(found.train) == 3
    assert found.error < 1e-9
    assert found.method is Solver.GRIDS


def test_a_path_that_touches_the_threshold_is_said(monkeypatch):
    monkeypatch.setattr(noisy, "FINEST_NOISE", Fraction(1, 8))
    stimuli = [constant(0.3 * mV / ms, 400 * ms).with_noise(seed) for seed in range(10)]
    said = [str(attempt(partial(noisy.solve, NOISY_LIF, each))) for each in stimuli]
    assert 0 < sum("the path touches the threshold" in each for each in said) < 10


def test_trials_are_paths():
    regime = at_rate(COLORED, "constant", 25, 200.0, 3)
    assert sorted({trial.stimulus.noise for trial in regime.trials})[:1] == [0]
    assert len({trial.stimulus.noise for trial in regime.trials}) == 3
    assert regime.drive.rate == pytest.approx(25, rel=0.2)
    assert regime.reference_margin == NOISE_MARGIN
    assert "spikes now and then at any drive" in at_rheobase(COLORED, "constant", 1.5, 200.0, 3).reason


@pytest.mark.slow
def test_a_brian2_group_with_random_numbers_and_synapses_is_compared_end_to_end(tmp_path):
    group = NeuronGroup(
        10,
        THREAD.equations,
        threshold=THREAD.threshold,
        reset=THREAD.reset,
        refractory=THREAD.refractory,
        method="euler",
        namespace=dict(THREAD.constants),
    )
    group.v, group.noise, group.drive = THREAD.initial["v"], THREAD.parameters["noise"], 21 * mV
    suite = Suite(trials=2, witnessed=False, features=())
    comparison = sc.compare(
        [sc.from_brian2(group, name="thread"), "lif"],
        0.1 * ms,
        rates=[20],
        horizon=200 * ms,
        methods=["euler", "rk4"],
        detections=["grid", "hermite"],
        suite=suite,
    )
    table = comparison.table.set_index(["model", "method", "detection"])
    # on the grid, an error of 0.1 ms is 10 steps or more of at most 0.01 ms; a method of higher order is limited by
    # the step at which numbers are drawn, which is the group's dt
    assert table.loc[("thread", "rk4", "hermite"), "status"] == Status.AT_LEAST
    assert table.loc[("thread", "rk4", "hermite"), "dt_ms"] == 0.1
    assert table.loc[("thread", "euler", "hermite"), "status"] == Status.REACHED
    assert table.loc[("thread", "euler", "hermite"), "dt_ms"] < 0.02
    assert set(table.loc["lif"].status) <= {Status.REACHED, Status.AT_LEAST}
    page = comparison.save(tmp_path / "report")
    assert "thread" in page.read_text(encoding="utf-8")
