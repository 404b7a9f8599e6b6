"""Refractoriness that is no constant time: kernels against Brian2, counts, references, and where it is refused."""

from fractions import Fraction

import numpy as np
import pytest
from brian2 import ms

from spikecost.accuracy.references.reference import reference
from spikecost.flops.operations import count_step
from spikecost.flops.toolchain import SCALAR, SIMD
from spikecost.harness.engines import brian2 as engine
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.measuring.spike_cost import count_step_and_spike
from spikecost.harness.simulate import simulate
from spikecost.harness.stimuli import constant
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step, why_not

BASE = NeuronModel(
    name="waits",
    equations="""dv/dt = (-v + I)/(10*ms) : 1 (unless refractory)
                 dw/dt = (3*int(not_refractory) - w)/(5*ms) : 1
                 dpause/dt = 0*second/second : second
                 I : 1
                 ref : second""",
    threshold="v > 1",
    reset="v = 0; pause += 0.37*ms",
    refractory="ref",
    parameters={"ref": 2.35 * ms},
    initial={"v": 0, "w": 0, "pause": 1 * ms},
)
#: The end is known at the spike.
SETTLED = {
    "a parameter": BASE,
    "an expression of a parameter": BASE.replace(refractory="(1 + 2*ref/ms)*ms"),
    "a variable that the reset changes": BASE.replace(refractory="pause"),
    "not_refractory in threshold and reset": BASE.replace(
        refractory=2 * ms,
        threshold="v > 1 and not_refractory and w > 1",
        reset="v = 0.3*int(not not_refractory); pause = t - lastspike",
    ),
}
#: The end depends on the state.
TESTED = {
    "a variable that moves": BASE.replace(refractory="3*ms + w*ms"),
    "a condition beside a reset": BASE.replace(refractory="w > 0.4 and v < 0.5", reset="v = 0; w += 1"),
    "a condition without reset": BASE.replace(
        equations=BASE.equations.replace("(-v + I)/(10*ms)", "(5*sin(2*pi*t/(20*ms)) - v + I)/(2*ms)").replace(
            " (unless refractory)", ""
        ),
        refractory="v > -0.5",
        reset="",
    ),
    "a crossing with a reset": BASE.replace(
        equations="""dv/dt = (5*sin(2*pi*t/(20*ms)) - v + I - w)/(2*ms) : 1
                     dw/dt = -w/(30*ms) : 1
                     I : 1
                     ref : second""",
        reset="w += 0.5",
        refractory="v > 1",
        initial={"v": 0, "w": 0},
    ),
}
ALL = SETTLED | TESTED
DRIVE = constant(3, 200 * ms)


@pytest.mark.parametrize("name", ALL)
def test_spikes_are_brian2s(name):
    model, dt = ALL[name], Fraction(1, 10)
    ours = simulate(model, DRIVE, float(dt) * ms, "euler", "grid_start")
    assert len(ours) > 5
    assert np.array_equal(ours, engine.run(model, "euler", DRIVE, dt, "numpy", detection="grid_start"))


@pytest.mark.parametrize("name", ALL)
def test_counted_equals_retired(name):
    step = make_step(ALL[name], "euler", "hermite" if name in SETTLED and "not_" not in name else "grid")
    alone, lanes = compile_kernels([step], SCALAR)[0], compile_kernels([step], SIMD)[0]
    found = count_step_and_spike(alone, 3)
    assert found.step == found.counted_step
    assert found.spike == found.counted_spike
    one, several = alone.run([DRIVE], Fraction(1, 10))[0], lanes.run([DRIVE] * 11, Fraction(1, 10))[7]
    assert np.array_equal(one.spike_times, several.spike_times)
    assert one.tallies == several.tallies
    # steps are refractory or not, and both parts of them have a count
    waits = one.tallies["refractory step"] + one.tallies.get("refractory end", 0)
    assert one.tallies["step"] + waits == 2000
    assert waits > 100
    assert count_step(step).as_run_refractory["compare"] > 0


@pytest.mark.parametrize("name", SETTLED)
def test_the_reference_is_where_finer_steps_lead(name):
    found = reference(SETTLED[name], DRIVE)
    ours = simulate(SETTLED[name], DRIVE, 0.05 * ms, "rk4", "hermite")
    assert len(ours) == len(found.train) > 5
    assert found.error < 1e-11
    assert np.abs(ours - found.train.times).max() < 1e-8


@pytest.mark.parametrize("name", TESTED)
def test_an_end_that_depends_on_the_state_is_found_on_the_grid_and_by_the_reference(name):
    model = TESTED[name]
    for method, detection in (("rk4", "hermite"), ("dormand_prince", "dense"), ("parker_sochacki", "grid")):
        assert "its refractoriness ends by a" in why_not(model, method, detection)
    found = reference(model, DRIVE)
    assert found.error < 1e-11
    for dt in (Fraction(1, 40), Fraction(1, 1280)):
        ours = simulate(model, DRIVE, float(dt) * ms, "rk4", "grid")
        assert len(ours) == len(found.train) > 5
        # each interval, and each refractory time, ends up to a step late
        assert np.abs(ours - found.train.times).max() < 2 * len(ours) * dt


def test_a_reference_without_end_is_refused():
    model = TESTED["a crossing with a reset"].replace(refractory="v > 2")
    with pytest.raises(UserError, match="spikes without end: its reset leaves v above the threshold"):
        reference(model, DRIVE)
