"""Booleans, the clock and operations of a Brian2 group, and methods without noise: spikes are Brian2's."""

from fractions import Fraction

import brian2
import numpy as np
import pytest
from brian2 import NeuronGroup, SpikeMonitor, ms

import spikecost as sc
from spikecost.harness.engines import brian2 as engine
from spikecost.models.ground.errors import UserError

LEAKY = "dv/dt = (I - v)/(10*ms) : 1\nI : 1\nactive : boolean"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    brian2.BrianLogger.suppress_name("unused_brian_object")
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")


def group(equations=LEAKY, **changes):
    given = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", **changes}
    made = NeuronGroup(2, equations, **given)
    made.I = 2
    if "active" in made.variables:
        made.active = [True, False]
    return made


def with_values(made, **values):
    for name, value in values.items():
        setattr(made, name, value)
    return made


GROUPS = {
    "a switch": (lambda: group(LEAKY.replace("I -", "I*(1 + int(not active)) -")), 0),
    "a switch in arithmetic": (
        lambda: group(LEAKY.replace("I -", "I*(1 + active) -"), threshold="v > 1 or v > 2 - active"),
        0,
    ),
    "a switch that is off": (lambda: group(LEAKY.replace("I -", "I*(1 + int(not active)) -")), 1),
    "a condition as a variable": (
        lambda: group(LEAKY + "\nhigh = v > 0.5 : boolean", threshold="v > 1 and (active or high)", refractory="high"),
        1,
    ),
    "a constant that is true or false": (
        lambda: group(
            LEAKY.replace("I -", "I*(int(on) + on) -"),
            threshold="v > 1 and not off",
            refractory="off or v > 0.7",
            namespace={"on": True, "off": False},
        ),
        0,
    ),
    "a switch that the reset turns": (
        lambda: group(
            LEAKY.replace("I -", "I + 0.5*int(active) -") + "\nk : integer",
            reset="v = 0; active = not active; k += 1",
            refractory="(1 + k % 3)*ms",
        ),
        0,
    ),
    "the time step": (
        lambda: group(threshold="v > 1 and timestep(t - lastspike, dt) > 160", refractory=1 * ms, dt=0.05 * ms),
        0,
    ),
    "the number of steps": (lambda: group(LEAKY.replace("I -", "I*int(t_in_timesteps % 900 > 300) -")), 0),
    "not_refractory in equations, threshold and reset": (
        lambda: group(
            LEAKY.replace("I -", "I*(0.5 + int(not_refractory)) -"),
            threshold="v > 1 and not_refractory",
            reset="v = 0.3*int(not not_refractory)",
            refractory=3 * ms,
        ),
        0,
    ),
    "refractory by the time since the last spike": (lambda: group(refractory="(t - lastspike) < 5*ms"), 0),
    "refractory by not_refractory": (
        lambda: group(refractory="not_refractory and v < 2 or not not_refractory and v < 0.2"),
        0,
    ),
    "refractory by a parameter": (
        lambda: with_values(group(LEAKY + "\nref : second", refractory="2*ref"), ref=[1, 2] * ms),
        1,
    ),
    "heun without noise": (lambda: group(LEAKY.replace("I -", "I + 0.3*sin(v) -"), method="heun"), 0),
    "milstein without noise": (lambda: group(LEAKY.replace("I -", "I + 0.3*sin(v) -"), method="milstein"), 0),
    "a number with a fraction that the reset stores in an integer": (
        lambda: with_values(
            group("dv/dt = (I + 0.3*k - v)/(10*ms) : 1\nI : 1\nk : integer", reset="v = 0; k = k/2 + 1"), k=9
        ),
        0,
    ),
    "an integer that the reset counts": (
        lambda: group("dv/dt = (I + 0.1*(k % 3) - v)/(10*ms) : 1\nI : 1\nk : integer", reset="v = 0; k += 1"),
        0,
    ),
    "a parameter that the reset changes, with the exact method": (
        lambda: group("dv/dt = (I + a - v)/(10*ms) : 1\nI : 1\na : 1", reset="v = 0; a -= 0.05", method="exact"),
        0,
    ),
    "a method that is no name": (lambda: group(method=brian2.rk4), 0),
    "the exact method, no name": (lambda: group(method=brian2.exact), 0),
    "a limit that is infinite": (lambda: group(LEAKY.replace("I -", "I - clip(v - 0.5, 0, inf) -")), 0),
}


@pytest.mark.parametrize("name", GROUPS)
def test_spikes_are_brian2s(name):
    make, index = GROUPS[name]
    made = make()
    model, settings = sc.from_brian2(made, "I", index=index), sc.settings_from_brian2(made)
    monitor = SpikeMonitor(made)
    brian2.Network(made, monitor).run(150 * ms)
    theirs = np.asarray(monitor.t / ms)[np.asarray(monitor.i) == index]
    ours = sc.simulate(model, sc.constant(2, 150 * ms), settings.dt, settings.method, settings.detection)
    assert len(ours) == len(theirs) > 3
    assert np.allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("change", ["k += 0.5", "k *= 1.5", "k /= 2", "k -= v"])
