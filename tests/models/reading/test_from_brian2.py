"""The conversion of Brian2 groups, and which groups are refused. (tests/harness compares spikes.)"""

from __future__ import annotations

import datetime

import brian2
import numpy as np
import pandas as pd
import pint
import pytest
import quantities as pq
from brian2 import ExplicitStateUpdater, Hz, NeuronGroup, ms, mV, nA, nS, second
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject

from spikecost.models.algebra.expression import FLOATS, evaluate
from spikecost.models.definition.language import units
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.from_brian2 import Brian2Settings, from_brian2, settings_from_brian2
from spikecost.models.step import why_not

from ...messages import mentions

LEAKY = "dv/dt = (EL - v + R*I)/tau : volt (unless refractory)\nI : amp"
NAMES = {"EL": -65 * mV, "R": 100 * brian2.Mohm, "tau": 20 * ms}


@pytest.fixture(autouse=True)
def quiet():
    KEPT.clear()
    brian2.BrianLogger.suppress_name("unused_brian_object")


def leaky(equations=LEAKY, n=1, **changes):
    given = {"threshold": "v > -50*mV", "reset": "v = EL", "refractory": 2 * ms, "method": "exact", **changes}
    return NeuronGroup(n, equations, **given)


def test_what_a_group_becomes():
    EL, R, tau = -65 * mV, 100 * brian2.Mohm, 20 * ms  # noqa: F841 - found in the same way as in Brian2
    unrelated = 3  # noqa: F841
    group = leaky(name="mine")
    group.v, group.I = -60 * mV, 0.2 * nA
    model = from_brian2(group)
    assert model.name == "mine"
    assert model.equations.splitlines() == ["dv/dt = (EL - v + R*I)/tau : volt (unless refractory)", "I : amp"]
    assert (model.threshold, model.reset, model.refractory_ms) == ("v > -50*mV", "v = EL", 2.0)
    assert model.constants == {"EL": -65 * mV, "R": 100 * brian2.Mohm, "tau": 20 * ms}
    assert (model.initial_values, model.parameters) == ({"v": -60.0}, {})
    assert model.drive == 0.2 * nA


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_another_number_format_is_said(dtype):
    note = from_brian2(leaky(dtype=dtype), namespace=NAMES).input_note
    assert ("Brian2 computes it in float32, spikecost in double precision" in note) == (dtype is not np.float64)


def test_settings():
    EL, R, tau = -65 * mV, 100 * brian2.Mohm, 20 * ms  # noqa: F841
    assert settings_from_brian2(leaky(dt=0.05 * ms)) == Brian2Settings("exact", "grid_start", 0.05 * ms)
    assert settings_from_brian2(leaky(method="rk2")).method == "midpoint"
    # the first of Brian2's default methods that applies
    assert settings_from_brian2(leaky(method=("exact", "euler", "heun"))).method == "exact"
    nonlinear = leaky("dv/dt = (v**2/mV - v + R*I)/tau : volt\nI : amp", method=("exact", "euler", "heun"))
    assert settings_from_brian2(nonlinear).method == "euler"


def test_a_method_that_spikecost_has_not():
    with pytest.raises(UserError, match=r"^mine: spikecost has no method like Brian2's 'independent'; it has "):
        settings_from_brian2(leaky(method="independent", name="mine"), namespace=NAMES)


