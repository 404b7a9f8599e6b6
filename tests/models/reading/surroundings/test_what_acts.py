"""Groups with another order of their parts, and groups that have run."""

import brian2
import pytest
from brian2 import NeuronGroup, ms

import spikecost as sc
from spikecost.models.ground.errors import UserError

TEXT = "dv/dt = (I - v)/(10*ms) : 1\nI : 1"
DEFAULT = ["start", "groups", "thresholds", "synapses", "resets", "end"]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    brian2.BrianLogger.suppress_name("unused_brian_object")
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")


def group(equations=TEXT, **changes):
    given = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "name": "mine*", **changes}
    made = NeuronGroup(1, equations, **given)
    if "I" in made.variables:
        made.I = 2
    return made


def threshold_first(made):
    made.thresholder["spike"].when = "start"


def by_the_schedule_of_the_event(made):
    made.set_event_schedule("spike", when="before_groups")


def late_reset(made):
    made.resetter["spike"].when = "end"


def late_integration(made):
    made.state_updater.when = "end"


@pytest.mark.parametrize("change", [threshold_first, by_the_schedule_of_the_event, late_reset, late_integration])
def test_a_part_in_another_slot_is_refused(change):
    made = group()
    change(made)
    with pytest.raises(UserError, match=r"^mine.* runs in the slot '\w+', and .*; leave it in the slot '\w+'"):
        sc.from_brian2(made)


def test_a_network_with_another_order_is_refused():
    made = group()
    network = brian2.Network(made)
    network.schedule = ["start", "thresholds", "groups", "synapses", "resets", "end"]
    with pytest.raises(UserError, match=r"^mine.*: the schedule of network.* has the order thresholds, groups, resets"):
        sc.from_brian2(made)
    network.schedule = [*DEFAULT[:2], "more", *DEFAULT[2:]]
    assert sc.from_brian2(made).input == "I"


def test_a_linked_group_with_another_order_is_refused():
    waves = group(
        "dv/dt = 2*pi*w/(20*ms) : 1\ndw/dt = -2*pi*v/(20*ms) : 1", reset="", refractory="v > 0", name="waves*"
    )
    waves.w = 1
    reader = group(TEXT.replace("I : 1", "I : 1 (linked)"), name="reader*")
    reader.I = brian2.linked_var(waves, "w")
    assert sc.from_brian2(reader)
    waves.state_updater.when = "end"
    with pytest.raises(UserError, match=r"^waves.* runs in the slot 'end'"):
        sc.from_brian2(reader)


def test_synapses_in_another_slot_are_refused():
    made = group()
    synapses = brian2.Synapses(brian2.PoissonGroup(1, 10 * brian2.Hz), made, on_pre="v += 0.1", name="onto*")
    synapses.connect()
    assert sc.from_brian2(made, synapses="trains").arrivals
    synapses.pre.when = "after_resets"
    with pytest.raises(UserError, match=r"onto.* cannot be replaced by trains: it acts in the slot 'after_resets'"):
        sc.from_brian2(made, synapses="trains")


def test_what_an_arriving_spike_stores_in_an_integer_has_no_fraction():
    made = group(TEXT + "\nk : integer", threshold="v > 1 + k")
    synapses = brian2.Synapses(
        brian2.PoissonGroup(1, 10 * brian2.Hz), made, on_pre="k_post = k_post/2 + 1", name="onto*"
    )
    synapses.connect()
    (statements,) = sc.from_brian2(made, synapses="trains").arrivals.values()
    assert "int(" in statements


TABLE = brian2.TimedArray([2, 3] * 20, dt=5 * ms)
OF_THE_TIME = {
    "t": {"equations": TEXT.replace("I -", "I + sin(2*pi*t/(37*ms)) -")},
    "lastspike": {"threshold": "v > 1 and t - lastspike > 8*ms", "refractory": 0.1 * ms},
    "a TimedArray": {"equations": TEXT.replace("I -", "table(t) -"), "namespace": {"table": TABLE}},
    "t in the refractoriness": {"refractory": "3*ms*(1 + 0.5*sin(t/(20*ms)))"},
    "the number of steps": {"equations": TEXT.replace("I -", "I*int(t_in_timesteps % 900 > 300) -")},
}


@pytest.mark.parametrize("changes", OF_THE_TIME.values(), ids=OF_THE_TIME)
def test_a_model_does_not_begin_in_the_middle_of_a_run(changes):
    """Its time is 0 then, and that of the group is not: the spikes would be those of neither."""
    made = group(**changes)
    assert sc.from_brian2(made)
    brian2.Network(made).run(2 * ms)
    with pytest.raises(UserError, match=r"^mine.* has run until 2 ms and uses .*; convert the group before it runs$"):
        sc.from_brian2(made)
    # the clock, which it shares with the first, is not at 0
    assert sc.from_brian2(group(**changes))


def test_a_group_that_has_run_and_does_not_ask_for_the_time():
    made = group()
    brian2.Network(made).run(3 * ms)
    (v,) = made.v[:]
    assert v > 0.5
    assert sc.from_brian2(made).initial_values["v"] == pytest.approx(v, rel=1e-14)


def test_the_values_of_a_table_are_not_taken_in_the_middle_of_a_run():
    made = group(**OF_THE_TIME["a TimedArray"])
    brian2.Network(made).run(2 * ms)
    with pytest.raises(UserError, match=r"^mine.* has run until 2 ms and uses a TimedArray"):
        sc.stimulus_from_brian2(made, 10 * ms)
