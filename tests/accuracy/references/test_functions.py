"""References of models with every function of the language, against quadrature and closed forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from brian2 import Hz, ms
from scipy.integrate import quad

from spikecost.accuracy.references.reference import reference
from spikecost.harness.stimuli import constant, piecewise_constant, sine
from spikecost.models.algebra.functions import ROWS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.order import breaks, order_on

NUMPY = {
    name: getattr(np, name) for name in ("exp", "log", "log10", "log1p", "expm1", "sin", "cos", "tan", "floor", "ceil")
}
NUMPY |= {f"arc{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan")}
NUMPY |= {"clip": np.clip, "sign": np.sign, "abs": abs}


def climbing(side, level=2.9, start=0.1, more="", **changes):
    """v climbs from `start` to `level` at the speed `side`, per ms."""
    return NeuronModel(
        **{
            "name": "climbing",
            "equations": f"dv/dt = ({side} + 0*I)/ms : 1\nI : 1{more}",
            "threshold": f"v > {level}",
            "reset": f"v = {start}",
            "initial": {"v": start},
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("side", "edges"),
    [
        ("log(1.5 + v)", ()),
        ("log10(2 + v)", ()),
        ("log1p(0.1 + v)", ()),
        ("2 + expm1(-v)", ()),
        ("1.5 + sin(3*v) - 0.3*cos(2*v)", ()),
        ("1 + tan(v/2)", ()),
        ("1 + arcsin(v/3)*arccos(v/3)", ()),
        ("0.1 + arctan(3*v)", ()),
        ("1 + floor(2*v)", (0.5, 1, 1.5, 2, 2.5)),
        ("ceil(v)", (1, 2)),
        ("1.5 + sign(v - 1)*sin(v)", (1,)),
        ("0.5 + clip(v, 0.7, 1.9)", (0.7, 1.9)),
        ("1 + v % 0.7", (0.7, 1.4, 2.1, 2.8)),
        ("1 + (v // 0.4)", (0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8)),
        ("3 - abs((3*v) % 2 - 1) + clip(sign(v - 2), 0, 1)", (1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2, 7 / 3, 8 / 3)),
        ("1 + floor(v)*ceil(v) - 0.1*floor(-v)", (1, 2)),  # they jump at the same time
    ],
)
def test_a_climb_takes_the_integral_of_the_slowness(side, edges):
    found = reference(climbing(side), constant(0, 20 * ms))
    code = compile(side, "side", "eval")
    ends = [0.1, *edges, 2.9]
    takes = sum(
        quad(lambda v: 1 / eval(code, NUMPY, {"v": v}), low, high, epsabs=1e-13, epsrel=1e-13)[0]
        for low, high in pairwise(ends)
    )
    assert len(found.train) == int(20 / takes)
    assert found.train.times == pytest.approx(takes * np.arange(1, 1 + int(20 / takes)), abs=1e-10)
    assert found.error < 1e-10


def test_a_whole_number_that_falls():
    model = NeuronModel(
        name="falling",
        equations="dv/dt = I/(1*ms) : 1\ndx/dt = (floor(x) - 1)/ms : 1\nI : 1",
        threshold="v > 100",
        reset="v = 0",
        initial={"v": 0, "x": -0.5},
    )
    # speeds 2, 3, 4, ... per ms: at -1 after 1/4, at -2 after 1/4 + 1/3, at -3 after 1/4 + 1/3 + 1/4
    found = reference(model, constant(1, (0.25 + 1 / 3 + 1 / 8) * ms))
    assert found.samples[-1, 1] == pytest.approx(-2.5, abs=1e-12)


@pytest.mark.parametrize("speed", [1, -1, 0])
def test_a_start_on_an_edge_goes_to_its_side(speed):
    start = 0.0
    model = climbing("floor(x) + 0*v", level=100, more=f"\ndx/dt = {speed}/ms : 1", initial={"v": 0.1, "x": start})
    found = reference(model, constant(0, 0.5 * ms))
    assert found.samples[-1, 0] == pytest.approx(0.1 + 0.5 * (-1 if speed < 0 else 0), abs=1e-12)
    model = climbing("sign(x) + 0*v", level=100, more=f"\ndx/dt = {speed}/ms : 1", initial={"v": 0.1, "x": start})
    found = reference(model, constant(0, 0.5 * ms))
    assert found.samples[-1, 0] == pytest.approx(0.1 + 0.5 * speed, abs=1e-12)


def test_a_start_on_an_edge_that_is_left_slowly():
    # x = -t**2/2: its floor is -1 from the start
    model = climbing(
        "floor(x) + 0*v", 100, more="\ndx/dt = -y/ms : 1\ndy/dt = 1/ms : 1", initial={"v": 0.1, "x": 0, "y": 0}
    )
    found = reference(model, constant(0, 1 * ms))
    assert found.samples[-1, 0] == pytest.approx(0.1 - 1, abs=1e-12)


def test_the_input_in_a_function():
    model = climbing("1 + floor(2*I)*0 + sign(I)", 100)
    model = model.replace(equations="dv/dt = (2 + floor(2*I) + 4*sign(I - 1))/ms : 1\nI : 1")
    stimulus = piecewise_constant([(1 * ms, 0.6), (1 * ms, 1.0), (1 * ms, 1.2)])
    assert reference(model, stimulus).samples[:, 0] == pytest.approx([0.1 - 1, 0.1 - 1 + 4, 0.1 - 1 + 4 + 8], abs=1e-12)
    # a sine of 1 kHz: half of the time above its mean
    moving = reference(model, sine(1.0, 0.3, 1000 * Hz, 1 * ms)).samples[-1, 0]
    assert moving == pytest.approx(0.1 + 2 + (2 + 1) / 2, abs=1e-9)


def test_a_state_that_stays_on_an_edge_has_no_reference():
    with pytest.raises(UserError, match="stays where a condition changes"):
        reference(climbing("1.5 - floor(v)*5", start=0.5), constant(0, 5 * ms))


@pytest.mark.parametrize(
    ("side", "order"),
    [
        ("1 + floor(v)", 1),
        ("1 + v // 0.3", 1),
        ("1 + v % 0.3", 1),
        ("2 + sign(v - 1)", 1),
        ("2 + (v - 1)*sign(v - 1)", 2),
        ("1 + clip(v, 0.5, 1)", 2),
        ("1 + log(1 + v)", 4),
        ("1 + floor(a)*v", 4),
        ("1 + sign(a)*v", 4),
    ],
)
def test_what_jumps_lowers_the_order(side, order):
    model = climbing(side, more="\na : 1", parameters={"a": 2.5})
    assert order_on(model, "rk4").value == order
    assert bool(breaks(model)) == (order < 4)


def test_every_row_is_tried_here():
    tried = " ".join(mark.args[1].__repr__() for mark in test_a_climb_takes_the_integral_of_the_slowness.pytestmark)
    for name, row in ROWS.items():
        if row.slope is not None or row.form is not None or row.kind == "round":
            assert name == "exp" or (row.operator or name) in tried