@pytest.mark.parametrize(
    ("right", "method"),
    [
        ("EL - v", "exponential_euler"),
        ("EL - v*(1 + sin(t/ms))", "exponential_euler"),
        ("EL - v + 2*mV*exp(v/(2*mV))", "exponential_euler_frozen"),
        ("EL - v*tanh(v/mV)", "exponential_euler_frozen"),
        ("EL - v + clip(v, 0*mV, 3*mV)", "exponential_euler_frozen"),
        ("EL - v/(1 + exp(v/mV))", "exponential_euler_frozen"),
        # neither Brian2's nor ours
        ("EL - v**2/mV", None),
        ("EL - abs(v)", None),
    ],
)
def test_what_brian2s_exponential_euler_freezes(right, method):
    group = leaky(f"dv/dt = ({right} + R*I)/tau : volt\nI : amp", method="exponential_euler", name="mine")
    if method is None:
        with pytest.raises(UserError, match="Brian2 cannot integrate its equations with the method exponential_euler"):
            settings_from_brian2(group, namespace=NAMES)
        return
    assert settings_from_brian2(group, namespace=NAMES).method == method
    model = from_brian2(group, namespace=NAMES)
    applies = [name for name in ("exponential_euler", "exponential_euler_frozen") if not why_not(model, name)]
    assert applies == [method]


def test_a_method_of_the_users_own():
    own = ExplicitStateUpdater("x_new = x + dt*f(x, t)")
    with pytest.raises(UserError, match=r"^mine: spikecost has no method like Brian2's 'ExplicitStateUpdater'; "):
        settings_from_brian2(leaky(method=own, name="mine"), namespace=NAMES)


def test_names_come_from_the_groups_namespace_before_those_around():
    tau, EL, R = 1 * second, 0 * mV, 0 * brian2.ohm  # noqa: F841 - not these
    assert from_brian2(leaky(namespace=NAMES)).constants == NAMES


def test_names_come_from_a_namespace_that_is_given():
    tau = 1 * second  # noqa: F841 - not this
    assert from_brian2(leaky(), namespace=NAMES).constants == NAMES


def test_pi_is_a_number():
    model = from_brian2(leaky("dv/dt = (EL - v + pi*I)/tau : volt\nI : volt"), namespace=NAMES)
    assert "pi" not in model.constants  # Brian2 has it
    value = evaluate(model.system.derivatives["v"], {"v": 0.0, "I": 1.0}, FLOATS)
    assert value == pytest.approx((units.internal(NAMES["EL"]) + np.pi) / units.internal(NAMES["tau"]), rel=1e-14)


U = pint.UnitRegistry()
#: 20 ms of every library whose units are known; Brian2 drops the unit, or does not see the name.
TWENTY_MS = [
    20 * U.ms,
    U.Quantity(np.array(0.02), "s"),
    20 * pq.ms,
    np.array([20.0]) * pq.ms,
    np.timedelta64(20, "ms"),
    np.array(20_000, "m8[us]"),
    pd.Timedelta(20, "ms"),
    datetime.timedelta(milliseconds=20),
]


def kind(value):
    return f"{type(value).__module__}.{type(value).__name__}"


@pytest.mark.parametrize("where", ["group", "given", "around"])
@pytest.mark.parametrize("value", TWENTY_MS, ids=kind)
def test_quantities_of_other_libraries_keep_their_unit(value, where):
    names = {**NAMES, "tau": value}
    around = names if where == "around" else {}
    made = "leaky(namespace=names)" if where == "group" else "leaky()"
    given = "namespace=names" if where == "given" else ""
    space = {"leaky": leaky, "from_brian2": from_brian2, "settings_from_brian2": settings_from_brian2, "names": names}
    # like a script: its names are found in the frame
    exec(
        f"group = {made}\nmodel, runs = from_brian2(group, {given}), settings_from_brian2(group, {given})",
        found := space | around,
    )
    assert found["model"].constants["tau"].dim is second.dim
    assert float(found["model"].constants["tau"]) == 0.02
    assert found["runs"].method == "exact"


@pytest.mark.parametrize("value", TWENTY_MS, ids=kind)
def test_so_do_refractory_times(value):
    """As a value, and as a name."""
    assert from_brian2(leaky(refractory="wait"), namespace={**NAMES, "wait": value}).refractory_ms == 20
    assert from_brian2(leaky(refractory=value), namespace=NAMES).refractory_ms == 20


