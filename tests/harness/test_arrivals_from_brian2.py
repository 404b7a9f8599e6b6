"""A neuron of a Brian2 network, with its synapses replaced by trains, fires as in the network."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.models.ground.errors import UserError

pytestmark = pytest.mark.slow

LENGTH = 200 * ms
NAMES = {"tau": 20 * ms, "El": -49 * mV, "we": 1.62 * mV, "wi": -9 * mV, "w": 7 * mV}
EQUATIONS = """
dv/dt = (ge + gi - (v - El) + I)/tau : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
I : volt
scale : 1
"""


@pytest.fixture(autouse=True)
def _in_numpy(monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")


def neurons(count=2):  # type: ignore[no-untyped-def]
    group = brian2.NeuronGroup(
        count, EQUATIONS, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms, method="exact"
    )
    group.v, group.scale = -60 * mV, 1.5
    return group


def generator(count, spikes, seed=1):  # type: ignore[no-untyped-def]
    """Return a generator with random spikes, at most one of each neuron per step."""
    random = np.random.default_rng(seed)
    times, who = np.sort(random.random(spikes)) * float(LENGTH / ms), random.integers(count, size=spikes)
    _, first = np.unique(np.array([who, np.floor(times / 0.1)]), axis=1, return_index=True)
    first.sort()
    return brian2.SpikeGeneratorGroup(count, who[first], times[first] * ms)


def both(group, objects, index=1, current=0 * mV, **options):  # type: ignore[no-untyped-def]
    """Return the spike times in ms of a neuron alone, and in its network."""
    model = sc.from_brian2(group, "I", index=index, synapses="trains", namespace=NAMES)
    trains = sc.arrivals_from_brian2(group, LENGTH, index=index, namespace=NAMES, **options)
    settings = sc.settings_from_brian2(group, namespace=NAMES)
    stimulus = sc.constant(current, LENGTH).with_arrivals(**trains)
    ours = sc.simulate(model, stimulus, settings.dt, settings.method, settings.detection)
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor, *objects).run(LENGTH, namespace=NAMES)
    return ours, monitor.t[monitor.i == index] / ms, model


def test_weights_delays_and_several_pathways():
    group, exc, inh = neurons(), generator(800, 4000), generator(200, 40, seed=2)
    strong = brian2.Synapses(exc, group, "w : volt", on_pre="ge_post += w*scale_post", delay=1.5 * ms, name="strong")
    strong.connect(p=0.4)
    strong.w = np.random.default_rng(4).random(len(strong)) * NAMES["we"]
    weak = brian2.Synapses(
        inh,
        group[1:],
        "last : second",
        on_pre={"fast": "gi += wi; last = t", "slow": "x = 0.1*wi; gi_post += x"},
        name="weak",
    )
    weak.connect()
    weak.slow.delay = np.random.default_rng(3).integers(40, size=len(weak)) * 0.1 * ms
    ours, theirs, model = both(group, [exc, inh, strong, weak])
    assert model.arrivals == {
        "strong": "ge += w_strong*scale",
        "weak_fast": "gi += wi",
        "weak_slow": "x = 0.1*wi; gi += x",
    }
    assert len(theirs) >= 5
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def network():  # type: ignore[no-untyped-def]
    exc, group = neurons(50), neurons()
    exc.I = np.linspace(3, 5, 50) * mV
    synapses = brian2.Synapses(exc, group, on_pre="v_post += w", name="from_exc")
    synapses.connect()
    return exc, group, synapses


def test_a_recorded_network():
    exc, group, synapses = network()
    with pytest.raises(UserError, match=r"the spikes of .* are not known"):
        sc.arrivals_from_brian2(group, LENGTH, namespace=NAMES)
    recorded = brian2.SpikeMonitor(exc)
    brian2.Network(exc, group, synapses, recorded).run(LENGTH, namespace=NAMES)
    exc, group, synapses = network()
    ours, theirs, _ = both(group, [exc, synapses], trains={"from_exc": recorded})
    assert len(theirs) >= 5
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def recurrent():  # type: ignore[no-untyped-def]
    group = neurons(200)
    group.v, group.I = np.linspace(-60, -50, 200) * mV, 1 * mV
    exc = brian2.Synapses(group[:160], group, on_pre="ge += we", name="exc")
    inh = brian2.Synapses(group[160:], group, on_pre="gi += wi", name="inh")
    random = np.random.default_rng(2)
    exc.connect(i=random.integers(160, size=3200), j=random.integers(200, size=3200))
    inh.connect(i=random.integers(40, size=400), j=random.integers(200, size=400))
    return group, exc, inh


def test_a_neuron_of_a_recurrent_network():
    group, exc, inh = recurrent()
    monitors = {"exc": brian2.SpikeMonitor(group), "inh": brian2.SpikeMonitor(group[160:])}
    brian2.Network(group, exc, inh, *monitors.values()).run(LENGTH, namespace=NAMES)
    again, exc, inh = recurrent()
    ours, theirs, _ = both(again, [exc, inh], index=17, trains=monitors, current=1 * mV)
    assert len(theirs) >= 3
    assert len(monitors["inh"].t) > 10
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_a_generator_with_a_period():
    group = neurons()
    source = brian2.SpikeGeneratorGroup(2, [0, 1, 1], [1, 2.5, 4] * ms, period=20 * ms)
    synapses = brian2.Synapses(source, group, on_pre="ge += 6*we")
    synapses.connect()
    ours, theirs, _ = both(group, [source, synapses])
    assert len(theirs) >= 3
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_poisson_sources_are_frozen():
    group, source = neurons(), brian2.PoissonGroup(400, rates="(5 + i/100.)*Hz")
    both_ways = [
        brian2.Synapses(source, group, on_pre=f"{name}", name=f"to_{name[:2]}") for name in ("ge += we", "gi += wi")
    ]
    for synapses in both_ways:
        synapses.connect()
    extra = brian2.PoissonInput(group, "ge", 1000, 8 * Hz, weight=1 * mV)
    model = sc.from_brian2(group, "I", synapses="trains", namespace=NAMES)
    assert set(model.arrivals) == {"to_ge", "to_gi", extra.name}
    first, again, other = (sc.arrivals_from_brian2(group, 1000 * ms, namespace=NAMES, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    # one source, one spike train; the mean rate is 7 Hz: five standard deviations
    assert first["to_ge"] == first["to_gi"]
    assert abs(len(first["to_ge"]) - 400 * 6.995) < 5 * 2800**0.5
    assert abs(len(first[extra.name]) - 8000) < 5 * 8000**0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "w : volt", "on_pre": "ge += w; w += 1*mV"}, "plasticity"),
        ({"model": "dx/dt = -x/tau : volt (event-driven)", "on_pre": "ge += x"}, "only parameters of synapses"),
        (
            {"model": "dx/dt = -x/tau : volt (clock-driven)\nI_post = x : volt (summed)", "on_pre": "x += 1*mV"},
            "summed",
        ),
        ({"on_pre": "ge += we", "on_post": "gi_post += wi"}, "own spikes"),
        ({"on_pre": "ge += we*rand()"}, "rand"),
        ({"model": "a : 1\nb : volt", "on_pre": "ge += a*b"}, r"both 'a_.*' and 'b_.*' differ"),
    ],
)
def test_what_is_not_simple(arguments, message):
    group, source = neurons(), brian2.SpikeGeneratorGroup(3, [0], [1] * ms)
    synapses = brian2.Synapses(source, group, **arguments)
    synapses.connect()
    for name, unit in (("a", 1), ("b", mV)):
        if name in synapses.equations:
            setattr(synapses, name, np.arange(len(synapses)) * unit)
    with pytest.raises(UserError, match=message) as raised:
        sc.from_brian2(group, "I", synapses="trains", namespace=NAMES)
    assert "\n" not in str(raised.value)


def test_what_is_given_badly():
    group, source = neurons(), brian2.PoissonGroup(3, rates="5*Hz*(1 + sin(t/ms))")
    synapses = brian2.Synapses(source, group, on_pre="ge += we", name="given")
    synapses.connect()
    with pytest.raises(UserError, match="change in time"):
        sc.arrivals_from_brian2(group, LENGTH, namespace=NAMES)
    for wrong in (3, ([1], [1, 2] * ms), ([1], [-1] * ms), ([1], [1] * mV)):
        with pytest.raises(UserError, match="given"):
            sc.arrivals_from_brian2(group, LENGTH, namespace=NAMES, trains={"given": wrong})
    with pytest.raises(UserError, match="no input 'other'"):
        sc.arrivals_from_brian2(group, LENGTH, namespace=NAMES, trains={"other": 3})
    found = sc.arrivals_from_brian2(group, LENGTH, namespace=NAMES, trains={"given": ([0, 2, 5], [3, 1, 2] * ms)})
    assert found["given"].times.tolist() == [1.0, 3.0]
