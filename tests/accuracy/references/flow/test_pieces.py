"""Right-hand sides in pieces: conditions that change at the same time, and those that are never reached."""

import math

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st

import spikecost as sc
from spikecost.models.ground.errors import UserError

from ...second_solver import dop853

#: Ways to write that v is below and above c. Between the two changes, a right-hand side has only its other terms.
SIDES = {
    "strict": ("int(v < c)", "int(v > c)"),
    "complementary": ("int(v < c)", "int(v >= c)"),
    "both inclusive": ("int(v <= c)", "int(v >= c)"),
    "scaled": ("int(2*v < 2*c)", "int(v - c >= 0)"),
    "signs": ("(1 - sign(v - c))/2", "(1 + sign(3*v - 3*c))/2"),
    "mixed": ("int(v < c)", "(1 + sign(v - c))/2"),
    "whole numbers": ("(1 - floor(v/c))", "int(v >= c)"),
}


def interval(drive, slope, c, leak):
    """The interval between spikes of v' = (drive - v)/10 below c and (2 - slope*v)/10 above it, with a leak."""
    below, above = 1 + leak, slope + leak
    return 10 * (math.log(drive / (drive - below * c)) / below + math.log((2 - above * c) / (2 - above)) / above)


@settings(max_examples=21)
@given(
    st.sampled_from(list(SIDES)),
    st.floats(1.5, 4),
    st.floats(0.1, 1),
    st.floats(0.51, 0.9),
    st.sampled_from([0.0, 1e-17, 0.05]),
)
def test_two_pieces_of_one_variable(sides, drive, slope, c, leak):
    # a leak brings v back between the two changes
    below, above = SIDES[sides]
    model = sc.NeuronModel(
        name="mine",
        equations=f"dv/dt = ((I - v)*{below} + (2 - s*v)*{above} - g*v)/(10*ms) : 1\nI : 1\nc : 1\ns : 1\ng : 1",
        threshold="v > 1",
        reset="v = 0",
        parameters={"c": c, "s": slope, "g": leak},
        initial={"v": 0.0},
    )
    right = interval(drive, slope, c, leak)
    found = sc.reference(model, sc.constant(drive, 3.5 * right * ms))
    assert found.train.times == pytest.approx(right * np.arange(1, 4), rel=0, abs=found.error + 1e-12)


@pytest.mark.parametrize("drive", [1.8, 2.5])
def test_pieces_of_mckean(drive):
    # the same continuous function in three pieces, and with absolute values
    forms = (
        "-v*int(v < 0.25) + (v - 0.5)*int(v >= 0.25 and v < 0.75) + (1 - v)*int(v >= 0.75)",
        "-v + abs(v - 0.25) + v - 0.25 - abs(v - 0.75) - (v - 0.75)",
    )
    found = [
        sc.reference(
            sc.NeuronModel(
                name="mckean",
                equations=f"dv/dt = ({form} - w + I)/ms : 1\ndw/dt = (v - 0.2*w)/(10*ms) : 1\nI : 1",
                threshold="v > 0.7",
                refractory="v > 0.7",
                reset="",
                initial={"v": 0, "w": 0},
            ),
            sc.constant(drive, 200 * ms),
        )
        for form in forms
    ]
    assert len(found[0].train) >= 3
    assert found[0].train.times == pytest.approx(found[1].train.times, rel=0, abs=found[0].error + found[1].error)


def test_what_is_pushed_back_from_both_sides_is_refused():
    slides = sc.NeuronModel(
        name="mine",
        equations="dv/dt = (I*int(v < 0.5) - 0.3*int(v >= 0.5))/(10*ms) : 1\nI : 1",
        threshold="v > 1",
        reset="v = 0",
        initial={"v": 0.0},
    )
    with pytest.raises(UserError, match="pushed back from both sides"):
        sc.reference(slides, sc.constant(1.0, 20 * ms))