@pytest.mark.parametrize(
    "value",
    [
        "20",
        "20*ms",
        U.Quantity(20, "degC"),
        np.timedelta64(5, "M"),
        1j,
        {},
        np.array(["a"]),
        [1 * ms, 2 * ms],
        np.datetime64("2026-01-01"),
        object(),
    ],
    ids=kind,
)
@pytest.mark.parametrize("where", ["group", "given"])
def test_what_is_no_number_is_refused_by_name(value, where):
    names = {**NAMES, "tau": value}
    with pytest.raises(UserError, match=r"^mine: 'tau': expected .*[^\n]*$"):
        from_brian2(
            leaky(name="mine", namespace=names if where == "group" else None),
            namespace=names if where == "given" else {},
        )


def test_a_name_of_another_unit_is_refused():
    with pytest.raises(UserError, match=r"has the unit .*, expected"):
        from_brian2(leaky(namespace={**NAMES, "tau": 20 * U.mV}))


def test_the_groups_namespace_comes_first_whatever_it_holds():
    names = {**NAMES, "tau": 20 * U.ms}
    assert from_brian2(leaky(namespace=names), namespace={"tau": 1 * second}).constants["tau"] == 20 * ms


def test_one_neuron_of_many():
    group = leaky(
        LEAKY.replace("tau", "taum") + "\ntaum : second\nshift : volt (shared)\nunused : 1\nflag : boolean",
        n=3,
        threshold="v > shift",
    )
    group.taum, group.v, group.shift, group.I = [10, 20, 30] * ms, [-70, -65, -60] * mV, -50 * mV, "i*nA"
    model = from_brian2(group, index=2, namespace=NAMES)
    assert model.parameters == {"taum": 30 * ms, "shift": -50 * mV}
    assert model.initial == {"v": -60 * mV}
    assert model.drive == 2 * nA


def test_a_constant_may_be_the_input():
    group = leaky("dv/dt = (EL - v + R*I0)/tau : volt")
    model = from_brian2(group, input="I0", namespace={**NAMES, "I0": 1 * nA})
    assert (model.input, model.drive) == ("I0", 1 * nA)
    assert "I0 : amp" in model.equations.splitlines()
    assert "I0" not in model.constants


@pytest.mark.parametrize(
    ("equations", "read", "driven"),
    [
        (
            "dv/dt = (EL - v + R*stimulus(t))/tau : volt",
            ["dv/dt = (EL - v + R*stimulus)/tau : volt", "stimulus : amp"],
            "stimulus",
        ),
        (
            "dv/dt = (EL - v + R*stimulus(t, i))/tau : volt (unless refractory)",
            ["dv/dt = (EL - v + R*stimulus)/tau : volt (unless refractory)", "stimulus : amp"],
            "stimulus",
        ),
        # the name of the input replaces it
        (
            "dv/dt = (EL - v + R*Iext)/tau : volt\nIext = stimulus(t) : amp",
            ["dv/dt = (EL - v + R*Iext)/tau : volt", "Iext : amp"],
            "Iext",
        ),
        (
            "dv/dt = (EL - v + R*I)/tau : volt\nI = 2*stimulus(t) : amp",
            ["dv/dt = (EL - v + R*I)/tau : volt", "I = 2*stimulus : amp", "stimulus : amp"],
            "stimulus",
        ),
    ],
)
def test_a_timed_array_is_the_input(equations, read, driven):
    model = from_brian2(with_timed_array(equations))
    assert model.equations.splitlines() == read
    assert (model.input, model.drive) == (driven, None)
    with pytest.raises(UserError, match=f"the TimedArray is the input, '{driven}', so 'tau' cannot be an input too"):
        from_brian2(with_timed_array(equations), input="tau")


def test_what_the_reset_changes_is_a_variable():
    group = leaky(LEAKY + "\nw : siemens\nn : integer", reset="v = EL\nw += 1*nS\nn += 1")
    group.w = 3 * nS
    model = from_brian2(group, namespace=NAMES)
    assert model.system.state == ("v", "w", "n")
    assert model.reset == "v = EL; w += 1*nS; n += 1"
    assert model.initial == {"v": 0 * mV, "w": 3 * nS, "n": 0}


