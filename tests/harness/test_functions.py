"""The functions of the language where they run: against Python and Brian2, counted against retired."""

from __future__ import annotations

from fractions import Fraction

import pytest
from brian2 import ms

from spikecost.accuracy.references.reference import reference
from spikecost.flops.conventions import CONVENTIONS, Convention
from spikecost.flops.operations import count
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.spike_cost import count_run, count_step_and_spike
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant
from spikecost.models.algebra.expression import FLOATS, KINDS, evaluate
from spikecost.models.algebra.functions import CALLS
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step

from ..test_domain import leaky, one_line

#: Every function is in the equations, the threshold's level, the reset or the initial values.
SMOOTH = NeuronModel(
    name="smooth",
    equations="""
        dv/dt = (I - v + 0.2*sin(3*w) + 0.1*log(1 + w**2) + 0.1*tan(w/3) + 0.1*arcsin(0.9*sin(w)))/(10*ms) : 1
        dw/dt = (cos(3*w) + expm1(-v) + arctan(v) + 0.3*log1p(v**2) - w*log10(2 + cos(w)))/(20*ms) : 1
        du/dt = (0.1*arccos(v/(1 + v**2)) - u)/(30*ms) : 1
        I : 1
        a : 1
    """,
    threshold="v > 1 + 0.1*sin(a) + u",
    reset="v = 0.1*cos(w); w += 0.3*arctan(v) + log(a); u += 0.1*log1p(0.1)",
    parameters={"a": 1.2},
    initial={"v": "0.1*tan(a/2)", "w": "expm1(-a)", "u": 0},
)
STEPS_AND_KINKS = NeuronModel(
    name="steps_and_kinks",
    equations="""
        dv/dt = (I - v + 0.2*floor(3*v) - 0.1*ceil(w) + 0.3*sign(w - 0.4) + 0.1*(n % 3))/(10*ms) : 1
        dw/dt = (clip(2*v, 0.3, 0.8 + 0.1*n) - w + (7*v) % 2)/(20*ms) : 1
        dn/dt = 0/second : 1
        s = (n // 5)*(v // 0.3) : 1
        du/dt = (s - u)/(30*ms) : 1
        I : 1
        a : 1
    """,
    threshold="v > 1 + 0.1*floor(a) - 0.1*sign(a) + 0.01*(a % 0.7)",
    reset="v = clip(w, -0.2, 0.2); w += sign(n - 4)*0.1; n += 1; u %= 0.5; w -= 0.01*(n // 4)",
    parameters={"a": 1.2},
    initial={"v": "0.1*floor(a)", "w": "a % 1", "n": "ceil(a) // 3", "u": "clip(a, 0, 0.5)"},
)
MODELS = [SMOOTH, STEPS_AND_KINKS]
each = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
STEPS = 2000  # of 1/16 ms
DRIVE = 2.5


def arithmetic(operations):
    """Without what processors do not count."""
    return {kind: n for kind, n in operations.items() if kind not in ("sign", "select") and n}


def run(model, build=SCALAR, method="euler", lanes=1):
    kernel = compile_kernels([make_step(model, method, "grid")], build)[0]
    return kernel.run([constant(DRIVE, STEPS / 16 * ms)] * lanes, Fraction(1, 16))


def by_python(model):
    """Run forward Euler with grid detection in Python's floats; return the spike times in ms, and the last state."""
    step = make_step(model, "euler", "grid")
    known = {**model.parameter_values, **model.initial_values, model.input: DRIVE, "dt": 1 / 16}

    def block(name):
        for assign in step.blocks[name].assignments:
            known[assign.target] = evaluate(assign.value, known, FLOATS)

    block("once")
    spikes = []
    for i in range(1, STEPS + 1):
        block("advance")
        if known["above"]:
            spikes.append(i / 16)
            block("spike")
        new = "_reset" if known["above"] else "_next"
        known |= {name: known.get(f"{name}{new}", known[f"{name}_next"]) for name in model.system.state}
    return spikes, [known[name] for name in model.system.state]


@each
def test_a_kernel_is_python_bit_for_bit(model):
    spikes, state = by_python(model)
    assert len(spikes) >= 5
    (found,) = run(model)
    assert found.spike_times.tolist() == spikes
    assert found.samples[-1].tolist() == state


@each
def test_a_kernel_in_lanes_is_python_up_to_the_rounding_of_the_library(model, vector_library):
    spikes, state = by_python(model)
    for found in run(model, SIMD, lanes=3):
        assert found.spike_times.tolist() == spikes
        assert found.samples[-1] == pytest.approx(state, rel=1e-9)


@each
def test_a_kernel_is_brian2(model):
    theirs = engine.run(model, "euler", constant(DRIVE, STEPS / 16 * ms), Fraction(1, 16), "numpy")
    assert run(model)[0].spike_times == pytest.approx(theirs, abs=1e-9)


@each
@pytest.mark.parametrize(("method", "detection"), [("euler", "grid"), ("rk4", "hermite")])
def test_counted_is_retired(model, method, detection):
    kernel = compile_kernels([make_step(model, method, detection)])[0]
    found = count_step_and_spike(kernel, DRIVE)
    for counted, retired in found.parts.values():
        assert arithmetic(retired) == arithmetic(counted)
    assert bool(found.step_in_libm) == (model is SMOOTH)


@each
def test_counts_add_up(model):
    found = count(model, "rk4", "hermite")
    total = found.of({"step": 7, "spike": 2, "once per run": 1})
    for kind in KINDS:
        assert total[kind] == 7 * found.as_run[kind] + 2 * found.as_run_spike[kind] + found.as_run_once[kind]


