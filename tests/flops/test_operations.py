"""Operation counts against counts made by hand."""

from __future__ import annotations

import pytest
from brian2 import ms, mV

from spikecost.flops.operations import Operations, count, count_block, count_step
from spikecost.models.algebra.expression import KINDS, Op, Var, expr, names
from spikecost.models.algebra.simplify import Assign, Block
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step

from ..messages import tells

# --- as written: how the 2004 paper counts ---------------------------------------------------------------------------


def test_izhikevich_takes_13_operations_a_step_of_1_ms():
    # v + (0.04 v^2 + 5 v + 140 - u + I): 0.04*v*v and 5*v are 3 mul; 4 add (v +, + 5v, + 140, + I) and 1 sub
    # u + a (b v - u):                    2 mul, 1 sub, 1 add
    # v >= 30:                            1 compare
    found = count("izhikevich", "euler")
    assert found.as_written(1 * ms).present == {"add": 5, "sub": 2, "mul": 5, "compare": 1}
    assert found.flops_per_step("izhikevich2004", dt=1 * ms) == 13
    assert found.flops_per_ms(1 * ms, "izhikevich2004") == 13


def test_leaky_integrate_and_fire_takes_5_operations_a_step_of_1_ms():
    # v + (I + a - b v): 2 add, 1 sub, 1 mul; the threshold: 1 compare
    found = count("lif", "euler")
    assert found.as_written(1 * ms).present == {"add": 2, "sub": 1, "mul": 1, "compare": 1}
    assert found.flops_per_step("izhikevich2004", dt=1 * ms) == 5


def test_hodgkin_huxley_takes_124_operations_a_step_of_a_tenth_of_a_ms():
    # Operator by operator; units are notation, and a change of sign does not count.
    #                                                                        add sub mul div exp
    #   v + dt (I - gNa m^3 h (v-ENa) - gK n^4 (v-EK) - gL (v-EL))/C           1   6  12   1
    #     of its mul: gNa m m m h ( ) 5, gK n n n n ( ) 5, gL ( ) 1, dt ( ) 1
    #   m, h, n: x + dt (alpha (1 - x) - beta x), three times                  3   6   9
    #   alpha_m = 0.1 (v+40)/(1 - exp(-(v+40)/10))                             2   1   1   2   1
    #   alpha_n = 0.01 (v+55)/(1 - exp(-(v+55)/10))                            2   1   1   2   1
    #   beta_m = 4 exp(-(v+65)/18)                                             1       1   1   1
    #   alpha_h = 0.07 exp(-(v+65)/20)                                         1       1   1   1
    #   beta_n = 0.125 exp(-(v+65)/80)                                         1       1   1   1
    #   beta_h = 1/(1 + exp(-(v+35)/10))                                       2           2   1
    #   all                                                                   13  14  26  10   6
    # The paper states 120 and does not derive it; the difference equals the number of multiplications by dt.
    found = count("hodgkin_huxley", "euler")
    written = found.as_written(0.1 * ms)
    by_kind = {"add": 13, "sub": 14, "mul": 26, "div": 10, "exp": 6, "compare": 1}
    assert {kind: n for kind, n in written.present.items() if kind != "sign"} == by_kind
    # 13 + 14 + 26 + 10 + 1 = 64, and six exponentials of ten
    assert found.flops_per_step("izhikevich2004", dt=0.1 * ms) == 64 + 60 == 124
    assert found.flops_per_ms(0.1 * ms, "izhikevich2004") == pytest.approx(1240, rel=1e-15)


def test_with_and_without_units_is_written_the_same():
    for dt in (1 * ms, 0.5 * ms):
        assert count("izhikevich_mv", "euler").as_written(dt) == count("izhikevich", "euler").as_written(dt)