def test_brian2s_targets_differ_where_an_integer_is_changed_by_a_fraction(change):
    made = group("dv/dt = (I + 0.3*k - v)/(10*ms) : 1\nI : 1\nk : integer", reset=f"v = 0; {change}", name="mine*")
    with pytest.raises(UserError, match=r"^mine.*: reset: 'k .= .*' changes an integer by .*; write k = int\(k"):
        sc.from_brian2(made, "I")


def test_the_time_step_of_the_group_is_a_constant_of_the_model():
    made = group(LEAKY.replace("I -", "I*dt/ms -"), dt=0.05 * ms)
    model = sc.from_brian2(made, "I")
    assert "I*(0.05*ms)/ms" in model.equations
    assert "dt in its texts is 50 us" in model.description


def test_an_operation_that_draws_a_random_number_is_one_in_the_equations():
    made = group("dv/dt = (I + x - v)/(10*ms) : 1\nI : 1\nx : 1\nscale : 1")
    made.scale = 0.4
    made[:1].run_regularly("x = scale*randn()", dt=2 * ms)
    model = sc.from_brian2(made, "I")
    assert "x = scale*randn() : 1" in model.equations
    assert model.sampling_ms == 2
    assert "randn" not in sc.from_brian2(made, "I", index=1).equations
    stimulus = sc.constant(1.2, 200 * ms).with_noise(1)
    theirs = engine.run(model, "euler", stimulus, Fraction(1, 10), "numpy", detection="grid_start")
    assert len(theirs) > 3
    assert np.array_equal(sc.simulate(model, stimulus, 0.1 * ms, "euler", "grid_start"), theirs)


DRAWN = {
    # the operation, its dt, and the right-hand side of x for neuron 1 of 2
    "ends with a semicolon": ("x = 0.4*randn();", None, "0.4*randn()"),
    "ends with blank lines": ("\n  x = 0.4*randn()  # noise\n\n", None, "0.4*randn()"),
    "the place in the group": ("x = 0.2*(i + N - 1)*randn()", None, "0.2*(1 + 2 - 1)*randn()"),
    "the time step": ("x = 0.1*randn()/sqrt(dt/ms)", None, "0.1*randn()/sqrt((0.1*ms)/ms)"),
    # Brian2's dt is that of the group, also in an operation with another one
    "the time step with another one": ("x = 0.1*randn()/sqrt(dt/ms)", 2 * ms, "0.1*randn()/sqrt((0.1*ms)/ms)"),
    "an integer": ("k = 2*randn()", None, "int(2*randn())"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_an_operation_draws(name):
    code, dt, expected = DRAWN[name]
    made = group("dv/dt = (I + x + 0.1*k - v)/(10*ms) : 1\nI : 1\nx : 1\nk : integer", dt=0.1 * ms)
    made.run_regularly(code, dt=dt)
    model = sc.from_brian2(made, "I", index=1)
    assert f"{code.strip()[0]} = {expected} : 1" in model.equations
    assert model.sampling_ms == (2 if dt is not None else Fraction(1, 10))
    assert ("dt in its texts is 100 us" in model.description) == ("time step" in name)
    stimulus = sc.constant(1.2, 100 * ms).with_noise(1)
    theirs = engine.run(model, "euler", stimulus, Fraction(1, 10), "numpy", detection="grid_start")
    assert len(theirs) > 3
    assert np.array_equal(sc.simulate(model, stimulus, 0.1 * ms, "euler", "grid_start"), theirs)


def test_the_number_of_steps_is_said_to_be_by_the_groups_clock():
    model = sc.from_brian2(GROUPS["the number of steps"][0](), "I")
    assert "dt in its texts is 100 us" in model.description


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("v += 0.1", "the operation 'mine' (v += 0.1) outside the equations cannot be run"),
        ("x = v*randn()", "the operation 'mine' (x = v*randn()) outside the equations cannot be run"),
        ("x = sin(t/ms)", "the operation 'mine' (x = sin(t/ms)) outside the equations cannot be run"),
    ],
)
def test_other_operations_are_refused(code, said):
    made = group("dv/dt = (I + x - v)/(10*ms) : 1\nI : 1\nx : 1")
    made.run_regularly(code, name="mine")
    with pytest.raises(UserError) as error:
        sc.from_brian2(made, "I")
    assert said in str(error.value)


def test_random_numbers_of_two_sampling_steps_are_refused():
    made = group("dv/dt = (I + x + randn() - v)/(10*ms) : 1\nI : 1\nx : 1")
    made.run_regularly("x = randn()", dt=1 * ms)
    with pytest.raises(UserError, match=r"draws random numbers every 1 ms and every 100 us; use one step"):
        sc.from_brian2(made, "I")


def test_a_function_of_the_users_own_is_refused_by_name():
    @brian2.check_units(x=1, result=1)
    def mine(x):
        return x

    made = group(LEAKY.replace("- v", "- mine(v)"))
    with pytest.raises(UserError, match="'mine' is a function of your own, whose operations spikecost cannot read"):
        sc.from_brian2(made, namespace={"mine": mine})
