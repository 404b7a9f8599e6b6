"""The exact propagator of linear models, against the exponential of the matrix."""

import numpy as np
import pytest
from brian2 import ms
from scipy.linalg import expm

from spikecost.flops.toolchain import SCALAR
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.step import make_step, why_not


def chain(first, second, third):
    """Return a variable that another drives through a third one, with time constants in ms."""
    return NeuronModel(
        name="chain",
        equations=f"""dv/dt = (2*x - v + I)/({first}*ms) : 1
                      dx/dt = (3*y - x + 0.2)/({second}*ms) : 1
                      dy/dt = (0.3 - y)/({third}*ms) : 1
                      I : 1""",
        threshold="v > 100",
        reset="v = 0",
        initial={"v": 0.5, "x": -0.3, "y": 1},
    )


@pytest.mark.parametrize(
    "times", [(10, 5, 3), (10, 5, 5), (10, 5, 10), (5, 5, 10), (7, 7, 7), (10, 5, 5.1), (5, 5.01, 5)]
)
def test_a_step_is_the_exponential_of_the_matrix(times):
    model = chain(*times)
    (kernel,) = compile_kernels([make_step(model, "exact")], SCALAR)
    found = kernel.run([constant(0.7, 6 * ms)], 2)[0].state
    a, b, c = (1 / time for time in times)
    matrix = np.array([[-a, 2 * a, 0, 0.7 * a], [0, -b, 3 * b, 0.2 * b], [0, 0, -c, 0.3 * c], [0, 0, 0, 0]])
    assert found == pytest.approx((expm(6 * matrix) @ [0.5, -0.3, 1, 1])[:3], rel=1e-10)


def test_where_it_has_no_digits_it_does_not_apply():
    assert "their rates are almost equal" in why_not(chain(5, 5.00001, 5), "exact")
    text = chain(5, 3, 2).equations
    unknown = chain(5, 3, 2).replace(
        equations=text.replace("/(2*ms)", "/tau") + "\ntau : second", parameters={"tau": 2 * ms}
    )
    assert "their rates are parameters, not numbers" in why_not(unknown, "exact")
    circle = chain(5, 3, 2).replace(equations=text.replace("0.3 - y", "0.3 - y - v"))
    assert "and is driven by it, perhaps through others" in why_not(circle, "exact")


def test_a_rate_that_sums_to_zero_is_zero():
    ramp = chain(5, 3, 2).equations.replace("0.3 - y", "0.3 - y + (1)*y")
    assert "y drives x and grows without bound" in why_not(chain(5, 3, 2).replace(equations=ramp), "exact")
