"""The cost of a run is that of its steps, its spikes and the spikes that arrive."""

from __future__ import annotations

from fractions import Fraction

import pytest
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.accuracy.study.cost import cost, retired_per_ms
from spikecost.flops.conventions import get_convention
from spikecost.harness.kernels.kernel import compile_kernels

from ...harness.neurons_of_networks import CUBA


@pytest.mark.parametrize("detection", ["grid", "hermite"])
def test_parts_of_a_cost(detection):
    train = sc.poisson_train(3 * Hz, 300 * ms, inputs=800, seed=1)
    stimulus = sc.constant(0 * mV, 300 * ms).with_arrivals(exc=train)
    count = sc.count(CUBA, "rk4", detection)
    outcome = compile_kernels([count.step])[0].run([stimulus], Fraction(1, 10))[0]
    spikes, whole = len(outcome.spike_times), sum(count.of(outcome.tallies).values())
    assert spikes >= 3
    found = cost(count, outcome.tallies, spikes, 300.0)
    assert found.per_ms * 300 == pytest.approx(whole)
    parts = found.steps * 300 + found.spike * spikes + found.arrival * len(train)
    assert parts == pytest.approx(whole)
    # one addition on the grid; at exact times, also a piece of a step
    assert found.arrival == pytest.approx(1) if detection == "grid" else found.arrival > sum(count.as_run.values()) / 2
    step, spike = (sum(each.values()) for each in (count.as_run, count.as_run_spike))
    assert retired_per_ms(step, spike, count, outcome.tallies, 300.0) * 300 == pytest.approx(whole)


def test_the_search_for_a_crossing_under_an_error_control_is_a_cost_of_spikes():
    count = sc.count("lif", "dormand_prince", "dense")
    kernel = compile_kernels([count.step])[0]
    outcome = kernel.run([sc.constant(30 * mV / (10 * ms), 100 * ms)], 1e-6)[0]
    spikes = len(outcome.spike_times)
    assert spikes > 3
    found = cost(count, outcome.tallies, spikes, 100.0)
    alone = {name: outcome.tallies[name] for name in ("dense output", "newton", "crossing", "reset")}
    assert min(alone.values()) >= spikes
    of_spikes, whole = (get_convention("unit").weigh(count.of(each)) for each in (alone, outcome.tallies))
    assert found.spike * spikes == pytest.approx(of_spikes)
    assert found.steps * 100 == pytest.approx(whole - of_spikes)
