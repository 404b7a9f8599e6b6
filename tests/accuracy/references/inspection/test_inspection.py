"""The inspection of Taylor steps finds planted errors, and none in good steps."""

import dataclasses

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given
from hypothesis import strategies as st

from spikecost.accuracy.references import taylor
from spikecost.accuracy.references.flow.known import flow_of
from spikecost.accuracy.references.inspection.ranges import Tape
from spikecost.harness.stimuli import constant
from spikecost.models.algebra.expression import Const, Op, Var, exp
from spikecost.models.algebra.functions import FUNCTIONS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.reading.by_name import get_model

ERROR = 2.0**-52


@pytest.fixture(scope="module")
def inspected():
    """Steps of Izhikevich's model as made by a solution, and the inspector that checked them."""
    model, stimulus = get_model("izhikevich").replace(name="inspected"), constant(10, 200 * ms)
    inspector = flow_of(model, taylor.FIRST, stimulus.terms)._inspectors[frozenset()]
    seen, look = [], inspector.first_bad
    inspector.first_bad = lambda steps, error: seen.append(steps) or look(steps, error)
    try:
        taylor.solve(model, stimulus)
    finally:
        del inspector.first_bad
    return inspector, max(seen, key=lambda steps: len(steps.lengths))


def test_good_steps_are_good(inspected):
    inspector, steps = inspected
    assert len(steps.lengths) > 50
    assert inspector.first_bad(steps, ERROR) is None


@pytest.mark.parametrize("order", range(1, 12))
def test_a_coefficient_that_is_off_is_found(inspected, order):
    inspector, steps = inspected
    for i in (0, 20, 40):
        series = steps.series.copy()
        # by 1e-10 of the state at the end of the step
        series[i, 0, order] += 1e-10 * 65 / steps.lengths[i] ** order
        assert inspector.first_bad(dataclasses.replace(steps, series=series), ERROR) == i


def test_a_step_that_is_too_long_is_found_and_cut(inspected):
    inspector, steps = inspected
    lengths = steps.lengths.copy()
    lengths[30] *= 8
    long = dataclasses.replace(steps, lengths=lengths)
    assert inspector.first_bad(long, ERROR) == 30
    assert steps.lengths[30] / 2 <= inspector.longest(long, 30, ERROR) <= 4 * steps.lengths[30]


def test_a_wrong_parameter_is_found(inspected):
    inspector, steps = inspected
    numbers = steps.numbers.copy()
    numbers[0] *= 1 + 1e-6
    assert inspector.first_bad(dataclasses.replace(steps, numbers=numbers), ERROR) == 0


def test_a_bell_between_the_points_is_not_overlooked():
    # v' = 1 from 0 to 10, except for a bell of width 1e-4 at 5: no point of a step of length 10 is near it
    model = NeuronModel(
        name="bell",
        equations="dv/dt = (I + 100*exp(-((v - c)/k)**2))/ms : 1\nI : 1\nc : 1\nk : 1",
        threshold="v > 10",
        reset="v = 0",
        parameters={"c": 5.0, "k": 1e-4},
        initial={"v": 0},
    )
    stimulus = constant(1, 20 * ms)
    first = taylor.solve(model, stimulus).times[0]
    # the bell makes it shorter by 100 k sqrt(pi)/(1 + ...): v' there is at most 101
    v = np.linspace(-8e-4, 8e-4, 400_001)
    saved = np.trapezoid(1 - 1 / (1 + 100 * np.exp(-((v / 1e-4) ** 2))), v)
    assert saved > 3e-4
    assert first == pytest.approx(10 - saved, abs=1e-12)


# ------------------------------------------------------------------------------------------------ ranges
SMOOTH = [name for name, row in FUNCTIONS.items() if row.slope is not None]
LEAVES = st.sampled_from([Var("x"), Var("y")]) | st.integers(-3, 3).map(Const)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda kind, a, b: Op(kind, (a, b)), st.sampled_from(["add", "sub", "mul", "div"]), inner, inner),
        st.builds(
            lambda kind, a: Op(kind, (a,)),
            st.sampled_from(["neg", "abs", "tanh", "sinh", "cosh", "exprel", *SMOOTH]),
            inner,
        ),
    ),
    max_leaves=8,
)


def box(x, width, y, height):
    return {"x": (np.array([x]), np.array([x + width])), "y": (np.array([y]), np.array([y + height]))}


@given(EXPRESSIONS, st.floats(-2, 2), st.floats(0, 2), st.floats(-2, 2), st.floats(0, 2))
def test_ranges_hold_every_value(root, x, width, y, height):
    tape = Tape([root])
    with np.errstate(all="ignore"):
        ranges = tape.ranges(box(x, width, y, height))
        low, high = (float(np.squeeze(bound)) for bound in ranges[tape.roots[0]])
        at = np.linspace(0, 1, 9)
        across, up = np.meshgrid(x + width * at, y + height * at)
        values = np.broadcast_to(tape.values({"x": across, "y": up})[tape.roots[0]], across.shape)
        slack = 1e-9 * (1 + np.abs(values))
        inside = (values >= low - slack) & (values <= high + slack)
    assert (inside | ~np.isfinite(values) | np.isnan(low) | np.isnan(high)).all()


@given(EXPRESSIONS, st.floats(-2, 2), st.floats(0, 1), st.floats(-2, 2), st.floats(0, 1))
def test_what_does_not_matter_does_not(root, x, width, y, height):
    # the effect of a leaf times the width of its range is an upper bound of the change that it causes in the root
    tape = Tape([root + 0 * Var("x")])
    with np.errstate(all="ignore"):
        ranges = tape.ranges(box(x, width, y, height))
        effects = tape.effects(ranges, [np.ones(1)])
        place = next(i for i, node in enumerate(tape._nodes) if node.name == "x")
        bound = float(np.squeeze(effects[place] * width))
        found = tape.values({"x": x + width * np.linspace(0, 1, 17), "y": np.array([y])})[tape.roots[0]]
        values = np.broadcast_to(found, (17,))
    if np.isfinite(bound) and np.isfinite(values).all():
        assert np.ptp(values) <= bound * (1 + 1e-9) + 1e-9 * (1 + np.abs(values).max())


def test_an_exponential_is_resolved_where_it_is_narrow_or_does_not_matter():
    tape = Tape([1 + exp(-(Var("x") * Var("x")))])

    def resolved(low, high):
        with np.errstate(all="ignore"):
            ranges = tape.ranges({"x": (np.array([low]), np.array([high]))})
            return bool(np.all(tape.resolved(ranges, tape.effects(ranges, [np.ones(1)]), 1e-16)))

    assert resolved(0.0, 2.0)
    assert resolved(-2.0, 2.0)
    assert not resolved(-100.0, 100.0)
    assert not resolved(-100.0, 0.0)
    assert resolved(-100.0, -10.0)
