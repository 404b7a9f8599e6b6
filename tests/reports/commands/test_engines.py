"""The table of other simulators: errors against the reference, the dt that each needs, a line for each that fails."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

from spikecost.accuracy.measures.spike_trains import SpikeTrain, spike_time_error
from spikecost.accuracy.references.reference import reference
from spikecost.accuracy.search.engines.errors import engine_errors, round_steps
from spikecost.harness.engines import ENGINES, EngineRun
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import constant
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step
from spikecost.reports.commands.engines import engines

pytestmark = pytest.mark.usefixtures("brian2_here")

LIF = get_model("lif")
STIMULUS = constant(LIF.drive, 50 * ms)


class Kernel:
    """Our Euler kernel in the place of an engine's simulation."""

    def __init__(self, method="euler", seconds=0.0):
        self.kernel = compile_kernels([make_step(LIF, method, "grid")])[0]
        self.asked = []
        self.seconds = seconds

    def __call__(self, model, method, dts, stimulus, neurons):
        self.asked.append(list(dts))
        steps = float(stimulus.horizon / dts[0]) * neurons
        return [
            EngineRun(self.kernel.run([stimulus], dt)[0].spike_times, 0.5 + steps * self.seconds, 0, "text", "it 1")
            for dt in dts
        ]


@pytest.fixture
def as_neuron(monkeypatch):
    def used(simulation):
        monkeypatch.setattr(ENGINES["neuron"], "run_each", simulation)
        monkeypatch.setattr(ENGINES["neuron"], "package", "")
        monkeypatch.setattr(ENGINES["neuron"], "tools", ())
        return simulation

    return used


def errors_of(method):
    expected = reference(LIF, STIMULUS).train
    kernel = compile_kernels([make_step(LIF, method, "grid")])[0]
    return {
        dt: spike_time_error(SpikeTrain(kernel.run([STIMULUS], dt)[0].spike_times, 50), expected).maximum
        for dt in round_steps(STIMULUS, Fraction(1, 1000))
    }


def test_the_dt_that_is_needed(as_neuron):
    as_neuron(Kernel())
    found = engine_errors(LIF, ENGINES["neuron"], STIMULUS, [1.0, 0.1], shortest=Fraction(1, 1000))
    errors = errors_of("euler")
    assert found.at_dt.maximum == errors[Fraction(1, 40)]
    for tolerance, needed in found.needed.items():
        assert needed == max(dt for dt in errors if all(errors[each] <= tolerance for each in errors if each <= dt))
        assert errors[needed] <= tolerance


def test_a_tolerance_that_no_dt_reaches(as_neuron):
    as_neuron(Kernel())
    found = engine_errors(LIF, ENGINES["neuron"], STIMULUS, [1e-4], shortest=Fraction(1, 10))
    assert found.needed == {1e-4: None}
    assert found.shortest == Fraction(1, 10)


def test_the_cost_does_not_contain_the_start(as_neuron):
    as_neuron(Kernel(seconds=1e-6))  # per neuron and step, after half a second
    found = engine_errors(LIF, ENGINES["neuron"], STIMULUS, [1.0], dt=Fraction(1, 10), neurons=7)
    assert found.nanoseconds == pytest.approx(1000 * 10)  # 1 us per step, ten steps per ms


def test_long_steps_may_fail(as_neuron):
    kernel = Kernel()

    def crashes(model, method, dts, stimulus, neurons):
        if max(dts) > Fraction(1, 5):
            raise UserError("it crashed")
        return kernel(model, method, dts, stimulus, neurons)

    as_neuron(crashes)
    found = engine_errors(LIF, ENGINES["neuron"], STIMULUS, [10.0], shortest=Fraction(1, 20))
    assert found.needed == {10.0: Fraction(1, 5)}


