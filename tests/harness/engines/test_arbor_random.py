"""Arbor runs models that nobody wrote, without a reset: each step is that of its scheme."""

from __future__ import annotations

import secrets
from fractions import Fraction

import numpy as np
import pytest

from spikecost.harness.engines import ENGINES
from spikecost.models.definition.neuron import NeuronModel

from .by_hand import backward_euler, needs, pieces

pytestmark = pytest.mark.slow

ARBOR = ENGINES["arbor"]
#: Bounded terms of the other variables, in the functions of Arbor's dialect.
TERMS = ("tanh({x})", "exp(-({x})**2)", "abs({x})/(1 + abs({y}))", "int({x} > {c})", "sqrt(abs({x}))/(1 + abs({x}))",
         "int({x} > {c} and {y} <= 1)", "sin({x})", "cos({y}/2)", "clip({x}, -1, {c})", "1/(1 + exp(-({x} - {c})/0.3))",
         "exprel(-abs({x}))", "log(1 + ({x})**2)/(1 + ({x})**2)", "{x}*{y}/(1 + ({y})**2)/(1 + abs({x}))")  # fmt: skip


def drawn(seed: int) -> NeuronModel:
    """A voltage that the input drives above the level, below it and again above it, and two variables, each linear."""
    rng = np.random.default_rng(seed)

    def term(*of: str) -> str:
        x, y = rng.choice(of, 2)
        return f"{rng.uniform(-1, 1):.3f}*{rng.choice(TERMS).format(x=x, y=y, c=f'{rng.uniform(0, 1):.2f}')}"

    return NeuronModel(
        name=f"random{seed}",
        equations=f"""
        dv/dt = (I - v*(1 + 0.3*abs({term("w", "x")})) + 0.5*{term("w", "x")})/({rng.uniform(2, 4):.2f}*ms) : 1
        dw/dt = ({term("v", "x")} - w*(1 + abs({term("v", "x")})))/({rng.uniform(2, 20):.2f}*ms) : 1
        dx/dt = ({term("v", "w")} - x + {term("v")})/({rng.uniform(2, 20):.2f}*ms) : 1
        I : 1
        """,
        threshold="v > 2",
        refractory="v > 2",
        initial={"v": 0, "w": 0.1, "x": 0.2},
        drive=6,
    )


def check(seed: int) -> None:
    """Assert that Arbor's spikes are those of its scheme, computed by hand."""
    model = drawn(seed)
    stimulus, dt = pieces(model), Fraction(1, 40)
    found = ARBOR.run(model, "", dt, stimulus)
    # modcc's exponential is a quotient; its labels are interpolated
    expected = backward_euler(model, stimulus, dt, lambda x: 2 * x / (2 - x), straight_line=True)
    assert len(expected) == 2, seed
    np.testing.assert_allclose(found.times, expected, rtol=0, atol=1e-5, err_msg=f"seed {seed}: {model.equations}")


@needs(ARBOR)
def test_each_step_is_that_of_the_scheme() -> None:
    check(1)


@pytest.mark.deep
@needs(ARBOR)
def test_each_step_is_that_of_the_scheme_for_fresh_seeds() -> None:
    for _ in range(10):
        check(secrets.randbelow(2**31))
