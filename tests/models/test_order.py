"""The order of a method on a model, derived from the equations."""

import math

import pytest
from brian2 import ms

from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.methods import with_steps_alike
from spikecost.models.order import breaks, order_on
from spikecost.models.step import why_not


def model(right, *more, **given):
    """A model with dv/dt = `right`/ms + I."""
    equations = "\n".join([f"dv/dt = ({right})/ms + I : 1", *more, "I : Hz"])
    initial = dict.fromkeys(["v", *(line.split("/")[0].strip()[1:] for line in more if line.startswith("d"))], 0)
    return NeuronModel(
        name="mine", equations=equations, threshold="v > 9", reset="v = 0", refractory=1 * ms, initial=initial, **given
    )


def test_most_orders_are_the_methods_own():
    others = {
        (name, method): order_on(name, method)
        for name in MODELS
        for method in with_steps_alike()
        if not why_not(MODELS[name], method) and order_on(name, method).why
    }
    alone = "no variable depends on another: each is solved exactly"
    jump = "a right-hand side jumps where v >= Vh changes"
    assert {cell: (order.value, order.why) for cell, order in others.items()} == {
        **{("lif", name): (math.inf, alone) for name in ("exponential_euler", "exponential_euler_staggered", "strang")},
        **{(name, "rk4_frozen"): (4, "no variable depends on another") for name in ("lif", "qif", "exponential_if")},
        **{("ifb", name): (1, jump) for name in ("heun", "midpoint", "rk4")},
        ("hodgkin_huxley_tables", "rk4"): (2, "the slopes of tabulated rates jump from cell to cell"),
    }
    assert order_on("hodgkin_huxley", "rk4").value == 4
    assert order_on("lif", "exact") == order_on("lif", "exact")
    assert math.isinf(order_on("lif", "exact").value)


@pytest.mark.parametrize(
    ("right", "order", "why"),
    [
        ("-v", 4, ""),
        ("-v + int(v > 0.5)", 1, "a right-hand side jumps where v > 0.5 changes"),
        ("-v + int(v > 0.5)*(v - 0.5)", 2, "the slope of a right-hand side jumps where v > 0.5 changes"),
        ("-v + int(v > 0.5)*(v - 0.4)", 1, "a right-hand side jumps where v > 0.5 changes"),
        # two halves that meet
        ("int(v < 0.5)*v + int(v >= 0.5)*(1 - v)", 2, "the slope of a right-hand side jumps where v < 0.5 changes"),
        ("-v + int(v > 0.5)*(v - 0.5)**2", 3, "derivative 2 of a right-hand side jumps where v > 0.5 changes"),
        ("-v + int(v > 0.5)*(v - 0.5)**3", 4, ""),
        (
            "int(v < 0.5)*v**2 + int(v >= 0.5)*(v - 0.25)",
            3,
            "derivative 2 of a right-hand side jumps where v < 0.5 changes",
        ),
        ("-v + int(v > 0.5)*0", 4, ""),
        ("-v + int(v**2 > 0.5)", 1, "a right-hand side jumps where v**2 > 0.5 changes"),
        ("-abs(v - 1)", 2, "the slope of a right-hand side jumps where v - 1 changes its sign"),
    ],
)
def test_what_is_not_smooth_limits_the_order(right, order, why):
    found = order_on(model(right), "rk4")
    assert (found.value, found.why) == (order, why)
    assert order_on(model(right), "euler").value == 1
    assert order_on(model(right), "euler").why == ""


def test_a_condition_on_other_variables():
    driven = model("-v + w*int(v > 2*w)", "dw/dt = -w/(3*ms) : 1")
    assert [(limit.value, limit.why) for limit in breaks(driven)] == [
        (1, "a right-hand side jumps where v > 2*w changes")
    ]
    met = model("-v + w*int(v > 2*w)*(v - 2*w)", "dw/dt = -w/(3*ms) : 1")
    assert [limit.value for limit in breaks(met)] == [2]


@pytest.mark.parametrize(
    ("mine", "method", "order"),
    [
        (model("-v"), "strang", math.inf),
        (model("-v", "dw/dt = -w/(3*ms) : 1"), "exponential_euler", math.inf),  # two that do not meet
        (model("-v + w", "dw/dt = -w/(3*ms) : 1"), "exponential_euler", 1),
        (model("-v*w", "dw/dt = -w/(3*ms) : 1"), "strang", 2),
        (model("-v + w", "dw/dt = -w/(3*ms) : 1"), "exact", math.inf),
    ],
)
def test_exponential_methods_are_exact_where_nothing_is_frozen(mine, method, order):
    assert order_on(mine, method).value == order


@pytest.mark.parametrize(("method", "order"), [("exact", 2), ("strang", 2), ("exponential_euler", 1), ("rk4", 4)])
def test_an_input_that_varies_is_taken_at_one_place_of_the_step(method, order):
    assert order_on("lif", method, varying=True).value == order
