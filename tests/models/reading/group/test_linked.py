"""A linked variable that changes brings the equations of the other group with it."""

from __future__ import annotations

import re

import brian2
import numpy as np
import pytest
from brian2 import Hz, NeuronGroup, ms

from spikecost.models.ground.errors import UserError
from spikecost.models.reading.from_brian2 import from_brian2, settings_from_brian2

TARGET = "dv/dt = (drive - v)/tau : 1\ndrive : 1 (linked)"
NAMES = {"tau": 10 * ms}


def plain(text):
    """Return a text in which Brian2's numbers behind the names of groups are left out."""
    return re.sub(r"(?<=source|second|eurons)_\d+", "", text)


def source(text, n=3, **changes):
    return NeuronGroup(n, text, **{"name": "source*", "method": "euler", **changes})


def linked(other, variable, text=TARGET, **how):
    group = NeuronGroup(3, text, threshold="v > 1", reset="v = 0", name="neurons*")
    group.drive = brian2.linked_var(other, variable, **how)
    return group


def test_the_other_groups_equation_gets_the_name_of_the_linked_variable():
    other = source("dx/dt = (k - x)/(5*ms) : 1\nk : 1\nunused : 1")
    other.x, other.k = [0.1, 0.2, 0.3], [1, 2, 3]
    model = from_brian2(linked(other, "x"), index=2, namespace=NAMES)
    assert model.equations.splitlines() == [
        "dv/dt = (drive - v)/tau : 1",
        "k : 1",
        "ddrive/dt = (k - drive)/(5*ms) : 1",
    ]
    assert model.initial == {"v": 0, "drive": 0.3}
    assert model.parameters == {"k": 3}
    assert "source, to which it is linked, is part of the neuron" in model.description


@pytest.mark.parametrize("variable", ["x", "y"])
@pytest.mark.parametrize("place", ["index", "subgroup", "one for all"])
def test_the_neuron_is_the_one_that_is_linked(place, variable):
    other = source("dx/dt = -x/(5*ms) : 1\ny = x + i + N : 1", n={"index": 3, "subgroup": 6, "one for all": 1}[place])
    how = {"index": [2, 0, 1]} if place == "index" else {}
    other.x = np.arange(len(other)) / 10
    part = other[2:5] if place == "subgroup" else other
    model = from_brian2(linked(part, variable, **how), index=1, namespace=NAMES)
    at = {"index": 0, "subgroup": 3, "one for all": 0}[place]
    assert set(model.initial.values()) == {0, at / 10}
    if variable == "y":
        assert f"drive=x+{at}+{len(other)}:1" in model.equations.replace(" ", "")


def test_names_that_mean_something_else_are_kept_apart():
    other = source("dv/dt = -v/tau + s*xi_1*tau**-0.5 : 1\ns : 1", namespace={"tau": 4 * ms})
    other.s = 0.5
    text = TARGET.replace("/tau", "/tau + s*xi_1*tau**-0.5") + "\ns : 1"
    model = from_brian2(linked(other, "v", text), namespace=NAMES)
    assert plain(model.equations).splitlines()[-2:] == [
        "s_source : 1",
        "ddrive/dt = -drive/tau_source + s_source*xi_1_source*tau_source**-0.5 : 1",
    ]
    assert {plain(name): value for name, value in model.constants.items()} == {"tau": 10 * ms, "tau_source": 4 * ms}
    assert {plain(name): value for name, value in model.parameters.items()} == {"s": 0, "s_source": 0.5}
    assert [plain(name) for name in model.system.random] == ["xi_1", "xi_1_source"]


def test_a_chain_of_links():
    first = source("dz/dt = (2 - z)/ms : 1", name="first*")
    second = source("dx/dt = (z - x)/ms : 1\nz : 1 (linked)", name="second*")
    second.z = brian2.linked_var(first, "z", index=[1, 2, 0])
    first.z = [1, 2, 3]
    model = from_brian2(linked(second, "x", index=[2, 2, 2]), namespace=NAMES)
    assert model.system.state == ("v", "z", "drive")
    assert model.initial["z"] == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a*"}, "Brian2 advances it first in each step, so that neurons sees"),  # Brian2 sorts by name
        ({"name": "z*"}, ""),
        ({"dt": 1 * ms}, "Brian2 advances it every 1 ms"),
    ],
)
def test_what_brian2_does_otherwise_is_said(changes, said):
    other = source("dx/dt = -x/ms : 1", **changes)
    description = plain(from_brian2(linked(other, "x"), namespace=NAMES).description)
    assert said in description
    assert ("Brian2 advances" in description) == bool(said)


def test_a_group_that_is_gone():
    with pytest.raises(
        UserError, match="'drive' is \\(linked\\) to a group that no longer exists; keep that group in a"
    ):
        from_brian2(linked(source("dx/dt = -x/ms : 1"), "x"), namespace=NAMES)


def test_the_method_is_one_for_both():
    # alone, Brian2 would use exact for the neuron and euler for the noise
    noise = source("dx/dt = -x/ms + xi*ms**-0.5 : 1", method=("exact", "euler"))
    group = linked(noise, "x")
    assert settings_from_brian2(group, namespace=NAMES).method == "euler"


def with_input():
    other = source("dx/dt = -x/ms : 1")
    return other, brian2.PoissonInput(other, "x", 10, 10 * Hz, 0.1)


def with_operation():
    other = source("dx/dt = -x/ms : 1")
    return other, other.run_regularly("x = 1", dt=1 * ms)


REFUSED = {
    "spikes": (
        lambda: (source("dx/dt = -x/ms : 1", threshold="x > 1", reset="x = 0"), None),
        "and which its own spikes change; one neuron",
    ),
    "refractoriness": (
        lambda: (source("dx/dt = -x/ms : 1 (unless refractory)", threshold="x > 1", refractory=1 * ms), None),
        "which stands still when its own neuron is refractory; one",
    ),
    "time of the last spike": (
        lambda: (source("dx/dt = lastspike/ms/ms : 1", threshold="x > 1"), None),
        "which depends on its own spikes ('lastspike'); one neuron",
    ),
    "synapses": (with_input, "and which poissoninput"),
    "operations": (with_operation, "_run_regularly changes; one neuron alone"),
    "another sampling step": (
        lambda: (source("dx/dt = randn()/ms : 1", dt=1 * ms), None),
        "which draws random numbers every 1 ms; one neuron",
    ),
    "Booleans": (lambda: (source("dx/dt = int(b)/ms : 1\nb : boolean"), None), "which is true or false; one neuron"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_by_name(make, message):
    other, kept = make()
    with pytest.raises(UserError) as error:
        from_brian2(linked(other, "x"), namespace=NAMES)
    assert message in str(error.value)
    assert plain(str(error.value)).startswith("neurons: 'drive' is ")
    assert "\n" not in str(error.value)
    del kept


def test_the_same_group():
    group = NeuronGroup(2, TARGET, threshold="v > 1", reset="v = 0", name="neurons*")
    group.drive = brian2.linked_var(group, "v", index=[1, 0])
    with pytest.raises(
        UserError, match=r"'drive' is \(linked\) to 'v' of neurons(_\d+)?, which is the same group; one"
    ):
        from_brian2(group, namespace=NAMES)