@pytest.mark.parametrize("name", MODELS)
def test_a_dt_of_1_ms_drops_a_multiplication_a_variable_and_no_other_dt_does(name):
    found = count(name, "euler")
    variables = len(MODELS[name].system.state)
    at = {dt: found.as_written(dt * ms) for dt in (0.1, 0.5, 1, 2)}
    assert at[0.1] == at[0.5] == at[2] == found.as_written()
    assert at[0.5]["mul"] - at[1]["mul"] == variables
    assert {kind: at[0.5][kind] for kind in KINDS if kind != "mul"} == {
        kind: at[1][kind] for kind in KINDS if kind != "mul"
    }


def _model(right_hand_side):
    return NeuronModel(
        name="test",
        equations=f"dv/dt = {right_hand_side} : 1\ndw/dt = I*Hz : 1\nI : 1",
        threshold="v > 1",
        reset="v = 0",
        initial={"v": 0.5, "w": 0},  # v**-1 has no value at 0
    )


@pytest.mark.parametrize(
    ("right_hand_side", "operations"),
    [
        # in addition to v + dt*f and w + dt*I (1 add, 1 mul each) and the threshold (1 compare)
        ("v**2/ms", {"mul": 1}),
        ("v**5/ms", {"mul": 4}),
        ("v**1/ms", {}),
        ("v**-1/ms", {"div": 1}),
        ("v**-2/ms", {"mul": 1, "div": 1}),
        ("v**0.5/ms", {"pow": 1}),
        ("v**I/ms", {"pow": 1}),
        ("sqrt(v)/ms", {"sqrt": 1}),
        ("2*v/ms", {"mul": 1}),  # as it runs: an addition
        ("v/4/ms", {"div": 1}),  # as it runs: a multiplication
        ("1/exprel(v)/ms", {"exp": 1, "sub": 1, "div": 2}),
        ("-v/ms", {}),
        ("-(v + I)/ms", {"add": 1, "sign": 1}),
        ("(v + 1)*(v + 1)/ms", {"add": 2, "mul": 1}),  # every operator, twice if it is written twice
        ("v/(2*ms)", {"div": 1}),
        ("v*Hz", {}),
    ],
)
def test_every_operator_once(right_hand_side, operations):
    written = count(_model(right_hand_side), "euler").as_written()
    assert written == Operations({"add": 2, "mul": 2, "compare": 1}) + Operations(operations)


# --- as run: what the kernel executes --------------------------------------------------------------------------------

# from what `spikecost show` prints, operator by operator
AS_RUN = {
    # v + dt*(I + a - b*v); -50 <= v
    ("lif", "euler"): {"add": 2, "sub": 1, "mul": 2, "compare": 1},
    # v: add v + ( ), + 5*v, + 140, + I; sub u; mul v*v, 0.04*, 5*, dt*;  u + dt*(a*(b*v - u)): add, sub, 3 mul
    ("izhikevich", "euler"): {"add": 4 + 1, "sub": 1 + 1, "mul": 4 + 3, "compare": 1},
    ("izhikevich_mv", "euler"): {"add": 4 + 1, "sub": 1 + 1, "mul": 4 + 3, "compare": 1},
    # I + a once; four slopes ( ) - b*v; three stages v + h*k; k1 + (k2 + k2) + (k3 + k3) + k4; v + dt/6*( )
    ("lif", "rk4"): {"add": 1 + 3 + 5 + 1, "sub": 4, "mul": 4 + 3 + 1, "compare": 1},
    # (I + a)/b once; (v - x)*exp(-b*dt) + x, with the exponential computed once per run
    ("lif", "exponential_euler"): {"add": 1 + 1, "sub": 1, "mul": 1, "div": 1, "compare": 1},
    # v: add v + ( ), v + 77, v + 54.387; sub v - 50 and three; mul n*n, dt, 120 m m m h ( ) 5, 36 n2 n2 ( ) 3, 0.3 ( )
    # x = v + 65 for three exponentials: 1 add
    # m: add v + 40, m + ( ), series + 1; sub exp - 1, 1 - m, alpha - beta; mul argument, series, dt, alpha ( ), 4 exp,
    #    its argument, beta m; div 1; exp 2; compare, select and sign (the absolute value) 1
    # h: add v + 35, h + ( ), exp + 1; sub 2; mul dt, 0.07 exp, two arguments, alpha ( ), beta h; div 1; exp 2
    # n: as m, and 0.1 times the quotient
    # 0 < v_next and v <= 0
    ("hodgkin_huxley", "euler"): {
        "add": 3 + 1 + 3 + 3 + 3,
        "sub": 4 + 3 + 2 + 3,
        "mul": 11 + 7 + 6 + 8,
        "div": 1 + 1 + 1,
        "exp": 2 + 2 + 2,
        "compare": 1 + 1 + 2,
        "select": 1 + 1,
        "sign": 1 + 1,
    },
}