def test_comments_are_left_out():
    model = from_brian2(
        leaky(
            LEAKY + "  # nA",
            reset="""
        # back to rest
        v = EL  # and no more; really
        I = I
    """,
        ),
        namespace=NAMES,
        input="R",
    )
    assert model.reset == "v = EL; I = I"


@pytest.mark.parametrize(
    ("refractory", "expected"), [(False, 0.0), (0 * ms, 0.0), (3 * ms, 3.0), ("3*ms", 3.0), ("2*ref0", 10.0)]
)
def test_refractoriness(refractory, expected):
    group = leaky(refractory=refractory)
    assert from_brian2(group, namespace={**NAMES, "ref0": 5 * ms}).refractory_ms == expected


@pytest.mark.parametrize(("value", "refused"), [(4 * ms, False), (0 * ms, False), (-1 * ms, True)])
def test_a_refractory_time_that_is_a_parameter_stays_one(value, refused):
    group = leaky(LEAKY + "\nref : second", refractory="2*ref")
    group.ref = value
    if refused:
        with pytest.raises(UserError, match=r"refractory = '2\*ref' is -2 ms; give a time that is not negative"):
            from_brian2(group, namespace=NAMES)
        return
    model = from_brian2(group, namespace=NAMES)
    assert model.refractory == "2*ref"
    for each, expected in ((model, value / ms), (model.replace(parameters={"ref": 3 * ms}), 3)):
        found = each.system.refractory
        assert found.settled
        assert evaluate(found.value, each.parameter_values, FLOATS) == pytest.approx(2 * expected, rel=1e-15)


def test_a_refractory_time_that_the_reset_changes_is_kept_as_a_text():
    text = LEAKY + "\nref : second"
    group = leaky(text, refractory="ref + 1*ms", reset="v = EL; ref += 0.5*ms")
    group.ref = 4 * ms
    model = from_brian2(group, namespace=NAMES)
    assert (model.refractory, model.refractory_ms, model.initial_values["ref"]) == ("ref + 1*ms", 0, 4)


def test_a_refractory_condition_is_kept_beside_a_reset():
    model = from_brian2(leaky(refractory="v > -60*mV"), namespace=NAMES)
    assert model.refractory == "v > -60*mV"
    assert not model.spike_is_crossing


def test_a_condition_without_reset_is_the_crossing():
    group = leaky(reset=None, refractory="v > -50*mV")
    assert from_brian2(group, namespace=NAMES).spike_is_crossing


# --- what stands beside the equations --------------------------------------------------------------------------------


def with_many_things_beside():
    """A group whose script has subgroups, monitors, outgoing synapses, and operations that do not change the neuron."""
    group = leaky(
        LEAKY + "\nx : 1\nseen : boolean",
        n=4,
        name="mine",
        events={"upward": "v > -60*mV"},
        reset="v = EL; seen = True",
    )
    group.run_on_event("upward", "x += 1")
    group.run_regularly("x = 0", dt=1 * ms)
    group[2:].run_regularly("v = EL", dt=1 * ms)
    others = leaky(n=4, name="others")
    monitors = [
        brian2.SpikeMonitor(group),
        brian2.SpikeMonitor(group[:2]),
        brian2.StateMonitor(group, "v", record=True),
        brian2.PopulationRateMonitor(group),
        brian2.EventMonitor(group, "upward"),
    ]
    synapses = [
        brian2.Synapses(group, others, on_pre="v += 1*mV"),
        brian2.Synapses(group[1:], group[2:], on_pre="v_post += 1*mV"),
        brian2.Synapses(others, group, on_pre="x_post += 1"),
        brian2.PoissonInput(group, "x", 10, 10 * Hz, 1),
    ]
    KEPT.extend([others, *monitors, *synapses])
    return group