@settings(max_examples=20)
@given(st.sampled_from(["int(w < c)", "int(w <= c)", "sign(c - w)"]), st.floats(0.3, 9), st.floats(0.1, 3))
def test_an_edge_that_is_approached_forever_is_not_reached(side, tau, c):
    # in double precision, w is c after about 37 time constants
    model = sc.NeuronModel(
        name="mine",
        equations=f"dv/dt = (I - v + 0.5*{side})/(10*ms) : 1\ndw/dt = (c - w)/(tau*ms) : 1\nI : 1\nc : 1\ntau : 1",
        threshold="v > 1",
        reset="v = 0",
        parameters={"c": c, "tau": tau},
        initial={"v": 0.0, "w": 0.0},
    )
    right = np.arange(1, 58) * 10 * math.log(2)
    found = sc.reference(model, sc.constant(1.5, 400 * ms))
    assert found.train.times == pytest.approx(right, rel=0, abs=found.error + 1e-12)


@pytest.mark.parametrize(
    ("side", "leaves"), [("w > 0", 1), ("w >= 0", 1), ("w < 0", 0), ("w <= 0", 0), ("1 - w < 1", 1), ("1 - w >= 1", 0)]
)
@pytest.mark.parametrize("order", [2, 3])
def test_an_edge_that_is_left_slowly(side, leaves, order):
    # w rises from 0 as t**2 or t**3
    between = "dw/dt = u/(5*ms) : 1\ndu/dt = v/(5*ms) : 1" if order == 3 else "dw/dt = v/(5*ms) : 1"
    model = sc.NeuronModel(
        name="mine",
        equations=f"dv/dt = (I - v + 0.3*int({side}))/(10*ms) : 1\n{between}\nI : 1",
        threshold="v > 1",
        reset="v = 0; w = 0" + "; u = 0" * (order == 3),
        initial={"v": 0.0, "w": 0.0, **({"u": 0.0} if order == 3 else {})},
    )
    drive = 1.5 + 0.3 * leaves
    right = np.arange(1, 4) * 10 * math.log(drive / (drive - 1))
    found = sc.reference(model, sc.constant(1.5, 3.5 * right[0] * ms))
    assert found.train.times == pytest.approx(right, rel=0, abs=found.error + 1e-12)


@pytest.mark.parametrize(("term", "same"), [("abs(w)", "w"), ("clip(-w, -1, 0)", "-w"), ("sqrt(w*w)", "w")])
@pytest.mark.parametrize("power", [1, 2])
def test_a_kink_that_is_left_slowly(term, same, power):
    # w starts at 0, and rises as t**2 or t**3, as calcium does in many models
    found = [
        sc.reference(
            sc.NeuronModel(
                name="mine",
                equations=f"dv/dt = (I - v + 0.3*{each})/(10*ms) : 1\ndw/dt = (v**{power} - w)/(5*ms) : 1\nI : 1",
                threshold="v > 1",
                reset="v = 0; w = 0",
                initial={"v": 0.0, "w": 0.0},
            ),
            sc.constant(1.5, 30 * ms),
        )
        for each in (term, same)
    ]
    assert len(found[0].train) >= 2
    assert found[0].train.times == pytest.approx(found[1].train.times, rel=0, abs=found[0].error + found[1].error)


def test_a_hill_term_that_rises_slowly_from_zero():
    model = sc.NeuronModel(
        name="mine",
        equations="dv/dt = (I - v + 0.3*w**2.5/(w**2.5 + 0.1))/(10*ms) : 1\ndw/dt = (v**2 - w)/(5*ms) : 1\nI : 1",
        threshold="v > 1",
        reset="v = 0; w = 0",
        initial={"v": 0.0, "w": 0.0},
    )
    found = sc.reference(model, sc.constant(1.5, 30 * ms))
    assert found.train.times == pytest.approx(dop853(model, sc.constant(1.5, 30 * ms)), rel=0, abs=1e-9)
