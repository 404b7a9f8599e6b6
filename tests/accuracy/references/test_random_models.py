"""References of random models, compared with methods that cannot make the same mistakes."""

import numpy as np
import pytest
from brian2 import ms

from spikecost.accuracy.references.flow import known
from spikecost.accuracy.references.reference import SURE, reference
from spikecost.accuracy.references.spikes.endless import MOST_SPIKES_PER_MS
from spikecost.accuracy.references.taylor import solve
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant, piecewise_constant, ramp
from spikecost.models.ground.errors import UserError

from ...archetypes import choose
from ..random_models import Coupled, Scalar, of_random_functions

#: Number of intervals over which spike times are compared.
INTERVALS = 3
#: Longest interval, in ms.
LONGEST = 1000


def check(seed, draw=Scalar.drawn):
    """Return how a reference is wrong; empty if it is right."""
    drawn = draw(seed)
    right = drawn.interval()
    interval, unsure = right or (LONGEST / INTERVALS, 0.0)
    if interval * INTERVALS > LONGEST or interval * MOST_SPIKES_PER_MS <= 1:
        return ""
    try:
        found = reference(drawn.model, constant(float(drawn.drive), (INTERVALS + 0.5) * interval * ms))
    except UserError as error:
        # v is pushed back from both sides of a switch
        slides = right is None and "no solution to refer to" in str(error)
        return "" if slides else f"seed {seed}: {error}; {drawn}"
    expected = interval * np.arange(1, INTERVALS + 1) if right else np.empty(0)
    if len(found.train) != len(expected):
        return f"seed {seed}: {len(found.train)} spikes, right: {len(expected)}; {drawn}"
    off = np.abs(found.train.times - expected).max(initial=0)
    allowed = found.error + INTERVALS * unsure + 4 * np.spacing(expected.max(initial=0))
    return "" if off <= allowed else f"seed {seed}: off by {off:.2g} ms, stated {found.error:.2g} ms; {drawn}"


@pytest.mark.parametrize("first", choose(range(0, 240, 20), lambda first: first < 40))
def test_intervals_of_models_with_steep_terms_are_right(first):
    # steps, bumps and exponentials of widths from 1 to 1e-3 of the range of v
    wrong = [said for said in map(check, range(first, first + 20)) if said]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("first", choose(range(100, 160, 20), lambda first: first == 100))
def test_intervals_of_models_with_switches_and_kinks_are_right(first):
    # terms of the same widths that a switch turns on and off, and jumps, absolute values, roots
    wrong = [said for seed in range(first, first + 20) if (said := check(seed, Scalar.switched))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", [473, 3878, 4186, 4351, 8788, 10431])
def test_models_that_were_wrong_or_refused(seed):
    # an upstroke at which steps have no length; a narrow step; two upstrokes at which the series of another steep term
    # overflows; a slow approach; and one where the rounding of both computations agreed by chance
    assert not check(seed)


@pytest.mark.parametrize("seed", [26, 84, 155, 231, 1812, 1881, 1946, 20655, 21064, 21068])
def test_models_with_switches_that_were_wrong_or_refused(seed):
    # an upstroke that had passed a kink far away; switches and roots within an upstroke; a kink that was found again
    # and again; two changes of conditions within rounding; spikes every 0.1 ms; rounding that agreed by chance; terms
    # that overflow and are switched off, beside a root
    assert not check(seed, Scalar.switched)


def test_rounding_is_as_large_as_estimated():
    # many models at once: a single one may be right by chance
    ratios = []
    for seed in range(24):
        drawn = Scalar.drawn(seed)
        interval, _ = drawn.interval() or (0.0, 0.0)
        if 1 < interval < 50:
            solution = solve(drawn.model, constant(float(drawn.drive), 30.5 * interval * ms))
            off = np.abs(solution.times - interval * np.arange(1, 31, dtype=np.longdouble)).max()
            ratios.append(float(off / (solution.rounding + np.spacing(30 * interval))))
    assert len(ratios) > 10
    assert 0.05 < np.median(ratios) < 2
    assert max(ratios) < SURE


def check_coupled(seed):
    """Return how a reference of several variables is wrong; empty if it is right."""
    drawn, horizon = Coupled.drawn(seed), 40.0
    right = np.array(drawn.spikes(horizon, 4))
    stop = (right[-1] + right[-2]) / 2 if len(right) == 4 else horizon
    right = right[right < stop]
    found = reference(drawn.model, constant(float(drawn.scalar.drive), stop * ms))
    if len(found.train) != len(right):
        return f"seed {seed}: {len(found.train)} spikes, right: {len(right)}; {drawn}"
    off = np.abs(found.train.times - right).max(initial=0)
    return "" if off <= found.error + 1e-8 else f"seed {seed}: off by {off:.2g} ms; {drawn}"


@pytest.mark.parametrize("first", choose(range(0, 20, 4), lambda first: first < 4))
def test_spikes_of_coupled_models_with_steep_terms_are_right(first):
    # against Dormand and Prince's eighth order with steps below half of the narrowest width
    wrong = [said for said in map(check_coupled, range(first, first + 4)) if said]
    assert not wrong, "\n".join(wrong)


#: Kernels at 0.002 ms are at least this near, in ms: they are of fourth order, of first order where they pass a jump.
NEAR = 0.02
STIMULI = [
    constant(1.3, 60 * ms),
    ramp(-1.0, 2.0, 60 * ms),
    piecewise_constant([(20 * ms, 0.0), (20 * ms, 2.0), (20 * ms, -1.0)]),
]


def check_functions(seed):
    """Return how a reference of random functions is wrong, empty if it is right; None if it is refused."""
    rng = np.random.default_rng([seed, 2])
    model, stimulus = of_random_functions(rng), STIMULI[rng.integers(len(STIMULI))]
    try:
        found = reference(model, stimulus).train.times
    except UserError:
        return None
    kernel = np.asarray(simulate(model, stimulus, 0.002 * ms, "rk4", "hermite"))
    found, kernel = (times[times < 60 - 2 * NEAR] for times in (found, kernel))
    if len(found) == len(kernel) and np.abs(found - kernel).max(initial=0) <= NEAR:
        return ""
    return f"seed {seed}: {found} and the kernel {kernel}; {model.equations}"


def check_many(seeds):
    said = [check_functions(seed) for seed in seeds]
    assert not any(said), "\n".join(filter(None, said))
    # refused models slide along a switch, or rest on one
    assert said.count(None) <= len(said) / 8


def test_references_of_random_functions_agree_with_kernels():
    check_many(range(3))


@pytest.mark.deep
@pytest.mark.parametrize("first", range(3, 503, 50))
def test_references_of_many_random_functions_agree_with_kernels(first):
    check_many(range(first, first + 50))


@pytest.mark.deep
@pytest.mark.parametrize("draw", [Scalar.drawn, Scalar.switched])
@pytest.mark.parametrize("first", range(0, 10_000, 100))
def test_intervals_of_ten_thousand_models_are_right(first, draw):
    wrong = [said for seed in range(first, first + 100) if (said := check(seed, draw))]
    known.forget()
    assert not wrong, "\n".join(wrong)


@pytest.mark.deep
@pytest.mark.parametrize("first", range(20, 500, 20))
def test_spikes_of_many_coupled_models_are_right(first):
    wrong = [said for said in map(check_coupled, range(first, first + 20)) if said]
    known.forget()
    assert not wrong, "\n".join(wrong)