def test_what_does_not_change_the_neuron_does_not_matter():
    group = with_many_things_beside()
    alone = from_brian2(leaky(name="alone"), namespace=NAMES)
    for index in (0, 1):
        model = from_brian2(group, index=index, namespace=NAMES, name="alone")
        assert model.content == alone.content
    for index in (2, 3):
        with pytest.raises(UserError, match="mine: the operation"):
            from_brian2(group, index=index, namespace=NAMES)


def test_synapses_can_be_left_out():
    model = from_brian2(with_synapses(), namespace=NAMES, synapses="leave_out")
    assert model.content == from_brian2(leaky(name="alone"), namespace=NAMES).content
    assert "without its synapses" in model.description


def test_synapses_that_change_their_source_count():
    group = leaky(name="mine")
    KEPT.append(brian2.Synapses(group, leaky(), on_pre="v_pre += 1*mV", name="back"))
    with pytest.raises(UserError, match=r"^mine is the target of back, "):
        from_brian2(group, namespace=NAMES)


def test_a_sum_over_synapses_has_its_present_value():
    group = leaky(LEAKY.replace("R*I", "R*(I + Isyn)") + "\nIsyn : amp", name="mine")
    KEPT.append(brian2.Synapses(group, group, "w : amp\nIsyn_post = w : amp (summed)", name="summed"))
    group.Isyn = 0.2 * nA
    with pytest.raises(UserError, match=r"^mine is the target of summed, "):
        from_brian2(group, namespace=NAMES)
    assert from_brian2(group, namespace=NAMES, synapses="leave_out").parameters == {"Isyn": 0.2 * nA}


def test_a_subgroup_is_some_of_the_neurons():
    group = leaky(n=5, name="mine")
    group.v = "-60*mV - i*mV"
    for part, index, expected in ((group[1:4], 0, -61), (group[1:4], 2, -63), (group[1:4][1:], 1, -63)):
        model = from_brian2(part, index=index, namespace=NAMES, name="part")
        assert model.initial_values == {"v": expected}
    with pytest.raises(UserError, match="has 3 neurons"):
        from_brian2(group[1:4], index=3, namespace=NAMES)


def test_several_groups():
    groups = [leaky(name="first"), leaky(LEAKY.replace("I", "J"), name="second")]
    models = from_brian2(groups, namespace=NAMES)
    assert [(model.name, model.input) for model in models] == [("first", "I"), ("second", "J")]
    with pytest.raises(UserError, match="name = 'mine' cannot be the name of several groups"):
        from_brian2(groups, namespace=NAMES, name="mine")


# --- names and flags -------------------------------------------------------------------------------------------------


def test_the_place_in_the_group_is_a_number():
    text = "dv/dt = (EL - v + R*I*(1 + i/N))/tau : volt (unless refractory)\nI : amp"
    group = leaky(text, n=4, name="mine", threshold="v > -50*mV + i*mV", reset="v = EL - i*mV", refractory="i*ms")
    model = from_brian2(group, index=3, namespace=NAMES)
    assert model.equations.splitlines()[0] == "dv/dt = (EL - v + R*I*(1 + 3/4))/tau : volt (unless refractory)"
    assert (model.threshold, model.reset) == ("v > -50*mV + 3*mV", "v = EL - 3*mV")
    assert model.refractory_ms == 3


def test_a_linked_constant_is_a_number():
    source = leaky(LEAKY.replace("I : amp", "I : amp\nVrest : volt"), n=3, name="source")
    source.Vrest = [-60, -61, -62] * mV
    group = leaky(LEAKY.replace("EL", "Vrest") + "\nVrest : volt (linked)", n=3, name="mine")
    KEPT.append(source)
    group.Vrest = brian2.linked_var(source, "Vrest", index=[2, 0, 1])
    assert [from_brian2(group, index=i, namespace=NAMES).parameters["Vrest"] / mV for i in range(3)] == [-62, -60, -61]