@pytest.mark.parametrize(("name", "method"), AS_RUN, ids=map("-".join, AS_RUN))
def test_as_run(name, method):
    assert count(name, method).as_run.present == AS_RUN[name, method]


@pytest.mark.parametrize("name", MODELS)
def test_once_a_run(name):
    # constants that the model computes from its parameters, and dt/2 and dt/6
    own = count(name, "euler").as_run_once
    assert count(name, "rk4").as_run_once == own + Operations({"mul": 2})
    if not MODELS[name].parameters:
        assert own.present == {}


def test_once_a_run_by_hand():
    for name in ("lif", "izhikevich", "hodgkin_huxley"):
        assert count(name, "euler").as_run_once.present == {}
    # gL*DeltaT
    assert count("adex", "euler").as_run_once.present == {"mul": 1}
    # exp(-(b*dt))
    assert count("lif", "exponential_euler").as_run_once.present == {"mul": 1, "exp": 1, "sign": 1}


@pytest.mark.parametrize(
    ("name", "detection", "operations"),
    [
        # v = c; u += d
        ("izhikevich", "grid", {"add": 1}),
        ("lif", "grid", {}),
        ("hodgkin_huxley", "grid", {}),
        # -(v/(v_next - v))
        ("hodgkin_huxley", "linear", {"sub": 1, "div": 1, "sign": 1}),
        # done + (-50 - v)/(v_next - v)*(1 - done), (1 - elapsed)*step, and the step again
        ("lif", "linear", {"add": 1 + 2, "sub": 4 + 1, "mul": 2 + 2, "div": 1, "compare": 1}),
        # the same, u + theta*(u_next - u) + d, and the step again
        ("izhikevich", "linear", {"add": 1 + 2 + 5, "sub": 4 + 1 + 2, "mul": 2 + 1 + 7, "div": 1, "compare": 1}),
    ],
)
def test_what_a_spike_adds(name, detection, operations):
    assert count(name, "euler", detection).as_run_spike.present == operations


def test_a_step_spent_refractory():
    # 0 < left, left - 1; the voltage is held
    found = count(MODELS["lif"].replace(refractory=2 * ms), "euler")
    assert found.as_run_refractory.present == {"compare": 1, "sub": 1}
    assert found.as_run["compare"] == count("lif", "euler").as_run["compare"] + 1
    assert count("lif", "euler").as_run_refractory.present == {}


def test_counts_are_those_of_the_blocks(combination):
    name, method, detection = combination
    for model in (MODELS[name], MODELS[name].replace(refractory=2 * ms)):
        step = make_step(model, method, detection)
        found = count_step(step)
        once, check, advance, spike, pause, resume = (
            _tally(step.blocks[name]) for name in ("once", "check", "advance", "spike", "pause", "resume")
        )
        a_step = _sum(check, advance)
        assert found.as_run.present == a_step
        assert found.as_run_once.present == once
        # if refractoriness may end within a step, this case is tested first
        waiting = _sum(check, resume, pause)
        assert found.as_run_refractory.present == waiting
        assert found.as_run_refractory_end.present == (_sum(check, resume, once, advance) if resume else {})
        # the rest of the step is refractory, or it is computed again, with the constants of its shorter dt
        rest = {} if not step.restarts else waiting if check else _sum(once, advance)
        assert found.as_run_spike.present == _sum(spike, rest)
        assert found.flops_per_step("unit") == sum(n for kind, n in a_step.items() if kind != "sign")


