"""The exact propagator of linear models, against the exponential of the matrix."""

from fractions import Fraction

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


def circle(back):
    """Return a chain whose end is driven by its beginning, and two variables that only drive or are driven."""
    text = chain(5, 3, 2).equations.replace("0.3 - y", f"0.3 - y + {back}").replace("+ I", "+ z + I")
    more = "dz/dt = (0.4 - z)/(4*ms) : 1\ndu/dt = (v - u)/(5*ms) : 1"
    return chain(5, 3, 2).replace(equations=f"{text}\n{more}", initial={"v": 0.5, "x": -0.3, "y": 1, "z": 0.2, "u": 0})


@pytest.mark.parametrize("back", ["0.1*v", "-v", "-5*v", "0.2*x", "-0.2*v + 0.3*x - u", "-3*v + y", "0.4*v + 0.001*u"])
@pytest.mark.parametrize("dt", [2, Fraction(1, 64)])
def test_variables_that_drive_each_other_are_the_exponential_of_their_matrix(back, dt):
    model = circle(back)
    (kernel,) = compile_kernels([make_step(model, "exact")], SCALAR)
    found = kernel.run([constant(0.7, 6 * ms)], dt)[0].state
    numbers = dict.fromkeys("vxyzu", 0.0)

    def slopes(**values):
        v, x, y, z, u = (values.get(name, numbers[name]) for name in "vxyzu")
        pulled = eval(back, {"v": v, "x": x, "y": y, "u": u})
        return [(2 * x - v + z + 0.7) / 5, (3 * y - x + 0.2) / 3, (0.3 - y + pulled) / 2, (0.4 - z) / 4, (v - u) / 5]

    still = slopes()
    matrix = np.array([np.subtract(slopes(**{name: 1}), still) for name in "vxyzu"]).T
    whole = np.block([[matrix, np.array(still)[:, None]], [np.zeros((1, 6))]])
    assert found == pytest.approx((expm(6 * whole) @ [0.5, -0.3, 1, 0.2, 0, 1])[:5], rel=1e-10)


def test_where_it_has_no_digits_it_does_not_apply():
    assert "their rates are almost equal" in why_not(chain(5, 5.00001, 5), "exact")
    text = chain(5, 3, 2).equations
    unknown = chain(5, 3, 2).replace(
        equations=text.replace("/(2*ms)", "/tau") + "\ntau : second", parameters={"tau": 2 * ms}
    )
    assert "their rates are parameters, not numbers" in why_not(unknown, "exact")
    near = circle("0.2*x").equations.replace("(v - u)/(5*ms)", "(v - u)/(5.001*ms)")
    assert "variables drive each other, and their rates are almost equal" in why_not(
        circle("0.2*x").replace(equations=near), "exact"
    )


def test_a_rate_that_sums_to_zero_is_zero():
    ramp = chain(5, 3, 2).equations.replace("0.3 - y", "0.3 - y + (1)*y")
    assert "y drives x and grows without bound" in why_not(chain(5, 3, 2).replace(equations=ramp), "exact")
