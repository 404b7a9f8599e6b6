"""Curves of kernels that run together: one integration for all detections, and the runs that each would have alone."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest
from brian2 import cm, ms, uA

from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.search import shared_runs
from spikecost.accuracy.search.judging import Trial, judged
from spikecost.accuracy.search.tolerance import ErrorCurve
from spikecost.flops.toolchain import SIMD
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.kernels.kernels import run_all_together, run_together
from spikecost.harness.stimuli import constant
from spikecost.harness.stimuli.kind import STIMULI
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step

DETECTIONS = ("grid", "linear", "hermite")
SETTINGS = [Fraction(1, n) for n in (25, 40, 80)]


@pytest.fixture(scope="module")
def trials():
    model = get_model("hodgkin_huxley")
    stimuli = [constant(drive * uA / cm**2, 60 * ms) for drive in (10, 12)]
    return tuple(Trial(model, stimulus, reference(model, stimulus)) for stimulus in stimuli)


@pytest.fixture(scope="module")
def kernels():
    return compile_kernels([make_step("hodgkin_huxley", "rk4", name) for name in DETECTIONS], SIMD)


@pytest.fixture
def integrated(monkeypatch):
    """Return a list that gets the setting of every integration that is shared."""
    found = []

    def counted(kernel, stimuli, setting):
        found.append(setting)
        return run_all_together(kernel, stimuli, setting)

    monkeypatch.setattr(shared_runs, "run_all_together", counted)
    monkeypatch.setattr(shared_runs, "SHARED_FROM", 0)
    return found


def curves_of(kernels, trials, measures=("gamma_2ms",)):
    return [ErrorCurve(kernel, trials, measures) for kernel in kernels]


def alone(kernel, trials, setting):
    return judged(trials, run_together(kernel, [trial.stimulus for trial in trials], setting), ("gamma_2ms",))


def test_each_setting_is_integrated_once_and_every_curve_has_its_own_runs(kernels, trials, integrated):
    curves = curves_of(kernels, trials)
    # all at once, as curves are swept in threads
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda curve: [curve(setting) for setting in SETTINGS], curves))
    assert sorted(integrated) == sorted(SETTINGS)
    for kernel, runs in zip(kernels, found, strict=True):
        assert runs == [alone(kernel, trials, setting) for setting in SETTINGS]
    # a curve has only the settings that it asked for
    (coarse, *_), (curve, *_) = SETTINGS, curves_of(kernels[:1], trials)
    curve(coarse)
    assert curve.settings == (coarse,)


def test_other_stimuli_and_other_measures_share_nothing(kernels, trials, integrated):
    kept = [*curves_of(kernels[:2], trials), *curves_of(kernels[:1], trials[:1]), *curves_of(kernels[:1], trials, ())]
    found = [curve(SETTINGS[0]) for curve in kept]
    assert len(integrated) == 3
    assert list(map(len, found)) == [2, 2, 1, 2]
    assert not found[3][0].values


def test_runs_that_take_less_than_judging_are_not_shared(kernels, trials, integrated, monkeypatch):
    monkeypatch.setattr(shared_runs, "SHARED_FROM", 2 * 60 * 40 + 1)  # stimuli, ms, steps per ms
    curves = curves_of(kernels, trials)
    for curve in curves:
        for setting in SETTINGS:
            curve(setting)
    assert integrated == [SETTINGS[-1]]


def test_where_spikes_arrive_runs_are_shared_however_short_they_are(integrated, monkeypatch):
    monkeypatch.undo()  # of `SHARED_FROM`
    found = []
    monkeypatch.setattr(shared_runs, "run_all_together", lambda *given: found.append(given) or run_all_together(*given))
    kind, unfed = STIMULI["poisson_arrivals"], get_model("hodgkin_huxley")
    model = kind.driven(unfed)
    kernels = compile_kernels([make_step(model, "heun", name) for name in DETECTIONS[1:]], SIMD)
    stimuli = [kind.around(12.0, unfed, 80.0, seed) for seed in range(2)]
    trials = tuple(Trial(model, stimulus, reference(model, stimulus)) for stimulus in stimuli)
    assert sum(trial.spikes for trial in trials) >= 3
    curves = curves_of(kernels, trials)
    runs = [curve(SETTINGS[0]) for curve in curves]
    assert len(found) == 1
    assert runs == [alone(kernel, trials, SETTINGS[0]) for kernel in kernels]