def test_what_runs_costs_no_more_than_what_is_written(combination):
    name, method, detection = combination
    found = count(name, method, detection)
    written = found.as_written()
    # constants that depend only on dt are computed once per run; as written they are numbers
    of_dt, numbers = {"dt"}, Operations()
    for assign in found.step.blocks["once"].assignments:
        if names(assign.value) <= of_dt:
            of_dt.add(assign.target)
            numbers += count_block(Block((assign,)))
    # the expensive kinds: no other kind is converted into them
    for kind in ("div", "sqrt", "exp", "pow"):
        assert found.as_run[kind] + found.as_run_once[kind] - numbers[kind] <= written[kind]


def test_detection_changes_nothing_in_a_step_without_a_spike(combination):
    name, method, detection = combination
    assert count(name, method, detection).as_run == count(name, method, "grid").as_run


# --- the arithmetic of counts ----------------------------------------------------------------------------------------


def test_operations_hold_every_kind():
    found = Operations({"exp": 2})
    assert list(found) == list(KINDS)
    assert len(found) == len(KINDS)
    assert found["exp"] == 2
    assert found["add"] == 0
    assert found.present == {"exp": 2}
    assert repr(found) == "Operations({'exp': 2})"


def test_operations_add_up():
    assert Operations({"add": 1, "exp": 2}) + Operations({"add": 3, "mul": 4}) == Operations(
        {"add": 4, "exp": 2, "mul": 4}
    )


def test_a_block_is_counted_kind_by_kind():
    x, y = Var("x"), Var("y")
    block = Block(
        (
            Assign("a", x + y * 2),
            Assign("b", Op("less", (x, expr(0)))),
            Assign("c", Op("neg", (Op("abs", (x,)),))),
            Assign("d", Op("select", (Op("at_most", (x, y)), x - y, x / y))),
            Assign("e", x),
            Assign("f", Op("pow", (Op("sqrt", (x,)), Op("exp", (y,))))),
        )
    )
    assert count_block(block) == Operations(
        {"add": 1, "mul": 1, "compare": 2, "sign": 2, "select": 1, "sub": 1, "div": 1, "pow": 1, "sqrt": 1, "exp": 1}
    )
    assert count_block(Block()) == Operations()


def test_flops_per_ms_are_those_of_the_steps_in_a_ms():
    found = count("hodgkin_huxley", "rk4")
    assert found.flops_per_ms(0.05 * ms) == pytest.approx(20 * found.flops_per_step(), rel=1e-15)


@pytest.mark.parametrize(
    ("dt", "message"),
    [
        (0.1, "dt = 0.1 is not a time; give a Brian2 quantity such as 0.1*ms"),
        (1 * mV, "dt = 1 mV is not a time; give a Brian2 quantity such as 0.1*ms"),
        (-1 * ms, "dt = -1 ms is not positive; give a time such as 0.1*ms"),
    ],
)
def test_a_bad_dt(dt, message):
    found = count("lif", "euler")
    for ask in (found.as_written, found.flops_per_ms, lambda dt: found.flops_per_step("izhikevich2004", dt)):
        with pytest.raises(UserError) as error:
            ask(dt)
        assert tells(str(error.value), message)


def _tally(block):
    found = {}
    stack = [assign.value for assign in block.assignments]
    while stack:
        node = stack.pop()
        if isinstance(node, Op):
            kind = {"less": "compare", "at_most": "compare", "neg": "sign", "abs": "sign"}.get(node.kind, node.kind)
            found[kind] = found.get(kind, 0) + 1
            stack.extend(node.args)
    return found


def _sum(*tallies):
    return {kind: total for kind in KINDS if (total := sum(tally.get(kind, 0) for tally in tallies))}
