"""The exact propagator of linear models, against the exponential of the matrix."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms
from scipy.linalg import expm

from spikecost.flops.toolchain import SCALAR
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.algebra.draft import NotApplicable
from spikecost.models.algebra.expression import FLOATS, Var, evaluate
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods.kinds.modes import modes_of, propagated, responded
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


def matrix_of(seed):
    """Return a random matrix: dense, with round numbers, of rank below its size, antisymmetric or nilpotent."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 5))
    dense = rng.normal(size=(size, size)) * 10 ** rng.uniform(-2, 0)
    away = np.outer(np.ones(size), np.eye(size)[0])
    kinds = [dense, np.round(dense, 1), dense * (away.T == 0), dense - dense.T, np.round(dense, 1) * (away.T == 0)]
    nilpotent = rng.normal() * np.array([[1, 1, 0], [-1, -1, 0], [2, 1, 0]])
    return [*kinds, nilpotent][seed % 6]


@pytest.mark.parametrize("seed", range(60))
def test_modes_of_random_matrices_give_their_exponential(seed):
    """Also where several rates are zero: Brian2's users write integrators that drive each other."""
    matrix = matrix_of(seed)
    size, dt = len(matrix), Var("dt")
    for row in range(size):
        modes = modes_of(matrix.tolist(), row)
        for step in (1e-4, 0.1, 5.0):
            whole = expm(step * np.block([[matrix, np.eye(size)], [np.zeros((size, 2 * size))]]))[:size]
            largest = max(1, np.abs(whole[:, :size]).max())
            for by in range(size):
                state, response = (
                    evaluate(each(modes, by, dt), {"dt": step}, FLOATS) for each in (propagated, responded)
                )
                assert state == pytest.approx(whole[row, by], abs=1e-11 * largest)
                assert response == pytest.approx(whole[row, size + by], abs=1e-11 * largest * step)


@pytest.mark.parametrize("rate", [2**-20, 2**-30])
def test_several_rates_that_are_almost_zero_are_refused(rate):
    with pytest.raises(NotApplicable, match="almost zero"):
        modes_of([[rate + 1, 1], [-1, rate - 1]], 0)
