"""The time to convert a Brian2 group, as a ratio to the requirement; it must not depend on the size of the group."""

import brian2
import pytest
from brian2 import ms, mV

from spikecost.models.reading.from_brian2 import from_brian2, settings_from_brian2

#: In s.
ASKED_FOR = 1.0


@pytest.mark.parametrize("neurons", [1, 1_000_000])
def test_the_conversion_of_a_group(benchmark, neurons):
    tau, v0 = 10 * ms, 12 * mV
    names = {"tau": tau, "v0": v0}
    text = "dv/dt = (v0 + shift - v)/tau : volt (unless refractory)\ndw/dt = -w/tau : 1\nshift : volt\nplace : metre"
    group = brian2.NeuronGroup(
        neurons, text, threshold="v > 10*mV", reset="v = 0*mV; w += 1", refractory=2 * ms, method="exact"
    )
    synapses = brian2.Synapses(group[: neurons // 2 + 1], group, on_pre="v += 0.1*mV")
    monitor = brian2.SpikeMonitor(group[:1])

    def convert():
        model = from_brian2(group, index=neurons - 1, namespace=names, synapses="leave_out")
        return model, settings_from_brian2(group, namespace=names)

    model, settings = benchmark.pedantic(convert, rounds=5)
    assert (model.input, settings.method) == ("shift", "exact")
    assert synapses.target is group
    assert monitor.source.start == 0
    if benchmark.stats:
        benchmark.extra_info["median over the 1 s asked for"] = benchmark.stats.stats.median / ASKED_FOR
