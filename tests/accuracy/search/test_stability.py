"""Stability limits, against the methods' stability polynomials."""

from fractions import Fraction

import pytest
from brian2 import ms, mV, second

import spikecost as sc
from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.search.judging import Trial
from spikecost.accuracy.search.stability import Stability, stability
from spikecost.accuracy.search.sweep import TimeSteps
from spikecost.accuracy.search.tolerance import ErrorCurve
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.step import make_step

#: w' = -w/tau next to a v that never spikes, so that no reset hides the behaviour of w.
DECAY = sc.NeuronModel(
    name="decay",
    equations="dv/dt = I - v/tau : volt\ndw/dt = -w/tau : volt\ntau : second\nI : volt/second",
    threshold="v > 1*mV",
    reset="v = 0*mV",
    parameters={"tau": 0.1 * ms},
    initial={"v": 0 * mV, "w": 1 * mV},
)
#: Where |R(-z)| = 1 for the stability polynomial R: 1 - z; 1 - z + z**2/2; the first four terms of exp; exp itself.
LIMITS = {
    "euler": 2.0,
    "midpoint": 2.0,
    "heun": 2.0,
    "rk4": 2.785293563,
    "exponential_euler": None,
    "exponential_euler_staggered": None,
    "strang": None,
    "exact": None,
}


@pytest.fixture(scope="module")
def curves():
    stimulus = constant(0 * mV / ms, 10 * second)
    trial = Trial(DECAY, stimulus, reference(DECAY, stimulus))
    kernels = compile_kernels([make_step(DECAY, method, "grid") for method in LIMITS])
    return {method: ErrorCurve(kernel, [trial]) for method, kernel in zip(LIMITS, kernels, strict=True)}


@pytest.mark.parametrize("method", LIMITS)
def test_the_limit_is_that_of_the_stability_polynomial(curves, method):
    sweep = TimeSteps(Fraction(10_000), 1.0, 0.1, 8)
    found = stability(curves[method], sweep, sweep.settings)
    if LIMITS[method] is None:
        assert found == Stability(sweep.settings[0], None)
        return
    # just above the limit a state grows, and needs more than these 10 s to leave the finite numbers
    assert float(found.stable) == pytest.approx(0.1 * LIMITS[method], rel=0.02)
    assert found.stable < found.diverges <= sweep.bracket * found.stable


def test_a_method_that_never_stays_finite_has_no_limit(curves):
    sweep = TimeSteps(Fraction(10_000), 1.0, 0.5, 8)
    found = stability(curves["euler"], sweep, sweep.settings)
    assert found == Stability(None, sweep.settings[-1])
