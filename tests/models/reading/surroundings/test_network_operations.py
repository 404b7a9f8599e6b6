"""Functions in a script that change a neuron are seen, whatever way they take to it; those that only read are not."""

from functools import partial

import brian2
import pytest
from brian2 import NetworkOperation, NeuronGroup, ms, network_operation

import spikecost as sc
from spikecost.models.ground.errors import UserError


@pytest.fixture
def group():
    brian2.BrianLogger.suppress_name("unused_brian_object")
    made = NeuronGroup(
        2,
        "dv/dt = (I - v)/(10*ms) : 1\nI : 1\nshown : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        name="mine*",
    )
    made.I = 2
    return made


class Holder:
    """An object of a script that has a group."""

    def __init__(self, group):
        self.group = group

    def change(self):
        self.group.I = 3

    def look(self):
        return self.group.v[0]


def raise_input(neurons):
    neurons.I = 3


def an_attribute(group):
    @network_operation(dt=10 * ms)
    def kick(t):
        group.I = 2 + t / (10 * ms)

    return kick


def an_item(group):
    @network_operation
    def kick():
        group.I[:] = 3

    return kick


def without_unit(group):
    @network_operation
    def kick():
        group.v_[0] = 0

    return kick


def in_place(group):
    @network_operation
    def kick():
        group.I += 1

    return kick


def a_view(group):
    view = group.I

    @network_operation
    def kick():
        view[:] = 3

    return kick


def a_subgroup(group):
    part = group[:1]

    @network_operation
    def kick():
        part.I = 3

    return part, kick


def a_function(group):
    @network_operation
    def kick():
        raise_input(group)

    return kick


def a_list(group):
    several = [group]

    @network_operation
    def kick():
        for each in several:
            each.I = 3

    return kick


def a_network(group):
    network = brian2.Network(group)

    @network_operation
    def kick():
        network[group.name].I = 3

    return network, kick


def all_states(group):
    @network_operation
    def kick():
        group.set_states({"I": [1, 2]})

    return kick


def a_method(group):
    return NetworkOperation(Holder(group).change)


def a_method_of_an_object(group):
    holder = Holder(group)

    @network_operation
    def kick():
        holder.change()

    return kick


def a_partial(group):
    return NetworkOperation(partial(raise_input, group), name="kick*")


class Kick(Holder):
    """An object that can be called."""

    def __call__(self):
        self.group.I = 3


def an_object_that_is_called(group):
    return NetworkOperation(Kick(group))


CHANGES = (
    *(a_partial, an_object_that_is_called),
    *(an_attribute, an_item, without_unit, in_place, a_view, a_subgroup),
    *(a_function, a_list, a_network, all_states, a_method, a_method_of_an_object),
)


@pytest.mark.parametrize("way", CHANGES)
def test_what_changes_a_neuron_is_refused(group, way):
    kept = way(group)
    with pytest.raises(UserError, match=rf"^{group.name}: the network operation .* changes .*[Iv] of mine"):
        sc.from_brian2(group)
    del kept


def it_reads(group):
    @network_operation
    def look():
        return group.v[0] + group.I[0]

    return look


def it_reads_by_a_method(group):
    return NetworkOperation(Holder(group).look)


def it_changes_what_no_spike_depends_on(group):
    @network_operation
    def look():
        group.shown = group.v

    return look


def it_changes_other_neurons(group):
    part = group[1:]

    @network_operation
    def kick():
        part.I = 3

    return part, kick


def it_counts(group):
    counted = [0]

    @network_operation
    def look():
        counted[0] += len(group)

    return look


def it_has_nothing_to_do_with_it(_group):
    other = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", name="other*")

    @network_operation
    def kick():
        other.v = 3

    return other, kick


@pytest.mark.parametrize(
    "way",
    [
        *(it_reads, it_reads_by_a_method, it_changes_what_no_spike_depends_on),
        *(it_changes_other_neurons, it_counts, it_has_nothing_to_do_with_it),
    ],
)
def test_what_does_not_change_it_is_accepted(group, way):
    kept = way(group)
    assert sc.from_brian2(group).input == "I"
    del kept