@pytest.mark.parametrize("flag", ["shared", "constant over dt", "shared, constant over dt"])
def test_flags_of_subexpressions(flag):
    """A value that does not depend on the state is the same whenever it is computed."""
    group = leaky(LEAKY.replace("EL -", "Vrest -") + f"\nVrest = EL + 1*mV : volt ({flag})", name="mine", method="rk2")
    assert "Vrest = EL + 1*mV : volt" in from_brian2(group, namespace=NAMES).equations.splitlines()


def test_euler_uses_the_state_at_the_start_of_a_step_anyway():
    text = LEAKY.replace("- v", "- w") + "\nw = v : volt (constant over dt)"
    model = from_brian2(leaky(text, name="mine", method="euler"), namespace=NAMES)
    assert "w = v : volt" in model.equations.splitlines()
    assert "w computed whenever needed" in model.description
    with pytest.raises(UserError, match=r"'w' is .constant over dt."):  # the reset sees the value of the step's start
        from_brian2(leaky(text, name="mine", method="euler", reset="v = EL + 0*w"), namespace=NAMES)


def test_what_nothing_uses_is_left_out():
    text = LEAKY + "\nplace : metre\nshown = place*randn() : metre (constant over dt)\nwide = 2*v : volt"
    assert from_brian2(leaky(text), namespace=NAMES).equations == from_brian2(leaky(), namespace=NAMES).equations


# --- the input -------------------------------------------------------------------------------------------------------

CURRENT = "dv/dt = (EL - v + R*{})/tau : volt"


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        (CURRENT.format("(I1 + I0)") + "\nI1 : amp", "I1"),  # a declared one, not a constant
        (CURRENT.format("I0"), "I0"),  # a current, not EL
        (CURRENT.format("drive") + "\ndrive = 2*J : amp\nJ : amp", "J"),  # through a subexpression
        (CURRENT.format("J*int(v > EL)") + "\nJ : amp", ""),  # multiplied by something that depends on the state
        (CURRENT.format("J**2/amp") + "\nJ : amp", ""),  # not linear
        ("dv/dt = (v0 - v)/tau : volt\nv0 : volt", "v0"),
        ("dv/dt = (v0 - v + V)/tau : volt\nv0 : volt", "v0"),
        ("dv/dt = (V - v)/tau : volt", "V"),
        ("dv/dt = -v/tau + slope : volt\nslope : volt/second", "slope"),
        ("dv/dt = (E*z + V - v)/tau : volt\nE : volt\nz : 1", "E"),  # z has no unit, so that it only scales E
        ("dw/dt = (E*z + B - w)/tau : 1\nE : 1\nz : 1\nB : 1\ndv/dt = (w*mV - v)/tau : volt", ""),
        ("dv/dt = -v/tau : volt", ""),
        ("dv/dt = (V - v - u)/tau : volt\ndu/dt = (V - u)/tau : volt", ""),  # the resting voltage of everything
    ],
)
def test_an_evident_input_is_found(equations, expected):
    names = {**NAMES, "I0": 0.1 * nA, "V": -40 * mV}
    model = from_brian2(leaky(equations, name="mine", reset="v = EL", method="euler"), namespace=names)
    assert model.input == expected
    assert model.input_note.startswith(f"the input is {expected}, the only" if expected else "there is no input")
    assert model.description.endswith(model.input_note)


def test_what_synapses_change_is_not_the_input_if_there_is_another():
    group = leaky(CURRENT.format("(I1 + I2)") + "\nI1 : amp\nI2 : amp", name="mine", reset="v = EL")
    KEPT.append(brian2.Synapses(group, group, "w : amp\nI1_post = w : amp (summed)"))
    assert from_brian2(group, namespace=NAMES, synapses="leave_out").input == "I2"


def test_a_product_is_not_the_input_if_something_is_added_alone():
    names = {"tau": 20 * ms, "bias": 0.1}
    group = leaky("dv/dt = (bias + E*z - v)/tau : 1\nE : 1\nz : 1", threshold="v > 1", reset="v = 0", name="mine")
    assert from_brian2(group, namespace=names).input == "bias"


