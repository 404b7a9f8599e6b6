"""Thresholds of any form: Brian2's spikes on the grid, located spikes, exact spikes, and what they cost."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from brian2 import ms
from scipy.integrate import solve_ivp

from spikecost.accuracy.references.reference import reference
from spikecost.flops.counters import COUNTERS
from spikecost.flops.operations import count_step
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods import METHODS
from spikecost.models.step import make_step, why_not

from ..messages import mentions

DRIVE, HORIZON = 2.0, 100

EQUATIONS = """
    dv/dt = (I - v)/(10*ms) : 1 (unless refractory)
    dw/dt = (a*v - w)/(30*ms) : 1
    th = 1 + 0.3*w : 1
    gap = v - th : 1
    a : 1
    I : 1
"""


@dataclass(frozen=True)
class Case:
    """A threshold, and the same for SciPy: the distances of its comparisons, and how they are joined."""

    text: str
    distances: tuple
    joined: object
    reset: str = "v = 0; w += 0.2"
    after: object = staticmethod(lambda v, w: (0.0, w + 0.2))
    refractory: object = None
    orders: tuple = (2, 4)

    def model(self, name="m"):
        return NeuronModel(
            name,
            EQUATIONS,
            self.text,
            self.reset,
            self.refractory,
            parameters={"a": 0.4},
            initial={"v": 0, "w": 0},
            drive=DRIVE,
        )


def one(holds):
    return holds


def to_rest(v, w):
    return 0.0, w


CASES = {
    "turned": Case("1 < v", (lambda v, w: v - 1,), one),
    "difference": Case("v - th > 0", (lambda v, w: v - 1 - 0.3 * w,), one),
    "subexpression": Case("gap >= 0", (lambda v, w: v - 1 - 0.3 * w,), one),
    "downwards": Case("-v < -1 - 0.1*w", (lambda v, w: v - 1 - 0.1 * w,), one),
    "not linear": Case("v > exp(0.2*w) and not_refractory", (lambda v, w: v - np.exp(0.2 * w),), one),
    "both": Case(
        "v > 1 and w > 0.35", (lambda v, w: v - 1, lambda v, w: w - 0.35), lambda p, q: p and q, "v = 0", to_rest
    ),
    "and not": Case(
        "not (v <= 1 or w >= 0.9)",
        (lambda v, w: v - 1, lambda v, w: 0.9 - w),
        lambda p, q: p and q,
        refractory=1.7 * ms,
    ),
    "either": Case(
        "v > 1.5 or w > 0.5",
        (lambda v, w: v - 1.5, lambda v, w: w - 0.5),
        lambda p, q: p or q,
        "v = 0; w = 0.1",
        lambda v, w: (0.0, 0.1),
    ),
    "a parameter": Case("v > 1 and a > 0.1", (lambda v, w: v - 1,), one),
    "a kink": Case("abs(v) > 1 + abs(w - 0.3)", (lambda v, w: v - 1 - abs(w - 0.3),), one, orders=()),
}
NAMES = pytest.mark.parametrize("name", CASES)
PAIRS = [
    ("euler", "grid"),
    ("rk4", "linear"),
    ("rk4", "hermite"),
    ("dormand_prince", "dense"),
    ("parker_sochacki", "hermite"),
]


def exact(case):
    """Return the spikes of SciPy, which stops where any comparison changes."""
    x, now, free, found = (0.0, 0.0), 0.0, 0.0, []

    def advance(end, held=False):
        nonlocal x, now
        events = [lambda t, x, d=d: d(*x) for d in case.distances]
        for event in events:
            event.terminal = True
        solution = solve_ivp(
            lambda t, x: (0 if held else (DRIVE - x[0]) / 10, (0.4 * x[0] - x[1]) / 30),
            (now, end),
            x,
            "DOP853",
            rtol=1e-12,
            atol=1e-13,
            events=[] if held else events,
        )
        now, x = solution.t[-1], tuple(solution.y[:, -1])
        return solution.t_events

    while now < HORIZON:
        if now < free:
            advance(min(free, HORIZON), held=True)
            continue
        stopped = advance(HORIZON)
        if now >= HORIZON:
            break
        crossed = [bool(len(times)) for times in stopped]
        rising = [d(*x) > 0 for d in case.distances]
        if any(crossed):
            # what has just crossed goes on in its direction
            later = tuple(a + 1e-6 * b for a, b in zip(x, ((DRIVE - x[0]) / 10, (0.4 * x[0] - x[1]) / 30), strict=True))
            rising = [d(*later) > 0 for d in case.distances]
            if case.joined(*rising):
                found.append(now)
                x = case.after(*x)
                free = now + (float(case.refractory / ms) if case.refractory is not None else 0)
            else:
                x, now = later, now + 1e-6
    return np.array(found)


@cache
def kernels_of(name):
    """All kernels of a case, compiled at once."""
    model = CASES[name].model()
    pairs = [pair for pair in PAIRS if not why_not(model, *pair)]
    return dict(zip(pairs, compile_kernels([make_step(model, *pair) for pair in pairs]), strict=True))


def spikes(name, method, detection, dt):
    return kernels_of(name)[method, detection].run([constant(DRIVE, HORIZON * ms)], dt)[0].spike_times


@NAMES
def test_on_the_grid_spikes_are_those_of_brian2(name):
    model, stimulus = CASES[name].model(), constant(DRIVE, HORIZON * ms)
    ours = spikes(name, "euler", "grid", Fraction(1, 10))
    theirs = engine.run(model, "euler", stimulus, Fraction(1, 10), target="numpy")
    assert len(ours) > 3
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)


@NAMES
def test_references_are_exact_and_located_spikes_converge_to_them(name):
    case = CASES[name]
    model = case.model()
    right = reference(model, constant(DRIVE, HORIZON * ms)).train.times
    np.testing.assert_allclose(right, exact(case), rtol=0, atol=1e-8)
    for detection, order in zip(("linear", "hermite"), case.orders, strict=False):
        assert not why_not(model, "rk4", detection)
        coarse, fine = (
            np.abs(spikes(name, "rk4", detection, dt) - right).max() for dt in (Fraction(1, 5), Fraction(1, 20))
        )
        assert fine < 2e-3
        if name != "both":  # where w crosses, the straight line of w is nearly exact
            assert np.log2(coarse / fine) / 2 > order - 0.4
    if not case.orders:
        assert why_not(model, "rk4", "linear").endswith("is not smooth: it is tested on the grid")
        assert why_not(model, "dormand_prince", "dense").endswith("is not smooth: it is tested on the grid")


@pytest.mark.parametrize("name", ["turned", "difference", "not linear"])
def test_dense_output_locates_one_comparison(name):
    model = CASES[name].model()
    right = reference(model, constant(DRIVE, HORIZON * ms)).train.times
    assert np.abs(spikes(name, "dormand_prince", "dense", 1e-10) - right).max() < 1e-6


def test_dense_output_says_what_it_does_not_locate():
    assert mentions(why_not(CASES["both"].model(), "dormand_prince", "dense"), "one comparison", "2")


@NAMES
def test_counted_is_retired(name):
    model, stimulus = CASES[name].model(), constant(DRIVE, 50 * ms)
    kernels = kernels_of(name)
    if model.refractory_ms:  # parts of steps before and after it: harness/measuring/test_counted_equals_retired.py
        kernels = {pair: kernel for pair, kernel in kernels.items() if pair[0] != "rk4"}
    for (method, _), kernel in kernels.items():
        setting = 1e-4 if method == "dormand_prince" else Fraction(1, 4)
        outcome = kernel.run([stimulus], setting)[0]
        workload = kernel.workload([stimulus], setting)
        with COUNTERS["instrumented"].measure() as counts:
            counts.call(workload)
        spikes, ran = len(outcome.spike_times), [outcome.tallies]
        if model.refractory_ms and METHODS[method].steps_alike:
            # six or seven steps after each spike, fewer after one near the end
            each = model.refractory_ms / float(setting)
            waits = range((spikes - 1) * math.floor(each), spikes * math.ceil(each) + 1)
            ran = [outcome.tallies | {"refractory step": n, "step": outcome.tallies["accepted"] - n} for n in waits]
        expected = [count_step(kernel.step).of({**tallies, "once per run": 1}) for tallies in ran]
        assert spikes > 1
        assert counts.own.by_kind in [{kind: n for kind, n in each.items() if n} for each in expected]