def test_each_function_is_counted_as_its_kind():
    per_step = count(SMOOTH, "euler").as_run
    calls = {"sin": 2, "cos": 2, **dict.fromkeys(("tan", "log", "log10", "log1p", "expm1"), 1)}
    assert {kind: per_step[kind] for kind in CALLS if per_step[kind]} == {
        **calls,
        **dict.fromkeys(("arcsin", "arccos", "arctan"), 1),
    }
    assert count(SMOOTH, "euler").as_written()["sin"] == 3  # of 3*w, of w, and of a in the threshold


#: One function for each kind of rule for its series, of a variable: series take many operations.
PLAIN = NeuronModel(
    name="plain",
    equations="""
        dv/dt = (I - v + clip(v, 0, 1))/(10*ms) : 1
        dw/dt = (0.4 + 0.1*(log(w) + sin(w) + tan(w) + arcsin(w)) - w)/(20*ms) : 1
        I : 1
    """,
    threshold="v > 1",
    reset="v = 0",
    initial={"v": 0, "w": 0.3},
)


@pytest.mark.parametrize(("model", "method"), [(SMOOTH, "dormand_prince"), (PLAIN, "parker_sochacki")])
def test_counted_is_retired_where_steps_adapt(model, method):
    found = count_run(compile_kernels([make_step(model, method, "dense")])[0], DRIVE)
    assert arithmetic(found.retired) == arithmetic(found.counted)
    assert all(found.retired[kind] for kind in (CALLS[2:] if model is SMOOTH else ("log", "sin", "tan", "arcsin")))


def test_an_operator_is_counted_as_the_operations_that_define_it():
    model = leaky("(I - v % a + (v // a) + clip(v, 0, a) + sign(v))/tau", constants={"a": 0.7})
    assert count(model, "euler").as_written().present == {
        "add": 4,
        "sub": 2,
        "mul": 2,
        "div": 3,
        "round": 2,
        "compare": 5,
    }


@pytest.mark.parametrize(("model", "method"), [(SMOOTH, "rk4"), (SMOOTH, "dormand_prince"), (PLAIN, "parker_sochacki")])
def test_methods_and_the_reference_agree(model, method):
    stimulus = constant(DRIVE, 100 * ms)
    exact = reference(model, stimulus)
    assert exact.error < 1e-9
    kernel = compile_kernels([make_step(model, method, "hermite" if method == "rk4" else "dense")])[0]
    found = kernel.run([stimulus], 1e-13 if method == "dormand_prince" else Fraction(1, 64))[0].spike_times
    assert found == pytest.approx(exact.train.times, abs=1e-6 if method == "rk4" else 1e-9)


def test_a_function_of_the_library_weighs_what_the_convention_says():
    weights = {name: convention.weights for name, convention in CONVENTIONS.items()}
    for kind in CALLS[2:]:
        assert weights["unit"][kind] == 1
        assert weights["izhikevich2004"][kind] == weights["izhikevich2004"]["exp"] == 10
        # additions cost 0.9 pJ, multiplications 3.7 pJ: no function takes fewer than 15 of them, none more than 50
        assert 15 * 0.9 < weights["energy45nm"][kind] < 50 * 3.7
        assert 15 < weights["libm"][kind] < 60
    assert all(weight["round"] == weight["add"] for weight in weights.values())


def test_a_convention_that_does_not_name_a_function_weighs_it_like_exp():
    named = {kind: 1.0 for kind in KINDS if kind not in CALLS} | {"exp": 7.0, "pow": 20.0}
    mine = Convention("mine", "as run", named, "", "made up")
    assert mine.weigh({"log": 2, "pow": 1}) == 34


@pytest.mark.parametrize(
    ("side", "said"),
    [
        ("log(k)", "'log(k)' is not a number with k = -2"),
        ("log10(k)", "'log10(k)' is not a number with k = -2"),
        ("log1p(k)", "'log1p(k)' is not a number with k = -2"),
        ("log(k + 2)", "'log(k + 2)' is not a number with k = -2"),
        ("arcsin(k)", "'arcsin(k)' is not a number with k = -2"),
        ("arccos(k)", "'arccos(k)' is not a number with k = -2"),
        ("1/sin(0*k)", "'sin(0*k)' is 0 with k = -2"),
        ("1/floor(k/3 + 1)", "'floor(k/3 + 1)' is 0 with k = -2"),
        ("v % (k + 2)", "'k + 2' is 0 with k = -2, so that 'v % (k + 2)' divides by zero"),
        ("v // (k + 2)", "'k + 2' is 0 with k = -2, so that 'v // (k + 2)' divides by zero"),
        ("1/clip(k, 0, 1)", "'clip(k, 0, 1)' is 0 with k = -2"),
        ("1/(sign(k) + 1)", "'sign(k) + 1' is 0 with k = -2"),
    ],
)
def test_a_function_without_a_value_is_refused_by_all(tmp_path, side, said):
    assert said in one_line(leaky(f"(I - v + {side})/tau"), tmp_path)


@pytest.mark.parametrize(
    "side", ["-log(0.5 - v)", "-log1p(-0.5 - v)", "arcsin(v + 0.5)", "arccos(v + 0.5)", "-log10(0.5 - v)"]
)
def test_a_function_without_a_value_in_some_state_is_a_failure_of_the_run(side):
    model = leaky(f"(I + {side})/ms")
    with pytest.raises(UserError, match="diverged"):
        simulate(model, constant(0.3, 20 * ms), 0.1 * ms, "rk4", "hermite")
    with pytest.raises(UserError, match=r"has no value|finite|no progress|reliable|needs steps"):
        reference(model, constant(0.3, 20 * ms))