@pytest.mark.parametrize("loses", [True, False])
def test_the_default_dt_may_fail_or_lose_all_spikes_and_shorter_ones_not(as_neuron, loses):
    kernel = Kernel()

    def simulation(model, method, dts, stimulus, neurons):
        if max(dts) >= Fraction(1, 10) and not loses:
            raise UserError("NEURON failed: ZeroDivisionError: float division")
        runs = kernel(model, method, dts, stimulus, neurons)
        return [
            run if dt < Fraction(1, 10) else replace(run, times=run.times[:0])
            for dt, run in zip(dts, runs, strict=True)
        ]

    as_neuron(simulation)
    found = engine_errors(LIF, ENGINES["neuron"], STIMULUS, [1.0], dt=Fraction(1, 10), shortest=Fraction(1, 100))
    errors = {dt: error for dt, error in errors_of("euler").items() if Fraction(1, 100) <= dt < Fraction(1, 10)}
    assert found.needed == {1.0: max(dt for dt in errors if all(errors[each] <= 1 for each in errors if each <= dt))}
    if loses:
        assert found.at_dt.missing > 0
    else:
        assert found.at_dt.reason == "NEURON failed: ZeroDivisionError: float division"
    found = engines([LIF], ["neuron"], dt=Fraction(1, 10), horizon=50 * ms, neurons=0, shortest=Fraction(1, 100))
    row = found.table.set_index("engine").loc["NEURON"]
    assert row["error"] == "\u2013"
    assert row["dt for 1 ms"] == f"{float(max(errors)):g}"
    assert ("spikes missing" if loses else "at dt = 0.1 ms: NEURON failed: ZeroDivisionError") in row["note"]


def test_a_simulator_that_fails_half_way_says_so_and_not_which_dt_it_needs(as_neuron):
    kernel = Kernel()

    def half_way(*given):
        if kernel.asked:
            raise UserError("NEURON failed: it was ended by signal 6")
        return kernel(*given)

    as_neuron(half_way)
    found = engines([LIF], ["neuron", "brian2:numpy"], horizon=50 * ms, neurons=0, shortest=Fraction(1, 20)).table
    row = found.set_index("engine").loc["NEURON"]
    assert float(row["error"]) == pytest.approx(errors_of("euler")[Fraction(1, 40)], rel=0.05)
    assert {row[f"dt for {each} ms"] for each in ("1", "0.1", "0.01")} == {"\u2013"}
    assert row["note"] == "at dt = 0.05 ms: NEURON failed: it was ended by signal 6"
    assert float(found.set_index("engine")["dt for 1 ms"]["Brian2 (NumPy)"]) >= 0.05


def test_a_simulator_that_fails_is_a_row_and_the_others_stay(as_neuron):
    def broken(*_given):
        raise UserError("NEURON failed: segmentation fault")

    as_neuron(broken)
    found = engines([LIF], ["neuron", "arbor", "brian2:numpy"], horizon=50 * ms, neurons=0, shortest=Fraction(1, 20))
    table = found.table.set_index("engine")
    assert table["note"]["NEURON"] == "NEURON failed: segmentation fault"
    assert "reset" in table["note"]["Arbor"]
    # Brian2 takes exact for a linear model; it labels a spike with the start of its step
    kernel = compile_kernels([make_step(LIF, "exact", "grid_start")])[0].run([STIMULUS], Fraction(1, 10))[0]
    expected = np.abs(kernel.spike_times - reference(LIF, STIMULUS).train.times).max()
    assert table["method"]["Brian2 (NumPy)"] == "exact"
    assert float(table["error"]["Brian2 (NumPy)"]) == pytest.approx(expected, rel=0.05)
    assert float(table["error"]["spikecost"]) < 1e-6
    assert "ns" not in table
    shown = found.shown(texts=True)
    assert "dv/dt = I + a - b*v" in shown
    assert "label is the start of the step" in " ".join(shown.split())
    assert found.to_json()["engines"][0]["engine"] == "NEURON"


def test_names_of_engines():
    with pytest.raises(UserError, match="unknown engine 'genesis'"):
        engines([LIF], ["genesis"], horizon=50 * ms)
    with pytest.raises(UserError, match="neuron has no method 'rk4'; give backward_euler"):
        engines([LIF], ["neuron:rk4"], horizon=50 * ms)