def test_several_inputs_are_listed():
    group = leaky(CURRENT.format("(I1 + I2)") + "\nI1 : amp\nI2 : amp", name="mine")
    with pytest.raises(UserError) as error:
        from_brian2(group, namespace=NAMES)
    assert mentions(str(error.value), "mine: no parameter is named I;", "input='I1'", "--input I1", "I1, I2")
    assert from_brian2(group, "I2", namespace=NAMES).input == "I2"
    assert from_brian2(group, "", namespace=NAMES).input == ""


# --- refused by name -------------------------------------------------------------------------------------------------


#: Objects that Brian2 holds only weakly.
KEPT = []


def with_run_regularly():
    group = leaky(name="mine")
    group.run_regularly("v += 1*mV", dt=1 * ms, name="kick")
    return group


def with_synapses():
    group = leaky(name="mine")
    KEPT.append(brian2.Synapses(group, group, on_pre="v += 1*mV", delay=1 * ms, name="recurrent"))
    return group


def with_poisson_input():
    group = leaky(name="mine")
    KEPT.append(brian2.PoissonInput(group, "v", 10, 10 * Hz, 1 * mV))
    return group


def with_event():
    group = leaky(events={"upward": "v > -60*mV"}, name="mine")
    group.run_on_event("upward", "v -= 1*mV")
    return group


def with_operation_on_a_subgroup():
    KEPT.append(leaky(n=2, name="mine"))
    KEPT[-1][:1].run_regularly("v += 1*mV", dt=1 * ms, name="kick")
    return KEPT[-1]


def linked_to_a_voltage():
    KEPT.append(leaky(name="other", n=2))
    group = leaky(LEAKY.replace("I : amp", "I : amp\nEL : volt (linked)"), name="mine", n=2)
    group.EL = brian2.linked_var(KEPT[-1], "v")
    return group


def with_timed_array(equations="dv/dt = (EL - v + R*stimulus(t))/tau : volt", **changes):
    arrays = {name: brian2.TimedArray([1, 2] * nA, dt=1 * ms, name=f"{name}*") for name in ("stimulus", "other")}
    return leaky(equations, name="mine", namespace={**NAMES, **arrays}, **changes)


def refractory_now():
    # a run of one millisecond is too short to compile anything
    group = leaky(name="mine", namespace=NAMES, refractory=10 * ms, codeobj_class=NumpyCodeObject)
    group.v = -49 * mV
    brian2.Network(group).run(1 * ms)
    return group


def spatial():
    return brian2.SpatialNeuron(brian2.Soma(10 * brian2.um), "Im = 0*amp/metre**2 : amp/metre**2", name="mine")


