"""Single precision on models that nobody wrote: counted equals retired, and the bits are those of numpy's float32.

A Step is evaluated with numpy's numbers of 32 bits (`_Interpreter`); the kernel that is made of it must execute the
same operations, all of them on 32-bit numbers, and leave the same bits of state.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from spikecost.flops import count_step
from spikecost.flops.toolchain import SCALAR
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import with_steps_alike
from spikecost.models.step import make_step, why_not

from ...accuracy.random_models import Scalar, of_random_functions
from .test_counted_equals_retired import Cell

#: Forms of terms whose operations are all exact or rounded once: no function of C's library.
ROUNDED = ("({a} + {b})", "({a} - {b})", "({a})*({b})", "abs({a})", "sqrt(abs({a}))", "1/(1 + ({a})**2)",
           "int({a} > {b})", "int({a} <= 0.5 or not {b} > v)", "floor(2*{a})", "clip({a}, -1, {b})",
           "({a})/(2 + abs({b}))", "sign({a})*{b}", "({a}) % 3", "({a})**3/(1 + ({a})**4)")  # fmt: skip


def _expression(rng: np.random.Generator, depth: int) -> str:
    if not depth:
        return str(rng.choice(["v", "w", "I", "p", "0.3", "1.7"]))
    a, b = _expression(rng, depth - 1), _expression(rng, int(rng.integers(depth)))
    return "(" + str(rng.choice(ROUNDED)).format(a=a, b=b) + ")"


def of_rounded_operations(rng: np.random.Generator) -> NeuronModel:
    """A model that fires, without a function of C's library."""
    return NeuronModel(
        name="rounded",
        equations=f"""
        dv/dt = (2 - v + clip({_expression(rng, 3)}, -0.5, 0.5) + 0.2*I)/(10*ms) : 1
        dw/dt = (clip({_expression(rng, 2)}, -1, 1) - w)/(20*ms) : 1
        I : 1
        p : 1
        """,
        threshold="v > 1",
        reset="v = 0; w += 0.1",
        parameters={"p": float(rng.normal())},
        initial={"v": 0, "w": 0},
    )


def _driven(draw: Callable[[int], Scalar], rng: np.random.Generator) -> NeuronModel:
    """A model that fires at its drive."""
    while True:
        drawn = draw(int(rng.integers(2**31)))
        if drawn.leak == "0":  # Brian2's exponential Euler divides by it
            continue
        interval, _ = drawn.interval() or (0.0, 0.0)
        # no upstroke that steps of 1/1024 ms pass over, or whose exponential overflows in single precision
        is_slow = drawn.speed(np.linspace(0, 1.2, 241, dtype=np.longdouble)).max() < 20
        if 1 < interval < 50 and is_slow and all(float(width) > 0.03 for *_, width in drawn.numbers):
            return drawn.model.replace(drive=float(drawn.drive))


DRAWN = {
    "rounded operations": of_rounded_operations,
    "functions": of_random_functions,
    "steep terms": partial(_driven, Scalar.drawn),
    "switches": partial(_driven, Scalar.switched),
}


def check(kind: str, seed: int, most: int) -> None:
    """Assert it for a model, with a random method and random detections that apply to it."""
    rng = np.random.default_rng([seed, list(DRAWN).index(kind)])
    model = DRAWN[kind](rng)
    pairs = [
        (method, detection)
        for method in with_steps_alike()
        for detection in DETECTIONS
        if not why_not(model, method, detection, False, "single")
    ]
    assert len(pairs) > 10
    steps = [make_step(model, *pairs[i], precision="single") for i in rng.permutation(len(pairs))[:most]]
    for cell in map(Cell, compile_kernels(steps, SCALAR)):
        if kind == "rounded operations":
            assert not {"exp", "pow", "log", "sin"} & set(count_step(cell.step).as_run.present)
        drive, state = cell.before_a_spike()
        with np.errstate(all="ignore"):
            cell.check(0.0, model.initial_values, 5)
            spiking = cell.check(drive, state, 6)
        assert spiking.passed["spikes"] >= 1


@pytest.mark.parametrize("kind", DRAWN)
def test_counted_is_retired_and_bits_are_those_of_float32(kind: str) -> None:
    # the deep test draws new seeds
    check(kind, 20261129, most=2)


@pytest.mark.deep
@pytest.mark.parametrize("kind", DRAWN)
def test_counted_is_retired_with_fresh_seeds(kind: str) -> None:
    for _ in range(40):
        seed = secrets.randbelow(2**31)
        try:
            check(kind, seed, most=3)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
