"""What rests where a condition changes: it has the value at equality, and is solved if it is certain to stay there."""

import math

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st

import spikecost as sc
from spikecost.models.ground.errors import UserError

#: Each comparison, and whether it holds at equality.
COMPARISONS = {">": False, ">=": True, "<": False, "<=": True}
#: A comparison whose sides stay equal, and the changes of w and u that keep them so.
RESTING = {
    "w {} c": ("c - w", "v - u"),  # a synapse at its baseline, and a variable that moves
    "w*v {} 0": ("-w*(1 + v**2)", "v - u"),
    "w {} u": ("u - w", "-3*u"),  # a synapse that rises and decays
}


def model(condition, w, u="-u", **changes):
    equations = f"""
    dv/dt = (I + g*int({condition}) - v)/(10*ms) : 1
    dw/dt = ({w})/(5*ms) : 1
    du/dt = ({u})/(5*ms) : 1
    I : 1
    g : 1
    c : 1
    """
    return sc.NeuronModel(name="mine", equations=equations, threshold="v > 1", reset="v = 0", **changes)


@settings(max_examples=30)
@given(
    st.sampled_from(list(RESTING)),
    st.sampled_from(list(COMPARISONS)),
    st.floats(-2, 2),
    st.floats(0.1, 2),
    st.floats(1.1, 3),
)
def test_a_comparison_of_equal_sides_has_the_value_at_equality(kind, comparison, c, g, drive):
    edge = c if kind == "w {} c" else 0.0
    changes = {"initial": {"v": 0.0, "w": edge, "u": 0.0}, "parameters": {"g": g, "c": c}}
    strength = drive + g * COMPARISONS[comparison]
    interval = 10 * math.log(strength / (strength - 1))
    found = sc.reference(
        model(kind.format(comparison), *RESTING[kind], **changes), sc.constant(drive, 3.5 * interval * ms)
    )
    assert found.train.times == pytest.approx(interval * np.arange(1, 4), rel=0, abs=found.error + 1e-12)


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_it_is_followed_when_it_leaves(comparison):
    # w is 0 until v is 0.5, and then rises
    changes = {"initial": {"v": 0.0, "w": 0.0, "u": 0.0}, "parameters": {"g": 1.0, "c": 0.0}}
    found = sc.reference(model(f"w {comparison} 0", "int(v > 0.5)", **changes), sc.constant(1.5, 30 * ms))
    before, after = (1.5 + holds for holds in (COMPARISONS[comparison], ">" in comparison))
    first = 10 * math.log(before / (before - 0.5)) + 10 * math.log((after - 0.5) / (after - 1))
    right = np.arange(first, 30, 10 * math.log(after / (after - 1)))
    assert found.train.times == pytest.approx(right, rel=0, abs=found.error + 1e-11)


@pytest.mark.parametrize("term", ["int(w > c)", "sign(w - c)", "-floor(-w)"])
def test_what_leaves_slowly_is_not_taken_to_rest(term):
    # w - c grows as t**5: its first four derivatives are 0
    chain = "".join(
        f"d{one}/dt = {other}/(5*ms) : 1\n" for one, other in zip("wabdk", ["a", "b", "d", "k", "1"], strict=True)
    )
    leaves = sc.NeuronModel(
        name="mine",
        equations=f"dv/dt = (I + {term} - v)/(10*ms) : 1\n{chain}I : 1\nc : 1",
        threshold="v > 1",
        reset="v = 0",
        parameters={"c": 1.0},
        initial={"v": 0.0, "w": 1.0, **dict.fromkeys("abdk", 0.0)},
    )
    with pytest.raises(UserError, match="rests where a condition changes at 0 ms"):
        sc.reference(leaves, sc.constant(1.5, 20 * ms))