REFUSED = {
    "a source of spikes": (
        lambda: NeuronGroup(2, "at : second", threshold="t > at", refractory=100 * ms, name="sources"),
        "sources has no differential equation, and its reset changes nothing: it is a source of spikes, not a neuron",
    ),
    "synapses": (
        lambda: brian2.Synapses(leaky(), leaky(), name="mine"),
        "cannot convert mine (Synapses): spikecost runs one neuron alone, without synapses and their delays",
    ),
    "a target of synapses": (
        with_synapses,
        "mine is the target of recurrent, and spikecost runs one neuron alone; give ",
    ),
    "a target of Poisson input": (with_poisson_input, "mine is the target of poissoninput"),
    "compartments": (spatial, "cannot convert mine (SpatialNeuron): it has compartments, and spikecost runs point "),
    "no equations": (lambda: brian2.PoissonGroup(1, 10 * Hz, name="mine"), "cannot convert mine (PoissonGroup): it "),
    "no group": (lambda: 3, "cannot convert 3 (int): give a Brian2 NeuronGroup"),
    "noise": (
        lambda: leaky(LEAKY.replace("/tau :", "/tau + xi**2*mV :"), name="mine", method="euler"),
        "mine: equation of 'v': the noise xi must be multiplied by a factor and added",
    ),
    "random numbers": (lambda: leaky(reset="v = EL + rand()*mV", name="mine"), "mine: reset: 'rand()' is random, and "),
    "TimedArrays": (
        lambda: with_timed_array("dv/dt = (EL - v + R*stimulus(t) + R*other(t))/tau : volt"),
        "mine: the equations have the TimedArrays other, stimulus, but a model has one input; write all ",
    ),
    "a TimedArray at two times": (
        lambda: with_timed_array("dv/dt = (EL - v + R*stimulus(t) + R*stimulus(t - 1*ms))/tau : volt"),
        "mine: the equations have several values of stimulus, but a model has one input; write all of them into one ",
    ),
    "TimedArray in a reset": (
        lambda: with_timed_array(LEAKY, reset="v = EL + R*stimulus(t)"),
        "mine: the TimedArray 'stimulus' in the threshold, reset or refractoriness cannot be ",
    ),
    "other events": (
        with_event,
        "mine: the event upward in addition to the spike changes v, which cannot be run; leave",
    ),
    "no threshold": (
        lambda: leaky(threshold=None, reset=None, name="mine"),
        "mine has no threshold, so that it never spikes; give one such as threshold='v > 30*mV'",
    ),
    "run_regularly": (with_run_regularly, "mine: the operation 'kick' (v += 1*mV) outside the equations cannot be "),
    "an operation on a subgroup": (with_operation_on_a_subgroup, "mine: the operation 'kick' (v += 1*mV) outside the "),
    "linked to nothing": (
        lambda: leaky(LEAKY.replace("I : amp", "I : amp (linked)"), name="mine"),
        "mine: 'I' is (linked), but to nothing yet; ",
    ),
    "linked to a variable": (
        linked_to_a_voltage,
        "mine: 'EL' is (linked) to 'v' of other, which stands still when its own neuron is refractory; ",
    ),
    "constant over dt": (
        lambda: leaky(LEAKY.replace("- v", "- w") + "\nw = v : volt (constant over dt)", name="mine", method="rk2"),
        "mine: 'w' is (constant over dt): Brian2 computes it once per step, which is a different model for each dt ",
    ),
    "refractory now": (refractory_now, "mine is refractory now, but a model cannot start so; convert it before it "),
    "unknown name": (
        lambda: leaky(LEAKY.replace("tau", "taum"), name="mine"),
        "mine: 'taum' is neither in the equations nor defined around the group; define it, or give ",
    ),
    "array": (
        lambda: leaky(name="mine", namespace={**NAMES, "EL": [-65, -60] * mV}),
        "mine: 'EL': expected one number or Brian2 quantity, got [-65 -60] mV",
    ),
    "own function": (
        lambda: leaky(
            LEAKY.replace("R*I", "R*double(I)"),
            name="mine",
            namespace={
                **NAMES,
                "double": brian2.Function(lambda x: 2 * x, arg_units=[brian2.amp], return_unit=brian2.amp),
            },
        ),
        "mine: 'double' is a function of your own, whose operations spikecost cannot read; ",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_by_name(make, message):
    with pytest.raises(UserError) as error:
        from_brian2(make(), namespace=NAMES)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"input": "v"},
            "mine: 'v' is not a parameter or constant of the equations; say which one the stimulus drives, "
            "input='Iext' (on the command line: --input Iext), or one of Iext, EL, R, tau",
        ),
        ({"synapses": "cut"}, "mine: synapses = 'cut' is unknown; give 'leave_out'"),
        ({"input": "Iext", "index": 1}, "mine has 1 neurons; give an index below that, not 1"),
        ({"input": "Iext", "index": 0.5}, "mine has 1 neurons; give an index below that, not 0.5"),
        ({"input": "Iext", "index": "a"}, "mine has 1 neurons; give an index below that, not 'a'"),
    ],
)
def test_what_is_asked_for(asked, message):
    group = leaky(LEAKY.replace("I", "Iext"), name="mine")
    with pytest.raises(UserError) as error:
        from_brian2(group, namespace=NAMES, **asked)
    assert str(error.value).startswith(message)
